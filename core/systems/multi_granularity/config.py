"""Sizes of the `multi_granularity` networks. No torch here: the registry reads presets."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from core.nn.header_config import config_of, number_in, refuse
from core.tracking.config import MATCHING_CALIBRATION, TrackingConfig
from core.types import Quality

STRIDE = 4
"""Pixels a cell of the features is wide, for every preset."""
STEP = 16
"""The sides of pictures are multiples of it: the coarsest map of a backbone."""
MAX_WIDTH, MAX_LATTICE, MAX_POOL = 4096, 64, 8
"""What a checkpoint's header may ask for, so that a hostile one does not fill the memory."""
RESNET50 = "resnet50"
LITE0 = "lite0"
PLAIN = "plain"
ENCODERS = (PLAIN, LITE0, RESNET50)
"""What makes features of frames: a small residual network, a decoder on the frozen ImageNet
backbone, or the first four groups of ResNet-50 at stride 4, dilated, as in the paper."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of the network; the defaults are those of the paper."""

    encoder: str = RESNET50
    channels: int = 128
    """C of the features; the global ones have twice as many (section 3.2: 256)."""
    width: int = 256
    """Of the decoder of `plain` and `lite0`."""
    widths: tuple[int, int, int] = (256, 512, 1024)
    """Of the three stages of `plain`."""
    lattice: int = 32
    """Cells to a side at which distant frames are matched; the paper's 64 have 16 times the
    affinities."""
    matcher: tuple[int, int] = (128, 64)
    """Channels of the two convolutions that regress the transformation."""
    pool: int = 2
    """Cells of reference frames that are averaged, to each side, before they are read."""

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            msg = f"There is no encoder {self.encoder!r}."
            raise ValueError(msg)
        if len(self.widths) != 3 or len(self.matcher) != 2 or self.lattice % 4:
            msg = "This is no shape of the network."
            raise ValueError(msg)

    @property
    def needs_backbone(self) -> bool:
        """Whether the installed EfficientNet-Lite0 is part of the network (ADR 0032)."""
        return self.encoder == LITE0

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


_MOST = {"lattice": MAX_LATTICE, "pool": MAX_POOL}


def _read(name: str, value: object) -> object:
    if name == "encoder":
        return value if isinstance(value, str) else refuse()
    if name in ("widths", "matcher"):
        if not isinstance(value, list | tuple) or len(value) > 3:
            return refuse()
        return tuple(number_in(n, most=MAX_WIDTH) for n in value)
    return number_in(value, most=_MOST.get(name, MAX_WIDTH))


PRESETS: dict[str, NetworkConfig] = {
    "small": NetworkConfig(LITE0, 64, 64, (32, 64, 96), 16, (32, 16), 4),
    "plain": NetworkConfig(PLAIN, 64, 64, (32, 64, 96), 16, (32, 16), 4),
    "paper": NetworkConfig(),
    "tiny": NetworkConfig(PLAIN, 8, 8, (8, 8, 8), 8, (8, 8)),
}
"""`small` for CPUs on the ImageNet backbone, `plain` for CPUs without any label, `paper` the
paper's sizes, `tiny` for tests."""

CALIBRATION = MATCHING_CALIBRATION
"""Of weights whose header has none; `vosapp calibrate` fits one to weights."""

TRACKING: dict[Quality, TrackingConfig] = {
    Quality.FAST: TrackingConfig(short_side=240, radius=12),
    Quality.BALANCED: TrackingConfig(short_side=300, radius=12),
    Quality.FINE: TrackingConfig(short_side=360, radius=12),
}
