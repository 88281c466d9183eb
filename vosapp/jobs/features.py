"""Keys of a frame for boxes and clicks, from the engine's own encoder, once it is loaded.

Loading torch takes seconds in which a first box would wait for little: keys add 0.01 to the overlap
of a box (docs/accuracy.md, "Prompts"). So prompts do without until a propagation has loaded it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from vosapp.assets import bundled_weights

if TYPE_CHECKING:
    from core.prompts.request import FrameFeatures
    from core.systems.self_supervised.model import KeyEncoder
    from core.types import Frame

SYSTEM, PRESET = "self_supervised", "thin"


class KeyReader:
    """Reads a frame's keys on the processor; called in the assistant's thread only."""

    def __init__(self) -> None:
        self._encoder: KeyEncoder | None = None

    def __call__(self, frame: Frame) -> FrameFeatures | None:
        """Return the keys of a frame (H x W x 3 uint8); None while torch is not loaded.

        Raises:
            CheckpointMissing, CheckpointMismatch: the bundled weights are not there or damaged.
        """
        if "torch" not in sys.modules:
            return None
        from core.device import choose_device
        from core.systems.self_supervised.features import frame_features, load_encoder

        if self._encoder is None:
            weights = bundled_weights(SYSTEM, PRESET)
            self._encoder = load_encoder(weights, choose_device("cpu"))
        return frame_features(self._encoder, frame)
