"""Output that goes nowhere: a full disk is one line and code 2, a reader that left is silence."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vosapp.__main__ import main as entry
from vosapp.cli import main as cli
from vosapp.cli.console import Console

FULL = Path("/dev/full")
LOST = (
    "vosapp: error: The output cannot be written: No space left on device."
    " Send it to another place."
)
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


@pytest.fixture
def commands(project, frames, tmp_path, save_masks):
    """Each command that works on these, with words that let it succeed."""
    masks = save_masks(tmp_path / "more", (0, 3))
    results = tmp_path / "results"
    tree = save_masks(tmp_path / "bears-masks", (0, 1, 2))
    (tmp_path / "gt").mkdir()
    tree.rename(tmp_path / "gt" / "bears")
    return {
        "info": [project],
        "new": [frames, "-o", tmp_path / "new.vosapp"],
        "propagate": [project, "--system", "copy", "--all"],
        "export": [project, "--format", "masks", "-o", results],
        "import": [project, masks, "--format", "masks", "--overwrite"],
        "evaluate": ["--gt", tmp_path / "gt", "--results", tmp_path / "gt"],
        "adapt": [project, "--remove"],
        "doctor": [],
    }


@contextlib.contextmanager
def stdout_to(monkeypatch, file):
    """Let stdout be a file that cannot be written; the descriptor is given up by the command."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", file)
        yield
    with contextlib.suppress(OSError):
        file.close()


def gone():
    """The end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


@pytest.fixture(autouse=True)
def quick_doctor(monkeypatch):
    monkeypatch.setattr("vosapp.cli.probes.PACKAGES", ())
    monkeypatch.setattr("vosapp.cli.doctor._device_findings", lambda _torch: [])
    monkeypatch.setattr("vosapp.cli.probes.probe_packages", lambda: {"torch": {}})


NAMES = ("info", "new", "propagate", "export", "import", "evaluate", "adapt", "doctor")


@pytest.mark.parametrize("json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_one_line(commands, name, json, monkeypatch, capsys):
    words = [name, *map(str, commands[name]), *(["--json"] if json else [])]
    with stdout_to(monkeypatch, FULL.open("w")):
        assert cli.main(words) == cli.BAD_INPUT
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == LOST and not any("Traceback" in line for line in lines)


@pytest.mark.parametrize("json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_a_reader_that_left_is_silence(commands, name, json, monkeypatch, capsys):
    words = [name, *map(str, commands[name]), *(["--json"] if json else [])]
    with stdout_to(monkeypatch, gone()):
        assert cli.main(words) == cli.BROKEN_PIPE
    told = capsys.readouterr().err
    assert "Traceback" not in told and "vosapp: error" not in told


@pytest.mark.parametrize("words", [["info", "nothing", "--json"], ["--jso"], ["info", "--json"]])
def test_an_error_whose_document_is_lost(words, monkeypatch, capsys):
    with stdout_to(monkeypatch, gone()):
        assert cli.main(words) in (cli.BROKEN_PIPE, cli.BAD_INPUT)
    assert "Traceback" not in capsys.readouterr().err
    with stdout_to(monkeypatch, FULL.open("w")):
        assert cli.main(words) == cli.BAD_INPUT
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["export", "--help"]])
def test_help_that_cannot_be_written(words, monkeypatch, capsys):
    with stdout_to(monkeypatch, FULL.open("w")):
        assert cli.main(words) == cli.BAD_INPUT
    assert capsys.readouterr().err == LOST + "\n"
    with stdout_to(monkeypatch, gone()):
        assert cli.main(words) == cli.BROKEN_PIPE
    assert capsys.readouterr().err == ""


def test_the_self_test_that_cannot_say_so(monkeypatch, capsys):
    monkeypatch.setattr("vosapp.selftest._run", lambda folder: "all")
    with stdout_to(monkeypatch, FULL.open("w")):
        assert entry(["--self-test"]) == cli.BAD_INPUT
    assert capsys.readouterr().err == LOST + "\n"


def test_bars_on_a_full_disk_stop_nothing(monkeypatch, capsys):
    """What is asked for is on stdout; a log that cannot grow is no reason to stop a long job."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", FULL.open("w"))
        console = Console(progress=True)
        assert list(console.track([1, 2, 3], text="film")) == [1, 2, 3]
        console.warn("odd")
        console.say("done")
        with contextlib.suppress(OSError):
            sys.stderr.close()
    assert capsys.readouterr().out == "done\n"


def test_a_job_is_closed_where_nobody_reads_its_bar(monkeypatch):
    reading, writing = os.pipe()
    closed = []

    def job():
        try:
            yield 0
            os.close(reading)
            time.sleep(0.15)  # longer than a bar waits between two pictures
            yield from range(1000)
        finally:
            closed.append(True)

    def work():
        for _ in console.track(job(), text="film"):
            pass
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", os.fdopen(writing, "w"))
        console = Console(progress=True)
        assert cli.speaking(work, console) == cli.BROKEN_PIPE
        with contextlib.suppress(OSError):
            sys.stderr.close()
    assert closed == [True]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["info"], ["info", "--json"], ["--help"]], ids=" ".join)
def test_nothing_is_left_for_the_end_of_the_process(project, words, unbuffered, repo_root):
    """Python writes what is left when it ends, and would complain a second time."""
    command = [sys.executable, "-m", "vosapp", *words, *([project] if "info" in words else [])]
    env = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with FULL.open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=env, cwd=repo_root,
            check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (cli.BAD_INPUT, LOST + "\n")
