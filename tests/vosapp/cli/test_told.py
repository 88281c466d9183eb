"""A command as one may give it again."""

from __future__ import annotations

import shlex

from vosapp.cli.told import command_line


def test_options_that_matter_without_the_paths_of_this_machine(tmp_path, monkeypatch):
    options = {
        "--davis": tmp_path / "DAVIS 17",
        "--n": 3,
        "--adapt": True,
        "--x": None,
        "--y": False,
    }
    told = command_line("benchmark", options)
    assert told == "vosapp benchmark --davis 'DAVIS 17' --n 3 --adapt"
    assert shlex.split(told)[3] == "DAVIS 17"
    monkeypatch.chdir(tmp_path)
    assert command_line("x", {"--davis": tmp_path.relative_to(tmp_path)}).endswith(tmp_path.name)
