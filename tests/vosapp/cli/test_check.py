"""`vosapp check` on a small project."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from core.types import FrameResult
from vosapp.cli import main as cli
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.edits import AddObject
from vosapp.project.model import Review, VideoRef
from vosapp.project.opening import create_project, open_project

FRAMES, LOST = 30, 12


@pytest.fixture
def project(tmp_path):
    """Two objects; the second one is lost on a frame. There is no video."""
    path = tmp_path / "two.vosapp"
    video = VideoRef("film.mp4", "film.mp4", 9, "ab", FRAMES, 32, 24, Fraction(25))
    label_map = np.zeros((24, 32), np.uint8)
    label_map[2:9, 2:9], label_map[12:20, 14:24] = 1, 2
    with create_project(path, video) as made:
        for object_id, name in ((1, "Bear"), (2, "Fo\x1bx")):
            made.do(AddObject(object_id, name))
            made.do(SetMask(0, object_id, label_map == object_id))
        lost = np.where(label_map == 2, 0, label_map).astype(np.uint8)
        results = [
            FrameResult(f, lost if f == LOST else label_map, (1, 2), {1: 0.9, 2: 0.9})
            for f in range(1, FRAMES)
        ]
        made.put_results(made.begin_propagation("fake"), results)
    return path


def call(capsys, *words):
    code = cli.main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_worst_frame_comes_first_with_its_reasons(project, capsys):
    code, told = call(capsys, "check", project)
    first = told["frames"][0]
    assert code == 0 and (first["frame"], first["stop"], first["object_ids"]) == (LOST, 13, [2])
    assert first["reasons"][0] == "lost" and first["severity"] > 0.5
    assert told["counts"] == {"unreviewed": 58, "checked": 0, "needs-work": 0}
    assert len(call(capsys, "check", project, "--count", 1)[1]["frames"]) == 1
    only = call(capsys, "check", project, "--object", 1)[1]
    assert {tuple(row["object_ids"]) for row in only["frames"]} <= {(1,)}


def test_people_read_sentences(project, capsys):
    assert cli.main(["check", str(project)]) == 0
    text = capsys.readouterr().out
    assert f"frame {LOST}  Fo\\x1bx" in text and "Lost: no mask here" in text
    assert "58 unreviewed" in text


def test_what_was_reviewed_is_listed_on_request(project, capsys):
    with open_project(project) as opened:
        opened.do(ReviewFrames((2,), LOST, LOST + 2, Review.NEEDS_WORK))
    _, told = call(capsys, "check", project, "--show", "needs-work")
    assert [(row["frame"], row["stop"]) for row in told["frames"]] == [(LOST, LOST + 2)]
    assert told["counts"]["needs-work"] == 2
    assert call(capsys, "check", project, "--show", "checked")[1]["frames"] == []
    assert cli.main(["check", str(project), "--show", "needs-work"]) == 0
    assert f"frames {LOST}-{LOST + 1}" in capsys.readouterr().out


def test_what_is_not_there_is_refused(project, tmp_path, capsys):
    code, told = call(capsys, "check", project, "--object", 9)
    assert code == 2 and "no object 9" in told["error"]["message"]
    assert call(capsys, "check", tmp_path / "none.vosapp")[0] == 2
    assert cli.main(["check", str(project), "--count", "0"]) == 2
