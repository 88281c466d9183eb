"""Weights that were tuned to the project's video, in the project file.

They are no step of the undo history: whether they are used is a setting, and masks say for
themselves which weights they come from.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.media.file_hash import named_hash
from vosapp.project.model import MAX_FRAMES, check, is_int
from vosapp.project.parse import checked, parse_json

MAX_TUNED_BYTES = 16 << 20
"""Larger ones are neither kept nor read."""
FILE_NAME = "adapted.safetensors"
"""What they are called wherever weights have a name."""
USE_TUNED = "use-tuned-weights"
"""The setting that says whether they are used."""
MAX_SCORES = 64
_MAX_TEXT = 4_096


@dataclass(frozen=True, slots=True)
class KeyframeScore:
    """A keyframe that the weights before and after were tried on.

    Attributes:
        frame_index: which one.
        origin: frame that its masks were carried from; see `core.eval.trials`.
        before, after: mean J of its objects, 0..1.
    """

    frame_index: int
    origin: int
    before: float
    after: float

    def __post_init__(self) -> None:
        check(is_int(self.frame_index, 0, MAX_FRAMES), "a tried keyframe is out of range")
        check(is_int(self.origin, 0, MAX_FRAMES), "a tried keyframe is out of range")
        for value in (self.before, self.after):
            check(_is_number(value) and 0 <= value <= 1, "a score is out of range")


@dataclass(frozen=True, slots=True)
class TunedInfo:
    """What tuned weights are.

    Attributes:
        base: name and hash of the weights that they were made from.
        digest: SHA-256 of their file, hexadecimal.
        preset: size of the network.
        steps: of learning.
        seconds: that learning took.
        loss: of the last step.
        seed: of the order of the data.
        frames: that were learned from.
        start, stop: where they lie: `start` up to but without `stop`.
        scores: of the keyframes they were tried on; empty where none could be.
    """

    base: str
    digest: str
    preset: str
    steps: int
    seconds: float
    loss: float
    seed: int
    frames: int
    start: int
    stop: int
    scores: tuple[KeyframeScore, ...] = ()

    def __post_init__(self) -> None:
        for text in (self.base, self.digest, self.preset):
            check(isinstance(text, str) and len(text) <= _MAX_TEXT, "tuned weights have no name")
        for number in (self.steps, self.seed, self.frames, self.start, self.stop):
            check(is_int(number, 0, 1 << 53), "a number of the tuned weights is out of range")
        for value in (self.seconds, self.loss):
            check(_is_number(value), "a number of the tuned weights is none")
        check(len(self.scores) <= MAX_SCORES, "too many scores")

    @property
    def identity(self) -> str:
        """Name and hash, as the origin of masks."""
        return named_hash(FILE_NAME, self.digest)

    @property
    def before(self) -> float:
        """Mean J of the tried keyframes with the weights before; NaN without any."""
        return _mean([score.before for score in self.scores])

    @property
    def after(self) -> float:
        """The same with the tuned weights."""
        return _mean([score.after for score in self.scores])


def digest_of(data: bytes) -> str:
    """SHA-256 of a weights file, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_tuned(connection: sqlite3.Connection) -> TunedInfo | None:
    """Return what a project's tuned weights are, None where it has none.

    Raises:
        Unreadable: what is stored makes no sense.
    """
    sql = "SELECT base, digest, made FROM tuned WHERE tuned_id = 1"
    row = connection.execute(sql).fetchone()
    return None if row is None else parse_tuned(row)


def read_tuned_data(connection: sqlite3.Connection) -> bytes:
    """Return the file of the tuned weights.

    Raises:
        Unreadable: there is none, it is too large, or not the one that was stored.
    """
    row = connection.execute(
        "SELECT digest, weights FROM tuned WHERE tuned_id = 1 AND length(weights) <= ?",
        (MAX_TUNED_BYTES,),
    ).fetchone()
    check(row is not None, "they are missing, or too large")
    check_data(*row)
    return bytes(row[1])


def check_data(digest: object, data: object) -> None:
    """Raise `Unreadable` unless data is the file that a hash belongs to."""
    check(
        isinstance(data, bytes) and len(data) <= MAX_TUNED_BYTES, "they are no file, or too large"
    )
    check(isinstance(data, bytes) and digest_of(data) == digest, "they have changed since")


def write_tuned(connection: sqlite3.Connection, info: TunedInfo, data: bytes) -> None:
    """Store tuned weights in place of others."""
    sql = "INSERT OR REPLACE INTO tuned (tuned_id, base, digest, made, weights)"
    connection.execute(f"{sql} VALUES (1, ?, ?, ?, ?)", (*tuned_row(info), data))


def tuned_row(info: TunedInfo) -> tuple[str, str, str]:
    """The texts that `parse_tuned` reads."""
    made = asdict(info)
    base, digest = made.pop("base"), made.pop("digest")
    return base, digest, json.dumps(made)


@checked
def parse_tuned(row: Sequence[Any]) -> TunedInfo:
    """Read base, digest, made."""
    base, digest, made = row
    values = parse_json(made)
    check(isinstance(values, dict) and isinstance(values.get("scores"), list), "no scores")
    scores = tuple(KeyframeScore(**score) for score in values.pop("scores"))
    return TunedInfo(base=base, digest=digest, scores=scores, **values)


def parse_tuned_row(row: Sequence[Any]) -> None:
    """Check a whole row: tuned_id, base, digest, made, weights.

    Raises:
        Unreadable: it makes no sense.
    """
    number, base, digest, made, data = row
    check(number == 1, "no tuned weights")
    parse_tuned((base, digest, made))
    check_data(digest, data)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan
