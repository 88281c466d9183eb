"""Where work is kept between runs, and what of a project's masks it still stands for. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.engine.kept_room import KeptRoom
from core.engine.kept_work import KeptWork, checksum
from core.engine.propagate import PropagationRequest
from core.engine.run_settings import work_settings
from core.tracking.contract import KeepsFeatures, Tracker, TrackerRequest
from core.types import VideoInfo
from vosapp.project.model import FrameState
from vosapp.project.results import Propagation
from vosapp.project.store import Project
from vosapp.services.user_folder import user_cache

BUDGET_MB = 2048
"""What is kept by default, in units of 1024 x 1024 bytes: some 1,500 frames of 480p."""


def kept_folder() -> Path:
    """Return the folder in this user's cache; whoever keeps the first thing makes it."""
    return user_cache() / "kept"


def default_room() -> KeptRoom:
    """Return the room of this user, with the budget that nobody has changed."""
    return KeptRoom(kept_folder(), BUDGET_MB << 20)


@contextmanager
def kept_work(
    room: KeptRoom | None,
    info: VideoInfo,
    system: TrackerRequest,
    tracker: Tracker,
    *,
    device: str,
    threads: int,
) -> Iterator[KeptWork | None]:
    """Open what is kept of a video and a system, and let the tracker use its features.

    Args:
        room: where; None keeps nothing.
        info: of the video.
        system: what the tracker was made of.
        tracker: gives its features back to nobody once the context ends.
        device: where it computes.
        threads: how many it computes with.

    Yields:
        None where nothing can be kept.
    """
    if room is None:
        yield None
        return
    settings = work_settings(info, system, device=device, threads=threads)
    with room.entry(settings) as entry:
        kept = None if entry is None else KeptWork(entry)
        keeper = tracker if isinstance(tracker, KeepsFeatures) else None
        try:
            if kept is not None and keeper is not None:
                keeper.keep_features(kept.features)
            yield kept
        finally:
            if keeper is not None:
                keeper.keep_features(None)


def frames_had(
    project: Project,
    request: PropagationRequest,
    kept: KeptWork | None,
    propagation: Propagation,
    *,
    among: Set[int],
) -> frozenset[int]:
    """Return frames whose masks are, byte by byte, what this very propagation would make.

    They are known by checksums of what was made of the same keyframes before. Frames on which
    anything is asserted, empty or stale, or from another system or weights, are none of them.

    Args:
        project: with the keyframes of the request.
        request: what is to be propagated.
        kept: of the same video, system and settings; None where nothing is kept.
        propagation: that is about to begin.
        among: only these are looked at.
    """
    if kept is None:
        return frozenset()
    found = kept.results(request, project.video.frame_count)
    made = {index: value for index, value in found.items() if index in among}
    origin, like = propagation.provenance, {}
    for item in project.objects():
        lane = project.lane(item.object_id)
        for run_id in np.unique(lane.runs).tolist():
            run = project.run_of(run_id)
            like[run_id] = run and (run.system, run.weights) == (origin.system, origin.weights)
        alike = np.isin(lane.runs, [run_id for run_id, same in like.items() if same])
        whole = alike & (lane.states == FrameState.PROPAGATED)
        made = {index: value for index, value in made.items() if whole[index]}
    for index in project.keyframe_indices():
        made.pop(index, None)
    return frozenset(
        i for i, value in made.items() if checksum(project.cleaned_map(i, {})) == value
    )
