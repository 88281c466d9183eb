"""Sizes of the `global_instance` networks, and how they track. No torch here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from core.nn.encoder_shape import (
    LITE0_WIDTHS,
    is_lite0,
    needs_installed,
    read_shape,
    require_encoder,
)
from core.nn.header_config import config_of, refuse
from core.tracking.config import UNFITTED
from core.types import Quality

AT_ONCE = 6
"""Objects that are encoded and decoded together (D of the paper); of more, group after group."""
FINEST = 4
"""Pixels from one cell of the finest maps to the next; the fast form answers at this size."""
PARTS = ("instance", "overall", "temporal", "refine")
"""Parts of the network that can be left out, as in the paper's table 1."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of a network; the defaults are those of the paper (Ge et al. 2021)."""

    backbone: str = "resnet50"
    stem: int = 64
    """Channels of the first convolution of a ResNet; EfficientNet-Lite0 has its own."""
    widths: tuple[int, int, int] = (256, 512, 1024)
    """Channels of the query encoder's maps at strides 4, 8 and 16; the last is C."""
    blocks: tuple[int, int, int] = (3, 4, 6)
    """Residual blocks of its three stages, for a ResNet."""
    support_stem: int = 64
    support_widths: tuple[int, int, int] = (256, 512, 1024)
    """Channels of the stages of what encodes support frames with their masks."""
    support_blocks: tuple[int, int, int] = (3, 4, 6)
    key_channels: int = 128
    """C/8: what is compared."""
    value_channels: int = 512
    """C/2: what is read."""
    label_channels: int = 128
    """Channels inside the label encoder."""
    coarse_channels: int = 256
    """Channels inside the small network that makes coarse maps."""
    attention_channels: int = 64
    """Channels inside the temporal attention."""
    decoder_widths: tuple[int, int, int] = (256, 256, 256)
    """Channels of the decoders at strides 16, 8 and 4."""
    instance: bool = True
    """Encode labels (eq. 7); else values are cut out by each object's own mask."""
    overall: bool = True
    """The global branch (eq. 6); else the map of all objects is 1 everywhere."""
    temporal: bool = True
    """Weigh support frames; else all count the same."""
    refine: bool = True
    """The decoder of instances (eq. 12); else there is the fast form alone."""

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

    @property
    def is_thin(self) -> bool:
        """Whether the support encoder is thin, and sees the frame's own features beside it."""
        return self.support_widths != self.widths

    def without(self, part: str) -> NetworkConfig:
        """The same network without one of `PARTS`; "" leaves out none.

        Raises:
            ValueError: there is no such part.
        """
        if part and part not in PARTS:
            msg = f"There is no part {part!r}."
            raise ValueError(msg)
        left_out: dict[str, Any] = {part: False} if part else {}
        return replace(self, **left_out)

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
    if name in PARTS:
        return value if isinstance(value, bool) else refuse()
    return read_shape(name, value)


PRESETS: dict[str, NetworkConfig] = {
    "small": NetworkConfig(
        "lite0", 32, LITE0_WIDTHS, (2, 2, 6), 16, (24, 48, 96), (1, 1, 1), 64, 64, 32, 64, 32,
        (96, 64, 32),
    ),
    "paper": NetworkConfig(),
    "tiny": NetworkConfig(
        "basic", 8, (8, 8, 16), (1, 1, 1), 8, (8, 8, 8), (1, 1, 1), 8, 16, 8, 8, 8, (16, 8, 8)
    ),
}  # fmt: skip
"""`small` for processors, on EfficientNet-Lite0; `paper` has two ResNet-50 with the names of
torchvision; `tiny` is for tests."""


@dataclass(frozen=True, slots=True)
class SupportConfig:
    """Working resolution and support set of a run."""

    short_side: int
    """Frames are resized so that their short side has about this many pixels before encoding."""
    refine: bool
    """The full form, whose decoder draws each object; else the fast form, whose cost hardly grows
    with the number of objects."""
    support: int = 5
    """Size of the support set with one keyframe: further keyframes come on top. 2 adds the frame
    before, more add frames spread over the walk."""
    top_k: int = 30
    """Cells of the support set that each query reads."""
    half: bool = True
    """Encode and decode in half precision on a GPU; keys, matching and all probabilities stay in
    float32 whatever this says."""

    def __post_init__(self) -> None:
        if self.support < 1:
            msg = "The support set has at least its keyframe."
            raise ValueError(msg)


TRACKING: dict[Quality, SupportConfig] = {
    Quality.FAST: SupportConfig(240, refine=False),
    Quality.BALANCED: SupportConfig(300, refine=True),
    Quality.FINE: SupportConfig(480, refine=True),
}

CALIBRATION = UNFITTED
"""Of weights whose header has none."""
