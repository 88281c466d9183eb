"""What tracks say of one frame, at the frame's own size."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.discovery.contract import ObjectTrack
from core.discovery.masks import Refinement, label_map_of
from core.types import Frame, LabelMap


def label_map_of_tracks(
    tracks: Sequence[ObjectTrack], index: int, frame: Frame, refinement: Refinement
) -> LabelMap:
    """Label map of a frame, H x W uint8: 1 for the first track, 2 for the second and so on.

    Args:
        tracks: at most 254.
        index: of the frame.
        frame: H x W x 3 uint8.
        refinement: how edges are followed.
    """
    shown = [number for number, track in enumerate(tracks) if index in track.maps]
    found = label_map_of([tracks[n].maps[index] for n in shown], frame, refinement)
    numbers = np.zeros(256, np.uint8)
    numbers[1 : len(shown) + 1] = np.array(shown, np.uint8) + 1
    labels: LabelMap = numbers[found]
    return labels


def soft_map_of_tracks(
    tracks: Sequence[ObjectTrack], index: int, frame: Frame
) -> NDArray[np.float32]:
    """H x W, 0..1: how likely a pixel is any object's."""
    height, width = frame.shape[:2]
    planes = [track.maps[index] for track in tracks if index in track.maps]
    if not planes:
        return np.zeros((height, width), np.float32)
    largest = np.max(np.stack(planes), 0)
    enlarged = cv2.resize(largest, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.float32)
