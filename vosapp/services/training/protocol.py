"""What a run says, as lines of JSON: written by its process, read by any number of others.

A run that is killed may leave half a line; it is ended before the next one, and skipped in reading.
No torch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.media.input_file import open_input
from core.train.run_log import append_line, sound_lines
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.run_values import LossPoint, RunState, ScorePoint

MOST_POINTS = 4000
"""Points of the loss curves that are kept; above it every second one is dropped."""
CHUNK = 8 << 20


class Speaker:
    """Writes what a run says.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._file = folder.progress

    def state(self, state: RunState, text: str = "") -> None:
        """Say what the run does from now on."""
        self._say("state", state=state.value, text=text)

    def step(self, point: LossPoint, *, fraction: float, left: float, memory: int) -> None:
        """Say how far it is.

        Args:
            point: step, seconds of training, losses.
            fraction: 0..1 of the minutes.
            left: seconds until the end; NaN while it is not known.
            memory: bytes that the process takes.
        """
        self._say(
            "step",
            step=point.step,
            seconds=point.seconds,
            losses=dict(point.losses),
            fraction=fraction,
            left=_plain(left),
            memory=memory,
        )

    def score(self, point: ScorePoint) -> None:
        """Say what weights are worth on held-out clips."""
        values = {"step": point.step, "seconds": point.seconds, "best": point.best}
        numbers = {"score": point.score, "j": point.j, "boxes": point.boxes}
        self._say("score", **values, **{name: _plain(x) for name, x in numbers.items()})

    def view(self, seen: Seen, *, place: int, best: bool) -> None:
        """Say which held-out frame the pictures at a place show, and what was scored on it now.

        Args:
            seen: with the score of the weights that were scored now, by their name.
            place: of the frame among those that are looked at.
            best: these weights are the best so far.
        """
        said = {"clip": seen.clip, "frame": seen.frame_index, "step": seen.step}
        scores = {name: _plain(score) for name, score in seen.scores.items()}
        self._say("view", **said, place=place, best=best, scores=scores)

    def log(self, text: str) -> None:
        """Say something that people may want to read."""
        self._say("log", text=text)

    def _say(self, kind: str, **values: object) -> None:
        append_line(self._file, {"kind": kind, "at": time.time(), **values})


@dataclass(frozen=True, slots=True)
class Seen:
    """A held-out frame that is looked at.

    Attributes:
        clip: its name.
        frame_index: in its video.
        step: of learning that it was scored after last.
        scores: of this frame by weights, 0..1: "before", "now", "best"; those that are known.
    """

    clip: str
    frame_index: int
    step: int
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a run has said, put together; `said_at` is when it said its state."""

    state: RunState = RunState.STARTING
    text: str = ""
    said_at: float = 0.0
    fraction: float = 0.0
    step: int = 0
    seconds: float = 0.0
    left: float = math.nan
    memory: int = 0
    losses: tuple[LossPoint, ...] = ()
    scores: tuple[ScorePoint, ...] = ()
    views: tuple[Seen, ...] = ()
    log: tuple[str, ...] = field(default=())

    def after(self, lines: Iterator[dict[str, Any]]) -> Heard:
        """With what was said since; lines that make no sense are skipped."""
        changes: dict[str, Any] = {}
        losses, scores, log = list(self.losses), list(self.scores), list(self.log)
        views = dict(enumerate(self.views))
        for line in lines:
            try:
                if line["kind"] == "view":
                    _take_view(line, views)
                else:
                    _take(line, changes, losses=losses, scores=scores, log=log)
            except (LookupError, TypeError, ValueError, AttributeError):
                continue
        while len(losses) > MOST_POINTS:
            losses = [*losses[:-1:2], losses[-1]]
        changes |= {"losses": tuple(losses), "scores": tuple(scores), "log": tuple(log[-500:])}
        return replace(self, views=tuple(views[place] for place in sorted(views)), **changes)


def _take(
    line: Mapping[str, Any],
    changes: dict[str, Any],
    *,
    losses: list[LossPoint],
    scores: list[ScorePoint],
    log: list[str],
) -> None:
    kind = line["kind"]
    if kind == "state":
        changes |= {"state": RunState(line["state"]), "text": str(line["text"])}
        changes["said_at"] = float(line["at"])
        if line["text"]:
            log.append(str(line["text"]))
    elif kind == "step":
        point = LossPoint(int(line["step"]), float(line["seconds"]), _numbers(line["losses"]))
        changes |= {"step": point.step, "seconds": point.seconds, "left": _number(line["left"])}
        changes |= {"fraction": float(line["fraction"]), "memory": int(line["memory"])}
        # A run that went on from a state has made some steps twice.
        while losses and losses[-1].step >= point.step:
            losses.pop()
        losses.append(point)
    elif kind == "score":
        score, j, boxes = (_number(line[name]) for name in ("score", "j", "boxes"))
        step, seconds = int(line["step"]), float(line["seconds"])
        scores.append(ScorePoint(step, seconds, score, j, boxes, bool(line["best"])))
    elif kind == "log":
        log.append(str(line["text"]))


def _take_view(line: Mapping[str, Any], views: dict[int, Seen]) -> None:
    place, said = int(line.get("place", 0)), line.get("scores", {})
    if not 0 <= place <= len(views):
        return
    known = dict(views[place].scores) if place in views else {}
    for name, value in said.items():
        score = _number(value)
        # Before training all three are the same weights.
        known |= {str(name): score, "now": score}
        if line["best"]:
            known["best"] = score
    views[place] = Seen(str(line["clip"]), int(line["frame"]), int(line["step"]), known)


class Listener:
    """Reads what a run says, each time only what is new.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._file = folder.progress
        self._at = 0
        self._heard = Heard()

    def heard(self) -> Heard:
        """All that was said until now."""
        with suppress(OSError), open_input(self._file) as file:
            file.seek(self._at)
            while data := self._whole_lines(file.read(CHUNK)):
                self._heard = self._heard.after(sound_lines(data.splitlines()))
                file.seek(self._at)
        return self._heard

    def _whole_lines(self, data: bytes) -> bytes:
        end = data.rfind(b"\n") + 1
        self._at += end
        return data[:end]


def heard_at(file: Path) -> float:
    """When a run was heard last, seconds since 1970; 0 for never."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in values.items()}


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
