"""What is told before a run starts: offers, estimates, colors, samples."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from core.engine.registry import systems
from core.jobs import CancelToken, result_of
from vosapp.services.training import estimates
from vosapp.services.training.colors import answer, check_colors
from vosapp.services.training.data import sources_of, survey
from vosapp.services.training.estimates import SCORE_SECONDS, estimate
from vosapp.services.training.folder import new_folder, write_request
from vosapp.services.training.offers import device_choices, offers, usual_minutes
from vosapp.services.training.preview import preview
from vosapp.services.training.protocol import Speaker
from vosapp.services.training.run_values import LossPoint, RunRequest
from vosapp.services.training.runs import run_status
from vosapp.services.training.values import Survey


@pytest.fixture
def look(write_project):
    def make(count=2, **labels):
        paths = [write_project(n, seed=k, **labels) for k, n in enumerate("abc"[:count])]
        sources = tuple(source for path in paths for source in sources_of(path))
        return sources, result_of(survey(sources, CancelToken()))

    return make


def test_every_system_that_learns_is_offered_with_its_options():
    found = {offer.system: offer for offer in offers()}
    assert found.keys() == {n for n, spec in systems().items() if spec.recipe}
    assert offers()[0].needs_labels and not systems()[offers()[-1].system].tracks
    boxes = found["box_supervised"]
    names = {option.name: option.default for option in boxes.options}
    assert names["rate"] == systems()["box_supervised"].recipe.rate
    assert "temporal" in names and not names.keys() & {"boxes", "dense", "notes"}
    assert all(option.help for option in boxes.options) and "boxes" in boxes.learns
    assert "self_supervised-thin" in found["self_supervised"].starts
    assert boxes.starts == ("box_supervised-small",)
    masks = found["global_instance"]
    assert masks.starts == ("global_instance-small-start",)
    assert (masks.needs_labels, masks.needs_masks, masks.stage) == (True, True, "masks")
    assert "masks" not in {option.name for option in masks.options}
    assert not boxes.needs_masks
    raw = found["multi_granularity"]
    assert (raw.needs_labels, raw.needs_masks, raw.stage) == (False, False, "granularities")
    assert {"prior", "classifier"} < {option.name for option in raw.options}


def test_what_carries_masks_and_finds_objects_has_a_score(look):
    sources, found = look(boxes=(0, 6))
    guess = estimate(RunRequest("multi_granularity", 10, sources, device="cpu"), found)
    assert guess.seconds > guess.prepare_seconds + 600
    assert not any("nothing scores it" in text for text in guess.warnings)


def test_what_carries_no_masks_is_told_to_have_no_score(look):
    sources, found = look(boxes=(0, 6))
    guess = estimate(RunRequest("appearance_motion", 10, sources, device="cpu"), found)
    assert guess.seconds == guess.prepare_seconds + 600
    assert any("nothing scores it" in text for text in guess.warnings)


def test_an_estimate_grows_with_the_batch_and_warns(look):
    sources, found = look(boxes=(0, 6))
    request = RunRequest("box_supervised", 10, sources, device="cpu")
    usual = estimate(request, found)
    large = estimate(RunRequest("box_supervised", 10, sources, options={"batch": 64}), found)
    assert usual.seconds > 600 and usual.memory > 0 and usual.warnings == ()
    assert large.memory > usual.memory and large.steps < usual.steps
    assert any("hardly" in text for text in large.warnings)
    nothing_held = estimate(request, Survey(found.clips[:0]))
    assert any("held out" in text for text in nothing_held.warnings)


def test_long_runs_are_scored_more_often_and_that_takes_its_time(look):
    sources, found = look(boxes=(0, 6))
    extra = {}
    for minutes in (40, 400):
        asked = estimate(RunRequest("box_supervised", minutes, sources, device="cpu"), found)
        extra[minutes] = asked.seconds - 60 * minutes - asked.prepare_seconds
    assert extra[40] == pytest.approx(9 * SCORE_SECONDS)
    assert extra[400] == pytest.approx(81 * SCORE_SECONDS)


def test_the_speed_of_an_earlier_run_counts_and_only_those_that_fit_are_read(
    look, tmp_path, monkeypatch
):
    sources, found = look(boxes=(0, 6))
    request = RunRequest("box_supervised", 10, sources, device="cpu")
    for name in ("box_supervised", "self_supervised"):
        folder = new_folder(tmp_path / "runs", replace(request, system=name))
        write_request(folder, replace(request, system=name))
        point = LossPoint(100, 50.0, {"a": 1.0})
        Speaker(folder).step(point, fraction=0.5, left=1.0, memory=5)
    read = []
    monkeypatch.setattr(estimates, "run_status", lambda p: read.append(p.name) or run_status(p))
    assert estimate(request, found, root=tmp_path / "runs").steps == 1200
    assert len(read) == 1 and "box_supervised" in read[0]


def test_minutes_follow_from_the_labels_and_the_device(look, monkeypatch):
    _, found = look(boxes=(0, 6))
    assert 10 <= usual_minutes(found, "cpu") <= 120
    assert usual_minutes(found, "cuda") < usual_minutes(found, "cpu")
    monkeypatch.setattr("core.device.present_devices", lambda: ("cpu", "cuda"))
    assert usual_minutes(found, "auto") == usual_minutes(found, "cuda")
    assert device_choices() == ("auto", "cpu", "cuda")


@pytest.mark.parametrize(
    ("tied", "right", "good"),
    [
        (math.nan, math.nan, None), (0.3, math.nan, None), (0.01, 0.99, False),
        (0.3, 0.995, True), (0.3, 0.975, True), (0.3, 0.8, False),
    ],
)  # fmt: skip
def test_colors_in_plain_words(tied, right, good):
    found = answer(tied, right)
    assert found.good is good and found.text.endswith(".")


def test_colors_are_looked_at_on_masks_where_there_are_any(look):
    _, found = look(masks=(0, 6))
    assert not math.isnan(result_of(check_colors(found, CancelToken())).right)


@pytest.mark.parametrize(
    ("system", "objects"),
    [
        ("box_supervised", 1),
        ("global_instance", 1),
        ("self_supervised", 0),
        ("multi_granularity", 0),
    ],
)
def test_samples_are_what_the_network_sees(look, system, objects):
    sources, found = look(boxes=(0, 6), masks=(3, 9))
    request = RunRequest(system, 1, sources, options={"crop": 32, "frames": 3} if objects else {})
    samples = result_of(preview(request, found, CancelToken(), count=4))
    assert len(samples) == 4 and {sample.clip for sample in samples} <= {"a", "b"}
    held = found.held_out[0].name
    assert held not in {sample.clip for sample in samples}
    for sample in samples:
        assert sample.boxes.shape[1] == objects
        if objects:
            assert sample.frames.shape == (3, 32, 32, 3)
