"""Frames and masks for networks that read RGB and want sides that are multiples of a stride."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.nn.backbone import normalized_rgb
from core.ops.padding import Padding, around
from core.tracking.sizes import LONGEST
from core.types import VOID, Frame, Keyframe, LabelMap


def padded_frame(frame: Frame, short_side: int, *, stride: int) -> tuple[Tensor, Padding]:
    """A frame as the network sees it: normalized, then resized, then padded with zeros.

    Args:
        frame: H x W x 3 uint8.
        short_side: pixels of the shorter side; very long frames get less.
        stride: the sides become multiples of it.

    Returns:
        1 x 3 x H' x W' float32, channels last, and what of it is padding.
    """
    rgb = torch.from_numpy(np.array(frame)).permute(2, 0, 1).float().div(255)
    image = normalized_rgb(rgb)[None]
    size = inner_size(frame.shape[0], frame.shape[1], short_side)
    if size != frame.shape[:2]:
        image = F.interpolate(image, size=size, mode="bilinear", antialias=True)
    padding = around(*size, stride)
    return padding.pad(image).contiguous(memory_format=torch.channels_last), padding


def inner_size(height: int, width: int, short_side: int) -> tuple[int, int]:
    """Height and width of a frame at working size, before it is padded.

    The shorter side is as asked for and the longer one rounded down, as public programs have it;
    a longer side of more than `LONGEST` times is shrunk to that.
    """
    short, long = sorted((height, width))
    scale = min(short_side / short, LONGEST * short_side / long)
    first = short_side if scale * short == short_side else max(1, int(short * scale))
    second = max(1, int(scale * long))
    return (first, second) if height <= width else (second, first)


def asserted_masks(keyframe: Keyframe, size: torch.Size, padding: Padding) -> tuple[Tensor, Tensor]:
    """What a keyframe asserts, at the size of the padded frame.

    Args:
        keyframe: n objects.
        size: H' and W' of the padded frame.
        padding: of it.

    Returns:
        n x H' x W' float32 of 0 and 1, and H' x W' likewise where it makes no statement.
    """
    inner = (
        size[0] - padding.top - padding.bottom,
        size[1] - padding.left - padding.right,
    )
    labels = torch.from_numpy(np.array(keyframe.label_map))
    small = F.interpolate(labels[None, None].float(), size=inner, mode="nearest")[0, 0]
    planes = [(small == label).float() for label in (*keyframe.object_ids, VOID)]
    padded = padding.pad(torch.stack(planes))
    return padded[:-1], padded[-1]


def in_cells(planes: Tensor, stride: int) -> Tensor:
    """Means of ... x H x W planes over cells of so many pixels: ... x H/stride x W/stride."""
    blocks = torch.unflatten(torch.unflatten(planes, -1, (-1, stride)), -3, (-1, stride))
    return blocks.mean((-3, -1))


def bilinear_labels(
    probabilities: NDArray[np.float32], size: tuple[int, int], object_ids: tuple[int, ...]
) -> LabelMap:
    """The most probable label of each pixel; ties go to the background, then to the lower id.

    Args:
        probabilities: (1 + K) x h x w, background first; plane after plane is made larger.
        size: H and W.
        object_ids: of the K planes.
    """
    best = cv2.resize(probabilities[0], size[::-1], interpolation=cv2.INTER_LINEAR)
    labels: LabelMap = np.zeros(size, np.uint8)
    for object_id, plane in zip(object_ids, probabilities[1:], strict=True):
        fine = cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR)
        labels[fine > best] = object_id
        best = np.maximum(best, fine)
    return labels
