"""Exports that are stopped, that fail, that go on; and names that lead elsewhere."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.errors import OutputError, UsageError
from core.jobs import Cancelled, CancelToken, Progress
from core.media.annotations.values import ObjectInfo, finish
from core.media.export.base import file_name_for, is_plain_name
from core.media.export.formats import EXPORTERS, exporter_named

VIDEOS = ("overlay", "matte-prores", "matte-vp9")
exporters = pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda e: e.name)


def files(root):
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@exporters
def test_progress_counts_frames(exporter, make_source, tmp_path):
    steps = list(exporter.export(make_source(count=4), tmp_path))
    assert [step.done for step in steps] == [1, 2, 3, 4]
    assert all(isinstance(step, Progress) and step.total == 4 for step in steps)


@exporters
def test_a_stopped_export_leaves_whole_files_and_goes_on(exporter, make_source, tmp_path):
    source = make_source()
    finish(exporter.export(source, tmp_path / "whole"))
    whole = files(tmp_path / "whole")
    token = CancelToken()
    job = exporter.export(source, tmp_path / "part", token=token)
    for _ in range(3):
        next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    part = files(tmp_path / "part")
    assert set(part) < set(whole)
    assert all(whole[name] == data for name, data in part.items())
    report = finish(exporter.export(source, tmp_path / "part"))
    assert report.unchanged == len(part)
    again = files(tmp_path / "part")
    assert set(again) == set(whole)
    if exporter.name not in VIDEOS:  # encoders may differ in bytes from run to run
        assert again == whole


@exporters
def test_closing_a_job_leaves_no_half_file(exporter, make_source, tmp_path):
    job = exporter.export(make_source(), tmp_path)
    next(job)
    job.close()
    assert not [name for name in files(tmp_path) if name.rpartition("/")[2].startswith(".")]


@exporters
def test_a_second_export_writes_nothing_anew(exporter, make_source, tmp_path):
    source = make_source()
    finish(exporter.export(source, tmp_path))
    before = files(tmp_path)
    report = finish(exporter.export(source, tmp_path))
    if exporter.name not in (*VIDEOS, "davis-zip", "youtube-vos-zip"):
        assert (report.written, report.unchanged) == (0, len(before))
    if exporter.name not in VIDEOS:
        assert files(tmp_path) == before


@exporters
def test_a_file_in_place_of_the_folder_is_an_error(exporter, make_source, tmp_path):
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(OutputError, match="out"):
        finish(exporter.export(make_source(), tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"mine"


@exporters
def test_losses_can_be_cancelled(exporter, make_source):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        exporter.announce_losses(make_source(), token=token)


@exporters
@pytest.mark.parametrize("stem", ["../../away", "/away", "a/b", "..", "a\x00b", "con", "a\\b"])
def test_no_stem_leads_out_of_the_folder(exporter, stem, make_source, tmp_path):
    source = make_source(count=1, stems=(stem,))
    out = tmp_path / "deep" / "er" / "out"
    try:
        finish(exporter.export(source, out))
    except OutputError as error:
        assert repr(stem) in error.message or "cannot be" in error.message
    outside = [name for name in files(tmp_path) if not name.startswith("deep/er/out/")]
    assert outside == []


@exporters
@pytest.mark.parametrize("name", ["..", "a b", "CON", "x" * 300, "né:*?"])
def test_any_video_and_object_name_gives_a_plain_folder(exporter, name, make_source, tmp_path):
    objects = [ObjectInfo.plain(i, name=f"../{name}", category=name) for i in (1, 2, 5)]
    source = make_source(objects=tuple(objects))
    source = replace(source, video=replace(source.video, path=source.video.path / name))
    finish(exporter.export(source, tmp_path / "out"))
    assert set(os.listdir(tmp_path)) == {"out"}
    parts = {part for path in files(tmp_path / "out") for part in path.split("/")}
    assert all(is_plain_name(part) for part in parts), parts


@exporters
def test_a_label_map_of_another_size_is_an_error(exporter, make_source, tmp_path):
    source = make_source(count=1, maps=[np.ones((3, 4), np.uint8)])
    with pytest.raises(OutputError, match="4 x 3"):
        finish(exporter.export(source, tmp_path))


def test_a_full_disk_leaves_the_last_good_state(make_source, tmp_path, monkeypatch):
    source = make_source()
    exporter = exporter_named("davis2017")
    finish(exporter.export(make_source(seed=1), tmp_path))
    before = files(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        finish(exporter.export(source, tmp_path))
    assert files(tmp_path) == before


def test_names():
    assert is_plain_name("00000.png")
    assert not any(map(is_plain_name, ["", ".", "..", "a/b", "nul.txt", "a ", "a.", "a" * 256]))
    assert file_name_for("a/b: c?", fallback="x") == "a_b_ c_"
    assert file_name_for(" .. ", fallback="x") == "x"


def test_formats_have_names_of_their_own():
    names = [exporter.name for exporter in EXPORTERS]
    assert len(set(names)) == len(names)
    assert all(exporter.title for exporter in EXPORTERS)
    with pytest.raises(UsageError, match="nonsense") as caught:
        exporter_named("nonsense")
    assert "davis2017" in caught.value.hint


def test_a_damaged_file_of_an_earlier_run_is_mended(make_source, tmp_path):
    source = make_source()
    exporter = exporter_named("youtube-vos")
    finish(exporter.export(source, tmp_path))
    path = tmp_path / "Annotations/film/00001.png"
    good = path.read_bytes()
    path.write_bytes(good[:40])
    report = finish(exporter.export(source, tmp_path))
    assert report.written == 1
    assert path.read_bytes() == good
    with Image.open(path) as image:
        image.load()
