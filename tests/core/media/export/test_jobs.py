"""Exports that are stopped, that fail, that go on; and names that lead elsewhere."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import OutputError, UsageError
from core.jobs import Cancelled, CancelToken, Progress, result_of
from core.media.annotations.values import ObjectInfo
from core.media.export.base import file_name_for, is_plain_name
from core.media.export.formats import EXPORTERS, exporter_named
from core.media.scratch import scratch_file

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
    result_of(exporter.export(source, tmp_path / "whole"))
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
    report = result_of(exporter.export(source, tmp_path / "part"))
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
    result_of(exporter.export(source, tmp_path))
    before = files(tmp_path)
    report = result_of(exporter.export(source, tmp_path))
    if exporter.name not in (*VIDEOS, "davis-zip", "youtube-vos-zip"):
        assert (report.written, report.unchanged) == (0, len(before))
    if exporter.name not in VIDEOS:
        assert files(tmp_path) == before


@exporters
def test_a_file_in_place_of_the_folder_is_an_error(exporter, make_source, tmp_path):
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(OutputError, match="out"):
        result_of(exporter.export(make_source(), tmp_path / "out"))
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
        result_of(exporter.export(source, out))
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
    result_of(exporter.export(source, tmp_path / "out"))
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    parts = {part for path in files(tmp_path / "out") for part in path.split("/")}
    assert all(is_plain_name(part) for part in parts), parts


@exporters
def test_a_label_map_of_another_size_is_an_error(exporter, make_source, tmp_path):
    source = make_source(count=1, maps=[np.ones((3, 4), np.uint8)])
    with pytest.raises(OutputError, match="4 x 3"):
        result_of(exporter.export(source, tmp_path))


def test_a_full_disk_leaves_the_last_good_state(make_source, tmp_path, monkeypatch):
    source = make_source()
    exporter = exporter_named("davis2017")
    result_of(exporter.export(make_source(seed=1), tmp_path))
    before = files(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        result_of(exporter.export(source, tmp_path))
    assert files(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
@pytest.mark.parametrize("name", [*VIDEOS, "davis-zip", "coco"])
@pytest.mark.parametrize("left_out", [1, 200])
def test_a_disk_that_is_full_at_the_very_end(name, left_out, make_source, tmp_path):
    """Trailers and indices are written last; without them nothing is whole."""
    import resource
    import signal

    exporter = exporter_named(name)
    source = make_source(size=(64, 48))  # at odd sizes encoders give other bytes each time
    result_of(exporter.export(source, tmp_path / "whole"))
    size = max(len(data) for data in files(tmp_path / "whole").values())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - left_out, limits[1]))
        with pytest.raises(OutputError, match="Cannot write"):
            result_of(exporter.export(source, tmp_path / "full"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    whole = files(tmp_path / "whole")
    assert all(whole[path] == data for path, data in files(tmp_path / "full").items())


def test_an_unreadable_list_of_sequences_is_left_alone(make_source, tmp_path):
    path = tmp_path / "ImageSets/2017/val.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(OutputError, match="val"):
        result_of(exporter_named("davis2017").export(make_source(), tmp_path))
    assert path.read_bytes() == b"\xff\xfe"


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


def test_another_file_of_the_same_length_is_replaced(make_source, tmp_path):
    exporter = exporter_named("mots-txt")
    result_of(exporter.export(make_source(), tmp_path))
    path = tmp_path / "film.txt"
    good = path.read_bytes()
    path.write_bytes(good.replace(b"2001", b"2009"))
    assert result_of(exporter.export(make_source(), tmp_path)).written == 1
    assert path.read_bytes() == good


def test_a_damaged_file_of_an_earlier_run_is_mended(make_source, tmp_path):
    source = make_source()
    exporter = exporter_named("youtube-vos")
    result_of(exporter.export(source, tmp_path))
    path = tmp_path / "Annotations/film/00001.png"
    good = path.read_bytes()
    path.write_bytes(good[:40])
    report = result_of(exporter.export(source, tmp_path))
    assert report.written == 1
    assert path.read_bytes() == good
    with Image.open(path) as image:
        image.load()


@exporters
def test_what_a_killed_export_has_left_is_removed_by_the_next(exporter, make_source, tmp_path):
    """In every folder that the format writes to; what another process is writing stays."""
    result_of(exporter.export(make_source(), tmp_path))
    whole = set(files(tmp_path))
    places = {(tmp_path / name).parent for name in whole}
    for place in places:
        for ending in (".tmp", ".zip", ".mp4", ".mov", ".webm"):
            (place / f".vosapp-{'ab' * 16}{ending}").write_bytes(b"half")
    with scratch_file(min(places) / "a") as living:
        result_of(exporter.export(make_source(), tmp_path))
        assert set(files(tmp_path)) == {*whole, living.relative_to(tmp_path).as_posix()}


@exporters
def test_a_full_disk_leaves_no_half_file(exporter, make_source, tmp_path, monkeypatch):
    """Whatever is written last fails; nothing of it is there, and it is not counted."""
    report = result_of(exporter.export(make_source(), tmp_path / "whole"))
    counted = []

    def put(self, target):
        if len(counted) + 1 == report.written:
            raise OSError(errno.ENOSPC, "No space left on device")
        counted.append(target)
        Path(self).rename(target)

    monkeypatch.setattr(os, "replace", put)
    monkeypatch.setattr(Path, "replace", put)
    with pytest.raises(OutputError, match="No space left"):
        result_of(exporter.export(make_source(), tmp_path / "part"))
    monkeypatch.undo()
    assert len(files(tmp_path / "part")) == len(counted) == report.written - 1
