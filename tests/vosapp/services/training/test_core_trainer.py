"""How `core.train` does a run: one stage after the other, and the weights of the moment."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import CheckpointMismatch, UsageError
from core.jobs import Cancelled, CancelToken, Progress, result_of
from core.nn.checkpoints import read_info
from core.train.config import FitConfig
from core.train.origin import START
from vosapp.assets import bundled_weights
from vosapp.services.training.core_trainer import CoreTrainer, verify_weights, with_preset
from vosapp.services.training.data import sources_of, survey_labels
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.run_values import RunRequest
from vosapp.services.training.staging import stage

SMALL = {"batch": 1, "crop": 32, "frames": 3}
STEPS = 4
"""Of each stage, in place of the minutes that runs have: a busy machine changes no test."""


@pytest.fixture(autouse=True)
def minutes(monkeypatch):
    """The minutes that stages would have taken, in their order."""
    asked = []

    def by_steps(*, minutes, **others):
        asked.append(minutes)
        return FitConfig(steps=STEPS, **others)

    monkeypatch.setattr("vosapp.services.training.core_trainer.FitConfig", by_steps)
    return asked


@pytest.fixture
def trainer_of(write_project, tmp_path):
    sources = sources_of(write_project("a", boxes=(0, 6), masks=(3,)))
    found = result_of(survey_labels(sources, CancelToken()))
    data = result_of(stage(found, tmp_path / "data", CancelToken()))

    def make(system, **changes):
        request = RunRequest(system, 0.05, sources, device="cpu", **changes)
        return CoreTrainer(request, RunFolder(tmp_path / "run"), data)

    return make


@pytest.mark.slow
def test_from_nothing_one_stage_follows_the_other_and_a_cancelled_run_goes_on(
    trainer_of, tmp_path, minutes
):
    trainer = trainer_of("box_supervised", preset="tiny", options=SMALL)
    token, steps, stages = CancelToken(), [], set()
    job = trainer.steps(token)
    with pytest.raises(Cancelled):
        for item in job:
            if isinstance(item, Progress):
                continue
            steps.append(item)
            if item.number == 1:
                trainer.write(tmp_path / "first.safetensors")
            if "projection" in item.losses:
                trainer.write(tmp_path / "now.safetensors")
                token.cancel()
    assert [step.number for step in steps] == list(range(1, STEPS + 2))
    assert minutes == [0.025, 0.025], "half of the run each"
    assert steps[0].fraction < 0.5 <= steps[-1].fraction
    first, now = (load_file(tmp_path / f"{name}.safetensors") for name in ("first", "now"))
    assert any(not torch.equal(now[name], x) for name, x in first.items())
    stages = [read_info(tmp_path / f"{n}.safetensors").training["stage"] for n in ("first", "now")]
    assert stages == ["masks of composite clips", "masks from drawn boxes and colors"]
    assert not list((tmp_path / "run").glob("*/*-now*"))
    again = trainer_of("box_supervised", preset="tiny", options=SMALL)
    later = next(x for x in again.steps(CancelToken()) if not isinstance(x, Progress))
    assert later.number == steps[-1].number + 1 and later.seconds > steps[-1].seconds


def test_a_run_of_a_version_with_another_rate_goes_on_with_its_own(trainer_of, tmp_path):
    def one_more_step():
        token, numbers = CancelToken(), []
        trainer = trainer_of("box_supervised", preset="tiny", options=SMALL)
        with pytest.raises(Cancelled):
            for item in trainer.steps(token):
                if not isinstance(item, Progress):
                    numbers.append(item.number)
                    token.cancel()
        return numbers

    assert one_more_step() == [1]
    start = tmp_path / "run/train-composites" / START
    note = json.loads(start.read_text())
    note["settings"]["rate"] = 0.25
    start.write_text(json.dumps(note))
    assert one_more_step() == [2]
    assert json.loads(start.read_text())["settings"]["rate"] == 0.25


def test_weights_that_are_not_finite_are_refused(tmp_path):
    from safetensors import safe_open

    weights = bundled_weights("self_supervised", "thin")
    verify_weights(weights, "self_supervised")
    with pytest.raises(CheckpointMismatch, match="box_supervised"):
        verify_weights(weights, "box_supervised")
    tensors = load_file(weights)
    name = next(name for name, x in tensors.items() if x.is_floating_point())
    tensors[name] = torch.full_like(tensors[name], float("nan"))
    with safe_open(weights, "pt") as file:
        save_file(tensors, tmp_path / "nan.safetensors", file.metadata())
    with pytest.raises(CheckpointMismatch, match="not finite"):
        verify_weights(tmp_path / "nan.safetensors", "self_supervised")


def test_the_preset_is_that_of_the_weights():
    start = bundled_weights("self_supervised", "thin")
    request = RunRequest("self_supervised", 1, (), preset="resnet18", start=start)
    assert with_preset(request).preset == "thin"
    with pytest.raises(CheckpointMismatch):
        with_preset(RunRequest("box_supervised", 1, (), start=start))


def test_weights_are_there_only_once_it_has_begun(trainer_of, tmp_path):
    with pytest.raises(ValueError):
        trainer_of("self_supervised").write(tmp_path / "w")
    with pytest.raises(UsageError, match="stage"):
        next(trainer_of("self_supervised", stage="third").steps(CancelToken()))


def test_masks_are_learned_from_where_boxes_do_not_do(write_project, tmp_path):
    """All objects at once: masks of projects, after composites."""
    asked = {"preset": "tiny", "options": {**SMALL, "frames": 2}, "device": "cpu"}
    for name, masks in (("few", ()), ("more", (1, 2, 3, 5))):
        sources = sources_of(write_project(name, boxes=(0, 6), masks=masks))
        found = result_of(survey_labels(sources, CancelToken()))
        data = result_of(stage(found, tmp_path / f"data-{name}", CancelToken()))
        request = RunRequest("global_instance", 0.02, sources, **asked)
        trainer = CoreTrainer(request, RunFolder(tmp_path / f"run-{name}"), data)
        if not masks:
            with pytest.raises(UsageError, match="No frame has masks"):
                next(trainer.steps(CancelToken()))
            continue
        steps = [x for x in trainer.steps(CancelToken()) if not isinstance(x, Progress)]
        assert steps[0].fraction < 0.5 <= steps[-1].fraction
        trainer.write(tmp_path / "now.safetensors")
        assert read_info(tmp_path / "now.safetensors").training["labels"] == "masks"
        verify_weights(tmp_path / "now.safetensors", "global_instance")
