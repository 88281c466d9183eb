"""What the window asks of the services of training and models. Tests give one without torch."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.jobs import CancelToken, Job
from core.types import LabelMap
from vosapp.project.store import Project
from vosapp.services.models.values import Downloading, KnownModel, Model
from vosapp.services.training.run_values import Estimate, RecipeOffer, RunRequest, RunStatus, View
from vosapp.services.training.values import ColorAnswer, Source, Survey
from vosapp.services.user_folder import models_folder, runs_folder

if TYPE_CHECKING:
    from vosapp.services.training.preview import Sample


class Watch(Protocol):
    """Follows one run; of what the run has said it reads each time only what is new."""

    def status(self) -> RunStatus:
        """How it is now."""

    def views(self) -> tuple[View, ...]:
        """The held-out frames that are looked at, the main one first."""

    def log(self) -> str:
        """What the run has said."""


class TrainServices(Protocol):
    """See the functions of the same names in `vosapp.services.training`; all of them may take
    their time, so that none is called in the window's thread.
    """

    def sources_of(self, path: Path) -> tuple[Source, ...]:
        """What a chosen thing is; a folder of projects is several."""

    def survey(self, sources: Sequence[Source], token: CancelToken) -> Job[Survey]:
        """What is in the sources."""

    def check_colors(self, survey: Survey, token: CancelToken) -> Job[ColorAnswer]:
        """Whether the color losses hold on them."""

    def preview(
        self, request: RunRequest, survey: Survey, token: CancelToken
    ) -> Job[tuple[Sample, ...]]:
        """Samples as the network sees them."""

    def offers(self) -> tuple[RecipeOffer, ...]:
        """Ways to train."""

    def devices(self) -> tuple[str, ...]:
        """Devices of this machine."""

    def usual_minutes(self, survey: Survey, device: str) -> float:
        """Minutes that are worth while."""

    def estimate(self, request: RunRequest, survey: Survey) -> Estimate:
        """What a run will take."""

    def start(self, request: RunRequest) -> Path:
        """Begin a run."""

    def resume(self, folder: Path) -> None:
        """Go on with a run that has ended before its time."""

    def pause(self, folder: Path) -> None:
        """Let a run wait."""

    def go_on(self, folder: Path) -> None:
        """Let it wait no more."""

    def stop(self, folder: Path) -> None:
        """End it, with what it has learned."""

    def discard(self, folder: Path) -> None:
        """Remove it."""

    def hold(self) -> None:
        """Let all runs wait for a propagation."""

    def release(self) -> None:
        """Let them go on."""

    def watch(self, folder: Path) -> Watch:
        """Follow a run."""

    def runs(self) -> tuple[RunStatus, ...]:
        """All runs, the newest first."""

    def silence(self, status: RunStatus, now: float) -> str:
        """What to tell of a run that says nothing; empty where it does."""

    def keep(self, folder: Path, name: str) -> Model:
        """Keep the best weights as a model."""

    def compare(
        self,
        project: Project,
        video: Path,
        *,
        frame_index: int,
        models: Sequence[Path],
        device: str,
        token: CancelToken,
    ) -> Job[tuple[LabelMap, ...]]:
        """Masks of one frame by several weights."""

    def models(self) -> tuple[Model, ...]:
        """All models."""

    def remove_model(self, name: str) -> None:
        """Delete a model."""

    def export_model(self, name: str, out: Path) -> Path:
        """Copy a model out."""

    def import_model(self, file: Path, name: str) -> Model:
        """Take weights of others."""

    def known_models(self) -> tuple[KnownModel, ...]:
        """Models that may be downloaded."""

    def hash_remembered(self, address: str) -> str:
        """The SHA-256 that a file of this address had the last time; empty for none."""

    def download(
        self,
        address: str,
        name: str,
        *,
        token: CancelToken,
        sha256: str,
        license: str,
        known: KnownModel | None,
    ) -> Generator[Downloading, None, Model]:
        """Download a model."""


@dataclass(frozen=True, slots=True)
class Services:
    """The services themselves, on the folders of one user. What they need is imported when it is
    wanted: the window starts without it.

    Attributes:
        data: folder of the user's data; runs and models lie in it.
    """

    data: Path

    @property
    def _runs(self) -> Path:
        return runs_folder(self.data)

    @property
    def _models(self) -> Path:
        return models_folder(self.data)

    def sources_of(self, path: Path) -> tuple[Source, ...]:
        """See `TrainServices`."""
        from vosapp.services.training.data import sources_of

        return sources_of(path)

    def survey(self, sources: Sequence[Source], token: CancelToken) -> Job[Survey]:
        """See `TrainServices`."""
        from vosapp.services.training.data import survey

        return (yield from survey(sources, token))

    def check_colors(self, survey: Survey, token: CancelToken) -> Job[ColorAnswer]:
        """See `TrainServices`."""
        from vosapp.services.training.colors import check_colors

        return (yield from check_colors(survey, token))

    def preview(
        self, request: RunRequest, survey: Survey, token: CancelToken
    ) -> Job[tuple[Sample, ...]]:
        """See `TrainServices`."""
        from vosapp.services.training.preview import preview

        return (yield from preview(request, survey, token))

    def offers(self) -> tuple[RecipeOffer, ...]:
        """See `TrainServices`."""
        from vosapp.services.training.offers import offers

        return offers()

    def devices(self) -> tuple[str, ...]:
        """See `TrainServices`."""
        from vosapp.services.training.offers import device_choices

        return device_choices()

    def usual_minutes(self, survey: Survey, device: str) -> float:
        """See `TrainServices`."""
        from vosapp.services.training.offers import usual_minutes

        return usual_minutes(survey, device)

    def estimate(self, request: RunRequest, survey: Survey) -> Estimate:
        """See `TrainServices`."""
        from vosapp.services.training.estimates import estimate

        return estimate(request, survey)

    def start(self, request: RunRequest) -> Path:
        """See `TrainServices`."""
        from vosapp.services.training.runs import start_run

        return start_run(request, root=self._runs)

    def resume(self, folder: Path) -> None:
        """See `TrainServices`."""
        from vosapp.services.training.runs import resume_run

        resume_run(folder)

    def pause(self, folder: Path) -> None:
        """See `TrainServices`."""
        from vosapp.services.training.runs import pause_run

        pause_run(folder)

    def go_on(self, folder: Path) -> None:
        """See `TrainServices`."""
        from vosapp.services.training.runs import go_on_run

        go_on_run(folder)

    def stop(self, folder: Path) -> None:
        """See `TrainServices`."""
        from vosapp.services.training.runs import stop_run

        stop_run(folder)

    def discard(self, folder: Path) -> None:
        """See `TrainServices`."""
        from vosapp.services.training.runs import discard_run

        discard_run(folder)

    def hold(self) -> None:
        """See `TrainServices`; who has never trained has no folder of runs, and gets none."""
        if self._runs.is_dir():
            from vosapp.services.training.runs import hold_runs

            hold_runs(root=self._runs)

    def release(self) -> None:
        """See `TrainServices`."""
        if self._runs.is_dir():
            from vosapp.services.training.runs import release_runs

            release_runs(root=self._runs)

    def watch(self, folder: Path) -> Watch:
        """See `TrainServices`."""
        from vosapp.services.training.runs import RunWatch

        return RunWatch(folder)

    def runs(self) -> tuple[RunStatus, ...]:
        """See `TrainServices`."""
        if not self._runs.is_dir():
            return ()
        from vosapp.services.training.runs import find_runs

        return find_runs(self._runs)

    def silence(self, status: RunStatus, now: float) -> str:
        """See `TrainServices`."""
        from vosapp.services.training.runs import silent_for

        return silent_for(status, now)

    def keep(self, folder: Path, name: str) -> Model:
        """See `TrainServices`."""
        from vosapp.services.training.runs import keep_model

        return keep_model(folder, name, root=self._models)

    def compare(
        self,
        project: Project,
        video: Path,
        *,
        frame_index: int,
        models: Sequence[Path],
        device: str,
        token: CancelToken,
    ) -> Job[tuple[LabelMap, ...]]:
        """See `TrainServices`."""
        from vosapp.services.training.compare import compare_frame

        return (
            yield from compare_frame(
                project, video, frame_index, models=models, device=device, token=token
            )
        )

    def models(self) -> tuple[Model, ...]:
        """See `TrainServices`."""
        from vosapp.services.models.store import models

        return models(self._models)

    def remove_model(self, name: str) -> None:
        """See `TrainServices`."""
        from vosapp.services.models.store import remove_model

        remove_model(name, root=self._models)

    def export_model(self, name: str, out: Path) -> Path:
        """See `TrainServices`."""
        from vosapp.services.models.store import export_model

        return export_model(name, out, root=self._models)

    def import_model(self, file: Path, name: str) -> Model:
        """See `TrainServices`."""
        from vosapp.services.models.importing import import_model

        return import_model(file, name, root=self._models)[0]

    def known_models(self) -> tuple[KnownModel, ...]:
        """See `TrainServices`."""
        from vosapp.services.models.known import known_models

        return known_models()

    def hash_remembered(self, address: str) -> str:
        """See `TrainServices`."""
        from vosapp.services.models.downloads import hash_remembered

        return hash_remembered(address, root=self._models)

    def download(
        self,
        address: str,
        name: str,
        *,
        token: CancelToken,
        sha256: str,
        license: str,
        known: KnownModel | None,
    ) -> Generator[Downloading, None, Model]:
        """See `TrainServices`."""
        from vosapp.services.models.downloads import download

        said = {"license": license}
        if known is not None:
            said = {"license": known.license, "system": known.system}
        return (yield from download(address, name, token, sha256=sha256, root=self._models, **said))
