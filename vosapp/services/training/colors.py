"""Whether what looks alike is one object in the chosen videos: the check of data, in plain words.

The color losses tie pixels of like color to each other (ADR 0036). torch is imported on the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.jobs import CancelToken, Job, Progress
from core.media.video import open_video
from core.types import Frame, LabelMap
from vosapp.services.training.data import survey_labels
from vosapp.services.training.labels import LabeledVideo
from vosapp.services.training.values import ColorAnswer, Survey

if TYPE_CHECKING:
    from core.data.color_check.counting import ColorCheck

SIDE, STRIDE = 384, 4
"""As in `core.data.color_check.sequences`: a square training frame, and cells of the losses."""
TAU = 0.3
"""Above it neighbors are tied, as in the loss (ADR 0036)."""
MOST_CLIPS, MOST_FRAMES = 12, 4
GOOD, POOR = 0.985, 0.97
"""Shares of tied pairs within one object: fine from the first on, poor below the second."""
FEW = 0.05


def check_colors(found: Survey, token: CancelToken) -> Job[ColorAnswer]:
    """Look at labeled frames of the chosen videos.

    Args:
        found: what was chosen.
        token: is looked at before each clip.

    Yields:
        A `Progress` for each clip.

    Raises:
        VosError: a video cannot be read.
        Cancelled: by the token.
    """
    sources = tuple(dict.fromkeys(clip.source for clip in found.clips))
    labeled = yield from survey_labels(sources, token)
    videos = [video for video in labeled.videos if video.frames]
    videos = sorted(videos, key=lambda video: not video.masked)[:MOST_CLIPS]
    tied, right = list[float](), list[float]()
    for done, video in enumerate(videos):
        token.check()
        for check in _checks(video):
            tied += [] if check.share is None else [check.share]
            right += [] if check.precision is None else [check.precision]
        yield Progress(done + 1, len(videos), video.name, "colors")
    return answer(_mean(tied), _mean(right))


def answer(tied: float, right: float) -> ColorAnswer:
    """The answer in plain words.

    Args:
        tied: share 0..1 of neighboring pixels that look alike; NaN: nothing was looked at.
        right: share 0..1 of these that are of one object; NaN: there are no masks.
    """
    if math.isnan(tied):
        return ColorAnswer(None, "There is no labeled frame to look at.")
    if tied < FEW:
        text = f"Only {tied:.0%} of neighboring pixels look alike: colors teach little here."
        return ColorAnswer(False, f"{text} Rely on more boxes, or on some masks.", tied, right)
    if math.isnan(right):
        text = f"{tied:.0%} of neighboring pixels look alike."
        more = "Whether they are of one object can only be told with masks: paint one or two."
        return ColorAnswer(None, f"{text} {more}", tied, right)
    said = f"Where neighboring pixels look alike, {right:.1%} are of one object"
    if right >= GOOD:
        return ColorAnswer(True, f"{said}: colors show where objects end.", tied, right)
    if right >= POOR:
        text = f"{said}: colors help, but objects resemble what is around them at places."
        return ColorAnswer(True, text, tied, right)
    more = "objects look like what is around them. Add masks, or set the option temporal to 0."
    return ColorAnswer(False, f"{said}: {more}", tied, right)


def _checks(video: LabeledVideo) -> Iterator[ColorCheck]:
    import torch

    from core.data.color_check.counting import check_neighbors
    from core.ops.boxes import cell_means
    from core.ops.color import cielab

    for frame, label_map in _pictures(video):
        small = cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        rgb = torch.from_numpy(small).permute(2, 0, 1)[None] / 255
        cells = (SIDE // STRIDE, SIDE // STRIDE)
        labels = cv2.resize(label_map, cells, interpolation=cv2.INTER_NEAREST)
        maps = torch.from_numpy(np.asarray(labels, np.uint8))[None]
        yield check_neighbors(cielab(cell_means(rgb, STRIDE)), maps, thresholds=(TAU,))[0]


def _pictures(video: LabeledVideo) -> Iterator[tuple[Frame, LabelMap]]:
    """Labeled frames with their label maps; void all over where there are boxes alone."""
    frames = list(video.masked or video.frames)
    step = max(1, len(frames) // MOST_FRAMES)
    chosen = frames[::step][:MOST_FRAMES]
    with open_video(video.video) as source:
        if not (video.masked and video.open_maps):
            for index in chosen:
                frame = source.frame(index)
                yield frame, np.full(frame.shape[:2], 255, np.uint8)
            return
        with video.open_maps() as read:
            for index in chosen:
                yield source.frame(index), read(index)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan
