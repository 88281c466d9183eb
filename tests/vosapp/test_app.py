"""Starting: what shows the window, what does not, and what is loaded for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from vosapp import __main__ as entry
from vosapp.cli import main as cli

OPENING = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QEventLoop, QTimer
from vosapp import app
from vosapp.session.places import Places
home, film = Path(sys.argv[1]), Path(sys.argv[2])
application = app.make_application([])
shell = app.make_shell(application, Places(home / "config", home / "data"))
shell.window.show()
shown = "torch" in sys.modules
shell.opener.open(film)
loop = QEventLoop()
timer = QTimer()
timer.timeout.connect(lambda: shell.workspace and shell.workspace.session.view and loop.quit())
timer.start(10)
loop.exec()
print(json.dumps({"shown": shown, "opened": "torch" in sys.modules,
                  "sees": "PySide6" in sys.modules, "frame": shell.workspace.session.frame_index}))
shell.window.close()
"""


def test_the_window_opens_a_video_without_torch(film_project, tmp_path, repo_root):
    """torch takes seconds to load; only a propagation needs it."""
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(tmp_path / "home"), str(film_project)],
        capture_output=True,
        text=True,
        cwd=repo_root,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"shown": False, "opened": False, "sees": True, "frame": 0}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_signal_closes_the_window_and_the_project(film_project, tmp_path, repo_root):
    """The program that is shown by `vosapp PATH`, ended from outside."""
    env = os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PYTHONPATH": str(repo_root)}
    env |= {"XDG_DATA_HOME": str(tmp_path / "data"), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "vosapp", str(film_project)]
    lock = film_project.with_name(film_project.name + ".lock")
    recent = tmp_path / "config" / "vosapp" / "recent.json"
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not recent.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        assert recent.exists() and lock.exists()
        process.send_signal(signal.SIGTERM)
        try:
            told = process.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, told
    assert not lock.exists() and "Traceback" not in told


@pytest.mark.parametrize(
    ("given", "window"),
    [
        ([], True),
        (["film.mp4"], True),
        (["folder"], True),
        (["missing.mp4"], False),
        (["propagate"], False),
        (["--help"], False),
        (["film.mp4", "--quality"], False),
    ],
)
def test_what_shows_the_window(given, window, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.mp4").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "propagate").mkdir()
    assert entry.wants_window(given) is window


def test_the_command_line_needs_no_qt(repo_root):
    script = "import vosapp.__main__, vosapp.cli.main as m, sys; m.main(['--help'])"
    script += "; sys.exit('PySide6' in sys.modules or 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=repo_root, check=False
    )
    assert done.returncode == 0
    assert "--self-test" in done.stdout and "window" in done.stdout


def test_other_words_go_to_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(cli, "main", lambda given: len(given))
    assert entry.main(["doctor", "--json"]) == 2
