"""Exports into a folder with files of an earlier one: refused or removed, never a mixture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import OutputError
from core.jobs import result_of
from core.media.export.formats import EXPORTERS
from core.media.export.leftovers import refuse_leftovers, remove_leftovers

ONE_FILE = {"davis-zip", "youtube-vos-zip", "mots-txt", "cvat-video", "overlay"}
ONE_FILE |= {"matte-prores", "matte-vp9"}


def files_below(folder):
    return {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }


def strangers(folder):
    """Files that no export has made, beside those that one has."""
    made = []
    for inner in {path.parent for path in files_below(folder).values()}:
        for name in ("notes.txt", "preview.png", "cover.jpg", ".hidden.png"):
            (inner / name).write_text("mine")
            made.append(inner / name)
    return made


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda e: e.name)
def test_what_is_left_over_is_exactly_what_a_fresh_export_would_not_write(
    exporter, make_source, tmp_path
):
    longer, shorter = make_source(count=9), make_source(count=5)
    shorter = (
        replace(shorter, objects=shorter.objects[:2])
        if exporter.name == "object-masks"
        else shorter
    )
    result_of(exporter.export(longer, tmp_path / "out"))
    result_of(exporter.export(shorter, tmp_path / "fresh"))
    wanted = set(files_below(tmp_path / "fresh"))
    mine = strangers(tmp_path / "out")
    found = exporter.leftovers(shorter, tmp_path / "out", shorter.frames)
    assert exporter.leftovers(longer, tmp_path / "out", longer.frames) == ()
    assert bool(found) == (exporter.name not in ONE_FILE)
    if found:
        with pytest.raises(OutputError, match=f"out.* holds {len(found)} files of an earlier"):
            refuse_leftovers(found, "export")
    assert remove_leftovers(found) == len(found)
    result_of(exporter.export(shorter, tmp_path / "out"))
    left = set(files_below(tmp_path / "out")) - {
        p.relative_to(tmp_path / "out").as_posix() for p in mine
    }
    assert left == wanted
    assert all(path.read_text() == "mine" for path in mine)


def test_frames_without_a_label_and_other_ranges_are_left_over(make_source, tmp_path):
    exporter = next(e for e in EXPORTERS if e.name == "masks")
    result_of(exporter.export(make_source(count=6), tmp_path))
    part = make_source(count=6, frame_range=range(2, 5))
    found = exporter.leftovers(part, tmp_path, [2, 4])
    assert [path.stem for path in found] == ["00000", "00001", "00003", "00005"]


def test_files_of_other_stems_and_other_sequences(make_source, tmp_path):
    exporter = next(e for e in EXPORTERS if e.name == "masks")
    (tmp_path / "film").mkdir()
    for name in ("a.png", "shot 7.png", "00003.png", "clip_0001.png", "old.png", "00003.txt"):
        (tmp_path / "film" / name).touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "00009.png").touch()
    source = make_source(stems=("shot 1", "shot 2", "a"))
    found = exporter.leftovers(source, tmp_path, range(3))
    assert [path.name for path in found] == ["00003.png", "clip_0001.png", "shot 7.png"]


def test_yolo_never_renames_the_classes_of_other_sequences(make_source, tmp_path):
    yolo = next(e for e in EXPORTERS if e.name == "yolo-seg")
    first = make_source(count=2)
    other = replace(first, video=replace(first.video, path=tmp_path / "other"))
    result_of(yolo.export(first, tmp_path / "out"))
    result_of(yolo.export(other, tmp_path / "out"))
    renamed = tuple(replace(info, category="fox") for info in first.objects)
    before = (tmp_path / "out/data.yaml").read_text()
    with pytest.raises(OutputError, match=r"has other classes, for other sequences .*: film\."):
        result_of(yolo.export(replace(other, objects=renamed), tmp_path / "out"))
    assert (tmp_path / "out/data.yaml").read_text() == before
    result_of(yolo.export(replace(first, objects=renamed), tmp_path / "alone"))
    result_of(yolo.export(first, tmp_path / "alone"))
