"""`vosapp benchmark --all-systems` and `--scores`."""

from __future__ import annotations

import json

import pytest
import torch

from core.engine import registry
from core.eval.scores_file import read_scores
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.box_supervised import config
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.self_supervised.config import PRESETS, TRACKING
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.config import TrackingConfig
from core.tracking.spec import QualityOffer, SystemSpec
from core.types import Quality
from vosapp import assets
from vosapp.cli.benchmark_all import contestants
from vosapp.cli.console import Console
from vosapp.cli.main import main

STOPPED = 130


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for quality in Quality:
        monkeypatch.setitem(TRACKING, quality, TrackingConfig(short_side=32, radius=3))


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """An installation with tiny weights."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(assets, "weights_dir", lambda: folder)
    torch.manual_seed(0)
    path = folder / "self_supervised-thin.safetensors"
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
    save_weights(path, KeyEncoder(PRESETS["tiny"]), info)
    return path


@pytest.fixture
def davis(tmp_path, write_davis):
    root = write_davis(tmp_path / "davis", width=64, height=48)
    return ["benchmark", "--davis", str(root)]


def test_all_systems_in_one_table(davis, bundled, tmp_path, capsys):
    files = ["--csv", str(tmp_path / "t.csv"), "--markdown", str(tmp_path / "t.md")]
    assert main([*davis, "--all-systems", "--qualities", "fast,fine", *files]) == 0
    out, err = capsys.readouterr()
    text = (tmp_path / "t.md").read_text()
    assert out.startswith(text.rstrip()) and err == ""
    leads = {tuple(line.replace(" ", "").split("|")[1:4]) for line in text.splitlines()}
    for system, weights in (("self_supervised", bundled.stem), ("flow", "none")):
        assert {(system, weights, "fast"), (system, weights, "fine")} <= leads
    assert ("copy", "none", "-") in leads
    assert "`vosapp benchmark --davis davis --all-systems --qualities fast,fine`" in text
    before = (tmp_path / "t.csv").read_text()
    assert len(before.splitlines()) == 1 + (2 * 2 + 1) * 2
    assert main([*davis, "--all-systems", "--qualities", "fast,fine", *files]) == 0
    assert (tmp_path / "t.csv").read_text() == before


def test_a_system_without_weights_is_named(davis, bundled, capsys):
    bundled.unlink()
    assert main([*davis, "--all-systems", "--qualities", "fast", "--json"]) == 0
    places = json.loads(capsys.readouterr().out)["places"]
    assert {place["system"] for place in places[:2]} == {"copy", "flow"}
    learned = {"self_supervised", "box_supervised", "global_instance"}
    assert {place["system"] for place in places[2:]} == learned
    for place in places[2:]:
        assert "no weights" in place["missing"] and "j_and_f" not in place


def test_further_weights_take_part(davis, bundled, tmp_path, capsys):
    other = tmp_path / "other.safetensors"
    torch.manual_seed(5)
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
    save_weights(other, KeyEncoder(PRESETS["tiny"]), info)
    words = ["--all-systems", "--qualities", "fast", "--weights", str(other), "--json"]
    assert main([*davis, *words]) == 0
    places = json.loads(capsys.readouterr().out)["places"]
    assert {place["weights"] for place in places} == {None, bundled.stem, "other"}


def test_a_system_runs_at_what_it_offers_alone(bundled, monkeypatch):
    offers = (QualityOffer(Quality.FAST, ""), QualityOffer(Quality.BALANCED, ""))
    spec = SystemSpec("net", "Net", "", "net:build", qualities=offers)
    monkeypatch.setattr(registry, "systems", lambda: {"net": spec})
    assert contestants(())[0].qualities == (Quality.FAST, Quality.BALANCED)
    assert contestants((Quality.FINE, Quality.FAST))[0].qualities == (Quality.FAST,)
    (found,) = contestants((Quality.FINE,))
    assert found.missing == "it has the qualities fast, balanced alone."


def test_all_qualities_without_a_choice(davis, bundled, capsys):
    assert main([*davis, "--all-systems", "--sequences", "bear", "--json"]) == 0
    places = json.loads(capsys.readouterr().out)["places"]
    assert len(places) == 2 * len(Quality) + 2


def test_from_masks_and_boxes_with_corrections(davis, bundled, tmp_path, capsys):
    """The table that a trained system is compared in, by one command that goes on."""
    words = ["--all-systems", "--qualities", "fast", "--given", "mask,box,prompt", "--rounds", "2"]
    words += ["--csv", str(tmp_path / "t.csv"), "--json"]
    assert main([*davis, *words]) == 0
    places = json.loads(capsys.readouterr().out)["places"]
    found = {(place["system"], place["given"]) for place in places}
    ways = ("the first mask", "the first mask, as filled boxes", "the first mask, as masks made of")
    for system in ("flow", "copy", "self_supervised"):
        assert sum(name == system for name, _ in found) == 3
        for way in ways:
            assert any(n == system and given.startswith(way) for n, given in found)
    assert all(len(place["corrected"]) == 2 for place in places if not place["missing"])
    before = (tmp_path / "t.csv").read_text()
    assert main([*davis, *words]) == 0
    assert (tmp_path / "t.csv").read_text() == before


def test_the_memory_network_takes_part_with_weights(davis, bundled, tmp_path, capsys, monkeypatch):
    """From masks and from filled boxes, before and after a correction, beside all others."""
    small = {Quality.FAST: config.MemoryTrackingConfig(32)}
    monkeypatch.setattr("core.systems.box_supervised.build.TRACKING", small)
    torch.manual_seed(0)
    network, own = MemoryNetwork(config.PRESETS["tiny"]), tmp_path / "own.safetensors"
    save_weights(own, network, CheckpointInfo("box_supervised", "tiny", network.config.to_dict()))
    words = ["--all-systems", "--qualities", "fast", "--weights", str(own), "--late-entries"]
    words += ["--given", "mask,box", "--rounds", "1", "--csv", str(tmp_path / "t.csv"), "--json"]
    assert main([*davis, *words]) == 0
    places = json.loads(capsys.readouterr().out)["places"]
    own_places = [place for place in places if place["system"] == "box_supervised"]
    assert {place["given"] for place in own_places} == {
        "each object where it first appears",
        "each object where it first appears, as filled boxes",
    }
    for place in own_places:
        assert place["weights"] == "own" and place["missing"] is None
        assert place["seconds"] > 0 and place["peak_memory_mb"] > 0
        assert 0 <= place["j_and_f"] <= 1 and 0 <= place["corrected"][0] <= 1
    assert {place["weights"] for place in places} == {None, bundled.stem, "own"}


def test_a_public_file_takes_part_for_its_system(bundled, tmp_path, capsys, davis):
    public = tmp_path / "XMem.pth"
    public.write_bytes(b"no pickle")
    words = ["--all-systems", "--qualities", "fast", "--weights", str(public), "--json"]
    assert main([*davis, *words]) == 0
    (place,) = [
        place
        for place in json.loads(capsys.readouterr().out)["places"]
        if place["system"] == "box_supervised"
    ]
    assert "XMem.pth" in place["missing"]


def test_a_stopped_comparison_goes_on(davis, bundled, tmp_path, capsys, monkeypatch):
    words = [*davis, "--all-systems", "--qualities", "fast", "--csv", str(tmp_path / "t.csv")]
    follow = Console.follow

    def stop(self, job, *, unit="steps"):
        for progress in follow(self, job, unit=unit):
            if progress.done == 7:
                self.token.cancel()
            yield progress

    with monkeypatch.context() as patch:
        patch.setattr(Console, "follow", stop)
        assert main(words) == STOPPED
    assert "give the same command to go on" in capsys.readouterr().err
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 2
    assert main(words) == 0
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 7


def test_a_score_goes_beside_the_weights(davis, bundled, capsys):
    weights = ["--weights", str(bundled), "--quality", "fast", "--late-entries"]
    assert main([*davis, *weights, "--scores", "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    (score,) = read_scores(bundled.with_name("self_supervised-thin.scores.json"))
    assert "scores.json" in err
    assert score.j_and_f == result["mean_of_sequences"]["j_and_f"]
    assert score.by_object == result["mean"]["j_and_f"]
    assert (score.data, score.sequences) == ("davis", 2)
    assert score.weights.startswith("self_supervised-thin.safetensors ")
    assert score.command == (
        "vosapp benchmark --davis davis --system self_supervised"
        " --weights self_supervised-thin.safetensors --quality fast --late-entries"
    )


def test_a_score_of_the_bundled_weights_goes_to_a_file(davis, bundled, tmp_path, monkeypatch):
    monkeypatch.setattr("core.tracking.spec.find_backbone", lambda: None)
    path = tmp_path / "s.json"
    for quality in ("fast", "fine", "fast"):
        assert main([*davis, "--quality", quality, "--scores", str(path)]) == 0
    assert [score.quality for score in read_scores(path)] == ["fast", "fine"]


def test_a_stopped_benchmark_keeps_no_score(davis, tmp_path, capsys, monkeypatch):
    follow = Console.follow

    def stop(self, job, *, unit="steps"):
        for progress in follow(self, job, unit=unit):
            if progress.done == 7:
                self.token.cancel()
            yield progress

    monkeypatch.setattr(Console, "follow", stop)
    path = tmp_path / "s.json"
    assert main([*davis, "--system", "copy", "--scores", str(path)]) == STOPPED
    assert "not kept" in capsys.readouterr().err and not path.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--all-systems", "--system", "copy"], "--system does not go with --all-systems"),
        (["--all-systems", "--quality", "fast"], "--quality does not go with"),
        (["--all-systems", "--weights", "{root}/w"], "no weights at"),
        (["--all-systems", "--adapt"], "--adapt does not go with"),
        (["--all-systems", "--interactive"], "--interactive does not go with"),
        (["--all-systems", "--pick", "truth"], "--interactive does not go with"),
        (["--all-systems", "--given", "mask,circle"], "'circle'"),
        (["--all-systems", "--rounds", "2", "--back-and-forth"], "--rounds does not go with"),
        (["--system", "copy", "--given", "mask,box"], "--all-systems"),
        (["--system", "copy", "--given", ","], "nothing"),
        (["--system", "copy", "--prompts", "--given", "box"], "--given does not go with"),
        (["--system", "copy", "--interactive", "--back-and-forth"], "--back-and-forth does not"),
        (["--system", "copy", "--back-and-forth", "--out", "{root}/o"], "--out does not go with"),
        (["--all-systems", "--prompts"], "--prompts does not go with"),
        (["--all-systems", "--confidence"], "--confidence does not go with"),
        (["--all-systems", "--scores"], "--scores does not go with"),
        (["--all-systems", "--qualities", "best"], "no quality 'best'"),
        (["--all-systems", "--markdown", "{root}/none/t.md"], "does not exist"),
        (["--all-systems", "--sequences", "cow"], "cow"),
        (["--qualities", "fast"], "--qualities belongs to --all-systems"),
        (["--markdown", "t.md"], "--markdown belongs to --all-systems"),
        (["--scores"], "names no file"),
        (["--scores", "{root}"], "is a folder"),
        (["--scores", "{root}/s.json", "--interactive"], "--scores does not go with"),
        (["--scores", "{root}/s.json", "--prompts"], "--scores does not go with"),
        (["--scores", "{root}/davis/Annotations/480p/bear/00000.png"], "no file of scores"),
    ],
)
def test_bad_input(davis, bundled, tmp_path, capsys, options, message):
    assert main([*davis, *(option.format(root=tmp_path) for option in options)]) == 2
    assert message in capsys.readouterr().err
