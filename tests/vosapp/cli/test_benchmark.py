"""`vosapp benchmark` from the command line."""

from __future__ import annotations

import json

import pytest
import torch
from PIL import Image

from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.model import KeyEncoder
from core.train.curve import HEIGHT
from vosapp.cli.console import Console
from vosapp.cli.main import main

STOPPED = 130


@pytest.fixture
def davis(tmp_path, write_davis):
    """Two sequences of five frames."""
    root = write_davis(tmp_path / "davis")
    return ["benchmark", "--davis", str(root), "--system", "copy"]


def test_table_is_printed(davis, capsys):
    assert main(davis) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.split()[0] for line in lines if line[:1] == "b"] == ["bear", "boat"]
    assert any(line.startswith("mean of objects (4)") for line in lines)
    assert any("DAVIS" in line for line in lines)
    assert err == ""


def test_json_is_all_there_is_on_stdout(davis, capsys, tmp_path):
    options = ["--sequences", "boat", "--keyframes", "2", "--late-entries", "--quality", "fast"]
    options += ["--csv", str(tmp_path / "t.csv"), "--out", str(tmp_path / "masks"), "--json"]
    assert main([*davis, *options]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [sequence["name"] for sequence in result["sequences"]] == ["boat"]
    assert result["sequences"][0]["keyframes"] == [0, 2]
    assert (result["system"], result["weights"], result["device"]) == ("copy", None, "cpu")
    assert (result["keyframes"], result["late_entries"], result["quality"]) == (2, True, "fast")
    assert result["complete"] is True
    assert 0 < result["mean"]["j_and_f"] < 1
    assert (tmp_path / "t.csv").read_text().startswith("sequence,")
    assert len(list((tmp_path / "masks/boat").glob("*.png"))) == 5


def test_progress_names_each_sequence_that_is_done(davis, capsys):
    assert main([*davis, "--progress"]) == 0
    out, err = capsys.readouterr()
    assert "bear: J&F 0." in out
    assert "10/10" in err


def test_confidence_is_judged(davis, capsys):
    """The baseline has no opinion, and says so; two tables are printed."""
    assert main([*davis, "--confidence"]) == 0
    out, err = capsys.readouterr()
    assert sum(line.startswith("bear") for line in out.splitlines()) == 2
    assert "Of 0 sequences with an opinion" in out
    assert err == ""
    assert main([*davis, "--confidence", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["confidence"]
    assert [row["name"] for row in figures["sequences"]] == ["bear", "boat"]
    assert (figures["all"]["cells"], figures["mean_spearman"]) == (0, None)
    assert main([*davis, "--confidence", "--interactive"]) == 2


def test_robot_corrects(davis, capsys, tmp_path):
    table = tmp_path / "t.csv"
    given = [*davis, "--interactive", "--rounds", "1", "--csv", str(table)]
    assert main(given) == 0
    out, err = capsys.readouterr()
    assert "picked by: truth" in out and "picked by: confidence" in out
    assert err == ""
    assert len(table.read_text().splitlines()) == 1 + 2 * 2 * 2
    assert main([*davis, "--interactive", "--pick", "truth", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result["picks"]) == ["truth"]
    assert (result["rounds"], result["interactive"], result["complete"]) == (5, True, True)
    assert len(result["sequences"][0]["picks"]["truth"]["rounds"]) == 3  # three scored frames


def test_stopped_robot_reports_what_is_finished(davis, capsys, monkeypatch):
    made = Console.follow

    def stop_in_the_second(self, job, *, unit="steps"):
        for progress in made(self, job, unit=unit):
            if progress.text == "boat":
                self.token.cancel()
            yield progress

    monkeypatch.setattr(Console, "follow", stop_in_the_second)
    assert main([*davis, "--interactive", "--json"]) == STOPPED
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert [sequence["name"] for sequence in result["sequences"]] == ["bear"]
    assert result["complete"] is False
    assert "1 sequences that were finished" in err


def test_stopped_benchmark_reports_what_is_finished(davis, capsys, monkeypatch):
    made = Console.follow

    def stop_in_the_second(self, job, *, unit="steps"):
        for progress in made(self, job, unit=unit):
            if progress.done == 7:
                self.token.cancel()
            yield progress

    monkeypatch.setattr(Console, "follow", stop_in_the_second)
    assert main([*davis, "--json"]) == STOPPED
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert [sequence["name"] for sequence in result["sequences"]] == ["bear"]
    assert result["complete"] is False
    assert "1 sequences that were finished" in err


@pytest.fixture
def run_folder(tmp_path):
    """What `vosapp train` leaves, as far as a score needs it."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "log.jsonl").write_text(json.dumps({"step": 7, "losses": {"color": 0.5}}) + "\n")
    torch.manual_seed(0)
    config = PRESETS["tiny"]
    info = CheckpointInfo("self_supervised", "tiny", config.to_dict(), {"steps": 7})
    save_weights(run / "weights.safetensors", KeyEncoder(config), info)
    return run


def test_a_score_becomes_a_point_of_the_run_s_curve(davis, capsys, run_folder):
    weights = ["--weights", str(run_folder / "weights.safetensors"), "--quality", "fast"]
    command = [*davis, "--system", "self_supervised", *weights, "--sequences", "bear"]
    assert main([*command, "--curve", "--json"]) == 0
    out, err = capsys.readouterr()
    scored = json.loads(out)["mean_of_sequences"]["j_and_f"]
    line = json.loads((run_folder / "log.jsonl").read_text().splitlines()[-1])
    assert line == {"step": 7, "scores": {"J&F fast (1)": pytest.approx(scored)}}
    assert "curve.png" in err
    with Image.open(run_folder / "curve.png") as picture:
        assert picture.size[1] == 2 * HEIGHT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sequences", ","], "names no sequence"),
        (["--sequences", "cow"], "cow"),
        (["--csv", "{root}/nowhere/t.csv"], "nowhere"),
        (["--csv", "{root}"], "is a folder"),
        (["--keyframes", "0"], "keyframes"),
        (["--keyframes", "5"], "nothing of bear is scored"),
        (["--davis", "{root}/missing"], "missing does not exist"),
        (["--weights", "{root}/w.safetensors"], "has no weights"),
        (["--system", "self_supervised", "--weights", "{root}/w.safetensors"], "w.safetensors"),
        (["--system", "best"], "best"),
        (["--out", "{root}/davis/Annotations/480p"], "overwrite"),
        (["--interactive", "--rounds", "0"], "rounds"),
        (["--interactive", "--pick", "luck"], "luck"),
        (["--interactive", "--keyframes", "2"], "--keyframes does not go with"),
        (["--interactive", "--out", "{root}/masks"], "--out does not go with"),
        (["--interactive", "--curve"], "--curve does not go with"),
        (["--curve"], "Give them with --weights"),
        (["--curve", "--weights", "w", "--late-entries"], "--late-entries does not go with"),
        (["--curve", "--weights", "w", "--keyframes", "2"], "--keyframes does not go with"),
        (["--curve", "--weights", "w", "--adapt"], "--adapt does not go with"),
        (["--adapt", "target"], "cannot adapt"),
        (["--rounds", "3"], "Give --interactive"),
        (["--pick", "truth"], "Give --interactive"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(davis, capsys, tmp_path, options, message):
    assert main([*davis, *(option.format(root=tmp_path) for option in options)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


def test_prompts_are_measured(davis, capsys, tmp_path):
    table = tmp_path / "t.csv"
    given = [*davis, "--prompts", "--boxes-only", "--prompt-methods", "plain,features", "--json"]
    assert main([*given, "--sequences", "boat", "--csv", str(table)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["methods"]) == {"plain grabcut", "features"}
    assert (result["prompts"], result["complete"], result["system"]) == (True, True, "")
    assert [entry["object_id"] for entry in result["objects"]] == [1, 2]
    assert result["methods"]["features"]["clicks"] is None
    assert table.read_text().startswith("sequence,object,method,")


@pytest.mark.parametrize(
    "options",
    [
        ["--prompts", "--interactive"],
        ["--prompts", "--keyframes", "2"],
        ["--prompts", "--late-entries"],
        ["--boxes-only"],
        ["--prompt-methods", "features"],
        ["--prompts", "--prompt-methods", "magic"],
        ["--prompts", "--prompt-methods", ","],
    ],
)
def test_prompts_refuse_what_does_not_go_with_them(davis, options, capsys):
    assert main([*davis, *options]) == 2
    assert capsys.readouterr().out == ""


def test_played_back_and_forth_from_boxes(tmp_path, write_davis, capsys):
    root = write_davis(tmp_path / "davis")
    words = ["benchmark", "--davis", str(root), "--system", "copy", "--json"]
    assert main([*words, "--back-and-forth", "--given", "box"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["given"], found["back_and_forth"]) == ("box", True)
    assert {s["frames"] for s in found["sequences"]} == {15}
    assert any("forward, backward and forward" in note for note in found["notes"])
    assert any("boxes of the true masks" in note for note in found["notes"])


def test_systems_are_measured_raw_unless_a_clean_up_is_wanted(tmp_path, write_davis, capsys):
    root = write_davis(tmp_path / "davis")
    words = ["benchmark", "--davis", str(root), "--system", "copy", "--json"]
    assert main(words) == 0
    raw = json.loads(capsys.readouterr().out)
    assert raw["clean"] == "none" and not any("cleaned up" in note for note in raw["notes"])
    assert main([*words, "--clean", "shrink=2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["clean"] == "shrink=2"
    assert "Masks were cleaned up before they were scored: shrink=2." in found["notes"]
    assert found["mean"] != raw["mean"]
    for options in (["--scores", str(tmp_path / "s.json")], ["--interactive"], ["--prompts"]):
        assert main([*words, "--clean", "default", *options]) == 2
        assert "--clean" in capsys.readouterr().out


def test_weights_are_not_scored_on_what_they_learned(tmp_path, write_davis, capsys):
    root, path = write_davis(tmp_path / "davis"), tmp_path / "w.safetensors"
    torch.manual_seed(0)
    config = PRESETS["tiny"]
    info = CheckpointInfo("self_supervised", "tiny", config.to_dict(), {"sequences": ["bear"]})
    save_weights(path, KeyEncoder(config), info)
    words = ["benchmark", "--davis", str(root), "--weights", str(path), "--quality", "fast"]
    assert main(words) == 2
    err = capsys.readouterr().err
    assert "trained on bear" in err and len(err.splitlines()) == 1
    assert main([*words, "--allow-seen", "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert any("trained on are scored: bear" in note for note in notes)
