"""The folder of a run: names of its files, its request, and who runs it. No torch.

::

    request.json      what was asked for
    process.json      who runs it: process id, and when that process began
    progress.jsonl    what the run says, a line of JSON each (`protocol`)
    log.txt           what its process printed
    control/          what is wanted of it (`control`)
    data/             what it learns from (`staging`)
    train-STAGE/      folders of `core.train`: state, log, weights
    before.safetensors, now.safetensors, best.safetensors
    view/             held-out frames: frame.png, before.png, now.png, best.png, truth.png of the
                      main one, frame-1.png and so on of others
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from core.errors import OutputError, TrainingError
from core.media.atomic import made_folder, write_atomic
from core.media.input_file import read_input
from vosapp.services.training.run_values import REQUEST, RunRequest
from vosapp.services.training.values import Kind, Source

MAX_BYTES = 4 << 20
_SAME_SECONDS = 3.0
"""Two readings of when a process began differ by less: clocks are set."""
_ODD = re.compile(r"[^\w-]+")
_ESCAPE = "surrogateescape"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Names of a run's files."""

    path: Path

    @property
    def is_run(self) -> bool:
        """Whether a run was begun here."""
        return self.request.is_file()

    @property
    def request(self) -> Path:
        """What was asked for."""
        return self.path / REQUEST

    @property
    def process(self) -> Path:
        """Who runs it."""
        return self.path / "process.json"

    @property
    def progress(self) -> Path:
        """What the run says."""
        return self.path / "progress.jsonl"

    @property
    def log(self) -> Path:
        """What its process printed."""
        return self.path / "log.txt"

    @property
    def data(self) -> Path:
        """What it learns from."""
        return self.path / "data"

    @property
    def view(self) -> Path:
        """Held-out frames, before and now."""
        return self.path / "view"

    @property
    def lock(self) -> Path:
        """Held by the process that runs it."""
        return self.path / "run.lock"

    def weights(self, name: str) -> Path:
        """Weights of the run: "before", "now" or "best"."""
        return self.path / f"{name}.safetensors"


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process, which no later one of the same number is mistaken for.

    Attributes:
        pid: its number.
        created: when it began, seconds since 1970.
        at: when this was written down.
    """

    pid: int
    created: float
    at: float

    @classmethod
    def of(cls, pid: int) -> ProcessMark:
        """The mark of a process that runs now; that of one already gone fits no process."""
        try:
            created = psutil.Process(pid).create_time()
        except psutil.Error:
            created = 0.0
        return cls(pid, created, time.time())

    @classmethod
    def read(cls, path: Path) -> ProcessMark | None:
        """A mark from a file; None where there is none, or it makes no sense."""
        values = read_json(path)
        try:
            return cls(int(values["pid"]), float(values["created"]), float(values.get("at", 0)))
        except (LookupError, TypeError, ValueError):
            return None

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _SAME_SECONDS
            return same and bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False


def new_folder(root: Path, request: RunRequest) -> RunFolder:
    """Make a folder that no run has had: named by date, time and system.

    Raises:
        OutputError: it cannot be made.
    """
    made_folder(root)
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    words = [stamp, request.system, _ODD.sub("_", request.title)[:40].strip("_")]
    base = "-".join(word for word in words if word)
    for number in range(1, 1000):
        path = root / (base if number == 1 else f"{base}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            msg = f"The run folder {path} cannot be made: {error.strerror}."
            raise OutputError(msg, "Choose a folder that can be written to.") from error
        return RunFolder(path)
    raise OutputError(f"{root} has too many runs called {base}.", "Remove some of them.")


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write values atomically."""
    write_atomic(path, json.dumps(values, indent=1).encode("utf-8", _ESCAPE))


def read_json(path: Path) -> dict[str, Any]:
    """Read values; none where there is no such file, or no sense in it."""
    try:
        found = json.loads(read_input(path, limit=MAX_BYTES).decode("utf-8", _ESCAPE))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write_request(folder: RunFolder, request: RunRequest) -> None:
    """Keep what was asked for."""
    values = asdict(request)
    values["start"] = str(request.start.absolute()) if request.start else None
    values["sources"] = [
        {
            "path": str(source.path.absolute()),
            "kind": source.kind.value,
            "videos": str(source.videos.absolute()) if source.videos else None,
        }
        for source in request.sources
    ]
    write_json(folder.request, values)


def read_request(folder: RunFolder) -> RunRequest:
    """What was asked for.

    Raises:
        TrainingError: the folder holds no run, or it is damaged.
    """
    values = read_json(folder.request)
    try:
        values["sources"] = tuple(_source(source) for source in values["sources"])
        values["start"] = Path(values["start"]) if values["start"] else None
        values["minutes"] = float(values["minutes"])
        return RunRequest(**values)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        msg = f"{folder.path} holds no training run."
        raise TrainingError(msg, "Choose the folder of a run, or start a new one.") from error


def _source(values: Mapping[str, Any]) -> Source:
    videos = Path(values["videos"]) if values["videos"] else None
    return Source(Path(values["path"]), Kind(values["kind"]), videos)


def write_process(folder: RunFolder, pid: int) -> None:
    """Keep who runs it."""
    write_json(folder.process, asdict(ProcessMark.of(pid)))


def read_process(folder: RunFolder) -> ProcessMark | None:
    """Who runs it, or has run it last; None where nobody has."""
    return ProcessMark.read(folder.process)


def copy_file(source: Path, target: Path) -> None:
    """Copy weights so that the target is whole at any time.

    Raises:
        OutputError: the copy cannot be written.
    """
    write_atomic(target, read_input(source, limit=None))


def touch(path: Path) -> None:
    """Say that the run is alive: others look at when its progress was changed last."""
    try:
        os.utime(path)
    except OSError:
        path.touch()
