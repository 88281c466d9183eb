"""The record of a run that is not finished: what it was to do, and which frames are done.

It lies beside the folder of results: NAME.vosapp-run.json, and for long walks
NAME.vosapp-run.state and .walk (`core.engine.walk_log`). All are removed when the run is complete.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from core.cleaning import NONE
from core.device import sound_threads
from core.engine.run_settings import differences
from core.errors import UsageError
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.types import Direction

FORMAT = 1
RECORD_SUFFIX = ".vosapp-run.json"
STATE_SUFFIX = ".vosapp-run.state"
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_HINT = "Give the settings of the first run, or leave --resume away to start anew."


@dataclass(frozen=True, slots=True)
class DoneFrame:
    """A frame whose result is written.

    Attributes:
        checksum: CRC-32 of the file.
        confidence: mean over the objects; None where the system has no opinion.
    """

    checksum: int
    confidence: float | None


@dataclass(frozen=True, slots=True)
class WalkState:
    """A walk that can be taken up again.

    Attributes:
        frame_index: last frame that was labeled.
        direction: of the walk.
        state: what the tracker gave.
    """

    frame_index: int
    direction: Direction
    state: bytes


class RunRecord:
    """Record of one run.

    Nothing is written before the first `save`, so a run that does not come to its first frame
    leaves an earlier record alone.

    Attributes:
        settings: of the run, by name.
        frames: what is done, by frame index.
        loaded: they are those of an earlier part of the run.
    """

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        """Begin an empty record.

        Args:
            folder: folder of the results; the record lies beside it.
            settings: see `core.engine.run_settings`.
        """
        self.path = _record_of(folder)
        self.settings = settings
        self.frames: dict[int, DoneFrame] = {}
        self.loaded = False
        self._state_path = folder.with_name(folder.name + STATE_SUFFIX)

    @property
    def _any_threads(self) -> dict[str, str]:
        return {key: value for key, value in self.settings.items() if key == "threads"}

    def load(self) -> bool:
        """Take over the frames of the run that is recorded.

        Returns:
            False where there is no record: nothing to resume.

        Raises:
            UsageError: the record is of a run with other settings, or it is damaged.
        """
        try:
            data = read_input(self.path, limit=None)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UsageError(f"Cannot read {self.path}: {error.strerror}.", _HINT) from error
        try:
            settings, frames = _parse(data)
        except _DAMAGE as error:
            msg = f"{self.path} is damaged: the run cannot be resumed."
            raise UsageError(msg, "Leave --resume out to start anew.") from error
        # Records of older versions say no number of threads: any goes on. Their masks are raw.
        older = self._any_threads | {"clean": NONE.text}
        changed = differences(self.settings, older | settings)
        if changed:
            msg = f"The run in {self.path} had other settings: {'; '.join(changed)}."
            raise UsageError(msg, _HINT)
        self.frames = frames
        self.loaded = True
        return True

    def save(self) -> None:
        """Write the record, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        frames = {str(i): [done.checksum, done.confidence] for i, done in self.frames.items()}
        values = {"format": FORMAT, "settings": self.settings, "frames": frames}
        write_atomic(self.path, json.dumps(values, indent=1).encode())

    def save_state(self, walk: WalkState) -> None:
        """Write a walk's state; the record must hold its frames already.

        Raises:
            OutputError: it cannot be written.
        """
        head = {"settings": self.settings, "frame": walk.frame_index, "way": walk.direction.value}
        head["checksum"] = zlib.crc32(walk.state)
        write_atomic(self._state_path, json.dumps(head).encode() + b"\n" + walk.state)

    def load_state(self) -> WalkState | None:
        """The state that was written last; None where there is none of this run, or not whole."""
        try:
            head, _, state = read_input(self._state_path, limit=None).partition(b"\n")
            values = json.loads(head)
            if values["settings"] != self.settings or values["checksum"] != zlib.crc32(state):
                return None
            return WalkState(int(values["frame"]), Direction(values["way"]), state)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def remove(self) -> None:
        """Forget the run: it is complete. A file that cannot be removed stays."""
        for path in (self._state_path, self.path):
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue


def begun_threads(folder: Path) -> int | None:
    """How many threads the unfinished run of a folder computes with; None where nothing says it.

    What is wrong with a record is for `RunRecord.load` to tell.
    """
    try:
        settings, _frames = _parse(read_input(_record_of(folder), limit=None))
        return sound_threads(int(settings["threads"]))
    except (OSError, *_DAMAGE):
        return None


def _record_of(folder: Path) -> Path:
    return folder.with_name(folder.name + RECORD_SUFFIX)


def _parse(data: bytes) -> tuple[dict[str, str], dict[int, DoneFrame]]:
    values = json.loads(data)
    if values["format"] != FORMAT:
        msg = "another format"
        raise ValueError(msg)
    frames = {}
    for index, (checksum, confidence) in values["frames"].items():
        known = None if confidence is None else float(confidence)
        frames[int(index)] = DoneFrame(int(checksum), known)
    return {str(k): str(v) for k, v in values["settings"].items()}, frames
