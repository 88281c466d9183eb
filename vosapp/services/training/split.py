"""Which clips train and which are held out. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from core.data.splits import is_held_out
from core.text import encoded
from vosapp.services.training.labels import LabeledVideo
from vosapp.services.training.values import Part

SHARE = 5
"""One labeled video in so many is held out, and at least one."""
HELD_SHARE = 4
"""Of the only labeled video the last labeled frames are held out, one in so many."""
FEWEST = 2
"""Labeled frames that training, and scoring, need of a video."""

Sides = tuple[Part, tuple[int, ...]]
"""What a clip is for, and which of its labeled frames are held out."""


def split(videos: Sequence[LabeledVideo], names: Sequence[str]) -> tuple[Sides, ...]:
    """Divide by whole videos, always in the same way; two projects on one video stay together.

    Videos that the project itself holds out (`core.data.splits`) stay so. Where there is only one
    labeled video, its last labeled frames are held out: that says less, since it is the same scene.

    Args:
        videos: in their order.
        names: of the clips, one each.

    Returns:
        One for each video.
    """
    labeled = [place for place, video in enumerate(videos) if can_train(video)]
    files = {place: videos[place].video.resolve() for place in range(len(videos))}
    held = {
        files[p]
        for p in range(len(videos))
        if is_held_out(names[p]) or is_held_out(videos[p].video.name)
    }
    groups = sorted({files[p] for p in labeled}, key=lambda file: _rank(file.name))
    if not held & set(groups) and len(groups) > 1:
        held |= set(groups[: max(1, len(groups) // SHARE)])
    alone = len(labeled) == 1 and files[labeled[0]] not in held
    sides = list[Sides]()
    for place, video in enumerate(videos):
        if files[place] in held:
            sides.append((Part.HELD_OUT, video.frames if place in labeled else ()))
        elif place not in labeled:
            sides.append((Part.FOOTAGE, ()))
        else:
            last = _last_frames(video) if alone else ()
            sides.append((Part.BOTH, last) if last else (Part.TRAIN, ()))
    return tuple(sides)


def can_train(video: LabeledVideo) -> bool:
    """Whether an object is seen, and something is known of another frame."""
    return bool(video.seen_frames) and len(video.frames) >= FEWEST


def _last_frames(video: LabeledVideo) -> tuple[int, ...]:
    frames = video.frames
    count = max(FEWEST, len(frames) // HELD_SHARE)
    rest = set(frames[:-count])
    enough = len(rest) >= FEWEST and bool(rest & set(video.seen_frames))
    return frames[-count:] if enough else ()


def _rank(name: str) -> str:
    """Chance that is the same each time, whatever else is chosen."""
    return hashlib.sha256(encoded(name)).hexdigest()
