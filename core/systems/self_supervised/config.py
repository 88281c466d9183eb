"""Sizes of the `self_supervised` networks. No torch here: the registry reads presets without it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from core.errors import CheckpointMismatch
from core.tracking.config import MATCHING_CALIBRATION, TrackingConfig
from core.types import Quality

STRIDE = 4
"""Pixels a feature cell is wide, for every preset."""
MAX_WIDTH, MAX_BLOCKS, MAX_KEY_CHANNELS = 4096, 64, 1024
"""What a checkpoint's header may ask for, so that a hostile one does not fill the memory."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Shape of an encoder."""

    widths: tuple[int, int, int, int]
    """Channels of the four stages."""
    blocks: tuple[int, int, int, int]
    """Residual blocks in each stage."""
    key_channels: int
    """Channels C of the key; similarities are divided by sqrt(C)."""
    fused_channels: int = 0
    """Channels of the key once the features of the ImageNet backbone are part of it
    (`core.systems.self_supervised.fused`); 0 for an encoder without."""

    def __post_init__(self) -> None:
        if len(self.widths) != 4 or len(self.blocks) != 4:
            msg = "An encoder has four stages."
            raise ValueError(msg)

    def to_dict(self) -> dict[str, object]:
        """The config as plain values, for a checkpoint's header; as ever where nothing is fused."""
        values = asdict(self)
        if not self.fused_channels:
            del values["fused_channels"]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> EncoderConfig:
        """The config in a checkpoint's header.

        Raises:
            CheckpointMismatch: a field is missing, unknown, of a wrong kind or too large.
        """
        try:
            if values.keys() - {"fused_channels"} != {"widths", "blocks", "key_channels"}:
                raise TypeError
            fused = values.get("fused_channels")
            return cls(
                _stages(values["widths"], MAX_WIDTH),
                _stages(values["blocks"], MAX_BLOCKS),
                _number(values["key_channels"], MAX_KEY_CHANNELS),
                0 if fused is None else _number(fused, MAX_KEY_CHANNELS),
            )
        except (TypeError, ValueError) as error:
            what = "an encoder that this version does not know"
            msg = f"The weights describe {what}: {_told(values)}."
            raise CheckpointMismatch(msg, "Use weights made by this version.") from error


def _told(values: dict[str, object]) -> str:
    try:
        told = f"{values}"
    except RecursionError:
        return "values in values"
    return told if len(told) <= 200 else f"{told[:200]}..."


def _stages(value: object, largest: int) -> tuple[int, int, int, int]:
    if not isinstance(value, list | tuple):
        raise TypeError
    first, second, third, fourth = (_number(n, largest) for n in value)
    return first, second, third, fourth


def _number(value: object, largest: int) -> int:
    if type(value) is not int or not 1 <= value <= largest:
        raise ValueError
    return value


PRESETS: dict[str, EncoderConfig] = {
    "thin": EncoderConfig((32, 64, 96, 128), (1, 2, 2, 1), 64),
    "resnet18": EncoderConfig((64, 128, 256, 256), (2, 2, 2, 2), 64),
    "thin-imagenet": EncoderConfig((32, 64, 96, 128), (1, 2, 2, 1), 64, 64),
    "tiny": EncoderConfig((8, 8, 8, 8), (1, 1, 1, 1), 8),
    "tiny-imagenet": EncoderConfig((8, 8, 8, 8), (1, 1, 1, 1), 8, 8),
}
"""`thin` for CPUs (0.8 M parameters), `resnet18` is MAST's layout (5.3 M), `tiny` is for tests;
those with `-imagenet` see the features of the ImageNet backbone, too."""


CALIBRATION = MATCHING_CALIBRATION
"""Of weights whose header has none; it was fitted to `thin`."""

TRACKING: dict[Quality, TrackingConfig] = {
    Quality.FAST: TrackingConfig(short_side=240, radius=12),
    Quality.BALANCED: TrackingConfig(short_side=300, radius=12),
    Quality.FINE: TrackingConfig(short_side=360, radius=12),
}
