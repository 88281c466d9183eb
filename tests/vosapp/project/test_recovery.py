"""Damaged projects: what can be read is saved, the rest is named, the original stays."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from core.errors import OutputError, ProjectFileError
from vosapp.project.edit_masks import MarkAbsent, SetMask
from vosapp.project.edits import AddObject, AddPrompt, RenameObject
from vosapp.project.file import Options
from vosapp.project.keyframes import keyframes
from vosapp.project.model import FrameState, Prompt, PromptKind
from vosapp.project.opening import create_project, open_project
from vosapp.project.recovery import salvage

PAGE = 4096


@pytest.fixture
def full(project, path, box, result):
    """A closed project with work in every table."""
    for frame in range(0, 40, 4):
        noise = np.random.default_rng(frame).random((12, 16)) < 0.5
        project.do(SetMask(frame, 1, noise))
    project.do(MarkAbsent(2, 3, 6))
    project.do(AddPrompt(Prompt(3, 1, PromptKind.BOX, ((0, 0, 1), (2, 2, 1)))))
    run = project.begin_propagation("fake")
    masks = {1: box(0, 0, 4, 4), 2: box(6, 6, 9, 9)}
    project.put_results(run, [result(f, masks, {1: 0.5}) for f in range(40)])
    project.set_setting("zoom", 2)
    project.close()
    return path


def execute(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    for sql, *values in statements:
        connection.execute(sql, values)
    connection.close()


def page_of(path, table):
    connection = sqlite3.connect(path)
    sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
    found = connection.execute(sql, (table,)).fetchone()[0]
    connection.close()
    return found


def spoil(path, page):
    data = bytearray(path.read_bytes())
    data[(page - 1) * PAGE : page * PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)


def test_a_sound_project_is_saved_whole(full, tmp_path, snapshot):
    saved = salvage(full, tmp_path / "new.vosapp")
    assert saved.lost == ("the undo history is not taken over",)
    with open_project(full) as old, open_project(saved.path) as new:
        assert snapshot(old) == snapshot(new)
        assert new.setting("zoom") == 2 and new.revision == old.revision
        assert new.video == old.video and new.history() == ()
        assert new.run_of(1) == old.run_of(1)


def test_latest_edits_in_a_side_file_are_saved(project, path, tmp_path):
    project.do(RenameObject(1, "Max"))
    saved = salvage(path, tmp_path / "new.vosapp")
    with open_project(saved.path) as new:
        assert new.objects()[0].name == "Max"


@pytest.mark.parametrize("table", ["results", "keyframes", "lanes", "objects", "assertions"])
def test_a_spoiled_table(full, tmp_path, table):
    spoil(full, page_of(full, table))
    before = full.read_bytes()
    saved = salvage(full, tmp_path / "new.vosapp")
    assert full.read_bytes() == before
    assert any(line.startswith(table) for line in saved.lost), saved.lost
    with open_project(saved.path) as new:
        assert new.problems() == ()
        assert [o.object_id for o in new.objects()] == [1, 2]
        for frame in range(40):
            new.label_map(frame)
        new.do(RenameObject(1, "on it goes"))
        if table == "objects":
            assert "name and color of object 1" in saved.lost
        if table == "keyframes":
            assert "keyframe of object 1 on frame 4" in saved.lost
            assert new.state(3, 2) is FrameState.ABSENT
        if table not in ("keyframes", "assertions"):
            assert len(keyframes(new)) == 12


@pytest.mark.parametrize("where", ["CREATE TABLE lanes", "Bear#f45151"])
def test_texts_that_are_no_utf_8(full, tmp_path, where):
    """SQLite hands them out as they are, and quotes them in its messages."""
    data = full.read_bytes()
    place = data.rindex(where.encode()) + 3
    full.write_bytes(data[:place] + b"\xd5" + data[place + 1 :])
    if where.startswith("CREATE"):
        for options in (Options(), Options(read_only=True)):
            with pytest.raises(ProjectFileError):
                open_project(full, options)
    else:
        with open_project(full) as project, pytest.raises(ProjectFileError, match="damaged"):
            project.objects()
    saved = salvage(full, tmp_path / "new.vosapp")
    with open_project(saved.path) as project:
        assert len(project.objects()) == 2
        if where.startswith("CREATE"):
            assert "lanes: the table is missing or changed" in saved.lost
        else:
            assert project.objects()[0].name == "Bea\N{REPLACEMENT CHARACTER}"


def test_only_rows_on_the_spoiled_page_are_lost(video, path, tmp_path):
    """One leaf of a large table is gone; the rows before and after it are there."""
    noise = np.random.default_rng(0)
    with create_project(path, replace(video, width=64, height=48)) as project:
        project.do(AddObject())
        for frame in range(40):
            project.do(SetMask(frame, 1, noise.random((48, 64)) < 0.5))
    connection = sqlite3.connect(path)
    sql = "SELECT pageno FROM dbstat WHERE name = 'keyframes' AND pagetype = 'leaf' ORDER BY path"
    try:
        pages = [row[0] for row in connection.execute(sql)]
    except sqlite3.OperationalError:
        pytest.skip("this SQLite cannot tell which page is whose")
    finally:
        connection.close()
    assert len(pages) > 1
    spoil(path, pages[len(pages) // 2])
    saved = salvage(path, tmp_path / "new.vosapp")
    assert 10 < saved.kept["keyframes"] < 40
    gone = [line for line in saved.lost if line.startswith("keyframe of object")]
    assert len(gone) == 40 - saved.kept["keyframes"] == 40 - saved.kept["assertions"]


def test_a_file_that_was_cut_off(full, tmp_path):
    data = full.read_bytes()
    kept = []
    for part in (0.9, 0.7, 0.5):
        full.write_bytes(data[: int(part * len(data))])
        with pytest.raises(ProjectFileError, match="damaged"):
            open_project(full)
        try:
            saved = salvage(full, tmp_path / f"{part}.vosapp")
        except ProjectFileError:
            continue
        kept.append(sum(saved.kept.values()))
        with open_project(saved.path) as new:
            assert new.problems() == ()
    assert kept and kept[0] > 0


def test_rows_that_make_no_sense_are_left_out(full, tmp_path):
    execute(
        full,
        ("UPDATE keyframes SET label_map = x'00' WHERE frame_index = 4",),
        ("INSERT INTO objects VALUES (300, 'x', '#000000', 1, 0, 0, '')",),
        ("UPDATE prompts SET kind = 'spell'",),
        ("INSERT INTO results VALUES (999, x'00')",),
        ("UPDATE settings SET value = '['",),
    )
    saved = salvage(full, tmp_path / "new.vosapp")
    told = " | ".join(saved.lost)
    for table in ("keyframes", "prompts", "settings"):
        assert f"{table}: 1 rows make no sense" in told
    with open_project(saved.path) as new:
        assert len(new.keyframe_indices(1)) == 9


def test_a_view_in_place_of_a_table_is_never_read(full, tmp_path):
    execute(
        full,
        ("DROP TABLE results",),
        (
            "CREATE VIEW results AS WITH RECURSIVE n(frame_index, label_map) AS"
            " (SELECT 1, 1 UNION ALL SELECT 1, 1 FROM n) SELECT * FROM n",
        ),
        ("CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM keyframes; END",),
    )
    with pytest.raises(ProjectFileError, match="tables of a project"):
        open_project(full)
    saved = salvage(full, tmp_path / "new.vosapp")
    with open_project(tmp_path / "new.vosapp") as project:
        assert "results: the table is missing or changed" in saved.lost
        assert len(project.keyframe_indices(1)) == 10


def test_nothing_can_be_saved(full, tmp_path):
    execute(full, ("DELETE FROM video",))
    with pytest.raises(ProjectFileError, match="Nothing can be saved"):
        salvage(full, tmp_path / "new.vosapp")
    assert not (tmp_path / "new.vosapp").exists()


@pytest.mark.parametrize("content", [b"", b"no project", bytes(10_000)], ids=len)
def test_no_project(tmp_path, content):
    path = tmp_path / "a.vosapp"
    path.write_bytes(content)
    with pytest.raises(ProjectFileError, match="no vosapp project"):
        salvage(path, tmp_path / "new.vosapp")
    assert [p.name for p in tmp_path.iterdir()] == ["a.vosapp"]


def test_nothing_is_overwritten(full, tmp_path):
    (tmp_path / "new.vosapp").write_text("mine")
    with pytest.raises(OutputError, match="already"):
        salvage(full, tmp_path / "new.vosapp")
    assert (tmp_path / "new.vosapp").read_text() == "mine"


def test_a_missing_file(tmp_path):
    with pytest.raises(ProjectFileError, match="cannot be copied"):
        salvage(tmp_path / "none.vosapp", tmp_path / "new.vosapp")


def test_damage_is_met_when_the_part_is_read(full):
    execute(full, ("UPDATE results SET label_map = x'00'",))
    with open_project(full) as project:
        assert project.objects()
        with pytest.raises(ProjectFileError, match="damaged: a label map is cut off") as caught:
            project.label_map(1)
        assert "repaired copy" in caught.value.hint
