"""Results and exports into a folder where longer ones lie: refused, or replaced with --force."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vosapp.cli import main as cli


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def earlier(folder, indices):
    folder.mkdir(parents=True)
    for index in indices:
        Image.fromarray(np.zeros((24, 32), np.uint8)).save(folder / f"{index:05d}.png")
    for name in ("notes.txt", "preview.png"):
        (folder / name).write_text("mine")
    return folder


def stderr_of(capsys, *words):
    status = cli.main(list(map(str, words)))
    return status, "".join(capsys.readouterr())


def test_propagate_refuses_and_counts_and_removes(call, frames, tmp_path, save_masks, capsys):
    masks = save_masks(tmp_path / "masks", (0, 3))
    folder = earlier(tmp_path / "out/bears", range(9))
    given = ("propagate", frames, "--masks", masks, "--system", "copy", "-o", tmp_path / "out")
    status, told = stderr_of(capsys, *given)
    assert status == 2 and "holds 4 files of an earlier run" in told and "--force" in told
    assert len(names(folder)) == 11
    status, told = stderr_of(capsys, *given, "--range", "0:5")
    assert status == 2 and "00005.png, 00006.png, 00007.png and 1 more" in told
    call(*given, "--force")
    assert names(folder) == [*(f"{i:05d}.png" for i in range(5)), "notes.txt", "preview.png"]
    assert (folder / "preview.png").read_text() == "mine"
    status, told = stderr_of(capsys, *given)
    assert status == 0 and "holds 5 masks of an earlier run; new ones replace them" in told
    status, told = stderr_of(capsys, *given, "--range", "1:3")
    assert status == 0 and "replace 2 of them, 3 of other frames stay" in told


def test_a_run_that_does_not_reach_a_frame_leaves_no_older_mask_there(
    frames, tmp_path, save_masks, capsys
):
    masks = save_masks(tmp_path / "masks", (2,))
    folder = earlier(tmp_path / "out/bears", range(5))
    given = ("propagate", frames, "--masks", masks, "--system", "copy", "-o", tmp_path / "out")
    status, told = stderr_of(capsys, *given, "--direction", "forward")
    assert status == 2 and "00000.png, 00001.png." in told
    status, _ = stderr_of(capsys, *given, "--direction", "forward", "--force")
    assert status == 0 and "00001.png" not in names(folder) and "00002.png" in names(folder)


@pytest.mark.parametrize("fmt", ["masks", "davis", "yolo", "object-masks"])
def test_export_refuses_and_removes(call, project, tmp_path, fmt, capsys):
    out = tmp_path / "out"
    call("export", project, "--format", fmt, "-o", out)
    before = {path for path in out.rglob("*") if path.is_file()}
    frame = next(path for path in sorted(before) if path.stem == "00003" and path.suffix != ".jpg")
    stale = frame.with_stem("00017")
    stale.write_bytes(frame.read_bytes())
    status, told = stderr_of(capsys, "export", project, "--format", fmt, "-o", out)
    assert status == 2 and "holds 1 files of an earlier export" in told and stale.exists()
    told = call("export", project, "--format", fmt, "-o", out, "--force")
    assert told["removed"] == 1
    assert {path for path in out.rglob("*") if path.is_file()} == before
