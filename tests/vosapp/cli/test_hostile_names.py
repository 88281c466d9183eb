"""Names that would command a terminal, in whatever a command says: shown as escapes, data exact."""

from __future__ import annotations

import ast
import json
import logging
import os
import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from core.media.label_map import write_label_map
from vosapp.cli import main as cli
from vosapp.cli import probes
from vosapp.logs import VisibleFormatter
from vosapp.project.edits import AddObject, SetCategory
from vosapp.project.opening import open_project

EVIL = "e\x1b[31m\x1b]0;t\x07\n\rvosapp: error: all is lost\x85\x9b2J\u202etxt\u2066" + os.fsdecode(
    b"\xe9"
)
SHOWN = "e\\x1b[31m\\x1b]0;t\\x07\\n\\rvosapp: error: all is lost\\x85\\x9b2J\\u202etxt\\u2066\\xe9"
OF_OBJECTS = EVIL[:-1]
"""What a project stores of it as the name of an object."""


@pytest.fixture
def folder(tmp_path):
    """A folder of that name, in which everything lies."""
    made = tmp_path / EVIL
    made.mkdir()
    return made


@pytest.fixture
def frames(folder):
    """A video of that name, whose frames are called so, too."""
    made = folder / EVIL
    made.mkdir()
    for i in range(4):
        pixels = np.full((24, 32, 3), 30, np.uint8)
        pixels[4:16, 4 + i : 16 + i] = 200
        Image.fromarray(pixels).save(made / f"{EVIL}{i:03d}.png")
    return made


@pytest.fixture
def project(folder, frames, save_masks):
    """A project of that name, with objects called so."""
    path = folder / f"{EVIL}.vosapp"
    masks = save_masks(folder / "masks", (0, 3), ids=(1,))
    assert cli.main(["new", str(frames), "--masks", str(masks), "-o", str(path)]) == 0
    with open_project(path) as opened:
        opened.do(AddObject(name=OF_OBJECTS))
        opened.do(SetCategory(2, OF_OBJECTS))
    return path


@pytest.fixture
def davis(folder):
    """A dataset with a sequence of that name."""
    root = folder / "davis"
    for kind in ("JPEGImages", "Annotations"):
        (root / kind / "480p" / EVIL).mkdir(parents=True)
    for i in range(4):
        pixels = np.full((24, 32, 3), 60, np.uint8)
        label_map = np.zeros((24, 32), np.uint8)
        pixels[4:14, 4 + i : 14 + i], label_map[4:14, 4 + i : 14 + i] = 200, 1
        Image.fromarray(pixels).save(root / "JPEGImages/480p" / EVIL / f"{i:05d}.jpg")
        write_label_map(root / "Annotations/480p" / EVIL / f"{i:05d}.png", label_map)
    return root


def check(text, *, carriage=False):
    """Every line of an output is one that we wrote."""
    for line in text.split("\n"):
        parts = line.split("\r") if carriage else [line]
        assert all(part.isprintable() for part in parts), line
        assert not any(part.startswith("vosapp: error: all is lost") for part in parts)


@pytest.fixture
def say(capsys):
    """Run a command as text with bars and as JSON; return the JSON and all that was said."""

    def run(*words, code=0, json_only=False):
        told = ""
        if not json_only:
            capsys.readouterr()
            assert cli.main([*map(str, words), "--progress"]) in (code, 0), capsys.readouterr().err
            out, err = capsys.readouterr()
            check(out)
            check(err, carriage=True)
            told = out + err
        capsys.readouterr()
        assert cli.main([*map(str, words), "--json"]) == code, capsys.readouterr().err
        out, err = capsys.readouterr()
        check(out)
        check(err)
        value = json.loads(out)
        for sentence in sentences(value):
            check(sentence)
            assert "\n" not in sentence
        return value, told + err

    return run


def sentences(value, key=""):
    if isinstance(value, dict):
        for name, item in value.items():
            yield from sentences(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from sentences(item, key)
    elif isinstance(value, str) and key in ("message", "hint", "text", "notes", "problems", "lost"):
        yield value


def test_new_info_and_propagate(say, folder, frames, project):
    found, told = say("info", project)
    assert SHOWN in told
    assert found["project"] == str(project)
    assert found["video"]["path"] == found["video"]["found"] == str(frames)
    assert found["objects"][1]["name"] == found["objects"][1]["category"] == OF_OBJECTS
    assert f"object 2, {SHOWN[:-4]} ({SHOWN[:-4]})" in told
    found, told = say("propagate", project, "--system", "copy", "--all")
    assert found["project"] == str(project) and f"{SHOWN}.vosapp" in told
    words = ("--masks", folder / "masks", "-o", folder / "out", "--system", "copy")
    found, told = say("propagate", frames, *words)
    assert found["output"] == str(folder / "out" / EVIL) and f"/out/{SHOWN}" in told
    found, told = say("new", frames, "-o", folder / "new.vosapp", json_only=True)
    assert found["video"] == str(frames)
    say("new", frames, "-o", folder / "new.vosapp", code=2)
    say("adapt", project, "--switch", "on", code=2)
    say("adapt", project, "--remove")


@pytest.mark.parametrize("form", ["davis", "coco", "cvat", "yolo", "davis-zip", "overlay"])
def test_export_and_import(say, folder, project, form):
    out = folder / "out"
    assert cli.main(["propagate", str(project), "--system", "copy"]) == 0
    found, told = say("export", project, "--format", form, "-o", out)
    assert found["output"] == str(out) and SHOWN in told
    if form not in ("overlay", "yolo"):
        found, _ = say("import", project, out, "--format", form, "--overwrite")
        assert found["labeled"] == [0, 1, 2, 3]


def test_a_label_that_is_no_text_is_mapped(say, folder, project, tmp_path):
    masks = folder / "objects" / EVIL
    masks.mkdir(parents=True)
    Image.fromarray(np.full((24, 32), 255, np.uint8)).save(masks / "00000.png")
    words = ("import", project, masks.parent, "--format", "object-masks", "--overwrite")
    found, _ = say(*words, json_only=True)
    (label,) = found["mapping"]
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({label: 7}))
    found, _ = say(*words, "--mapping", mapping, json_only=True)
    assert found["objects"][0]["object_id"] == 7


def test_measures(say, folder, davis):
    masks, csv = davis / "Annotations" / "480p", folder / f"{EVIL}.csv"
    found, told = say("evaluate", "--gt", masks, "--results", masks, "--csv", csv)
    assert found["sequences"][0]["name"] == EVIL and f"{SHOWN}.csv" in told
    assert os.fsencode(EVIL) in csv.read_bytes()
    words = ("benchmark", "--davis", davis, "--system", "copy", "--csv", csv)
    for more in ((), ("--confidence",), ("--interactive", "--rounds", "1"), ("--prompts",)):
        _, told = say(*words, *more)
        assert SHOWN in told
        assert os.fsencode(EVIL) in csv.read_bytes()


def test_train(say, folder):
    frames = folder / "images"
    frames.mkdir()
    (frames / f"{EVIL}.png").write_bytes(b"no image")
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).save(frames / f"{EVIL}.jpg")
    small = ("--preset", "tiny", "--batch", "2", "--crop", "32", "--workers", "0", "--steps", "1")
    words = ("train", "self_supervised", "--images", frames, "--out", folder / "run", *small)
    _, told = say(*words, code=2)
    assert f"warning: left out {SHOWN}.png" in told and f"{SHOWN}/run holds a run already" in told
    found, _ = say(*words, "--resume", json_only=True)
    assert found["weights"] == str(folder / "run" / "weights.safetensors")
    log = (folder / "run" / "log.jsonl").read_text()
    check(log)
    found, _ = say("import-weights", folder / "run" / "weights.safetensors", "-o", "w", code=2)


def test_weights_that_name_their_parts(say, folder):
    path = folder / f"{EVIL}.pth"
    torch.save({EVIL[:-1]: torch.zeros(2), "conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    say("import-weights", path, "-o", folder / "o.safetensors", code=2)


def test_doctor(say, folder, monkeypatch):
    found = {package.module: {"error": f"ImportError: {EVIL}"} for package in probes.PACKAGES}
    monkeypatch.setattr(probes, "probe_packages", lambda: found)
    monkeypatch.chdir(folder)
    _, told = say("doctor", code=2)
    assert f"{SHOWN}\n" in told and f"ImportError: {SHOWN}" in told


@pytest.mark.parametrize(
    "words",
    [
        ["info"],
        ["new", "-o", "x.vosapp"],
        ["propagate", "--masks", "m", "-o", "o"],
        ["evaluate", "--results", "r", "--gt"],
        ["benchmark", "--davis"],
        ["export", "--format", "coco", "-o", "o"],
        ["export", "p", "-o", "o", "--format"],
        ["import", "p", "--format"],
        ["import-weights", "-o", "o"],
        ["adapt"],
        ["train", "self_supervised", "--out", "o", "--videos"],
        ["propagate", "p", "--masks", "m", "-o", "o", "--range"],
        [],
    ],
    ids=lambda words: " ".join(words[:1]),
)
def test_whatever_is_refused_is_said_in_one_line(say, words, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    _, told = say(*words, EVIL, code=2)
    assert "all is lost" in told
    _, told = say(*words, EVIL, f"--{EVIL}", code=2)


def test_a_damaged_project_is_told_of(say, folder, project):
    data = bytearray(project.read_bytes())
    data[5000:9000] = (os.fsencode(EVIL) * 100)[:4000]
    project.write_bytes(data)
    say("info", project, code=2)
    say("info", project, "--repair", folder / "new.vosapp", json_only=True)


def test_a_bug_that_quotes_a_name(say, monkeypatch):
    def fail(args, console):
        raise ValueError(EVIL)

    monkeypatch.setattr("vosapp.cli.doctor.run", fail)
    found, told = say("doctor", code=1)
    assert f"ValueError: {SHOWN}" in told
    assert found["error"]["message"] == f"ValueError: {SHOWN}"


def test_logs_and_warnings():
    handler = logging.StreamHandler()
    handler.setFormatter(VisibleFormatter())
    try:
        raise ValueError(EVIL)
    except ValueError as error:
        record = logging.LogRecord("lib", logging.WARNING, "", 1, "of %s", (EVIL,), None)
        assert handler.format(record) == f"WARNING:lib:of {SHOWN}"
        info = (ValueError, error, error.__traceback__)
        record = logging.LogRecord("lib", logging.ERROR, "", 1, "failed", (), info)
        check(handler.format(record))
    text = warnings.formatwarning(EVIL, UserWarning, EVIL, 1, "")
    record = logging.LogRecord("py.warnings", logging.WARNING, "", 1, "%s", (text,), None)
    check(handler.format(record))
    assert "\n" not in handler.format(record)


OWN_STREAMS = {
    "core/data/color_check/__main__.py",
    "core/data/every_nth/__main__.py",
    "core/data/synthetic/__main__.py",
    "core/eval/box_agreement/__main__.py",
    "core/eval/review/__main__.py",
    "core/eval/unprompted/__main__.py",
    "core/systems/appearance_motion/__main__.py",
    "vosapp/__main__.py",
    "vosapp/cli/console.py",
    "vosapp/cli/main.py",
    "vosapp/services/training/child.py",
}


def test_nothing_else_writes_to_the_terminal(repo_root):
    """`Console` is the border; what writes beside it would have to make names visible, too."""
    found = set()
    for part in ("core", "vosapp"):
        for path in (repo_root / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                named = isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr")
                if named and isinstance(node.value, ast.Name) and node.value.id == "sys":
                    found.add(path.relative_to(repo_root).as_posix())
    assert found == OWN_STREAMS
