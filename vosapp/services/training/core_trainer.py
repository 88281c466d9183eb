"""The trainer of a run that `core.train` does. torch is imported when the run begins."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import recipe_of
from core.errors import CheckpointMismatch, DeviceOutOfMemory, UsageError
from core.jobs import CancelToken, Progress
from core.train.config import FitConfig
from core.train.recipe import Recipe, StageSpec, Value
from core.train.run_log import LOG, read_lines
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.offers import needs_masks, stage_of
from vosapp.services.training.run_values import RunRequest
from vosapp.services.training.staging import DataFolder
from vosapp.services.training.trainer import Step

if TYPE_CHECKING:
    from core.train.moment import Moment
    from core.train.request import TrainRequest

FIRST_SHARE = 0.5
"""Share of the minutes for the stage that comes first, where a run starts from nothing."""
SAVE_MINUTES = 0.5
"""What a kill may cost."""
MARK = "-now"


@dataclass(frozen=True, slots=True)
class _Leg:
    """One stage of the run.

    Attributes:
        stage: what is trained.
        first: share of the run at which it begins.
        share: of the run that it takes.
        out: its folder.
    """

    stage: StageSpec
    first: float
    share: float
    out: Path


class CoreTrainer:
    """See `vosapp.services.training.trainer.Trainer`.

    Args:
        request: what is trained.
        folder: of the run.
        data: what is learned from.
    """

    def __init__(self, request: RunRequest, folder: RunFolder, data: DataFolder) -> None:
        self._request = request
        self._folder = folder
        self._data = data
        self._recipe = recipe_of(request.system)
        self._moment: Moment | None = None
        self._out: Path | None = None

    @property
    def start(self) -> Path | None:
        """See `Trainer.start`."""
        return self._request.start

    def steps(self, token: CancelToken) -> Generator[Progress | Step]:
        """See `Trainer.steps`."""
        init, number, seconds = self._request.start, 0, 0.0
        legs = self._legs()
        for leg in legs:
            done = leg is not legs[-1] and _result(leg.out).exists()
            if not done:
                yield from self._steps_of(leg, init, token, number=number, seconds=seconds)
            init = _result(leg.out)
            made = _last_step(leg.out)
            number, seconds = number + made[0], seconds + made[1]

    def _legs(self) -> tuple[_Leg, ...]:
        recipe, request = self._recipe, self._request
        chosen = recipe.stage(stage_of(recipe, request.stage, labels=self._data.boxes.exists()))
        if needs_masks(request.system, request.stage) and not self._data.masks.exists():
            msg = "No frame has masks of all objects that are labeled in its video."
            raise UsageError(msg, "Check or draw the masks of all objects on two frames or more.")
        if chosen.after and request.start is None:
            first = recipe.stage(chosen.after)
            return (self._leg(first, 0.0, FIRST_SHARE), self._leg(chosen, FIRST_SHARE, 1.0))
        return (self._leg(chosen, 0.0, 1.0),)

    def _leg(self, stage: StageSpec, first: float, last: float) -> _Leg:
        return _Leg(stage, first, last - first, self._folder.path / f"train-{stage.name}")

    def _steps_of(
        self, leg: _Leg, init: Path | None, token: CancelToken, *, number: int, seconds: float
    ) -> Generator[Progress | Step]:
        from core.train.moment import Moment
        from core.train.run import train

        self._moment, self._out = Moment(), leg.out
        try:
            for item in train(self._train_request(leg, init), token, moment=self._moment):
                if isinstance(item, Progress):
                    yield item
                    continue
                yield Step(
                    number + item.step,
                    leg.first + leg.share * item.fraction,
                    seconds + item.seconds,
                    item.losses,
                )
        except DeviceOutOfMemory as error:
            hint = "Take a smaller batch or crop, or another device, and start a new run."
            raise DeviceOutOfMemory(error.message, hint) from error

    def _train_request(self, leg: _Leg, init: Path | None) -> TrainRequest:
        from core.train.origin import settings_of
        from core.train.request import TrainRequest

        request, stage = self._request, leg.stage.name
        own = self._options(stage)
        # Not the usual values alone: those of an older version, with which it began, may differ.
        chosen = settings_of(
            self._recipe,
            request.options,
            stage=stage,
            out=leg.out,
            resume=True,
            refines=init is not None,
        )
        return TrainRequest(
            self._recipe,
            leg.out,
            FitConfig(
                minutes=request.minutes * leg.share,
                learning_rate=float(chosen["rate"]),
                bf16=bool(chosen["bf16"]),
                save_minutes=SAVE_MINUTES,
            ),
            request.preset,
            stage,
            own,
            videos=self._data.videos,
            init=init,
            resume=True,
            device=request.device,
            seed=request.seed,
            cache=self._folder.path / "frames",
            workers=0,
            threads=request.threads,
        )

    def _options(self, stage: str) -> dict[str, Value]:
        has = {o.name for o in self._recipe.options if not o.stages or stage in o.stages}
        own = {name: value for name, value in self._request.options.items() if name in has}
        data = self._data
        for name, path in (("boxes", data.boxes), ("dense", data.masks), ("masks", data.masks)):
            if name in has and path.exists():
                own[name] = str(path)
        return own

    def write(self, target: Path) -> None:
        """See `Trainer.write`."""
        if self._moment is None or self._out is None:
            msg = "The run has not begun."
            raise ValueError(msg)
        self._moment.write(MARK).replace(target)
        for other in self._out.glob(f"*{MARK}.safetensors"):
            # Such as averages over steps.
            other.unlink()

    def verify(self, weights: Path) -> None:
        """See `Trainer.verify`."""
        verify_weights(weights, self._request.system)


def verify_weights(weights: Path, system: str) -> None:
    """Load weights as they will be used, and see to it that their numbers are finite.

    Raises:
        CheckpointMissing, CheckpointMismatch: not there, damaged, of another system, not finite.
    """
    import torch

    from core.discovery.contract import DiscoveryRequest
    from core.engine.registry import build_discoverer, build_tracker, system_spec
    from core.nn.checkpoints import load_tensors, read_info, require_system
    from core.tracking.contract import TrackerRequest
    from core.types import Quality

    require_system(read_info(weights), system, weights)
    if system_spec(system).tracks:
        build_tracker(TrackerRequest(system, Quality.FAST, "cpu", weights))
    else:
        build_discoverer(system, DiscoveryRequest("cpu", weights))
    for name, tensor in load_tensors(weights).items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            msg = f"{weights} has numbers that are not finite, in {name}."
            raise CheckpointMismatch(msg, "Go back to weights of before.")


def with_preset(request: RunRequest) -> RunRequest:
    """A request whose preset is that of the weights it starts from.

    Raises:
        CheckpointMissing, CheckpointMismatch: they are not there, damaged, or of another system.
    """
    from core.nn.checkpoints import read_info, require_system

    recipe: Recipe = recipe_of(request.system)
    if request.start is None:
        return replace(request, preset=request.preset or recipe.default_preset)
    info = read_info(request.start)
    require_system(info, request.system, request.start)
    return replace(request, preset=info.preset)


def _result(out: Path) -> Path:
    return out / "weights.safetensors"


def _last_step(out: Path) -> tuple[int, float]:
    """Step and seconds of the last step that a stage has made."""
    for line in reversed(list(read_lines(out / LOG))):
        if "losses" in line:
            step, seconds = line.get("step"), line.get("seconds")
            if isinstance(step, int) and isinstance(seconds, float) and math.isfinite(seconds):
                return step, seconds
    return 0, 0.0
