"""Keys of a frame for boxes and clicks, from the engine's own encoder, once it is loaded.

Loading torch takes seconds in which a first box would wait for little: keys add 0.01 to the overlap
of a box (docs/accuracy.md, "Prompts"). So prompts do without until a propagation has loaded it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from vosapp.services.weights import default_weights

if TYPE_CHECKING:
    from core.prompts.request import FeatureReader, FrameFeatures
    from core.types import Frame


class KeyReader:
    """Reads a frame's keys on the processor; called in the assistant's thread only."""

    def __init__(self) -> None:
        self._read: FeatureReader | None = None

    def __call__(self, frame: Frame) -> FrameFeatures | None:
        """Return the keys of a frame (H x W x 3 uint8); None while torch is not loaded.

        Raises:
            CheckpointMissing, CheckpointMismatch: the bundled weights are not there or damaged.
        """
        if "torch" not in sys.modules:
            return None
        from core.device import choose_device
        from core.engine.registry import default_system
        from core.tracking.spec import load

        if self._read is None:
            spec = default_system()
            self._read = load(spec.features)(default_weights(spec.name), choose_device("cpu"))
        return self._read(frame)
