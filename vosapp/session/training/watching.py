"""Looking at a run again and again, off the window's thread. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import VosError
from core.jobs import CancelToken
from core.media.image_file import read_rgb
from core.media.label_map import read_label_map
from vosapp.services.training.run_values import RunStatus, View
from vosapp.session.training.services import TrainServices

EVERY, SELDOM = 0.7, 3.0
"""Seconds between two looks, while the run is shown and while it is not."""
_NAP = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """A held-out frame of a run.

    Attributes:
        clip: its name.
        frame_index: in its video.
        step: of learning, of `now`.
        frame: h x w x 3 uint8 RGB.
        before, now, best, truth: h x w uint8 object ids.
        scores: of this frame, 0..1, by "before", "now" and "best"; those that are known.
    """

    clip: str
    frame_index: int
    step: int
    frame: NDArray[np.uint8]
    before: NDArray[np.uint8]
    now: NDArray[np.uint8]
    best: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one look at a run has shown.

    Attributes:
        status: how it is.
        silence: what to tell of a run that says nothing; empty where it does.
        log: its last lines.
        pictures: of held-out frames, the main one first; none while there are none yet.
    """

    status: RunStatus
    silence: str = ""
    log: str = ""
    pictures: tuple[Pictures, ...] = ()


@dataclass(slots=True, eq=False)
class Watched:
    """What is shown of a run now: the window writes it, and the thread that looks reads it.

    Attributes:
        shown: somebody sees the run.
        log: its log, too.
    """

    shown: bool = False
    log: bool = False


def watching(
    services: TrainServices,
    folder: Path,
    token: CancelToken,
    *,
    watched: Watched,
    clock: Callable[[], float] = time.time,
) -> Generator[Look]:
    """Yield a look at a run, and another one whenever something is new, until it has ended.

    Raises:
        VosError: the folder holds no run any more.
        Cancelled: by the token.
    """
    watch, pictures = services.watch(folder), tuple[Pictures, ...]()
    seen: tuple[int, str] | None = None
    while True:
        status = watch.status()
        mark = (len(status.scores), status.state.value)
        if mark != seen:
            seen = mark
            pictures = tuple(filter(None, map(_pictures, watch.views())))
        log = watch.log() if watched.log or not status.state.alive else ""
        yield Look(status, services.silence(status, clock()), log, pictures)
        if not status.state.alive:
            return
        seen_at, before = time.monotonic(), (watched.shown, watched.log)
        while time.monotonic() < seen_at + (EVERY if watched.shown else SELDOM):
            token.check()
            if (watched.shown, watched.log) != before:
                break
            time.sleep(_NAP)


def _pictures(view: View) -> Pictures | None:
    """Read them; a run may be discarded, or write new ones, in this very moment."""
    try:
        frame = read_rgb(view.frame)
        best = view.best if view.best.exists() else view.before
        files = (view.before, view.now, best, view.truth)
        before, now, found, truth = maps = [read_label_map(file).label_map for file in files]
    except (VosError, OSError):
        return None
    if any(one.shape != frame.shape[:2] for one in maps):
        return None
    said = (view.clip, view.frame_index, view.step, frame)
    return Pictures(*said, before, now, found, truth, view.scores)
