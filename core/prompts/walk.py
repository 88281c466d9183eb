"""Random walks from what is certain (Grady 2006): the third way to answer a prompt.

The probability of a pixel is the chance that a walk over the image, which crosses edges of color
and of keys reluctantly, meets the object before it meets the background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg

from core.prompts.answers import box_view, click_view
from core.prompts.cues import box_places, rim
from core.prompts.finish import full_mask, joined, local_change, obeyed
from core.prompts.measures import neighbors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import SegmentRequest
    from core.prompts.view import View

LEAST = 1e-3
"""Weight of the strongest edge; 1 is that of no edge at all."""
MIDDLE = 0.35
"""Radius of what is certain of a box, where 1 reaches its edges."""
DEPTH = 4.0
"""Pixels of a view within which a mask's outline may be wrong."""
WRONG = 20
"""Pixels of a view around a click in which a mask may be wrong."""
CERTAIN = 10.0
"""How firmly seeds are held, next to edge weights of 1."""


def by_walk(request: SegmentRequest) -> NDArray[np.bool_]:
    """The mask that a request asks for; see `core.prompts.segment.segment`."""
    previous = request.previous
    if request.box is not None and (previous is None or not request.points):
        previous = _box_walk(request)
    if not request.points:
        return np.zeros(request.frame.shape[:2], bool) if previous is None else previous
    if previous is None or not previous.any():
        return joined(obeyed(_click_walk(request, None), request.points), request.points)
    mask = obeyed(_click_walk(request, previous), request.points)
    return local_change(mask, previous, request.points)


def _box_walk(request: SegmentRequest) -> NDArray[np.bool_]:
    """The middle of the box is the object, what is outside of it is not."""
    view, inside = box_view(request)
    across, down = box_places(inside)
    ours = (across**2 + down**2 < MIDDLE**2) & inside
    theirs = ~inside if not inside.all() else rim(view.shape)
    return full_mask(view, random_walk(view, ours, theirs) * inside, request.frame)


def _click_walk(request: SegmentRequest, previous: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Clicks and the frame's rim are certain, and of a mask what is far from its outline."""
    view, clicks = click_view(request, previous)
    ours, theirs = np.zeros(view.shape, bool), rim(view.shape)
    if previous is not None:
        before = view.crop.mask(previous)
        deep = cv2.GaussianBlur(before, (0, 0), DEPTH)
        ours, theirs = ours | (deep > 0.95), theirs | (deep < 0.05)
    rows, columns = np.ogrid[: view.shape[0], : view.shape[1]]
    for row, column, positive in clicks:
        near = (rows - row) ** 2 + (columns - column) ** 2
        # Around a click the mask may be wrong, so that nothing but the click is certain there.
        (theirs if positive else ours)[near <= WRONG**2] = False
        ours[near <= 2], theirs[near <= 2] = positive, not positive
    return full_mask(view, random_walk(view, ours, theirs), request.frame)


def random_walk(
    view: View, ours: NDArray[np.bool_], theirs: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Probability of the object in each pixel.

    Solves (L + S) x = S s, with L the image's weighted Laplacian, S the firmness of the seeds and
    s the seeds; Grady 2006, with seeds that are soft so that contradictions do no harm.

    Args:
        view: h x w.
        ours: h x w seeds of the object.
        theirs: h x w seeds of the background.

    Returns:
        h x w, 0..1.
    """
    first, second = neighbors(view.shape)
    if not len(first):
        return ours.astype(np.float32)
    weights = _weights(view, first, second)
    count = view.shape[0] * view.shape[1]
    links = sparse.csr_matrix((weights, (first, second)), (count, count))
    links = links + links.T
    firm = np.where(ours | theirs, CERTAIN, 1e-6).ravel()
    degree = np.asarray(links.sum(1)).ravel() + firm
    wanted = firm * ours.ravel()
    system = sparse.diags(degree) - links
    found, _ = cg(system, wanted, rtol=1e-4, maxiter=200, M=sparse.diags(1 / degree))
    return np.asarray(np.clip(found, 0, 1), np.float32).reshape(view.shape)


def _weights(view: View, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
    """Weight of each link: how alike its two pixels are, next to the mean of all links."""
    flat = view.lab.reshape(-1, 3)
    change = ((flat[first] - flat[second]) ** 2).sum(1).astype(np.float64)
    exponent = change / (2 * change.mean() + 1e-6)
    if view.patch is not None:
        unit = view.patch.keys / (np.linalg.norm(view.patch.keys, axis=0) + 1e-6)
        likeness = np.stack([view.patch.plane(channel) for channel in unit]).reshape(len(unit), -1)
        step = ((likeness[:, first] - likeness[:, second]) ** 2).sum(0)
        exponent += step / (2 * step.mean() + 1e-6)
    return np.asarray(np.exp(-exponent) + LEAST)
