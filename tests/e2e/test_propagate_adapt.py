"""`--adapt`: masks are made twice, the second time from what was learned of the video."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.engine import adapted_run
from vosapp.cli.main import main


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_other_masks_but_those_of_keyframes(
    learner, resumable_run, save_masks, read_results, shapes, tmp_path
):
    masks = save_masks(2, 6)
    _, plain, _ = resumable_run(masks, *learner, out="plain")
    _, fused, _ = resumable_run(masks, *learner, "--adapt", out="fused")
    _, paper, _ = resumable_run(masks, *learner, "--adapt", "--paper-mode", out="paper")
    assert [r["adaptation"] for r in (plain, fused, paper)] == [None, "fused", "paper"]
    results = [read_results(tmp_path / name / "film") for name in ("plain", "fused", "paper")]
    for stem in ("00002", "00006"):
        for result in results:
            np.testing.assert_array_equal(result[stem], shapes[1][int(stem)])
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert any((results[one][s] != results[other][s]).any() for s in results[0])
    assert fused["frames"] == 9
    assert len(fused["confidence"]) == 9
    assert [path.name for path in (tmp_path / "fused").iterdir()] == ["film"]


def test_the_same_run_twice_gives_the_same_bytes(learner, resumable_run, save_masks, tmp_path):
    masks = save_masks(3)
    for out in ("first", "second"):
        resumable_run(masks, *learner, "--adapt", out=out)
    assert contents(tmp_path / "first/film") == contents(tmp_path / "second/film")


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (3, 2), (6, 4), (10, 7), (14, 7)])
def test_killed_and_resumed(count, kept, learner, resumable_run, save_masks, kill, tmp_path):
    """The first pass goes on, span by span; then all is learned and made anew."""
    masks = save_masks(2, 5)
    _, whole, _ = resumable_run(masks, *learner, "--adapt", out="whole")
    with kill(count):
        resumable_run(masks, *learner, "--adapt")
    code, result, _ = resumable_run(masks, *learner, "--adapt", "--resume")
    assert (code, result["resumed_frames"]) == (0, kept)
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["film"]
    for key in ("frames", "confidence"):
        assert result[key] == whole[key]


def test_a_run_is_not_resumed_with_another_adaptation(
    learner, film, save_masks, kill, resumable_run, tmp_path, capfd
):
    masks = save_masks(2)
    with kill(6):
        resumable_run(masks, *learner, "--adapt")
    given = ["propagate", str(film), "--masks", str(masks), "-o", str(tmp_path / "out"), "--resume"]
    for options in ([], ["--adapt", "--paper-mode"]):
        assert main([*given, *learner, *options]) == 2
        assert "adaptation" in capfd.readouterr().err


@pytest.mark.parametrize("phase", ["first pass", "learning", "second pass"])
def test_stopped_in_any_phase(
    phase, learner, film, save_masks, read_results, tmp_path, capfd, monkeypatch
):
    propagate = adapted_run.propagate_adapted

    def stopped(video, system, adapted, token, *, spool):
        seen = 0
        for item in propagate(video, system, adapted, token, spool=spool):
            draft = getattr(item, "is_draft", None)
            seen += {"first pass": draft is True, "second pass": draft is False}.get(
                phase, draft is None and item.done > 0
            )
            yield item
            if seen == 2:
                token.cancel()

    monkeypatch.setattr(adapted_run, "propagate_adapted", stopped)
    out = tmp_path / "out"
    given = ["propagate", str(film), "--masks", str(save_masks(0)), "-o", str(out), "--json"]
    assert main([*given, *learner, "--adapt"]) == 130
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "cancelled"
    found = len(read_results(out / "film"))
    assert found == (3 if phase == "first pass" else 9)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--system", "flow", "--adapt"], "cannot adapt"),
        (["--paper-mode"], "--adapt"),
    ],
)
def test_options_that_make_no_sense(options, told, film, mask, tmp_path, capfd):
    given = ["propagate", str(film), "--masks", str(mask), "-o", str(tmp_path / "out")]
    assert main([*given, *options]) == 2
    assert told in capfd.readouterr().err
    assert not (tmp_path / "out").exists()
