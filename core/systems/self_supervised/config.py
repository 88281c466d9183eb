"""Sizes of the `self_supervised` networks. No torch here: the registry reads presets without it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from core.errors import CheckpointMismatch
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

    def __post_init__(self) -> None:
        if len(self.widths) != 4 or len(self.blocks) != 4:
            msg = "An encoder has four stages."
            raise ValueError(msg)

    def to_dict(self) -> dict[str, object]:
        """The config as plain values, for a checkpoint's header."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> EncoderConfig:
        """The config in a checkpoint's header.

        Raises:
            CheckpointMismatch: a field is missing, unknown, of a wrong kind or too large.
        """
        try:
            if values.keys() != {"widths", "blocks", "key_channels"}:
                raise TypeError
            return cls(
                _stages(values["widths"], MAX_WIDTH),
                _stages(values["blocks"], MAX_BLOCKS),
                _number(values["key_channels"], MAX_KEY_CHANNELS),
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
    "tiny": EncoderConfig((8, 8, 8, 8), (1, 1, 1, 1), 8),
}
"""`thin` for CPUs (0.8 M parameters), `resnet18` is MAST's layout (5.3 M), `tiny` is for tests."""


@dataclass(frozen=True, slots=True)
class FeedbackConfig:
    """How labels are made ready to be answered, and to be read by later frames; see `feedback`."""

    power: float = 2.0
    """Sharpening of the labels, see `core.ops.sharpen`; 1 leaves them as they were read. Answers
    are sharpened as much: what is thin is read too pale to win a pixel anywhere."""
    guided: float = 0.5
    """Share of labels that follow the frame's edges, for objects that stand the filter."""
    frail: float = 0.85
    """An object whose mask overlaps its filtered one by less is never filtered."""
    sturdy: float = 0.89
    """One with this overlap or more is filtered in full; in between the share rises linearly."""


@dataclass(frozen=True, slots=True)
class TrackingConfig:
    """Working resolution and search of a run."""

    short_side: int
    """Frames are resized so that their short side has this many pixels before encoding."""
    radius: int
    """Window radius in cells around a query in frames other than keyframes."""
    reach: float = 0.4
    """Distance from the query at which a keyframe's cell loses 1 of its similarity <q, k> /
    sqrt(C), as a share of the short side of the frame; ADR 0021."""
    handicap: float = 0.5
    """The most that it loses, however far it is: what comes back elsewhere is still found."""
    top_k: int = 12
    """Memory cells read by each query, jointly over all memory frames."""
    temperature: float = 1.5
    """Divides similarities before the softmax; below 1 sharpens the read-out."""
    recent: tuple[int, ...] = (1, 3, 5)
    """Distances back in the walk of the frames that are read."""
    anchors: tuple[int, ...] = (5,)
    """Steps of the walk that are read for good: the sixth frame."""
    feedback: FeedbackConfig = FeedbackConfig()


TRACKING: dict[Quality, TrackingConfig] = {
    Quality.FAST: TrackingConfig(short_side=240, radius=12),
    Quality.BALANCED: TrackingConfig(short_side=300, radius=12),
    Quality.FINE: TrackingConfig(short_side=360, radius=12),
}


@dataclass(frozen=True, slots=True)
class TuneConfig:
    """How weights are tuned to one video: every constant of it. Measured ones say so."""

    steps: int | None = 150
    """Length in optimizer steps; by steps equal input gives equal weights. On one processor core
    of a virtual machine a step took 1.2 s (thin, float32), so that these are three minutes."""
    minutes: float | None = None
    """Length in minutes instead of steps."""
    rate: float = 2e-5
    """Peak of the learning rate: weights that have learned already are only nudged. At 1e-4 a
    fast sequence lost .23 of its J&F, at this rate .08, both with far pairs."""
    batch: int = 4
    """Pairs in a batch."""
    crop: int = 192
    """Side of the square training image in pixels."""
    gaps: tuple[float, ...] = (0.07, 0.14)
    """Seconds between the frames of a pair. In half a second what is fast leaves the window, and
    what cannot be found again teaches to mistake one thing for another."""
    radius: int = 8
    """Of the windows that are searched, in cells."""
    short_side: int = 288
    """Frames are shrunk to this short side, in pixels."""
    max_fps: float = 16.0
    """Frames are thinned to at most this rate."""
    max_frames: int = 1200
    """More are never taken, however long the video."""
    stretch_seconds: float = 3.0
    """Length of the stretches that a longer video is looked at in."""


TUNING = TuneConfig()
"""What the command and the window use."""
