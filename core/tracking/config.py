"""Values that a system hands to what it shares with others. No torch here."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields

from core.errors import CheckpointMismatch

FEATURE_BYTES = 64 << 20
"""What a tracker keeps of features for the second walk over a span, in bytes."""
SEARCH_BYTES = 128 << 20
"""What it keeps of what frames have found in keyframes, likewise: a hundred frames between two
keyframes at `fast`."""


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
class ReadConfig:
    """How labels are read from a memory.

    Attributes:
        top_k: memory cells that each query reads, jointly over all memory frames.
        temperature: divides similarities before the softmax; below 1 sharpens the read-out.
    """

    top_k: int = 12
    temperature: float = 1.5


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """How a target model of each object is learned, and what it counts; `core.tracking.target`."""

    gain: float = 1.0
    """A score s, -1..1, multiplies the odds of what was read by exp(gain * s)."""
    walked: float = 0.9
    """What all frames of a long walk that are surely right count together, in keyframes."""
    keeps: float = 0.9
    """Share of what was learned of walked frames that is kept from one to the next, 0..1."""
    balance: float = 0.5
    """Share of a frame's weight that its cells of the object have, however few they are."""
    ridge: float = 0.01
    """What is added to the diagonal of the sum of products, as a share of its mean."""
    frail: float = 0.88
    """An object of whose mask cells of the features keep less has no say, see `target.trust`."""
    sturdy: float = 0.93
    """One of which they keep this much has all of it; in between its say rises linearly."""


READING = ReadConfig()
FEEDBACK = FeedbackConfig()
TARGET = TargetConfig()


@dataclass(frozen=True, slots=True)
class TrackingConfig:
    """Working resolution and search of a run; see `core.tracking.matching`."""

    short_side: int
    """Frames are resized so that their short side has this many pixels before encoding."""
    radius: int
    """Window radius in cells around a query in frames other than keyframes."""
    reach: float = 0.4
    """Distance from the query at which a keyframe's cell loses 1 of its similarity <q, k> /
    sqrt(C), as a share of the short side of the frame; ADR 0021."""
    handicap: float = 0.5
    """The most that it loses, however far it is: what comes back elsewhere is still found."""
    other_side: float = 0.5
    """The most that similarities to the farther one of two keyframes lose, of which one lies before
    and one after the frame: what resembles both is read from the nearer one; ADR 0050."""
    reading: ReadConfig = READING
    """How many cells each query reads, and how sharply."""
    recent: tuple[int, ...] = (1, 3, 5)
    """Distances back in the walk of the frames that are read."""
    anchors: tuple[int, ...] = (5,)
    """Steps of the walk that are read for good: the sixth frame."""
    feedback: FeedbackConfig = FEEDBACK
    target: TargetConfig = TARGET
    """Of runs that learn target models (`TrackerRequest.target`)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the cues of a system's network are worth; fitted by `core.eval.calibration`.

    It belongs to the weights and stands in their header. See ADR 0012.
    """

    confidence: tuple[float, float, float, float]
    """Logistic regression of J: constant, then margin, agreement and cycle
    (`core.tracking.judging.confidence.Cues`)."""
    faint: float
    """Evidence below which a frame shows nothing of an object, 0..2
    (`core.tracking.judging.absence.evidence`)."""
    back: float
    """Evidence from which on an absent object is there again, 0..2."""
    back_cycle: float
    """The same for the cycle alone, 0..1."""
    nothing: float
    """Evidence below which one faint frame is enough, 0..2."""
    patience: int = 2
    """Faint frames in a row after which an object is absent."""

    def to_dict(self) -> dict[str, object]:
        """Plain values, for a checkpoint's header."""
        return {**asdict(self), "confidence": list(self.confidence)}

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> Calibration:
        """The calibration in a checkpoint's header.

        Raises:
            CheckpointMismatch: a value is missing, unknown, or no finite number.
        """
        try:
            if values.keys() != {field.name for field in fields(cls)}:
                raise TypeError
            constant, margin, agreement, cycle = _numbers(values["confidence"])
            faint, back, back_cycle, nothing = (
                _number(values[name]) for name in ("faint", "back", "back_cycle", "nothing")
            )
            patience = values["patience"]
            if type(patience) is not int or not 1 <= patience <= MAX_PATIENCE:
                raise ValueError
        except (TypeError, ValueError) as error:
            msg = "The calibration in the weights' header cannot be understood."
            raise CheckpointMismatch(msg, "Use weights made by this version.") from error
        return cls((constant, margin, agreement, cycle), faint, back, back_cycle, nothing, patience)


MAX_PATIENCE = 1000

MATCHING_CALIBRATION = Calibration(
    confidence=(-3.9, 1.4, 2.8, 2.6), faint=0.48, back=0.50, back_cycle=0.10, nothing=0.1
)
"""Of weights whose keys are matched (`core.tracking.matching`) and whose header has none; fitted on
generated films to a thin network that learned from raw video, see docs/accuracy.md."""
UNFITTED = Calibration(
    confidence=(-2.0, 2.5, 1.5, 1.0), faint=0.0, back=0.0, back_cycle=0.0, nothing=0.0
)
"""Of weights that find masks and whose header has none. Nothing is fitted: confidence only ranks
frames, and no object is taken for absent beyond what the network itself leaves out."""


def _numbers(values: object) -> list[float]:
    if not isinstance(values, list):
        raise TypeError
    return [_number(value) for value in values]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)
