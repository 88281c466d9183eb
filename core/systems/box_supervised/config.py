"""Sizes of the `box_supervised` networks, and how they track. No torch here."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from core.memory.limits import MemoryLimits
from core.nn.header_config import config_of, number_in, refuse
from core.tracking.config import Calibration
from core.types import Quality

STRIDE = 16
"""Pixels from one cell of keys and values to the next."""
MAX_CHANNELS, MAX_BLOCKS = 4096, 64
"""What a checkpoint's header may ask for, so that a hostile one does not fill the memory."""
LITE0_WIDTHS = (24, 40, 112)
"""Channels of the maps of EfficientNet-Lite0 at strides 4, 8 and 16."""
BACKBONES = ("resnet50", "basic", "lite0", "lite0-tuned")
"""What makes features of frames: a ResNet of bottlenecks or of basic blocks, or EfficientNet-Lite0
as it is installed, whose values stand in no checkpoint, or changed by training."""


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
        if self.backbone not in BACKBONES:
            msg = f"There is no backbone {self.backbone!r}."
            raise ValueError(msg)
        if self.is_lite0 and self.widths != LITE0_WIDTHS:
            msg = f"EfficientNet-Lite0 has maps of {LITE0_WIDTHS} channels."
            raise ValueError(msg)

    @property
    def is_lite0(self) -> bool:
        """Whether the frame's features come from EfficientNet-Lite0."""
        return self.backbone.startswith("lite0")

    @property
    def needs_backbone(self) -> bool:
        """Whether the installed EfficientNet-Lite0 is part of the network (ADR 0032)."""
        return self.backbone == "lite0"

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
    if name == "backbone":
        return value if isinstance(value, str) else refuse()
    most = MAX_BLOCKS if name.endswith("blocks") else MAX_CHANNELS
    if isinstance(value, list | tuple):
        first, second, third = (number_in(n, most=most) for n in value)
        return first, second, third
    if name.endswith(("widths", "blocks")):
        return refuse()
    return number_in(value, least=0 if name == "sensory_channels" else 1, most=most)


PRESETS: dict[str, NetworkConfig] = {
    "small": NetworkConfig(
        "lite0", 32, LITE0_WIDTHS, (2, 2, 6), 16, (24, 48, 96), (1, 1, 1), 32, 128, 32, 64,
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

CALIBRATION = Calibration(
    confidence=(-2.0, 2.5, 1.5, 1.0), faint=0.0, back=0.0, back_cycle=0.0, nothing=0.0
)
"""Of weights whose header has none. Nothing is fitted: confidence only ranks frames, and no object
is taken for absent beyond what the network itself leaves out."""
