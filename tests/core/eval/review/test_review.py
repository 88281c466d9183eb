"""What a list of frames to check is worth, on sequences where everything is known."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.propagate import propagate
from core.errors import UsageError
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.review import played as module
from core.eval.review.__main__ import main
from core.eval.review.figures import evenly, listed, means, measure_list
from core.eval.review.fitting import SMALLEST, fit, fit_reasons
from core.eval.review.played import Played, load, play
from core.jobs import CancelToken, result_of
from core.media.label_map import write_label_map
from core.review.ranking import Weights
from core.review.reasons import REASONS, Reason, cues_of
from core.review.track import Measured
from core.tracking.contract import TrackerRequest
from core.types import Quality

COUNT = 10
ONLY_DOUBT = Weights(tuple(float(r is Reason.DOUBT) for r in REASONS), 4, 0.05, 0.0)


def write(root, name):
    frames, label_maps = moving_shapes(frame_count=COUNT)
    images, masks = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
    images.mkdir(parents=True)
    masks.mkdir(parents=True)
    for index, (frame, label_map) in enumerate(zip(frames, label_maps, strict=True)):
        cv2.imwrite(str(images / f"{index:05d}.jpg"), frame[..., ::-1])
        write_label_map(masks / f"{index:05d}.png", label_map)
    return label_maps


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("review") / "set"
    for name in ("one", "two"):
        write(folder, name)
    return folder


def made(name, missing, seed=0, cues=None):
    """A sequence of one object whose confidence is J, but for some noise."""
    missing = np.asarray(missing, np.float32)
    rng, count = np.random.default_rng(seed), len(missing)
    facts, flags = Measured(count), np.ones(count, np.bool_)
    facts.area[:], facts.x[:], facts.y[:], facts.contact[:] = 100, 5, 5, 0
    facts.islands[:] = 0 if cues is None else cues
    confidence = 1 - missing + rng.normal(0, 0.01, count).astype(np.float32)
    sure = np.arange(count) == 0
    track = facts.track(
        known=flags,
        open_=flags & ~sure,
        looked=~flags,
        sure=sure,
        gone=~flags,
        confidence=confidence,
        disagreement=np.full(count, np.nan, np.float32),
    )
    j = (1 - missing).astype(np.float32)
    j[0] = np.nan
    return Played(name, {1: track}, {1: j})


def test_a_dataset_is_played_once(root, tmp_path, monkeypatch):
    request = BenchmarkRequest(
        root, TrackerRequest("copy", Quality.FAST), keyframe_count=2, late_entries=True
    )
    steps = list(play(request, tmp_path, CancelToken()))
    assert len(steps) == 2 * COUNT and steps[-1].done == steps[-1].total
    monkeypatch.setattr(module, "propagate", None)
    one, two = result_of(play(request, tmp_path, CancelToken()))
    assert (one.name, two.name) == ("one", "two") and sorted(one.tracks) == [1, 2]
    track = one.tracks[1]
    assert np.flatnonzero(track.sure).tolist() == [0, 5] and track.known.all()
    assert np.isfinite(track.disagreement[1:5]).all() and np.isnan(track.disagreement[5:]).all()
    # Nothing is left of a mask's J but what moved away from under it.
    assert 0 < one.j[1][9] < one.j[1][6] < 1 and np.isnan(one.j[1][[0, 5]]).all()
    monkeypatch.setattr(module, "propagate", propagate)
    other = BenchmarkRequest(root, TrackerRequest("flow", Quality.FAST), sequences=("one",))
    assert load(tmp_path / "one.review", module._settings(other)) is None
    (tmp_path / "one.review").write_bytes(b"torn")
    assert result_of(play(request, tmp_path, CancelToken()))[0].j[1][9] == one.j[1][9]


def test_figures_by_hand():
    """Of 40 scored frames four are the worst: 10, 11, 12 and 30."""
    missing = np.full(41, 0.1)
    missing[[10, 11, 12, 30]] = 0.6, 0.7, 0.8, 0.9
    sequence = made("a", missing)
    got = measure_list(sequence, [12, 32, 20])
    assert (got.held, got.near, got.most) == (0.25, 1.0, 0.75)
    assert got.j == pytest.approx((0.2 + 0.9 + 0.9) / 3)
    assert got.j_of_all == pytest.approx((36 * 0.9 + 0.4 + 0.3 + 0.2 + 0.1) / 40)
    nothing = measure_list(sequence, [0])
    assert (nothing.held, nothing.near) == (0, 0) and math.isnan(nothing.j)
    assert means([got, nothing]).held == 0.125 and means([got, nothing]).j == got.j
    assert evenly(sequence) == (5, 13, 21, 29, 37)


def test_a_list_by_confidence_finds_the_worst():
    missing = np.full(60, 0.1)
    missing[[20, 40]] = 0.7, 0.9
    assert set(listed(made("a", missing), ONLY_DOUBT)[:2]) == {20, 40}


def test_the_fit_finds_what_takes_j_away_and_no_less_than_a_little():
    rng = np.random.default_rng(1)
    sequences = []
    for number in range(3):
        islands = np.where(rng.random(80) < 0.2, rng.random(80), 0).astype(np.float32)
        islands[0] = 0
        # Confidence says nothing here: it is the same on all frames.
        sequence = made(f"s{number}", np.full(80, 0.1), number, islands)
        missing = 0.1 * number + 0.4 * cues_of(sequence.tracks[1])[REASONS.index(Reason.ISLANDS)]
        sequence.j[1][1:] = 1 - missing[1:]
        sequences.append(sequence)
    found = dict(zip(REASONS, fit_reasons(sequences), strict=True))
    assert found[Reason.ISLANDS] == pytest.approx(0.4, abs=0.02)
    assert found[Reason.LOST] == 1 and min(found.values()) == SMALLEST
    weights = fit(sequences)
    assert weights.reasons == tuple(found.values()) and weights.least > 0
    with pytest.raises(UsageError, match="too few"):
        fit_reasons([made("short", [0, 0.1, 0.2])])


def test_the_command_says_what_it_found(root, tmp_path, capsys):
    out = tmp_path / "figures.json"
    arguments = [str(root), "--system", "copy", "--cells", str(tmp_path / "cells")]
    assert main([*arguments, "--keyframes", "2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "fitted to, 1 sequences" in said and "confidence alone" in said
    rows = json.loads(out.read_text(encoding="utf-8"))["sequences"]
    assert [row["sequence"] for row in rows] == ["one", "two"]
    assert rows[1]["part"] == "the others" and rows[0]["evenly spaced"]["frames"]
    assert main([*arguments, "--keyframes", "2", "--sequences", "two"]) == 0
    said = capsys.readouterr().out
    assert "fitted to, 0 sequences" in said and "the others, 1 sequences" in said
    assert main([str(root), "--cells", str(tmp_path)]) == 2
    assert "--weights" in capsys.readouterr().err
