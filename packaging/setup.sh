#!/bin/sh
# Make or refresh the environment .venv. A no-op when nothing has changed since the last time.
#   packaging/setup.sh run    what `vosapp` needs
#   packaging/setup.sh test   that, and the linters and tests
# VOSAPP_PYTHON names the interpreter to use instead of the first fitting one.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
case $kind in
    run) target=. ;;
    test) target='.[test]' ;;
    *) echo "usage: packaging/setup.sh [run|test]" >&2; exit 2 ;;
esac
venv=.venv
stamp=$venv/setup-stamp
debian_libraries="libglib2.0-0 libgomp1 libstdc++6 libgl1 libegl1 libfontconfig1 libxkbcommon0 libdbus-1-3"

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# As root, or where sudo asks for no password; anything else is the user's to decide.
apt_get() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then as_root=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo -n"
    else return 1
    fi
    say "apt-get install $*"
    # Without a network the lists that are there may do.
    $as_root apt-get update -qq >&2 || true
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >&2
}

find_python() {
    for name in ${VOSAPP_PYTHON:-python3 python3.11 python3.12 python3.13 python}; do
        if supported "$name"; then echo "$name"; return 0; fi
    done
    return 1
}

install_python() { ! command -v python3 >/dev/null 2>&1 && apt_get python3 python3-venv; }

make_venv() {
    if [ -n "${VOSAPP_PYTHON:-}" ] && ! supported "$VOSAPP_PYTHON"; then
        fail "VOSAPP_PYTHON=$VOSAPP_PYTHON is no Python 3.11, 3.12 or 3.13."
    fi
    python=$(find_python) || { install_python && python=$(find_python); } || fail \
        "no Python 3.11, 3.12 or 3.13 found. Install one (Debian: apt-get install python3" \
        "python3-venv), or name it: VOSAPP_PYTHON=/path/to/python make demo"
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv" >/dev/null 2>&1 && return 0
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "$python cannot make virtual environments by itself"
    { apt_get "python$version-venv" || apt_get python3-venv; } \
        && "$python" -m venv --clear "$venv" && return 0
    rm -rf "$venv"
    fail "could not make $venv. Install the module venv (Debian: apt-get install python3-venv)" \
        "and run this again."
}

install_packages() {
    quiet=-q
    [ -t 2 ] && quiet=
    say "installing packages; the first time this takes some minutes"
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install $quiet \
        -c packaging/constraints.txt -e "$target" >&2 && return 0
    fail "pip could not install the packages. If the lines above speak of connections, retries or" \
        "'no matching distribution', this machine reaches no package index: check the network" \
        "and the proxy (HTTPS_PROXY, PIP_INDEX_URL), then run this again; nothing needs removing." \
        "If they speak of space: about 2 GB are needed here."
}

imports() { "$venv/bin/python" -c 'import av, cv2, numpy, scipy, torch, PySide6.QtWidgets' 2>&1; }

check_libraries() {
    problem=$(imports) && return 0
    case $problem in
        *"cannot open shared object"*) ;;
        *) fail "the packages are installed but cannot be imported: $(echo "$problem" | tail -n 1)" ;;
    esac
    say "a system library is missing: $(echo "$problem" | tail -n 1)"
    # shellcheck disable=SC2086
    apt_get $debian_libraries && problem=$(imports) && return 0
    fail "install the missing libraries and run this again; on Debian:" \
        "apt-get install $debian_libraries"
}

fingerprint() { cat pyproject.toml packaging/constraints.txt packaging/setup.sh | cksum; }

current() {
    [ -x "$venv/bin/python" ] && [ -f "$stamp" ] || return 1
    wanted=$(fingerprint)
    for done_kind in "$kind" test; do
        [ "$(cat "$stamp")" = "$done_kind $wanted $PWD" ] && return 0
    done
    return 1
}

current && exit 0
if ! { [ -x "$venv/bin/python" ] && supported "$venv/bin/python" \
    && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    make_venv
fi
install_packages
check_libraries
echo "$kind $(fingerprint) $PWD" >"$stamp"
say "ready"
