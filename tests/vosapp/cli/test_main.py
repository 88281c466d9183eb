"""The frame of the command line: the table of commands, exit codes, errors, signals."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from core.errors import MaskMismatch
from core.jobs import Cancelled
from vosapp.cli import main as cli
from vosapp.cli.console import Console
from vosapp.cli.parser import add_common_arguments


def install(monkeypatch, run, add_arguments=lambda parser: None):
    """Put a command of our own in the place of `doctor`."""
    module = SimpleNamespace(NAME="doctor", HELP="", add_arguments=add_arguments, run=run)
    monkeypatch.setattr(cli, "_load", lambda command: module)


@pytest.mark.parametrize("command", cli.COMMANDS, ids=lambda command: command.name)
def test_table_equals_the_modules(command):
    module = importlib.import_module(command.module)
    assert (command.name, command.help) == (module.NAME, module.HELP)


def test_threads_are_told_to_sleep_before_torch_is_loaded():
    told = """
import os, sys
import core.device
calls = []
core.device.let_threads_sleep = lambda: calls.append("torch" in sys.modules)
import vosapp.__main__
sys.argv = ["vosapp", "propagate", "--help"]
try:
    vosapp.__main__.main()
except SystemExit:
    pass
sys.exit(calls != [False])
"""
    subprocess.run([sys.executable, "-c", told], check=True, stdout=subprocess.DEVNULL)


def test_result_is_one_json_document(monkeypatch, capsys):
    def run(args, console):
        console.say("working")
        console.report("for people")
        return {"b": 1, "a": float("nan")}

    install(monkeypatch, run)
    assert cli.main(["doctor", "--json"]) == cli.DONE
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": None, "b": 1}
    assert out.index('"a"') < out.index('"b"')
    assert "working" in err and "for people" not in out + err


def test_text_for_people_without_json(monkeypatch, capsys):
    def run(args, console):
        console.say("working")
        console.report("for people")
        return {"a": 1}

    install(monkeypatch, run)
    assert cli.main(["doctor"]) == 0
    assert capsys.readouterr().out == "working\nfor people\n"
    assert cli.main(["--quiet", "doctor"]) == 0
    assert capsys.readouterr().out == "for people\n"


def test_user_error_is_one_line_and_exit_code_2(monkeypatch, capsys):
    def run(args, console):
        raise MaskMismatch("The mask is 4 x 4,\nthe video 8 x 8.", "Give one of 8 x 8.")

    install(monkeypatch, run)
    assert cli.main(["doctor"]) == cli.BAD_INPUT
    out, err = capsys.readouterr()
    line = "vosapp: error: The mask is 4 x 4,\\nthe video 8 x 8. Give one of 8 x 8.\n"
    assert (out, err) == ("", line)

    assert cli.main(["doctor", "--json"]) == cli.BAD_INPUT
    out, err = capsys.readouterr()
    assert err == line
    assert json.loads(out)["error"] == {
        "code": "mask-mismatch",
        "message": "The mask is 4 x 4,\\nthe video 8 x 8.",
        "hint": "Give one of 8 x 8.",
    }


def test_bug_shows_traceback_and_exit_code_1(monkeypatch, capsys):
    install(monkeypatch, lambda args, console: {}["nothing"])
    assert cli.main(["doctor", "--json"]) == cli.BUG
    out, err = capsys.readouterr()
    assert "Traceback" in err and "KeyError: 'nothing'" in err
    assert err.rstrip().splitlines()[-1].startswith("vosapp: this is a bug")
    assert json.loads(out)["error"]["code"] == "bug"


@pytest.mark.parametrize("outcome", [Cancelled, KeyboardInterrupt])
def test_stopped_tells_what_was_kept(monkeypatch, capsys, outcome):
    def run(args, console):
        console.kept = "12 of 72 masks are in out/film."
        raise outcome

    install(monkeypatch, run)
    assert cli.main(["doctor", "--json"]) == cli.STOPPED
    out, err = capsys.readouterr()
    assert err == "vosapp: stopped. 12 of 72 masks are in out/film.\n"
    assert json.loads(out)["error"]["code"] == "cancelled"


def test_stopped_command_may_hand_over_its_result(monkeypatch, capsys):
    def run(args, console):
        console.token.cancel()
        return {"frames": 12}

    install(monkeypatch, run)
    assert cli.main(["doctor", "--json"]) == cli.STOPPED
    out, err = capsys.readouterr()
    assert json.loads(out) == {"frames": 12}
    assert err == "vosapp: stopped.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_cancels_second_interrupts(monkeypatch, capfd, number):
    seen = []

    def run(args, console):
        os.kill(os.getpid(), number)
        seen.append(console.token.cancelled)
        os.kill(os.getpid(), number)
        time.sleep(5)
        seen.append("not interrupted")
        return {}

    before = signal.getsignal(number)
    install(monkeypatch, run)
    assert cli.main(["doctor"]) == cli.STOPPED
    assert seen == [True]
    assert "once more stops at once" in capfd.readouterr().err
    assert signal.getsignal(number) == before


def with_arguments(parser):
    parser.add_argument("input")
    parser.add_argument("--masks", required=True)
    parser.add_argument("--quality", choices=("fast", "balanced", "fine"), default="fast")
    parser.add_argument("--steps", type=int)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ([], "No command given. Commands: propagate, "),
        (["--json"], "No command given. Commands: propagate, "),
        (["doctr"], "'doctr' is no valid command. Did you mean doctor?"),
        (["qqqq"], "'qqqq' is no valid command. Choose from propagate, evaluate, "),
        (["doctor", "f", "--mask", "m"], "Unknown option --mask. Did you mean --masks?"),
        (["doctor", "f", "--masks", "m", "--jso"], "Unknown option --jso. Did you mean --json?"),
        (["doctor", "f", "--zzz=1"], "Unknown option --zzz. See vosapp doctor --help."),
        (["doctor", "f"], "The following arguments are required: --masks. See vosapp doctor --h"),
        (["doctor", "f", "--masks"], "Argument --masks: expected one argument. See "),
        (["doctor", "f", "g", "--masks", "m"], "Unrecognized arguments: g. See "),
        (
            ["doctor", "f", "--masks", "m", "--quality", "fin"],
            "'fin' is no valid --quality. Did you mean fine?",
        ),
        (
            ["doctor", "f", "--masks", "m", "--steps", "many"],
            "Argument --steps: invalid int value: 'many'. See vosapp doctor --help.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_usage_error_is_one_line(monkeypatch, capsys, given, line):
    install(monkeypatch, lambda args, console: {}, with_arguments)
    assert cli.main(given) == cli.BAD_INPUT
    err = capsys.readouterr().err
    assert err.startswith(f"vosapp: error: {line}")
    assert err.count("\n") == 1


def test_usage_error_with_json(monkeypatch, capsys):
    install(monkeypatch, lambda args, console: {}, with_arguments)
    assert cli.main(["doctor", "--json", "f", "--mask", "m"]) == cli.BAD_INPUT
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "usage"
    assert error["hint"] == "Did you mean --masks?"


def test_nested_command_knows_its_own_options(monkeypatch, capsys):
    def add_arguments(parser):
        systems = parser.add_subparsers(dest="system", metavar="system", required=True)
        system = systems.add_parser("self_supervised")
        system.add_argument("--videos")
        add_common_arguments(system)

    seen = []

    def run(args, console):
        seen.append((args.system, args.videos, console.json))
        return {}

    install(monkeypatch, run, add_arguments)
    assert cli.main(["doctor", "self_supervised", "--videos", "v", "--json"]) == 0
    assert seen == [("self_supervised", "v", True)]
    assert cli.main(["doctor", "self_supervised", "--video", "v"]) == cli.BAD_INPUT
    assert "Did you mean --videos?" in capsys.readouterr().err
    assert cli.main(["doctor", "self_supervise"]) == cli.BAD_INPUT
    assert "'self_supervise' is no valid system. Did you" in capsys.readouterr().err


def test_help_lists_commands_and_common_options(monkeypatch, capsys):
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(command.name in out and command.help in out for command in cli.COMMANDS)
    install(monkeypatch, lambda args, console: {}, with_arguments)
    assert cli.main(["doctor", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--json" in out and "--quality" in out


def test_no_abbreviated_options(monkeypatch, capsys):
    install(monkeypatch, lambda args, console: {}, with_arguments)
    assert cli.main(["doctor", "f", "--masks", "m", "--qual", "fast"]) == cli.BAD_INPUT


def test_signals_in_a_thread_are_left_alone():
    console = Console()
    outcome = []

    def body():
        before = signal.getsignal(signal.SIGINT)
        with cli._stop_on_signals(console):
            outcome.append(signal.getsignal(signal.SIGINT) == before)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert outcome == [True]


def test_closed_stdout_is_no_bug():
    script = "import sys; from vosapp.cli.main import main; sys.exit(main(['doctor']))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert done.returncode == cli.BROKEN_PIPE
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
