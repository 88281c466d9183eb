"""From a box or clicks to the mask of one object on one frame. No weights of others, no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.prompts.answers import by_evidence
from core.prompts.checks import check_request
from core.prompts.config import BEST
from core.prompts.finish import settled
from core.prompts.grabcut import grabcut
from core.prompts.request import PromptMethod
from core.prompts.task import make_task
from core.prompts.walk import by_walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import SegmentRequest


def segment(request: SegmentRequest) -> NDArray[np.bool_]:
    """The mask that the prompts ask for.

    Every clicked pixel ends up on the side that was asked for, unless it is protected; protected
    pixels are never in the mask, and with a box nothing outside of it is. Clicks together with
    `previous` change only what hangs together with a click, unless GrabCut is asked for. The
    same request gives the same mask.

    Returns:
        H x W bool.

    Raises:
        PromptError: no prompt, a box or click outside the image, a mask of another size.
    """
    check_request(request)
    method = BEST if request.method is PromptMethod.AUTO else request.method
    return settled(request, ANSWERS[method](request))


def by_grabcut(request: SegmentRequest) -> NDArray[np.bool_]:
    """The mask that GrabCut finds near the prompts; its own idea of the clicks and the box."""
    task = make_task(request)
    crop, found = task.crop, grabcut(task)
    mask = np.zeros(request.frame.shape[:2], bool)
    size = (crop.right - crop.left, crop.bottom - crop.top)
    mask[crop.area] = cv2.resize(found, size, interpolation=cv2.INTER_LINEAR) > 0.5
    return mask


ANSWERS = {
    PromptMethod.FEATURES: by_evidence,
    PromptMethod.GRABCUT: by_grabcut,
    PromptMethod.WALK: by_walk,
}
