from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.engine.output import ResultFolder, result_name, result_stem
from core.errors import OutputError
from core.media.label_map import read_label_map
from core.types import VideoInfo


def video(path: Path, *stems: str) -> VideoInfo:
    if path.suffix == ".mp4":
        path.touch()
    return VideoInfo(path, len(stems) or 3, 8, 6, Fraction(25), stems)


def label_map(value: int = 1) -> np.ndarray:
    return np.full((6, 8), value, np.uint8)


def test_files_are_named_by_number_or_by_stem(tmp_path):
    assert result_stem(video(tmp_path / "a.mp4"), 2) == "00002"
    assert result_stem(video(tmp_path, "x.01", "x.02"), 1) == "x.02"


def test_folder_is_named_by_the_video(tmp_path, monkeypatch):
    (tmp_path / "clip.v2.mp4").touch()
    (tmp_path / "bear").mkdir()
    assert result_name(video(tmp_path / "clip.v2.mp4")) == "clip.v2"
    assert result_name(video(tmp_path / "bear")) == "bear"
    monkeypatch.chdir(tmp_path / "bear")
    assert result_name(video(Path())) == "bear"
    assert result_name(video(Path(".."))) == tmp_path.name
    assert result_name(video(Path("/"))) == "video"


def test_results_are_written_and_counted(tmp_path):
    info = video(tmp_path / "bear", "f.1", "f.2")
    with ResultFolder(tmp_path / "new/out", info) as folder:
        assert folder.earlier() == ()
        folder.write(1, label_map(7))
        assert folder.written == 1
    assert [p.name for p in (tmp_path / "new/out/bear").iterdir()] == ["f.2.png"]
    assert (read_label_map(folder.path / "f.2.png").label_map == 7).all()
    with ResultFolder(tmp_path / "new/out", info) as folder:
        assert [p.name for p in folder.earlier()] == ["f.2.png"]
        assert folder.left_over([1]) == () and len(folder.left_over([0])) == 1


def test_nothing_written_leaves_no_folder_that_was_not_there(tmp_path):
    (tmp_path / "old").mkdir()
    with pytest.raises(KeyError), ResultFolder(tmp_path / "old/a/b", video(tmp_path / "x.mp4")):
        assert (tmp_path / "old/a/b/x").is_dir()
        raise KeyError
    assert [p.name for p in tmp_path.rglob("*") if p.is_dir()] == ["old"]


def test_empty_folder_that_was_there_stays(tmp_path):
    (tmp_path / "x").mkdir()
    with ResultFolder(tmp_path, video(tmp_path / "x.mp4")):
        pass
    assert (tmp_path / "x").is_dir()


def test_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "out").write_text("precious")
    for root in (tmp_path / "out", tmp_path / "out/deeper"):
        with (
            pytest.raises(OutputError, match="output folder"),
            ResultFolder(root, video(tmp_path / "x.mp4")),
        ):
            pytest.fail("entered")
    assert (tmp_path / "out").read_text() == "precious"


def test_folder_that_refuses_files(tmp_path, monkeypatch):
    def refuse(self, data):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with (
        pytest.raises(OutputError, match="Permission denied"),
        ResultFolder(tmp_path / "out", video(tmp_path / "x.mp4")),
    ):
        pytest.fail("entered")
    assert not (tmp_path / "out").exists()


def test_sources_are_not_overwritten(tmp_path):
    frames = tmp_path / "bear"
    frames.mkdir()
    info = video(frames, "00000", "00001")
    (tmp_path / "link").symlink_to(tmp_path)
    masks = tmp_path / "out/bear"
    masks.mkdir(parents=True)
    for root, source in [
        (tmp_path, frames),
        (tmp_path / "link", frames),
        (tmp_path / "out", masks),
        (tmp_path / "out", masks / "00001.png"),
    ]:
        with (
            pytest.raises(OutputError, match="overwrite"),
            ResultFolder(root, info, sources=(frames, source)),
        ):
            pytest.fail("entered")
    for source in (masks / "notes.png", tmp_path / "other"):
        with ResultFolder(tmp_path / "out", info, sources=(source,)):
            pass


def test_failed_write_keeps_the_earlier_file(tmp_path, monkeypatch):
    with ResultFolder(tmp_path / "out", video(tmp_path / "x.mp4")) as folder:
        folder.write(0, label_map(1))

        def fail(source, target):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.replace", fail)
        with pytest.raises(OutputError, match="No space left"):
            folder.write(0, label_map(2))
    assert folder.written == 1
    assert [p.name for p in folder.path.iterdir()] == ["00000.png"]
    assert (read_label_map(folder.path / "00000.png").label_map == 1).all()
