"""Whatever can be named on the command line may be a pipe or a device: it is told at once."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import signal
import socket
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from vosapp.assets import bundled_weights
from vosapp.cli import main as cli
from vosapp.cli.parser import Parser

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")

RUNS = {
    "propagate input": "propagate ODD --masks MASKS -o OUT",
    "propagate input of a project": "propagate ODD.vosapp",
    "propagate --masks": "propagate FRAMES --masks ODD -o OUT --system copy",
    "propagate --out": "propagate FRAMES --masks MASKS -o ODD --system copy",
    "propagate --weights": "propagate FRAMES --masks MASKS -o OUT --weights ODD",
    "propagate --backbone": "propagate FRAMES --masks MASKS -o OUT --backbone ODD",
    "propagate --video": "propagate PROJECT --video ODD --system copy",
    "evaluate --gt": "evaluate --gt ODD --results TREE",
    "evaluate --results": "evaluate --gt TREE --results ODD",
    "evaluate --seen-categories": "evaluate --gt TREE --results TREE --protocol youtube-vos"
    " --seen-categories ODD",
    "evaluate --csv": "evaluate --gt TREE --results TREE --csv ODD",
    "benchmark --davis": "benchmark --davis ODD --system copy",
    "benchmark --weights": "benchmark --davis TREE --weights ODD",
    "benchmark --backbone": "benchmark --davis TREE --backbone ODD",
    "benchmark --csv": "benchmark --davis TREE --system copy --csv ODD",
    "benchmark --out": "benchmark --davis TREE --system copy --out ODD",
    "benchmark --scores": "benchmark --davis TREE --system copy --scores ODD",
    "benchmark --markdown": "benchmark --davis TREE --all-systems --qualities fast --markdown ODD",
    "calibrate --davis": "calibrate --davis ODD -o OUT",
    "calibrate --weights": "calibrate --davis TREE --weights ODD -o OUT",
    "calibrate --backbone": "calibrate --davis TREE --backbone ODD -o OUT",
    "calibrate --out": "calibrate --davis TREE -o ODD",
    "ablate --davis": "ablate --davis ODD --variants VARIANTS --csv OUT",
    "ablate --variants": "ablate --davis TREE --variants ODD.toml --csv OUT",
    "ablate --csv": "ablate --davis TREE --variants VARIANTS --csv ODD",
    "ablate --weights": "ablate --davis TREE --variants VARIANTS --csv OUT --weights ODD",
    "ablate --backbone": "ablate --davis TREE --variants VARIANTS --csv OUT --backbone ODD",
    "densify --boxes": "densify --boxes ODD --videos FOLDER -o OUT --system copy",
    "densify --videos": "densify --boxes BOXES --videos ODD -o OUT --system copy",
    "densify --out": "densify --boxes BOXES --videos FOLDER -o ODD --system copy",
    "densify --notes": "densify --boxes BOXES --videos FOLDER -o OUT --system copy --notes ODD",
    "densify --weights": "densify --boxes BOXES --videos FOLDER -o OUT --weights ODD",
    "densify --backbone": "densify --boxes BOXES --videos FOLDER -o OUT --backbone ODD",
    "new input": "new ODD -o NEW",
    "new --masks": "new FRAMES --masks ODD -o NEW",
    "new --out": "new FRAMES -o ODD.vosapp",
    "info project": "info ODD.vosapp",
    "check project": "check ODD.vosapp",
    "info --repair": "info PROJECT --repair ODD.vosapp",
    "info project to be repaired": "info ODD.vosapp --repair NEW",
    "import project": "import ODD.vosapp MASKS --format masks",
    "import path": "import PROJECT ODD --format masks",
    "import --mapping": "import PROJECT MASKS --format masks --mapping ODD",
    "import --video": "import PROJECT MASKS --format masks --video ODD",
    "export project": "export ODD.vosapp --format davis -o OUT",
    "export --out": "export PROJECT --format davis -o ODD",
    "export --video": "export PROJECT --format overlay --video ODD -o OUT",
    "finetune project": "finetune ODD.vosapp",
    "finetune --weights": "finetune PROJECT --weights ODD",
    "finetune --backbone": "finetune PROJECT --backbone ODD",
    "finetune --video": "finetune PROJECT --video ODD",
    "train self_supervised --videos": "train self_supervised --videos ODD --out OUT --steps 1",
    "train self_supervised --images": "train self_supervised --images ODD --out OUT --steps 1",
    "train self_supervised --out": "train self_supervised --images FRAMES --out ODD --steps 1",
    "train self_supervised --cache": "train self_supervised --images FRAMES --out OUT --steps 1"
    " --cache ODD",
    "train self_supervised --backbone": "train self_supervised --images FRAMES --out OUT --steps 1"
    " --backbone ODD",
    "train self_supervised --init": "train self_supervised --images FRAMES --out OUT --steps 1"
    " --init ODD",
    "train box_supervised --videos": "train box_supervised --videos ODD --out OUT --steps 1",
    "train box_supervised --images": "train box_supervised --images ODD --out OUT --steps 1",
    "train box_supervised --out": "train box_supervised --images FRAMES --out ODD --steps 1",
    "train box_supervised --cache": "train box_supervised --images FRAMES --out OUT --steps 1"
    " --cache ODD",
    "train box_supervised --backbone": "train box_supervised --images FRAMES --out OUT --steps 1"
    " --backbone ODD",
    "train box_supervised --init": "train box_supervised --images FRAMES --out OUT --steps 1"
    " --init ODD",
    "train box_supervised --boxes": "train box_supervised --stage boxes --init WEIGHTS"
    " --videos FOLDER --out OUT --boxes ODD",
    "train box_supervised --notes": "train box_supervised --stage boxes --init WEIGHTS"
    " --videos FOLDER --out OUT --boxes BOXES --notes ODD",
    "train box_supervised --dense": "train box_supervised --stage boxes --init WEIGHTS"
    " --videos FOLDER --out OUT --boxes BOXES --dense ODD",
    "train multi_granularity --classifier": "train multi_granularity --images FRAMES --out OUT"
    " --steps 1 --prior cam --classifier ODD",
    "train global_instance --init": "train global_instance --images FRAMES --out OUT --steps 1"
    " --init ODD",
    "train global_instance --masks": "train global_instance --stage masks --init WEIGHTS"
    " --videos FOLDER --out OUT --masks ODD",
    "ablate --runs": "ablate --davis TREE --variants VARIANTS --csv OUT --runs ODD",
    "discover input": "discover ODD -o OUT",
    "discover --out": "discover FRAMES -o ODD",
    "discover --weights": "discover FRAMES -o OUT --weights ODD",
    "discover --boxes": "discover FRAMES -o OUT --instances --boxes ODD",
    "discover --backbone": "discover FRAMES -o OUT --backbone ODD",
    "models export out": "models export self_supervised-thin ODD",
    "models import input": "models import ODD -o OUT",
    "models import --out": "models import WEIGHTS -o ODD",
    "import-weights input": "import-weights ODD -o OUT",
    "doctor --backbone": "doctor --backbone ODD",
    "import-weights --out": "import-weights WEIGHTS -o ODD",
}
"""Command and option -> a run of it with the odd file in its place."""
FROM_RAW = ("train appearance_motion", "train multi_granularity")
"""Trainings whose other paths are those of every training."""
FROM_MASKS = ("train self_supervised", "train box_supervised", "train global_instance")
for _train in (*FROM_MASKS, *FROM_RAW):
    RUNS |= {
        f"{_train} --data": f"{_train} --data ODD --minutes 1",
        f"{_train} --projects": f"{_train} --projects ODD.vosapp --minutes 1",
    }
    for _option in ("tensorboard", "validate"):
        RUNS[f"{_train} --{_option}"] = (
            f"{_train} --images FRAMES --out OUT --steps 1 --{_option} ODD"
        )
for _train in ("train global_instance", *FROM_RAW):
    RUNS |= {
        f"{_train} --videos": f"{_train} --videos ODD --out OUT --steps 1",
        f"{_train} --images": f"{_train} --images ODD --out OUT --steps 1",
        f"{_train} --out": f"{_train} --images FRAMES --out ODD --steps 1",
        f"{_train} --cache": f"{_train} --images FRAMES --out OUT --steps 1 --cache ODD",
        f"{_train} --backbone": f"{_train} --images FRAMES --out OUT --steps 1 --backbone ODD",
    }
BESIDE = {
    "list of a split": ("tree/ImageSets/val.txt", "evaluate --gt TREE --results TREE --split val"),
    "meta.json of a dataset": (
        "tree/meta.json",
        "evaluate --gt TREE --results TREE --protocol youtube-vos",
    ),
    "meta.json of masks": (
        "tree/meta.json",
        "import PROJECT TREE/Annotations/480p/bears --format masks",
    ),
    "list of an export": ("out/ImageSets/2017/val.txt", "export PROJECT --format davis -o OUT"),
    "meta.json of an export": ("out/meta.json", "export PROJECT --format youtube-vos -o OUT"),
    "mask of an export": (
        "out/Annotations/480p/bears/00000.png",
        "export PROJECT --format davis -o OUT",
    ),
    "record of a run": (
        "out/bears.vosapp-run.json",
        "propagate FRAMES --masks MASKS -o OUT --system copy --resume",
    ),
    "state of a run": (
        "out/bears.vosapp-run.state",
        "propagate FRAMES --masks MASKS -o OUT --system copy --resume",
    ),
    "walk of a run": (
        "out/bears.vosapp-run.walk",
        "propagate FRAMES --masks MASKS -o OUT --system copy --resume",
    ),
    "result of a run": (
        "out/bears/00001.png",
        "propagate FRAMES --masks MASKS -o OUT --system copy --resume",
    ),
    "frame": ("bears/00009.png", "propagate FRAMES --masks MASKS -o OUT --system copy"),
    "mask": ("masks/00001.png", "propagate FRAMES --masks MASKS -o OUT --system copy"),
    "names of YOLO": ("y/data.yaml", "import PROJECT FOLDER/y --format yolo"),
    "note of a training run": (
        "out/start.json",
        "train self_supervised --images FRAMES --out OUT --steps 1 --resume",
    ),
    "state of a training run": (
        "out/state.pt",
        "train self_supervised --images FRAMES --out OUT --steps 1 --resume",
    ),
}
"""What a command finds by itself -> where it lies, and a run that comes across it."""
IMPORTS = {
    "coco": ".json",
    "ytvis": ".json",
    "cvat": ".xml",
    "cvat in a zip": ".zip",
    "masks": ".png",
    "masks in a zip": ".zip",
    "labelme": ".json",
    "boxes": ".csv",
    "mots-txt": ".txt",
}
KINDS = ("endless device", "socket")
READ_AT_ONCE = (
    "propagate input",
    "evaluate --seen-categories",
    "info project to be repaired",
    "import path",
    "import --mapping",
    "import-weights input",
)
"""What is tried with all kinds; all others with a pipe."""


def options():
    """Every argument that is a path, as `command --option`."""
    for command in cli.COMMANDS:
        parser = Parser(prog=command.name)
        importlib.import_module(command.module).add_arguments(parser)
        yield from paths_of(parser, command.name)


def paths_of(parser, name):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice, sub in action.choices.items():
                yield from paths_of(sub, f"{name} {choice}")
        elif action.type is Path:
            yield f"{name} {action.option_strings[-1] if action.option_strings else action.dest}"


def make_odd(path, kind):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # The name of a socket has to be short.
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(path.name)
        finally:
            os.chdir(before)
    else:
        path.symlink_to("/dev/zero")


@contextmanager
def at_most(seconds):
    """Break off what hangs; a handler that raises ends even the opening of a pipe."""

    def stop(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def run(project, frames, tmp_path, save_masks, capsys):
    """Runs a line with an odd file in it; gives what it said."""
    tree = tmp_path / "tree"
    (tree / "Annotations/480p").mkdir(parents=True)
    save_masks(tree / "Annotations/480p/bears", range(5))
    (tree / "JPEGImages/480p").mkdir(parents=True)
    (tree / "JPEGImages/480p/bears").symlink_to(frames)
    (tmp_path / "variants.toml").write_text("[wide]\n")
    (tmp_path / "boxes.csv").write_text("clip,frame,object,x,y,w,h\na,0,1,0,0,9,9\n")
    places = {
        "BOXES": tmp_path / "boxes.csv",
        "VARIANTS": tmp_path / "variants.toml",
        "ODD": tmp_path / "odd",
        "FOLDER": tmp_path,
        "MASKS": tmp_path / "masks",
        "FRAMES": frames,
        "PROJECT": project,
        "TREE": tree,
        "OUT": tmp_path / "out",
        "NEW": tmp_path / "new.vosapp",
        "WEIGHTS": bundled_weights("self_supervised", "thin"),
    }

    def go(line, kind=None):
        words, odd = [], None
        for word in line.split():
            name, rest = re.fullmatch(r"([A-Z]+)?(.*)", word).groups()
            place = places.get(name)
            if name == "ODD":
                odd = place.with_name(f"odd{rest}")
            words.append(word if place is None else f"{place}{rest}")
        if odd is not None:
            make_odd(odd, kind)
        mode = odd and odd.lstat().st_mode
        capsys.readouterr()
        with at_most(60):
            code = cli.main([*words, "--quiet"])
        told = capsys.readouterr().err
        assert odd is None or odd.lstat().st_mode == mode, "it was replaced"
        return code, told

    return go


def test_every_path_is_tried():
    assert set(options()) <= RUNS.keys()


@pytest.mark.parametrize(
    ("what", "kind"),
    [*((what, "pipe") for what in RUNS), *product(READ_AT_ONCE, KINDS)],
)
def test_what_is_no_file_is_told(what, kind, run):
    code, told = run(RUNS[what], kind)
    assert code == 2, told
    assert "Traceback" not in told


@pytest.mark.parametrize("what", BESIDE)
def test_what_lies_beside_and_is_no_file_stops_nobody(what, run, tmp_path):
    """It is refused or passed over, as a file that is damaged would be."""
    place, line = BESIDE[what]
    odd = tmp_path / place
    odd.parent.mkdir(parents=True, exist_ok=True)
    make_odd(odd, "pipe")
    code, told = run(line)
    assert code in (0, 2), told
    assert "Traceback" not in told


@pytest.mark.parametrize("name", IMPORTS)
def test_annotations_that_are_no_file_are_told(name, run):
    line = f"import PROJECT ODD{IMPORTS[name]} --format {name.split()[0]}"
    code, told = run(line, "pipe")
    assert code == 2, told
