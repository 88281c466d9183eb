"""`vosapp import` and `vosapp export` with a video of a few frames: rules, options, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from core.media.label_map import read_label_map, write_label_map
from core.types import FrameResult
from vosapp.cli import main as cli
from vosapp.cli.export_annotations import ALIASES as EXPORT_ALIASES
from vosapp.cli.export_annotations import BOX_EXPORTERS, EXPORTERS
from vosapp.cli.import_annotations import ALIASES as IMPORT_ALIASES
from vosapp.cli.import_annotations import IMPORTERS
from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_ranges import CheckFrames
from vosapp.project.edits import LockObject, RecolorObject, RenameObject
from vosapp.project.opening import open_project

COUNT, HEIGHT, WIDTH = 5, 24, 32
BOTH_WAYS = ("davis", "youtube-vos", "coco", "ytvis", "cvat", "yolo", "object-masks")
BOTH_WAYS += ("mots-png", "mots-txt", "masks", "davis-zip", "youtube-vos-zip")


def test_the_formats_have_the_same_names_both_ways():
    imported = {*IMPORT_ALIASES, *(importer.name for importer in IMPORTERS)}
    exporters = (*EXPORTERS, *BOX_EXPORTERS)
    exported = {*EXPORT_ALIASES, *(exporter.name for exporter in exporters)}
    only_out = {"overlay", "cut-outs"}
    only_out |= {"matte-png", "matte-png16", "matte-exr", "matte-prores", "matte-vp9"}
    assert exported - imported == only_out
    assert imported - exported == {"labelme"}
    assert set(IMPORT_ALIASES.values()) <= {importer.name for importer in IMPORTERS}
    assert set(EXPORT_ALIASES.values()) <= {exporter.name for exporter in exporters}


def test_keyframes_stay_unless_told_otherwise(call, project, tmp_path, save_masks, shown):
    others = save_masks(tmp_path / "others", (2, 3), ids=(1, 7), shift=9)
    before = shown(project, 3)
    told = call("import", project, others, "--format", "masks")
    assert told["keyframes"] == [2, 3] and told["kept"] == {"3": [1]}
    assert "stay as they were" in call.stderr
    after = shown(project, 3)
    assert all(np.array_equal(after == i, before == i) for i in (1, 4))
    assert (after == 7).any() and not ((after == 7) & (before > 0)).any()
    told = call("import", project, others, "--format", "masks", "--overwrite")
    assert told["kept"] == {}
    wanted = read_label_map(others / "00003.png").label_map
    assert np.array_equal(shown(project, 3) == 1, wanted == 1)
    with open_project(project) as opened:
        opened.undo()
        assert np.array_equal(opened.label_map(3), after)
        opened.undo()
        assert np.array_equal(opened.label_map(3), before)
        assert [item.object_id for item in opened.objects()] == [1, 4]


def test_checked_masks_and_locked_objects_stay(call, project, tmp_path, save_masks, shown):
    with open_project(project) as opened:
        run = opened.begin_propagation("copy")
        label_map = opened.label_map(0)
        opened.put_results(run, [FrameResult(i, label_map, (1, 4)) for i in range(COUNT)])
        opened.do(CheckFrames((1,), 1, 2))
        opened.do(LockObject(4, locked=True))
    others = save_masks(tmp_path / "others", (1,), ids=(4, 1), shift=2)
    before = shown(project, 1)
    told = call("import", project, others, "--format", "masks")
    assert told["kept"] == {"1": [1, 4]} and told["keyframes"] == []
    assert np.array_equal(shown(project, 1), before)
    told = call("import", project, others, "--format", "masks", "--overwrite")
    assert told["kept"] == {"1": [4]} and told["keyframes"] == [1]
    assert np.array_equal(shown(project, 1) == 4, before == 4)


def test_a_new_object_gets_no_pixel_of_a_checked_one(call, project, tmp_path, save_masks, shown):
    with open_project(project) as opened:
        run = opened.begin_propagation("copy")
        label_map = opened.label_map(0)
        opened.put_results(run, [FrameResult(1, label_map, (1, 4))])
        opened.do(CheckFrames((1,), 1, 2))
    before = shown(project, 1)
    call("import", project, save_masks(tmp_path / "o", (1,), ids=(9,)), "--format", "masks")
    after = shown(project, 1)
    assert np.array_equal(after == 1, before == 1) and (after == 9).any()


def test_mapping(call, project, tmp_path, save_masks):
    others = save_masks(tmp_path / "others", (1,), ids=(1, 4))
    told = call("import", project, others, "--format", "masks")
    assert told["mapping"] == {"1": 1, "4": 4}
    file = tmp_path / "mapping.json"
    file.write_text('{"1": 0, "4": 20}')
    told = call("import", project, others, "--format", "masks", "--mapping", file)
    assert told["mapping"] == {"1": 0, "4": 20}
    assert [item["object_id"] for item in told["objects"]] == [20]
    assert any("left out" in note for note in told["notes"])


def test_boxes_become_box_labels(call, project, tmp_path):
    file = tmp_path / "boxes.csv"
    file.write_text("frame,id,left,top,width,height\n0,2,1,2,10,8\n3,4,5,5,100,6\n")
    told = call("import", project, file, "--format", "boxes")
    assert (told["boxes"], told["box_labels"], told["keyframes"]) == (2, 2, [])
    with open_project(project) as opened:
        assert opened.boxes(3) == {4: BoxLabel(3, 4, 5.0, 5.0, 27.0, 6.0)}
        assert opened.prompts(3) == ()
        assert [item.object_id for item in opened.objects()] == [1, 4, 2]
    assert call("import", project, file, "--format", "mot")["box_labels"] == 0
    with open_project(project) as opened:
        opened.undo()
        assert opened.boxes_in() == () and len(opened.objects()) == 2


def test_names_categories_and_colors(call, project, tmp_path, frames):
    with open_project(project) as opened:
        opened.do(RenameObject(1, "grizzly"))
        opened.do(RecolorObject(1, (9, 80, 255)))
    told = call("export", project, "--format", "cvat", "-o", tmp_path / "out")
    fresh = tmp_path / "fresh.vosapp"
    call("new", frames, "-o", fresh)
    told = call("import", fresh, tmp_path / "out", "--format", "cvat")
    assert told["objects"][0] == {"object_id": 1, "name": "grizzly"}
    with open_project(fresh) as opened:
        assert opened.objects()[0].color == (9, 80, 255)
    with open_project(fresh) as opened:
        opened.do(RenameObject(1, "polar"))
    told = call("import", fresh, tmp_path / "out", "--format", "cvat", "--overwrite")
    assert any("stays 'polar'" in note for note in told["notes"])


@pytest.mark.parametrize(
    "fmt",
    BOTH_WAYS,
)
def test_names_with_blanks_and_objects_with_none(call, frames, tmp_path, fmt, save_masks, shown):
    film = frames.rename(tmp_path / "two bears")
    path, fresh = tmp_path / "p.vosapp", tmp_path / "fresh.vosapp"
    masks = save_masks(tmp_path / "masks", range(COUNT), ids=(1, 2))
    call("new", film, "--masks", masks, "-o", path)
    call("new", film, "-o", fresh)
    call("export", path, "--format", fmt, "-o", tmp_path / "out")
    told = call("import", fresh, tmp_path / "out", "--format", fmt)
    assert told["keyframes"] == list(range(COUNT))
    assert [item["name"] for item in told["objects"]] == ["Object 1", "Object 2"]
    assert all(np.array_equal(shown(fresh, i), shown(path, i)) for i in range(COUNT))
    assert not any("lost" in note for note in told["notes"])


def test_frames_before_the_first_object_make_no_keyframe(call, frames, tmp_path, save_masks):
    path = tmp_path / "p.vosapp"
    call("new", frames, "-o", path)
    masks = save_masks(tmp_path / "masks", (2, 3))
    write_label_map(masks / "00000.png", np.zeros((HEIGHT, WIDTH), np.uint8))
    told = call("import", path, masks, "--format", "davis")
    assert (told["labeled"], told["keyframes"], told["unasserted"]) == ([0, 2, 3], [2, 3], 1)
    with open_project(path) as opened:
        assert opened.keyframe_indices() == (2, 3)


def test_a_stopped_import_changes_nothing(call, project, tmp_path, monkeypatch, save_masks):
    others = save_masks(tmp_path / "others", (1, 2), ids=(8,))

    def stop(self, job, *, unit):
        for progress in job:
            if progress.text == "importing":
                self.token.cancel()
            yield progress

    with monkeypatch.context() as patch:
        patch.setattr("vosapp.cli.console.Console.follow", stop)
        told = call("import", project, others, "--format", "masks", code=130)
    assert told["error"]["code"] == "cancelled"
    with open_project(project) as opened:
        assert [item.object_id for item in opened.objects()] == [1, 4]
        assert opened.keyframe_indices() == (0, 3)


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        (["none.vosapp", "masks", "--format", "masks"], "project-file", "none.vosapp"),
        (["p.vosapp", "none", "--format", "masks"], "mask-read", "none"),
        (["p.vosapp", "none", "--format", "coco"], "annotation-read", "none"),
        (["p.vosapp", "masks/00000.png", "--format", "cvat"], "annotation-read", "00000.png"),
        (["p.vosapp", "small", "--format", "masks"], "mask-mismatch", "7 x 5"),
        (["p.vosapp", "masks", "--format", "davys"], "usage", "davys"),
        (["p.vosapp", "masks"], "usage", "--format"),
        (["p.vosapp", "masks", "--format", "masks", "--mapping", "none"], "usage", "none"),
        (
            ["p.vosapp", "masks", "--format", "masks", "--mapping", "list.json"],
            "usage",
            "no object",
        ),
        (["p.vosapp", "masks", "--format", "masks", "--mapping", "text.json"], "usage", "'1'"),
        (["p.vosapp", "masks", "--format", "masks", "--mapping", "deep.json"], "usage", "no JSON"),
        (
            ["p.vosapp", "masks", "--format", "masks", "--mapping", "large.json"],
            "annotation-read",
            "999",
        ),
    ],
)
def test_bad_imports(call, project, tmp_path, monkeypatch, words, kind, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small").mkdir()
    write_label_map(tmp_path / "small/00000.png", np.ones((5, 7), np.uint8))
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "text.json").write_text('{"1": "2"}')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "large.json").write_text('{"1": 999}')
    told = call("import", *words, code=2)
    assert told["error"]["code"] == kind and says in call.stderr
    assert len(call.stderr.splitlines()) == 1 or kind == "annotation-read"
    with open_project(project) as opened:
        assert [entry.name for entry in opened.history()] == ["Import 2 keyframes"]


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        (["none.vosapp", "--format", "davis", "-o", "out"], "project-file", "none.vosapp"),
        (["p.vosapp", "--format", "davis"], "usage", "-o"),
        (["p.vosapp", "--format", "davys", "-o", "out"], "usage", "davys"),
        (["p.vosapp", "--format", "coco", "-o", "out", "--every", "5"], "usage", "youtube-vos"),
        (["p.vosapp", "--format", "mots-png", "-o", "out", "--no-images"], "usage", "no option"),
        (["p.vosapp", "--format", "davis", "-o", "out", "--range", "4:9"], "usage", "4:9"),
        (["p.vosapp", "--format", "davis", "-o", "out", "--objects", "3"], "usage", "object 3"),
        (["p.vosapp", "--format", "davis", "-o", "out", "--objects", "a"], "usage", "--objects a"),
        (["p.vosapp", "--format", "davis", "-o", "file"], "output", "file"),
        (["p.vosapp", "--format", "davis", "-o", "out", "--split", "../x"], "output", "../x"),
        (
            ["p.vosapp", "--format", "davis", "-o", "out", "--range", "1:3"],
            "output",
            "No frame of 1:3",
        ),
        (["p.vosapp", "--format", "matte-png", "-o", "."], "usage", "own frames"),
        (["p.vosapp", "--format", "davis", "-o", "out", "--video", "masks"], "project-file", "2"),
    ],
)
def test_bad_exports(call, project, tmp_path, monkeypatch, words, kind, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    told = call("export", *words, code=2)
    assert told["error"]["code"] == kind and says in call.stderr
    assert len([line for line in call.stderr.splitlines() if "error" in line]) == 1
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(p.name for p in (tmp_path / "bears").iterdir()) == [
        f"{i:05d}.png" for i in range(COUNT)
    ]


def test_errors_stop_the_export_unless_forced(call, frames, tmp_path):
    path, masks = tmp_path / "p.vosapp", tmp_path / "many"
    masks.mkdir()
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    label_map[0, :22] = np.arange(1, 23)
    write_label_map(masks / "00000.png", label_map)
    call("new", frames, "--masks", masks, "-o", path)
    words = ("export", path, "--format", "davis", "--unsupervised", "-o", tmp_path / "out")
    told = call(*words, code=2)
    assert told["written"] is None and told["findings"][0]["severity"] == "error"
    lines = [line for line in call.stderr.splitlines() if line.startswith("vosapp: error: ")]
    assert "at most 20" in lines[0] and "--force" in lines[1] and len(lines) == 2
    assert not (tmp_path / "out").exists()
    assert call(*words, "--force")["written"] > 0


def test_an_export_that_is_stopped_goes_on(call, project, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def stop(self, job, *, unit):
        for progress in job:
            self.token.cancel()
            yield progress

    with monkeypatch.context() as patch:
        patch.setattr("vosapp.cli.console.Console.follow", stop)
        told = call("export", project, "--format", "davis", "-o", out, code=130)
    assert "goes on from there" in told["error"]["hint"]
    assert [p.stem for p in (out / "Annotations/480p/bears").iterdir()] == ["00000"]
    told = call("export", project, "--format", "davis", "-o", out)
    assert told["unchanged"] == 2 and told["missing"] == [1, 2, 4]


def test_exports_beside_a_writer(call, project, tmp_path):
    with open_project(project):
        assert call("export", project, "--format", "coco", "-o", tmp_path / "out")["written"] == 3


def test_for_people(project, tmp_path, capsys):
    capsys.readouterr()
    words = ["export", str(project), "--format", "davis", "-o", str(tmp_path / "out")]
    assert cli.main(words) == 0
    told = capsys.readouterr()
    assert "DAVIS 2017: wrote 5 files" in told.out
    assert "Without any label: frames 1-2, 4." in told.out
    assert "vosapp: warning:" in told.err
    words = ["import", str(project), str(tmp_path / "out"), "--format", "davis"]
    assert cli.main(words) == 0
    assert "Nothing to import" in capsys.readouterr().out
