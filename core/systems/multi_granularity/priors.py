"""What first says where foreground is: two priors, both made binary in the same way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.media.file_hash import short_hash
from core.nn.class_maps import ClassMaps
from core.ops.foreground import foreground
from core.ops.saliency import ranked_saliency
from core.systems.multi_granularity.spec import CAM
from core.types import Frame

VERSION = 2
"""Of what priors are: with another one those that are kept are made again."""


class BinaryPrior:
    """A map of what stands out, cut by `core.ops.foreground`.

    Attributes:
        name: under which maps can be kept: it tells all that they are made with.
    """

    def __init__(self, soft: Callable[[Frame], NDArray[np.float32]], name: str) -> None:
        """Make one.

        Args:
            soft: from a frame to h x w, 0 or more.
            name: what that is.
        """
        self._soft, self.name = soft, f"{name}-{VERSION}"

    def __call__(self, frame: Frame) -> NDArray[np.float32]:
        """How likely the parts of a frame are foreground: h x w of any size, 0..1."""
        return foreground(self._soft(frame), frame)


def prior_of(name: str, backbone: Path | None, *, classifier: Path | None = None) -> BinaryPrior:
    """A prior by its name, one of `core.systems.multi_granularity.spec.PRIORS`.

    Args:
        name: heuristic saliency, which has seen no label, or class-activation maps.
        backbone: what these are made with.
        classifier: another classifier in its place; None for none.
    """
    if name != CAM:
        return BinaryPrior(ranked_saliency, name)
    told = name if classifier is None else f"{name}-{short_hash(classifier)}"
    return BinaryPrior(ClassMaps(backbone, classifier), told)
