"""`vosapp train box_supervised`: both stages, and what they write tracks."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from core.data.clips.sample import tight_boxes
from core.data.splits import HELD_OUT
from core.data.synthetic import moving_shapes
from core.media.label_map import write_label_map
from core.nn.checkpoints import read_info
from vosapp.cli import main as cli
from vosapp.cli.main import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_mpeg4):
    """Two films, one of them held out, and exact boxes on three frames of each."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "videos").mkdir()
    rows = ["clip,frame,object,x,y,w,h"]
    for seed, name in enumerate(("a.mp4", f"{min(HELD_OUT)}.mp4")):
        frames, label_maps = moving_shapes(seed=seed, frame_count=16)
        write_mpeg4(folder / "videos" / name, frames)
        for index in (1, 8, 15):
            for number, box in enumerate(tight_boxes(label_maps[index], 2).tolist(), 1):
                rows.append(f"{name},{index},{number},{','.join(map(str, box))}")
    (folder / "boxes.csv").write_text("\n".join(rows))
    (folder / "notes.csv").write_text("clip,note\na.mp4,a crowd\n")
    write_label_map(folder / "00000.png", moving_shapes(seed=0, frame_count=1)[1][0])
    return folder


@pytest.fixture
def command(folder, tmp_path):
    """A run of the first stage without its length; OUT is tmp_path/run."""
    words = ["train", "box_supervised", "--preset", "tiny", "--videos", str(folder / "videos")]
    words += ["--batch", "2", "--crop", "32", "--frames", "3", "--workers", "0"]
    return [*words, "--device", "cpu", "--cache", str(tmp_path / "cache"), "--quiet"]


@pytest.fixture
def trained(command, tmp_path):
    assert main([*command, "--out", str(tmp_path / "first"), "--steps", "2"]) == cli.DONE
    weights = tmp_path / "first/weights.safetensors"
    return [*command, "--stage", "boxes", "--init", str(weights), "--out", str(tmp_path / "run")]


def test_both_stages_then_tracking(trained, folder, tmp_path, capsys):
    more = ["--boxes", str(folder / "boxes.csv"), "--notes", str(folder / "notes.csv")]
    assert main([*trained, *more, "--steps", "2", "--json"]) == cli.DONE
    assert "projection" in json.loads(capsys.readouterr().out)["losses"]
    # Boxes, notes and all else stay as the run began.
    again = [word for word in trained if word not in trained[-6:-2]]
    assert main([*again, "--stage", "boxes", "--steps", "4", "--resume", "--json"]) == cli.DONE
    assert json.loads(capsys.readouterr().out)["steps"] == 4
    weights = tmp_path / "run/weights.safetensors"
    training = read_info(weights).training
    assert training["labels"] == "boxes"
    assert training["videos"] == 1, "the held-out one is left out"
    assert str(folder) not in json.dumps(training)
    track = ["propagate", str(folder / "videos/a.mp4"), "--masks", str(folder / "00000.png")]
    track += ["--system", "box_supervised", "--weights", str(weights), "--quality", "fast"]
    assert main([*track, "-o", str(tmp_path / "masks"), "--range", "0:4", "--quiet"]) == cli.DONE
    assert len(list((tmp_path / "masks").rglob("*.png"))) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--boxes"),
        (["--boxes", "{root}/none.csv"], "none.csv"),
        (["--boxes", "{root}/hostile.csv"], "hostile.csv"),
        (["--boxes", "{root}/far.csv"], "frame 900"),
        (["--boxes", "{root}/other.csv"], "None of the 1 clips"),
        (["--boxes", "{root}/other.csv", "--notes", "{root}/far.csv"], "clip and note"),
        (["--boxes", "{root}/other.csv", "--dense", "{root}/nowhere"], "nowhere"),
        (["--boxes", "{root}/other.csv", "--mixture", "2"], "mixture of 2"),
        (["--boxes", "{root}/other.csv", "--frames", "2"], "frames of 2"),
        (["--boxes", "{root}/other.csv", "--crop", "40"], "40 px"),
    ],
)
def test_what_is_wrong_is_one_line(trained, capsys, tmp_path, options, message):
    (tmp_path / "hostile.csv").write_bytes(b"\x80\x04cposix\nsystem\n.\0")
    head = "clip,frame,object,x,y,w,h\n"
    (tmp_path / "far.csv").write_text(head + "a,1,1,1,1,9,9\na,900,1,1,1,9,9\n")
    (tmp_path / "other.csv").write_text(head + "z,1,1,1,1,9,9\nz,2,1,1,1,9,9\n")
    capsys.readouterr()
    options = [option.format(root=tmp_path) for option in options]
    assert main([*trained, *options, "--steps", "1"]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert message in err
    assert not (tmp_path / "run/state.pt").exists()


def test_boxes_need_composites_first(command, folder, tmp_path, capsys):
    words = ["--stage", "boxes", "--boxes", str(folder / "boxes.csv"), "--out", str(tmp_path / "x")]
    assert main([*command, *words, "--steps", "1"]) == 2
    assert "--init" in capsys.readouterr().err


def test_help_names_stages_and_files(capsys):
    main(["train", "box_supervised", "--help"])
    out = capsys.readouterr().out
    for word in ("composites", "--boxes FILE", "--notes FILE", "--dense FOLDER", "resnet50"):
        assert word in out


def test_held_out_boxes_validate(trained, folder, tmp_path, capsys):
    """The best is the result; a run that goes on still knows how it is measured."""
    more = ["--boxes", str(folder / "boxes.csv"), "--validate", str(folder / "boxes.csv")]
    more += ["--interval", "1e-6", "--patience", "0"]
    trained.remove("--quiet")
    assert main([*trained, *more, "--steps", "2", "--json"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["best"]["measure"] == "box agreement (1)"
    assert found["steps"] == 2
    assert (tmp_path / "run/weights-last.safetensors").is_file()
    training = read_info(tmp_path / "run/weights.safetensors").training
    assert training["steps"] == found["best"]["step"]
    assert main([*trained, "--steps", "3", "--resume"]) == cli.DONE
    out = capsys.readouterr().out
    assert "box agreement (1)" in out and "at step 3" in out
    assert "at step 2" not in out, "it was measured already"
    assert "The result is step" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--validate", "{root}/nowhere.csv"], "nowhere.csv"),
        (["--validate", "{root}"], "masks"),
        (["--validate", "{root}/other.csv"], "z"),
        (["--patience", "-1"], "patience of -1"),
        (["--gain", "nan"], "gain of nan"),
        (["--interval", "nan"], "interval of nan"),
        (["--projection", "0", "--pairwise", "0", "--temporal", "0", "--mixture", "0"], "learn"),
        (["--tensorboard", "{root}/board"], "pip install 'vosapp[train]'"),
    ],
)
def test_what_cannot_validate_is_said_before_the_first_step(
    trained, folder, tmp_path, capsys, options, message, monkeypatch
):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    (tmp_path / "other.csv").write_text("clip,frame,object,x,y,w,h\nz,1,1,1,1,9,9\n")
    capsys.readouterr()
    more = ["--boxes", str(folder / "boxes.csv"), *(o.format(root=tmp_path) for o in options)]
    assert main([*trained, *more, "--steps", "1"]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert message in err
    assert not (tmp_path / "run/state.pt").exists()


@pytest.mark.slow
def test_training_needs_neither_window_nor_video_library(trained, folder, tmp_path):
    """Machines that are lent for training often have torch, OpenCV and little else."""
    absent = ("av", "PySide6", "natsort", "pycocotools", "qtawesome", "shiboken6", "psutil", "tqdm")
    words = [*trained, "--boxes", str(folder / "boxes.csv"), "--steps", "2"]
    words += ["--cache", str(tmp_path / "there")]
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({absent}));"
        f"from vosapp.cli.main import main; sys.exit(main({words}))"
    )
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == cli.DONE, done.stderr
    assert read_info(tmp_path / "run/weights.safetensors").training["sequences"] == ["a"]
