"""Count the modules that lead from `main` to a training step, and to the weights that are written.

`.venv/bin/python packaging/call_stack.py`. It runs a real `vosapp train` of two steps on the
bundled film, and looks at the stack in two moments: when the optimizer steps, and when the file of
weights gets its name. Who wants to understand training reads the modules that are on it then. Those
that were called on the way, and have returned by then, are counted, too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from vosapp import assets
from vosapp.__main__ import main as vosapp

PACKAGES = ("core", "vosapp")
SYSTEM, PRESET = "self_supervised", "tiny"
WEIGHTS = "weights.safetensors"
"""Name of the file that a run is for."""
RENAMES = ("rename", "replace", "link")
"""Functions that give a file its name."""


@dataclass(slots=True)
class Seen:
    """Modules of ours that a training has led through.

    Attributes:
        weights: the file whose writing is waited for.
        step: those on the stack when the optimizer stepped.
        written: those on the stack when the weights were there.
        called: those with a function that was called, until the weights were there.
        called_to_step: likewise, until the optimizer stepped for the first time.
    """

    weights: Path
    step: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    called_to_step: set[str] = field(default_factory=set)

    def look(self, frame: FrameType, event: str, called: Any) -> None:
        """Look at an event, as `sys.setprofile` tells it."""
        if self.written:
            return
        if event == "call":
            self._enter(frame)
        elif (
            event == "c_return"
            and getattr(called, "__name__", "") in RENAMES
            and self.weights.exists()
        ):
            self.written = set(_modules(frame))

    def _enter(self, frame: FrameType) -> None:
        name = frame.f_globals.get("__name__", "")
        if name not in self.called and _is_ours(name) and not _imports(frame):
            self.called.add(name)
        if _steps(frame):
            self.step |= set(_modules(frame))
            self.called_to_step = self.called_to_step or set(self.called)

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Look at all that happens meanwhile, in every thread."""
        threading.setprofile(self.look)
        sys.setprofile(self.look)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)


def main() -> int:
    """Print which modules are on the stack, and how many."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--system", default=SYSTEM, help=f"what is trained ({SYSTEM})")
    parser.add_argument("--preset", default=PRESET, help=f"size of its network ({PRESET})")
    args = parser.parse_args()
    seen = trained(args.system, args.preset)
    _print("on the stack when the optimizer steps", seen.step)
    _print("on the stack when the weights are written", seen.written)
    _print("on the stack in either moment", seen.step | seen.written)
    _print("called from main to the first step of the optimizer", seen.called_to_step)
    _print("called from main to the written weights", seen.called)
    return 0


def trained(system: str, preset: str) -> Seen:
    """Train for two steps, in this process.

    Raises:
        RuntimeError: the training fails, or one of the two moments does not come.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        seen = Seen(run / WEIGHTS)
        words = ["train", system, "--preset", preset, "--videos", str(assets.sample_film())]
        words += ["--out", str(run), "--steps", "2", "--batch", "2", "--crop", "64"]
        words += ["--workers", "0", "--device", "cpu", "--quiet"]
        with contextlib.redirect_stdout(io.StringIO()), seen.looking():
            code = vosapp(words)
    if code or not seen.step or not seen.written:
        msg = f"no step or no weights were seen; exit code {code}"
        raise RuntimeError(msg)
    return seen


def _steps(frame: FrameType) -> bool:
    """True in the method `step` of an optimizer."""
    if frame.f_code.co_name != "step" or "torch" not in sys.modules:
        return False
    return isinstance(frame.f_locals.get("self"), sys.modules["torch"].optim.Optimizer)


def _modules(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if _is_ours(name):
            yield name
        frame = frame.f_back


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES


def _imports(frame: FrameType | None) -> bool:
    """True where a module is just being read: its classes and tables are made by calls, too."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and _is_ours(frame.f_globals.get("__name__", "")):
            return True
        frame = frame.f_back
    return False


def _print(what: str, modules: set[str]) -> None:
    print(f"{len(modules)} modules {what}:")
    for name in sorted(modules):
        print(f"  {name}")


if __name__ == "__main__":
    sys.exit(main())
