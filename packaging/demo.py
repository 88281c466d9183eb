"""Run the main job on the bundled sample film and score it: what `make demo` shows."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from vosapp import assets

OUT = Path("demo-out")


def main() -> int:
    """Propagate the mask of frame 0, compare with the exact masks, and say where things are."""
    film, masks = assets.sample_film(), assets.sample_masks()
    first_mask = min(masks.glob("*.png"))
    code, _ = _vosapp("propagate", film, "--masks", first_mask, "-o", OUT)
    if code:
        return code
    with tempfile.TemporaryDirectory() as truth:
        # Ground truth has a folder for each sequence, named as the folder of its results.
        shutil.copytree(masks, Path(truth) / film.stem)
        code, output = _vosapp("evaluate", "--gt", truth, "--results", OUT, "--json", read=True)
    if code:
        return code
    print(_scores(json.loads(output)))
    print(f"The masks of every frame are in {OUT / film.stem}. The film: {film}")
    print('`.venv/bin/vosapp` opens the window; "Open sample" there shows the same film.')
    return 0


def _vosapp(*arguments: str | Path, read: bool = False) -> tuple[int, str]:
    command = [sys.executable, "-m", "vosapp", *map(str, arguments)]
    print(f"$ vosapp {shlex.join(command[3:])}", flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE if read else None, text=True, check=False)
    return done.returncode, done.stdout or ""


def _scores(report: dict[str, Any]) -> str:
    mean = report["mean"]
    j, f = mean["j"]["mean"], mean["f"]["mean"]
    return f"J&F {mean['j_and_f']:.3f}   J {j:.3f}   F {f:.3f}"


if __name__ == "__main__":
    sys.exit(main())
