"""Sizes of the `box_supervised` networks, and how they track. No torch here."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from core.memory.limits import MemoryLimits
from core.nn.encoder_shape import (
    LITE0_WIDTHS,
    is_lite0,
    needs_installed,
    read_shape,
    require_encoder,
)
from core.nn.header_config import config_of
from core.tracking.config import UNFITTED
from core.types import Quality


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of a network; the defaults are those of the public weights of XMem."""

    backbone: str = "resnet50"
    stem: int = 64
    """Channels of the first convolution of a ResNet; EfficientNet-Lite0 has its own."""
    widths: tuple[int, int, int] = (256, 512, 1024)
    """Channels of the frame's features at strides 4, 8 and 16."""
    blocks: tuple[int, int, int] = (3, 4, 6)
    """Residual blocks of its three stages, for a ResNet."""
    value_stem: int = 64
    value_widths: tuple[int, int, int] = (64, 128, 256)
    """Channels of the stages of what encodes masks."""
    value_blocks: tuple[int, int, int] = (2, 2, 2)
    key_channels: int = 64
    """C_k of keys and selections."""
    value_channels: int = 512
    """C_v of what is remembered of an object."""
    sensory_channels: int = 64
    """C_h of the sensory memory; 0 leaves it out."""
    sensory_inner: int = 256
    """Channels that the sensory memory's inputs are added up in."""
    decoder_widths: tuple[int, int, int] = (512, 256, 256)
    """Channels of the decoder at strides 16, 8 and 4."""

    def __post_init__(self) -> None:
        require_encoder(self.backbone, self.widths)

    @property
    def is_lite0(self) -> bool:
        """Whether the frame's features come from EfficientNet-Lite0."""
        return is_lite0(self.backbone)

    @property
    def needs_backbone(self) -> bool:
        """Whether the installed EfficientNet-Lite0 is part of the network (ADR 0032)."""
        return needs_installed(self.backbone)

    def to_dict(self) -> dict[str, object]:
        """The config as plain values, for a checkpoint's header."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> NetworkConfig:
        """The config in a checkpoint's header.

        Raises:
            CheckpointMismatch: a field is missing, unknown, of a wrong kind or too large.
        """
        return config_of(cls, values, read=_read)


def _read(name: str, value: object) -> object:
    return read_shape(name, value, may_be_none=frozenset({"sensory_channels"}))


PRESETS: dict[str, NetworkConfig] = {
    "small": NetworkConfig(
        "lite0", 32, LITE0_WIDTHS, (2, 2, 6), 16, (24, 48, 96), (1, 1, 1), 64, 128, 32, 64,
        (96, 64, 32),
    ),
    "resnet50": NetworkConfig(),
    "tiny": NetworkConfig(
        "basic", 8, (8, 8, 16), (1, 1, 1), 8, (8, 8, 8), (1, 1, 1), 8, 16, 8, 8, (16, 8, 8)
    ),
}  # fmt: skip
"""`small` for processors, on EfficientNet-Lite0; `resnet50` has the layout and the names of XMem's
public weights (62 M values); `tiny` is for tests."""


@dataclass(frozen=True, slots=True)
class MemoryTrackingConfig:
    """Working resolution and memory of a run."""

    short_side: int
    """Frames are resized so that their short side has this many pixels before encoding."""
    every: int = 5
    """r: frames from one that is memorized to the next."""
    top_k: int = 30
    """Memory cells that each query reads."""
    memory: MemoryLimits = MemoryLimits()  # noqa: RUF009 - it is frozen
    half: bool = True
    """Encode and decode in half precision on a GPU; keys, matching and the sums of all
    probabilities stay in float32 whatever this says."""


TRACKING: dict[Quality, MemoryTrackingConfig] = {
    Quality.FAST: MemoryTrackingConfig(240),
    Quality.BALANCED: MemoryTrackingConfig(300),
    Quality.FINE: MemoryTrackingConfig(480),
}

CALIBRATION = UNFITTED
"""Of weights whose header has none."""
