"""Probabilities that outlive their run, so that one that adapts can be resumed."""

from __future__ import annotations

import errno
import json
import math
import shutil
import zlib
from pathlib import Path

import numpy as np

from core.engine.fuse import Opinion
from core.engine.spool import LEVELS, MAX_CELLS, ProbabilitySpool
from core.errors import OutputError
from core.media.atomic import write_atomic
from core.media.input_file import read_input

SUFFIX = ".vosapp-run.shares"
_HINT = "Choose a folder that you may write to, on a disk with free space."


class SavedProbabilities(ProbabilitySpool):
    """A spool with a folder behind it: one file a frame, each whole at any time."""

    def __init__(self, results: Path) -> None:
        """Begin empty; nothing is touched yet.

        Args:
            results: folder of the run's results; the files lie beside it, in NAME and `SUFFIX`.
        """
        super().__init__()
        self.path = results.with_name(results.name + SUFFIX)

    def load(self) -> None:
        """Take over what an earlier run left; what is not whole is left out.

        Raises:
            OutputError: the disk for temporary files is full.
        """
        if not self.path.is_dir() or self.path.is_symlink():
            return
        for file in sorted(self.path.glob("*.shares")):
            try:
                index, opinion, seconds = _decode(read_input(file, limit=None))
            except (OSError, ValueError, KeyError, TypeError, zlib.error, RecursionError):
                continue
            super().put(index, opinion, seconds)

    def clear(self) -> None:
        """Remove the files; one that cannot be removed stays."""
        shutil.rmtree(self.path, ignore_errors=True)

    def put(self, frame_index: int, opinion: Opinion, seconds: float) -> None:
        """See `ProbabilitySpool.put`.

        Raises:
            OutputError: the disk for temporary files or that of the results is full.
        """
        super().put(frame_index, opinion, seconds)
        try:
            if self.path.is_symlink():
                raise FileExistsError(errno.EEXIST, "it is a symbolic link", str(self.path))
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            msg = f"Cannot make {self.path}: {error.strerror or error}."
            raise OutputError(msg, _HINT) from error
        write_atomic(
            self.path / f"{frame_index:08d}.shares", _encode(frame_index, opinion, seconds)
        )


def _encode(frame_index: int, opinion: Opinion, seconds: float) -> bytes:
    data = np.rint(opinion.probabilities * LEVELS).astype(np.uint8).tobytes()
    head = {
        "frame": frame_index,
        "shape": opinion.probabilities.shape,
        "ids": opinion.object_ids,
        "confidence": list(opinion.confidence.items()),
        "distance": list(opinion.distance.items()),
        "absent": sorted(opinion.absent),
        "disagreement": list(opinion.disagreement.items()),
        "seconds": seconds,
        "checksum": zlib.crc32(data),
    }
    return json.dumps(head).encode() + b"\n" + zlib.compress(data, 1)


def _decode(data: bytes) -> tuple[int, Opinion, float]:
    """Frame index, opinion and seconds of a file.

    Raises:
        ValueError, KeyError, TypeError, zlib.error: it is not whole.
    """
    line, _, packed = data.partition(b"\n")
    head = json.loads(line)
    planes, height, width = (int(n) for n in head["shape"])
    size = math.prod((planes, height, width))
    ids = tuple(int(i) for i in head["ids"])
    if not 0 < size <= MAX_CELLS or planes != 1 + len(ids):
        msg = "impossible size"
        raise ValueError(msg)
    flat = zlib.decompressobj().decompress(packed, size)
    if len(flat) != size or zlib.crc32(flat) != head["checksum"]:
        msg = "not whole"
        raise ValueError(msg)
    probabilities = np.frombuffer(flat, np.uint8).reshape(planes, height, width).astype(np.float32)
    confidence = {int(i): float(value) for i, value in head["confidence"]}
    distance = {int(i): int(value) for i, value in head["distance"]}
    absent = frozenset(int(i) for i in head["absent"])
    # Files of older versions do not hold it.
    apart = {int(i): float(value) for i, value in head.get("disagreement", ())}
    probabilities /= np.float32(LEVELS)
    opinion = Opinion(ids, probabilities, confidence, distance, absent, apart)
    return int(head["frame"]), opinion, float(head["seconds"])
