"""Files and folders that the system does not let one use: one line, exit code 2, no traceback."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image

from vosapp.cli import main as cli

MODES = {"no entry": 0o000, "names only": 0o444, "no names": 0o111}


@pytest.fixture
def closed(tmp_path, project, frames, save_masks, no_privileges):
    """A folder with one of each, to be closed to us by its mode."""
    folder = tmp_path / "closed"
    folder.mkdir()
    shutil.copytree(frames, folder / "bears")
    shutil.copy(project, folder / "p.vosapp")
    shutil.copy(sorted(frames.iterdir())[0], folder / "film.mp4")
    save_masks(folder / "masks", (0, 3))
    (folder / "gt").mkdir()
    save_masks(folder / "gt" / "bears", (0, 1, 2))
    for name in ("w.safetensors", "w.pth", "m.json", "x.csv", "list.txt"):
        (folder / name).write_bytes(b"x")
    yield folder
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755)


COMMANDS = {
    "info": "info C/p.vosapp",
    "repair": "info p.vosapp --repair C/new.vosapp",
    "new video": "new C/film.mp4 -o new.vosapp",
    "new folder": "new C/bears -o new.vosapp",
    "new out": "new bears -o C/new.vosapp",
    "new masks": "new bears --masks C/masks -o new.vosapp",
    "propagate video": "propagate C/bears --masks masks -o out --system copy",
    "propagate masks": "propagate bears --masks C/masks -o out --system copy",
    "propagate out": "propagate bears --masks masks -o C/out --system copy",
    "propagate weights": "propagate bears --masks masks -o out --weights C/w.safetensors",
    "propagate project": "propagate C/p.vosapp --system copy",
    "propagate relink": "propagate p.vosapp --video C/bears --all --system copy",
    "export project": "export C/p.vosapp --format masks -o out",
    "export out": "export p.vosapp --format masks -o C/out",
    "import project": "import C/p.vosapp masks --format masks",
    "import masks": "import p.vosapp C/masks --format masks",
    "import file": "import p.vosapp C/x.csv --format boxes",
    "import folder": "import p.vosapp C/masks --format object-masks",
    "import mapping": "import p.vosapp masks --format masks --mapping C/m.json",
    "evaluate gt": "evaluate --gt C/gt --results gt",
    "evaluate results": "evaluate --gt gt --results C/gt",
    "evaluate csv": "evaluate --gt gt --results gt --csv C/x.csv",
    "evaluate seen": "evaluate --gt gt --results gt --protocol youtube-vos"
    " --seen-categories C/list.txt",
    "benchmark": "benchmark --davis C/gt --system copy",
    "benchmark csv": "benchmark --davis gt --system copy --csv C/x.csv",
    "adapt": "adapt C/p.vosapp --switch on",
    "adapt weights": "adapt p.vosapp --weights C/w.safetensors",
    "train videos": "train self_supervised --videos C/v --out run --steps 1",
    "train images": "train self_supervised --images C/bears --out run --steps 1",
    "train out": "train self_supervised --images bears --out C/run --steps 1",
    "train init": "train self_supervised --images bears --out run --init C/w --steps 1",
    "train resume": "train self_supervised --images bears --out C/run --resume --steps 1",
    "train cache": "train self_supervised --images bears --out run --cache C/c --steps 1",
    "import-weights": "import-weights C/w.pth -o o.safetensors",
    "import-weights out": "import-weights w.pth -o C/o.safetensors",
}


@pytest.fixture
def place(tmp_path, closed, monkeypatch, save_masks):
    """The folder that commands run in, beside the closed one."""
    shutil.copytree(closed / "gt", tmp_path / "gt")
    (tmp_path / "w.pth").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_may_not_be_entered(name, mode, place, closed, capsys):
    closed.chmod(MODES[mode])
    refused(name, closed, capsys, strict=mode == "no entry")


@pytest.mark.parametrize("name", COMMANDS)
def test_files_that_may_not_be_read(name, place, closed, capsys):
    for path in closed.rglob("*"):
        if path.is_file():
            path.chmod(0)
    refused(name, closed, capsys)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_that_is_too_long(name, place, tmp_path, capsys):
    refused(name, tmp_path / ("x" * 300), capsys, strict=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_link_that_leads_to_itself(name, place, tmp_path, capsys):
    (tmp_path / "loop").symlink_to("loop")
    refused(name, tmp_path / "loop", capsys, strict=True)


def refused(name, folder, capsys, *, strict=False):
    words = [word.replace("C", str(folder), 1) for word in COMMANDS[name].split()]
    capsys.readouterr()
    status = cli.main(words)
    err = capsys.readouterr().err
    assert status in ({cli.BAD_INPUT} if strict else {cli.BAD_INPUT, cli.DONE}), err
    assert "Traceback" not in err
    assert sum("vosapp: error" in line for line in err.splitlines()) == (status != cli.DONE)


def test_what_lies_elsewhere_can_still_be_used(place, closed, project, call):
    """The video of a project may lie where one may not look; the project itself can be read."""
    Image.new("RGB", (32, 24)).save(closed / "bears" / "00000.png")
    call("propagate", "p.vosapp", "--video", closed / "bears", "--system", "copy")
    closed.chmod(0)
    found = call("info", "p.vosapp")
    assert found["video"]["path"] == str(closed / "bears") and found["video"]["found"] is None
    call("export", "p.vosapp", "--format", "masks", "-o", "out")
    call("export", "p.vosapp", "--format", "overlay", "-o", "out", code=2)


def test_training_passes_over_no_folder(place, closed, frames, capsys):
    """`Path.rglob` would leave out a closed folder and say nothing."""
    (frames / "more").mkdir()
    (frames / "more").chmod(0)
    words = ["train", "self_supervised", "--images", "bears", "--out", "run", "--steps", "1"]
    status = cli.main(words)
    (frames / "more").chmod(0o755)
    assert status == cli.BAD_INPUT
    assert "bears/more cannot be used: Permission denied" in capsys.readouterr().err
