"""`vosapp evaluate` from the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.eval.records import Protocol
from core.media.label_map import write_label_map
from vosapp.cli import evaluate
from vosapp.cli.main import main


@pytest.fixture
def trees(tmp_path):
    """Two sequences of five frames; boat's results are empty."""
    truth = np.zeros((48, 64), np.uint8)
    truth[10:30, 10:40] = 1
    for name, result in {"bear": truth, "boat": np.zeros_like(truth)}.items():
        for index in range(5):
            for folder, label_map in (("gt", truth), ("results", result)):
                path = tmp_path / folder / name / f"{index:05d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_label_map(path, label_map)
    return ["evaluate", "--gt", str(tmp_path / "gt"), "--results", str(tmp_path / "results")]


def test_protocols_are_those_of_the_engine():
    assert set(evaluate.PROTOCOLS) == {protocol.value for protocol in Protocol}


def test_table_is_printed(trees, capsys):
    assert main(trees) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = {line[0]: line[3] for line in lines if len(line) > 3}
    assert (rows["bear"], rows["boat"], rows["mean"]) == ("1.000", "0.000", "0.500")


@pytest.mark.parametrize("protocol", evaluate.PROTOCOLS)
def test_json_is_all_there_is_on_stdout(trees, capsys, protocol):
    assert main([*trees, "--json", "--protocol", protocol]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["protocol"] == protocol
    assert result["mean"]["j_and_f"] == 0.5


def test_options_reach_the_engine(trees, capsys, tmp_path):
    options = ["--sequences", "bear, ", "--compat", "--stability", "--csv", str(tmp_path / "t.csv")]
    assert main([*trees, "--json", *options]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [sequence["name"] for sequence in result["sequences"]] == ["bear"]
    assert result["mean"]["t"] == 0
    assert any("official tool" in note for note in result["notes"])
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["sequence", "bear", "mean"]


def test_split_names_the_sequences(trees, capsys, tmp_path):
    sets = tmp_path / "gt/ImageSets/2017"
    sets.mkdir(parents=True)
    (sets / "val.txt").write_text("boat\n")
    assert main([*trees, "--json", "--split", "val"]) == 0
    assert json.loads(capsys.readouterr().out)["mean"]["j_and_f"] == 0


def test_seen_categories_are_read(trees, capsys, tmp_path):
    (tmp_path / "seen.txt").write_text("person\n")
    seen = ["--seen-categories", str(tmp_path / "seen.txt")]
    assert main([*trees, "--json", "--protocol", "youtube-vos", *seen]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["seen"] is None
    assert result["unseen"]["j_and_f"] == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sequences", ","], "names no sequence"),
        (["--sequences", "cow"], "cow"),
        (["--csv", "{root}/nowhere/t.csv"], "nowhere"),
        (["--csv", "{root}"], "is a folder"),
        (["--seen-categories", "{root}/seen.txt"], "youtube-vos"),
        (["--protocol", "youtube-vos", "--seen-categories", "{root}/seen.txt"], "seen.txt"),
        (["--split", "val"], "val"),
        (["--split", "val", "--sequences", "bear"], "--s"),
        (["--gt", "{root}/missing"], "missing does not exist"),
        (["--protocol", "best"], "best"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(trees, capsys, tmp_path, options, message):
    assert main([*trees, *(option.format(root=tmp_path) for option in options)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1
