"""What a person asks for on one frame: a box, clicks, a mask to refine; and what may help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.prompts.weights import PromptWeights
    from core.types import Frame


class PromptMethod(Enum):
    """How a prompt becomes a mask."""

    AUTO = "auto"
    """What `core.prompts.config` names as best for what is given."""
    GRABCUT = "grabcut"
    """Color models of object and background, and a cut between them."""
    WALK = "walk"
    """Random walk from what is certain, over color and, where given, features."""
    FEATURES = "features"
    """Cues of color, place, distance and, where given, features, weighed as learned."""


@dataclass(frozen=True, slots=True)
class BoxPrompt:
    """A box around one object.

    Attributes:
        box: x0, y0, x1, y1 in image pixels: edges, not centers of pixels, so that a box around
            the pixel in the first row and column is 0, 0, 1, 1. Parts outside the image are cut
            off.
    """

    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PointPrompt:
    """One click.

    Attributes:
        x, y: in image pixels: the first pixel reaches from 0 up to, but not including, 1.
        positive: the pixel belongs to the object; else it does not.
    """

    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """What a system's encoder makes of the frame.

    Attributes:
        keys: C x h x w, float32 or float16. Similar places have similar keys.
        stride: pixels of the encoder's input (not of the frame) to one cell.
        weights: what cues are worth beside keys of this encoder; None where nobody learned it:
            then the keys are not looked at.
    """

    keys: NDArray[Any]
    stride: int
    weights: PromptWeights | None = None


FeatureReader = Callable[["Frame"], FrameFeatures]
"""Makes features of a frame."""


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """One object's prompts on one frame.

    Attributes:
        frame: H x W x 3 uint8, RGB.
        box: where the object is, or None.
        points: clicks, oldest first. A click is always obeyed; where two contradict each other,
            the later one is.
        previous: H x W bool, the mask that the clicks are to mend, or None. It may have some of
            the clicks in it already.
        protected: H x W bool, pixels of objects that must not change: never in the mask; or None.
        features: of this frame, or None.
        method: how to answer.
    """

    frame: Frame
    box: BoxPrompt | None = None
    points: tuple[PointPrompt, ...] = ()
    previous: NDArray[np.bool_] | None = None
    protected: NDArray[np.bool_] | None = None
    features: FrameFeatures | None = None
    method: PromptMethod = PromptMethod.AUTO
