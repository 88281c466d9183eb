"""Boxes as planes of pixels, for losses that learn from boxes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class BoxPlanes:
    """What boxes say of the frames of clips.

    Attributes:
        planes: B x T x K x H x W float32, 1 inside an object's box, else 0; all 0 where the object
            is known to be absent or nothing is known of it, so that losses need not ask `known`.
        known: B x T x K bool, whether the object's box, or its absence, is known on the frame.
    """

    planes: Tensor
    known: Tensor

    def pooled(self, stride: int) -> BoxPlanes:
        """The same boxes on cells of stride x stride pixels; a cell is inside where half of it is.

        A box that fills half of no cell keeps the cells it fills most, so that none gets lost.
        """
        if stride == 1:
            return self
        share = cell_means(self.planes, stride)
        most = share.amax((-2, -1), keepdim=True)
        inside = (share >= most.clamp(max=0.5)) & (most > 0)
        return BoxPlanes(inside.to(self.planes), self.known)

    def merged(self) -> BoxPlanes:
        """All objects of a clip as one: no identity between frames is needed (thesis, 3.2.1).

        A frame is known where every object is that is known on some frame of its clip; others are
        padding.
        """
        there = self.known.any(1, keepdim=True)
        known = (self.known | ~there).all(2, keepdim=True) & there.any(2, keepdim=True)
        return BoxPlanes(self.planes.amax(2, keepdim=True) * known[..., None, None], known)

    def without(self, frames: Tensor) -> BoxPlanes:
        """The same, with nothing known on some frames, B x T bool."""
        known = self.known & ~frames[:, :, None]
        return BoxPlanes(self.planes * known[..., None, None], known)


def fill_boxes(boxes: Tensor, size: tuple[int, int]) -> BoxPlanes:
    """Boxes as filled planes: pixels whose center is inside.

    Args:
        boxes: B x T x K x 4 float: x, y, width, height in pixels, x and y of the upper left
            corner. Width or height 0: known to be absent. NaN: unknown.
        size: H, W in pixels.

    Returns:
        Planes of B x T x K x H x W. A box that holds no center has the pixel its middle is in; what
        lies outside the picture is cut off.
    """
    known = ~boxes.isnan().any(-1)
    x, y, width, height = boxes.nan_to_num().unbind(-1)
    there = known & (width > 0) & (height > 0)
    columns = _line(x, width, size[1])
    rows = _line(y, height, size[0])
    filled = rows[..., :, None] & columns[..., None, :] & there[..., None, None]
    return BoxPlanes(filled.float(), known)


def cell_means(planes: Tensor, stride: int) -> Tensor:
    """Means over cells of stride x stride pixels; rows and columns left over are dropped.

    Args:
        planes: ... x H x W, of at least 3 dimensions.
        stride: pixels to a side of a cell.
    """
    if stride == 1:
        return planes
    means = F.avg_pool2d(planes.flatten(0, -3), stride)
    return means.reshape(*planes.shape[:-2], *means.shape[-2:])


def counted_pixels(boxes: BoxPlanes, crowd: Tensor) -> Tensor:
    """Which pixels say something: in a crowd those outside all boxes may be a look-alike's.

    Args:
        boxes: of the clips.
        crowd: B bool, clips in which not every look-alike has a box.

    Returns:
        B x T x H x W float32, 0 void, else 1.
    """
    inside = boxes.planes.amax(2)
    return torch.where(crowd.view(-1, 1, 1, 1), inside, torch.ones_like(inside))


def _line(start: Tensor, length: Tensor, size: int) -> Tensor:
    centers = torch.arange(size, device=start.device) + 0.5
    first, last = start[..., None], (start + length)[..., None]
    inside = (centers >= first) & (centers < last)
    middle = (start + length / 2).floor().long().clamp(0, size - 1)
    nearest = F.one_hot(middle, size).bool() & (last > 0) & (first < size)
    return torch.where(inside.any(-1, keepdim=True), inside, nearest)
