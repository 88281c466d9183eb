"""`vosapp new` and `vosapp info`, with a video of a few frames."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.errors import OutputError
from core.media.label_map import write_label_map
from core.types import FrameResult
from vosapp.cli import main as cli
from vosapp.project.edit_ranges import SetReference
from vosapp.project.file import Options
from vosapp.project.opening import open_project
from vosapp.project.store import Project

COUNT, HEIGHT, WIDTH = 5, 24, 32


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    for i in (0, 3):
        label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
        label_map[2:9, 3:9] = 1
        label_map[12:20, 3 + i : 20] = 4
        write_label_map(folder / f"{i:05d}.png", label_map)
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "p.vosapp"


def run(capsys, *words):
    code = cli.main([*map(str, words), "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def test_masks_become_keyframes(frames, masks, out, capsys):
    code, told, _ = run(capsys, "new", frames, "--masks", masks, "-o", out)
    assert code == 0
    assert told["keyframes"] == [0, 3] and told["object_ids"] == [1, 4]
    assert (told["frames"], told["width"], told["height"]) == (COUNT, WIDTH, HEIGHT)
    with open_project(out) as project:
        assert (project.label_map(3) == 4).sum() == 8 * 14
        assert project.undo().name == "Import 2 keyframes"
        assert not project.label_map(3).any()


def test_without_masks(frames, out, capsys):
    code, told, _ = run(capsys, "new", frames, "-o", out)
    assert (code, told["keyframes"], told["object_ids"]) == (0, [], [])


def test_nothing_is_overwritten(frames, out, capsys):
    out.write_text("mine")
    code, told, _ = run(capsys, "new", frames, "-o", out)
    assert code == 2 and "already" in told["error"]["message"]
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-o", "{}/p.zip"], "usage"),
        (["-o", "{}/none/p.vosapp"], "output"),
        (["-o", "{}/p.vosapp", "--masks", "{}/none"], "mask-read"),
        (["-o", "{}/p.vosapp", "--masks", "{}/bears/00000.png"], "mask-mismatch"),
    ],
)
def test_bad_input_leaves_no_project(frames, tmp_path, capsys, words, code):
    status, told, _ = run(capsys, "new", frames, *[word.format(tmp_path) for word in words])
    assert (status, told["error"]["code"]) == (2, code)
    assert [p.name for p in tmp_path.iterdir()] == ["bears"]


def test_stopped_import_leaves_no_project(frames, masks, out, tmp_path, capsys, monkeypatch):
    def stop(self, job, *, unit):
        self.token.cancel()
        yield from job

    monkeypatch.setattr("vosapp.cli.console.Console.follow", stop)
    assert cli.main(["new", str(frames), "--masks", str(masks), "-o", str(out)]) == 130
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bears", "masks"]


@pytest.fixture
def made(frames, masks, out):
    assert cli.main(["new", str(frames), "--masks", str(masks), "-o", str(out), "--quiet"]) == 0
    with open_project(out) as project:
        project.do(SetReference(3))
        run_ = project.begin_propagation("flow", "w.safetensors")
        label_map = project.label_map(0)
        project.put_results(run_, [FrameResult(f, label_map, (1, 4)) for f in range(COUNT)])
    return out


def test_info(made, frames, capsys):
    capsys.readouterr()
    code, told, _ = run(capsys, "info", made)
    assert code == 0
    assert told["video"]["found"] == str(frames) and told["video"]["frames"] == COUNT
    assert told["keyframes"] == [0, 3] and told["references"] == [3]
    assert told["states"] == {
        "empty": 0,
        "propagated": 6,
        "stale": 0,
        "checked": 0,
        "keyframe": 4,
        "absent": 0,
    }
    assert [item["name"] for item in told["objects"]] == ["Object 1", "Object 4"]
    assert told["objects"][0]["frames"]["propagated"] == 3
    assert told["history"]["undo"] == 3 and told["history"]["last"] == "Propagate"
    assert told["runs"] == [{"system": "flow", "weights": "w.safetensors", "masks": 6}]
    assert told["problems"] == []


def test_info_for_people_beside_a_writer(made, frames, capsys):
    capsys.readouterr()
    with open_project(made):
        frames.rename(frames.with_name("moved"))
        assert cli.main(["info", str(made)]) == 0
    text = capsys.readouterr().out
    assert "(not found)" in text and "the file is sound" in text
    assert "object 4, Object 4: 3 propagated, 2 keyframe" in text


def test_info_of_a_damaged_file_and_its_repair(made, tmp_path, capsys):
    capsys.readouterr()
    data = bytearray(made.read_bytes())
    with open_project(made, Options(read_only=True)) as project:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = 'results'"
        page = project._connection.execute(sql).fetchone()[0]
    data[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    made.write_bytes(data)
    code, told, _ = run(capsys, "info", made)
    assert code == 2 and told["problems"]
    new = tmp_path / "new.vosapp"
    code, told, err = run(capsys, "info", made, "--repair", new)
    assert code == 0 and told["problems"] == [] and told["project"] == str(new)
    assert any("results" in line for line in told["lost"]) and "lost: results" in err
    assert made.read_bytes() == data


@pytest.mark.parametrize("content", [b"", b"text"])
def test_info_of_something_else(out, capsys, content):
    out.write_bytes(content)
    code, told, _ = run(capsys, "info", out)
    assert (code, told["error"]["code"]) == (2, "project-file")


def test_masks_that_find_no_room_leave_no_project(frames, masks, out, capsys, monkeypatch):
    """An empty one would be in the way of the next try."""

    def refuse(*_args):
        raise OutputError("the disk is full", "Free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "run", refuse)
        code, told, _ = run(capsys, "new", frames, "--masks", masks, "-o", out)
    assert code == 2 and told["error"]["message"] == "the disk is full"
    assert sorted(p.name for p in out.parent.iterdir()) == ["bears", "masks"]
    assert run(capsys, "new", frames, "--masks", masks, "-o", out)[0] == 0
