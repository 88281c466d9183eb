"""Starting, finding, pausing, stopping and resuming runs, each in a process of its own. No torch.

A run's process is in a session of its own: it does not end with the window or command that started
it. Whoever comes later finds it again by its folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from core.errors import OutputError, TrainingError, UsageError, VosError
from vosapp.services.models.store import add_model
from vosapp.services.models.values import Model, Origin
from vosapp.services.training import control
from vosapp.services.training.control import Control
from vosapp.services.training.core_trainer import with_preset
from vosapp.services.training.folder import (
    RunFolder,
    new_folder,
    read_process,
    read_request,
    write_request,
)
from vosapp.services.training.launch import launch, reap
from vosapp.services.training.offers import default_start
from vosapp.services.training.protocol import Heard, Listener, heard_at
from vosapp.services.training.run_values import RunRequest, RunState, RunStatus, View
from vosapp.services.training.views import picture
from vosapp.services.user_folder import runs_folder

SILENT_SECONDS = 5.0
"""A run that says nothing for longer is told of."""
TAIL_BYTES = 64 << 10
_GONE = "Its process is gone without a word: a crash, or the machine was switched off."


def start_run(
    request: RunRequest, *, root: Path | None = None, command: Sequence[str] | None = None
) -> Path:
    """Start a run and return at once.

    Args:
        request: what is trained.
        root: folder of the runs; None takes the user's.
        command: what runs it, given the run's folder as last argument; None for what there is.

    Returns:
        The run's folder, which is new.

    Raises:
        UsageError: minutes, threads, preset, stage or options that are not possible.
        CheckpointMissing, CheckpointMismatch: the weights to start from cannot be used.
        OutputError: the folder cannot be made.
    """
    if request.start is None and not request.fresh:
        request = _from_bundled(request)
    request = with_preset(request)
    check_request(request)
    folder = new_folder(root or runs_folder(), request)
    write_request(folder, request)
    launch(folder, request, command)
    return folder.path


def _from_bundled(request: RunRequest) -> RunRequest:
    from core.engine.registry import recipe_of

    preset = request.preset or recipe_of(request.system).default_preset
    start = default_start(request.system, preset)
    return replace(request, start=start) if start else replace(request, fresh=True)


def check_request(request: RunRequest) -> None:
    """Refuse what no run can do, before a process is started.

    Raises:
        UsageError: minutes, threads, device, preset, stage or options that are not possible.
    """
    from core.device import DEVICES, require_threads
    from core.engine.registry import recipe_of

    recipe = recipe_of(request.system)
    if not 0 < request.minutes <= 60 * 24 * 14:
        msg = f"A run of {request.minutes:g} minutes is not possible."
        raise UsageError(msg, "Give a number of minutes above 0, and no more than two weeks.")
    require_threads(request.threads)
    if request.device not in DEVICES:
        msg = f"There is no device {request.device!r}."
        raise UsageError(msg, f"Choose one of {', '.join(DEVICES)}.")
    if not request.sources:
        raise UsageError("Nothing was chosen to learn from.", "Choose projects or folders.")
    if request.preset:
        recipe.require_preset(request.preset)
    if request.stage:
        recipe.stage(request.stage)
    known = {option.name: option for option in recipe.all_options}
    for name, value in request.options.items():
        if name not in known:
            raise UsageError(f"{recipe.system} has no option {name!r}.", "Leave it out.")
        known[name].require_possible(value)


def resume_run(
    folder: Path, *, minutes: float | None = None, command: Sequence[str] | None = None
) -> None:
    """Go on with a run that was stopped, has failed, or is lost, from its last state.

    Args:
        folder: of the run.
        minutes: new length of all of it, to go on with one that is done; None keeps it.
        command: see `start_run`.

    Raises:
        UsageError: it runs, or is done.
        TrainingError: the folder holds no run.
        OutputError: the folder cannot be written.
    """
    place = RunFolder(folder)
    request, status = read_request(place), run_status(folder)
    if status.state.alive:
        raise UsageError(f"{folder.name} runs already.", "Look at it, or stop it first.")
    if minutes is not None:
        request = replace(request, minutes=minutes)
        check_request(request)
        write_request(place, request)
    elif not status.resumable:
        raise UsageError(f"{folder.name} is done.", "Start a new run from its model.")
    Control(folder).clear()
    launch(place, request, command)


class RunWatch:
    """Follows a run, and reads each time only what is new.

    Args:
        folder: of the run.

    Raises:
        TrainingError: the folder holds no run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = RunFolder(folder)
        self._request = read_request(self._folder)
        self._listener = Listener(self._folder)

    def status(self) -> RunStatus:
        """How the run is now."""
        reap()
        mark = read_process(self._folder)
        alive = mark is not None and mark.is_alive
        heard = self._listener.heard()
        state, text = _state(heard, began=mark.at if mark is not None and alive else None)
        best, wishes = self._folder.weights("best"), Control(self._folder.path)
        return RunStatus(
            self._folder.path,
            self._request.title or self._folder.path.name,
            self._request,
            state,
            text,
            fraction=heard.fraction,
            step=heard.step,
            seconds=heard.seconds,
            seconds_left=heard.left,
            memory=heard.memory if alive else 0,
            losses=heard.losses,
            scores=heard.scores,
            heard=heard_at(self._folder.progress),
            resumable=not state.alive and state is not RunState.DONE,
            model=best if best.exists() else None,
            holders=wishes.holders() if alive else (),
            wanted=_wanted(wishes, state) if alive and state.alive else "",
        )

    def views(self) -> tuple[View, ...]:
        """Held-out frames of the run, before and now, the main one first."""
        found = list[View]()
        for place, seen in enumerate(self._listener.heard().views):
            frame, before, now, best, truth = (
                picture(self._folder, name, place=place)
                for name in ("frame", "before", "now", "best", "truth")
            )
            if frame.exists():
                said = (seen.clip, seen.frame_index, seen.step, seen.scores)
                found.append(View(frame, before, now, best, truth, *said))
        return tuple(found)

    def log(self, *, lines: int = 200) -> str:
        """What the run and its process have said, for people; the last lines of it."""
        told = self._listener.heard().log
        return "\n".join([*told, *_tail(self._folder.log)][-lines:])


def _state(heard: Heard, *, began: float | None) -> tuple[RunState, str]:
    """What a run does, by what it has said and by when its process began; None: it is gone."""
    if began is None and heard.state.alive:
        return RunState.LOST, f"{_GONE} It can be resumed."
    if began is not None and heard.said_at < began:
        # It has just been started, or resumed, and has said nothing yet.
        return RunState.STARTING, "Starting."
    return heard.state, heard.text


def _wanted(wishes: Control, state: RunState) -> str:
    """What the user has asked of a run that lives, and it has not come to yet."""
    if wishes.wants_stop:
        return "stop"
    return "pause" if wishes.wants_pause and state is not RunState.PAUSED else ""


def run_status(folder: Path) -> RunStatus:
    """How a run is now.

    Raises:
        TrainingError: the folder holds no run.
    """
    return RunWatch(folder).status()


def find_runs(root: Path | None = None) -> tuple[RunStatus, ...]:
    """All runs of the user, the newest first."""
    found = list[RunStatus]()
    for folder, _ in find_requests(root):
        # It may be discarded in this very moment.
        with suppress(VosError):
            found.append(run_status(folder.path))
    return tuple(found)


def find_requests(root: Path | None = None) -> Iterator[tuple[RunFolder, RunRequest]]:
    """Yield the folders of all runs, the newest first, with what was asked for."""
    place = root or runs_folder()
    if not place.is_dir():
        return
    for path in sorted(place.iterdir(), reverse=True):
        folder = RunFolder(path)
        if folder.is_run:
            with suppress(TrainingError):
                yield folder, read_request(folder)


def silent_for(status: RunStatus, now: float) -> str:
    """What to tell of a run that should have said something; empty where it has."""
    mark = read_process(RunFolder(status.folder))
    last = max(status.heard, mark.at if mark else 0.0)
    if not status.state.alive or now - last < SILENT_SECONDS:
        return ""
    return f"Nothing was heard from the training for {now - last:.0f} s. Its log may say why."


def pause_run(folder: Path) -> None:
    """Let a run wait until `go_on_run`; its minutes do not pass meanwhile."""
    Control(folder).pause()


def go_on_run(folder: Path) -> None:
    """Let a paused run go on."""
    Control(folder).go_on()


def stop_run(folder: Path) -> None:
    """End a run; it scores what it has learned and leaves a usable model."""
    Control(folder).stop()


def hold_runs(who: str = "propagation", *, root: Path | None = None) -> None:
    """Hold all runs while other work goes on, until `release_runs` or the end of this process."""
    control.hold(root or runs_folder(), who)


def release_runs(who: str = "propagation", *, root: Path | None = None) -> None:
    """Let runs go on that this process held."""
    control.release(root or runs_folder(), who)


def discard_run(folder: Path) -> None:
    """Remove a run with all that it has learned.

    Raises:
        UsageError: it runs, or the folder holds no run.
        OutputError: it cannot be removed.
    """
    try:
        status = run_status(folder)
    except TrainingError as error:
        raise UsageError(error.message, error.hint) from error
    if status.state.alive:
        raise UsageError(f"{folder.name} is running.", "Stop it first.")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        msg = f"{folder} cannot be removed: {error.strerror}."
        raise OutputError(msg, "Close what uses it, and try again.") from error


def _tail(file: Path) -> list[str]:
    from core.media.input_file import open_input

    try:
        with open_input(file) as stream:
            stream.seek(max(0, file.stat().st_size - TAIL_BYTES))
            return stream.read(TAIL_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def keep_model(folder: Path, name: str, *, root: Path | None = None) -> Model:
    """Copy the best weights of a run among the user's models, and look at them again there.

    Args:
        folder: of the run.
        name: of the model.
        root: folder of the models; None takes the user's.

    Raises:
        UsageError: the run has no model yet, or the name is taken or no name.
        VosError: the weights cannot be used, or the copy cannot be written.
    """
    from vosapp.services.training.core_trainer import verify_weights

    status = run_status(folder)
    if status.model is None:
        raise UsageError(f"{folder.name} has no model yet.", "Wait for its first score.")
    verify_weights(status.model, status.request.system)
    best, before = status.best, status.before
    points = {"held-out": best, "held-out before": before}
    scores = {n: p.score for n, p in points.items() if p is not None and p.score == p.score}
    return add_model(status.model, name, Origin.TRAINED, scores=scores, root=root)
