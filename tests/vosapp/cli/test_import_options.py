"""The options on files of others: one table, in `import`, `new` and `propagate`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.errors import UsageError
from core.media.annotations.options import (
    IMPORT_OPTIONS,
    ImportOptions,
    parse_options,
)
from core.media.label_map import write_label_map
from vosapp.cli import main as cli
from vosapp.project.opening import open_project

COUNT, HEIGHT, WIDTH = 5, 24, 32


@pytest.fixture
def film(tmp_path):
    """A video file: its frames have no names."""
    import cv2

    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (WIDTH, HEIGHT))
    for i in range(COUNT):
        picture = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
        picture[4:16, 4 + i : 18 + i] = (40, 200, 90)
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture
def project_of(call, film, tmp_path):
    path = tmp_path / "film.vosapp"
    call("new", film, "-o", path)
    return path


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    for number, value in ((1, 3), (2, 0), (4, 3)):
        label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
        label_map[4:16, 4:18] = value
        write_label_map(folder / f"frame_{number:04d}.png", label_map)
    return folder


def refused(capsys, *words):
    assert cli.main(list(map(str, words))) == 2
    return "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ImportOptions()),
        ({"unlabelled": "open", "only": " job 3 "}, ImportOptions("open", only="job 3")),
        ({"first_frame": "1", "other": 4}, ImportOptions(first_frame=1)),
        ({"image_size": "1920X1080"}, ImportOptions(image_size=(1920, 1080))),
        ({"image_size": "", "boxes_to_masks": True}, ImportOptions(boxes_to_masks=True)),
    ],
)
def test_texts_become_options(given, wanted):
    assert parse_options(given) == wanted


@pytest.mark.parametrize(
    "given",
    [
        *({"first_frame": text} for text in ("-1", "one", "1.5", "9" * 12, "\u0661")),
        *({"image_size": text} for text in ("1920", "0x4", "4x0", "axb", "99999x99999")),
        {"unlabelled": "empty"},
    ],
)
def test_texts_that_make_no_sense(given):
    with pytest.raises(UsageError):
        parse_options(given)


@pytest.mark.parametrize("command", ["import", "new", "propagate"])
def test_every_command_has_the_same_words(command, capsys):
    assert cli.main([command, "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for option in IMPORT_OPTIONS:
        if option.masks or command == "import":
            assert option.flag in told and " ".join(option.text.split()) in told


@pytest.mark.parametrize("command", ["import", "new", "propagate"])
def test_an_open_counting_is_refused_and_said(command, film, masks, project_of, tmp_path, capsys):
    given = {
        "import": ("import", project_of, masks, "--format", "masks"),
        "new": ("new", film, "--masks", masks, "-o", tmp_path / "new.vosapp"),
        "propagate": (
            "propagate",
            film,
            "--masks",
            masks,
            "-o",
            tmp_path / "o",
            "--system",
            "copy",
        ),
    }[command]
    assert "--first-frame 0 or --first-frame 1" in refused(capsys, *given)
    assert cli.main([*map(str, given), "--first-frame", "1", "--unlabelled", "open"]) == 0
    told = "".join(capsys.readouterr())
    assert "counted from 1 as was said" in told and "left open, to be propagated" in told


@pytest.mark.parametrize(("state", "wanted"), [("open", [0, 3]), ("absent", [0, 1, 3])])
def test_masks_without_an_object(state, wanted, call, film, masks, tmp_path):
    given = ("new", film, "--masks", masks, "-o", tmp_path / "new.vosapp", "--first-frame", 1)
    told = call(*given, "--unlabelled", state)
    assert told["keyframes"] == wanted
    assert any("1 frame without any shape" in note for note in told["notes"])


def test_boxes_become_masks_on_import(call, project_of, tmp_path):
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("frame,id,left,top,width,height\n0,2,2,2,18,16\n3,2,5,2,18,16\n")
    told = call("import", project_of, boxes, "--format", "boxes", "--boxes-to-masks")
    assert told["keyframes"] == [0, 3] and told["box_labels"] == 2
    with open_project(project_of) as opened:
        assert (opened.label_map(0)[4:16, 4:18] == 2).mean() > 0.9
        opened.undo()
        assert opened.keyframe_indices() == () and opened.boxes(0) == {}


def test_boxes_become_masks_on_propagation(call, project_of, tmp_path, capsys):
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("frame,id,left,top,width,height\n0,2,2,2,18,16\n")
    assert call("import", project_of, boxes, "--format", "boxes")["keyframes"] == []
    told = refused(capsys, "propagate", project_of, "--system", "copy")
    assert "boxes are no masks" in told and "--boxes-to-masks" in told
    told = call("propagate", project_of, "--system", "copy", "--boxes-to-masks")
    assert told["keyframes"] == [0] and told["left"] == []
    assert "goes with a project only" in refused(
        capsys, "propagate", tmp_path / "x.mp4", "--masks", "m", "-o", "o", "--boxes-to-masks"
    )


def test_only_one_video_of_several(call, project_of, tmp_path, capsys):
    size = {"width": WIDTH, "height": HEIGHT}
    square = [[4, 4, 12, 4, 12, 12, 4, 12]]
    content = {
        "images": [
            {"id": k, "file_name": f"{name}/00000.jpg", **size} for k, name in enumerate("ab")
        ],
        "annotations": [
            {"id": 1, "image_id": k, "category_id": 1, "segmentation": square} for k in (0, 1, 1)
        ],
        "categories": [{"id": 1, "name": "car"}],
    }
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    assert "--only a" in refused(capsys, "import", project_of, path, "--format", "coco")
    told = call("import", project_of, path, "--format", "coco", "--only", "b")
    assert list(told["mapping"]) == ["car", "car #2"]
    assert "Annotations left out, since their image is of another video: 1." in told["notes"]
