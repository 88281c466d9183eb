"""What the encoder makes of one frame, as numpy, for prompts answered without torch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import cv2
import torch

from core.nn.inference import for_inference
from core.prompts.request import FeatureReader, FrameFeatures
from core.systems.self_supervised.build import read_encoder
from core.systems.self_supervised.config import STRIDE
from core.systems.self_supervised.fused import FusedEncoder, keys_of
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.prompts import LEARNED
from core.tracking.sizes import working_size

if TYPE_CHECKING:
    from pathlib import Path

    from core.types import Frame

SHORT_SIDE = 360
"""Short side at which frames are encoded for prompts; the weights of the cues were learned so."""


def load_encoder(weights: Path, device: torch.device) -> KeyEncoder | FusedEncoder:
    """The encoder of a weights file, ready for inference.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
    """
    return for_inference(read_encoder(weights), device)


def feature_reader(weights: Path, device: torch.device) -> FeatureReader:
    """What reads frames with the encoder of a weights file; see `core.tracking.spec.SystemSpec`.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
    """
    return partial(frame_features, load_encoder(weights, device))


def frame_features(
    encoder: KeyEncoder | FusedEncoder, frame: Frame, short_side: int = SHORT_SIDE
) -> FrameFeatures:
    """Keys of a frame.

    Args:
        encoder: in eval mode, on the device that is to compute.
        frame: H x W x 3 uint8.
        short_side: pixels to which the frame's short side is brought before encoding.

    Returns:
        C x h x w float16 on the processor's side; the cells cover the frame evenly.
    """
    height, width = working_size(frame.shape[0], frame.shape[1], short_side, stride=STRIDE)
    way = cv2.INTER_AREA if height < frame.shape[0] else cv2.INTER_LINEAR
    small: Frame = cv2.resize(frame, (width, height), interpolation=way)  # type: ignore[assignment]
    return FrameFeatures(keys_of(encoder, small).half().cpu().numpy(), STRIDE, LEARNED)
