"""Reading raw videos in sequence, with PyAV and with OpenCV."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from core.data import raw_video
from core.data.raw_video import find_videos, frame_names, sequential_frames
from core.data.synthetic import moving_shapes
from core.errors import VideoOpenError


@pytest.fixture(scope="module")
def clip(tmp_path_factory, write_mpeg4):
    """Ten frames at 25 a second, MPEG-4 in AVI, and the frames themselves."""
    path = tmp_path_factory.mktemp("raw") / "clip.avi"
    frames, _ = moving_shapes(frame_count=10)
    write_mpeg4(path, frames, fine=True)
    return path, frames


@pytest.fixture
def no_pyav(monkeypatch):
    """An environment in which `import av` fails."""
    monkeypatch.setitem(sys.modules, "av", None)


def check(items, frames):
    items = list(items)
    assert [time for time, _ in items] == pytest.approx([i / 25 for i in range(10)])
    for index, (_, got) in enumerate(items):
        assert got.shape == frames[0].shape and got.dtype == np.uint8
        distances = [np.abs(got.astype(int) - frame).mean() for frame in frames]
        # The codec halves the resolution of color, which a texture suffers from.
        assert np.argmin(distances) == index and distances[index] < 16


def test_pyav_reads_every_frame_in_order(clip):
    check(raw_video._with_pyav(clip[0]), clip[1])


def test_opencv_reads_every_frame_in_order(clip):
    check(raw_video._with_opencv(clip[0]), clip[1])


def test_both_readers_agree(clip):
    pairs = zip(raw_video._with_pyav(clip[0]), raw_video._with_opencv(clip[0]), strict=True)
    for (_, first), (_, second) in pairs:
        difference = np.abs(first.astype(int) - second)
        assert difference.mean() < 2
        assert np.percentile(difference, 99) <= 8


def test_pyav_comes_first(clip, monkeypatch):
    monkeypatch.setattr(raw_video, "_with_opencv", lambda path: pytest.fail("not asked for"))
    check(sequential_frames(clip[0]), clip[1])


def test_opencv_stands_in_where_pyav_is_missing(clip, no_pyav, monkeypatch):
    monkeypatch.setattr(raw_video, "_with_pyav", lambda path: pytest.fail("it is missing"))
    check(sequential_frames(clip[0]), clip[1])


def test_what_is_no_video(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("no video at all")
    with pytest.raises(VideoOpenError, match=r"notes\.mp4"):
        list(sequential_frames(path))


def test_what_is_no_video_without_pyav(tmp_path, no_pyav, capfd):
    path = tmp_path / "notes.mp4"
    path.write_text("no video at all")
    with pytest.raises(VideoOpenError, match=r"notes\.mp4"):
        list(sequential_frames(path))


@pytest.mark.parametrize("name", ["rec:1.avi", "file:other.avi", "concat:other.avi"])
@pytest.mark.parametrize("reader", ["_with_pyav", "_with_opencv"])
def test_names_lead_to_no_other_file(name, reader, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.avi").write_bytes(b"")
    (tmp_path / name).write_bytes(clip[0].read_bytes())
    check(getattr(raw_video, reader)(Path(name)), clip[1])


@pytest.mark.parametrize("reader", ["_with_pyav", "_with_opencv"])
def test_lists_of_other_files_are_not_followed(reader, clip, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "threads;1")
    (tmp_path / "other.avi").write_bytes(clip[0].read_bytes())
    path = tmp_path / "list.mp4"
    path.write_text("ffconcat version 1.0\nfile other.avi\n")
    with pytest.raises(VideoOpenError, match=r"list\.mp4"):
        list(getattr(raw_video, reader)(path))
    assert os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] == "threads;1"


def test_times_are_those_of_the_file(tmp_path):
    path, shown = tmp_path / "uneven.avi", (0, 1, 4, 9, 10)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuvj420p"
        for number, time in enumerate(shown):
            picture = np.full((16, 32, 3), 40 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found = [time for time, _ in raw_video._with_pyav(path)]
    assert found == pytest.approx([time / 25 for time in shown])


def test_opencv_lets_go_of_the_file_when_left_early(clip, monkeypatch):
    released = []
    capture = cv2.VideoCapture(str(clip[0]))

    class Capture:
        def __init__(self, path, backend):
            self.get, self.read = capture.get, capture.read

        def release(self):
            released.append(True)
            capture.release()

    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    frames = raw_video._with_opencv(clip[0])
    next(frames)
    assert not released
    frames.close()
    assert released


def test_videos_are_found_deeply_and_in_order(tmp_path):
    names = ("b/2.MP4", "b/10.mov", "a.webm", ".hidden.mp4", "notes.txt", "b/mask.png")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.mp4").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in find_videos(tmp_path)]
    assert sorted(found) == ["a.webm", "b/10.mov", "b/2.MP4"]
    assert found == sorted(found)
    assert find_videos(tmp_path / "b/2.MP4") == [tmp_path / "b/2.MP4"]
    assert find_videos(tmp_path / "missing") == []


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path):
    for name in ("all/deep/a.mp4", "frames/00000.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    part = tmp_path / "part" / "JPEGImages" / "480p"
    part.mkdir(parents=True)
    (part / "linked").symlink_to(tmp_path / "frames")
    (part / "films").symlink_to(tmp_path / "all")
    (tmp_path / "all" / "round").symlink_to(tmp_path / "all")
    (tmp_path / "all" / "deep" / "up").symlink_to(tmp_path)
    assert find_videos(tmp_path / "part") == [part / "films/deep/a.mp4", part / "linked"]


def test_folders_that_link_to_each_other_have_an_end(tmp_path):
    for name, other in (("one", "two"), ("two", "one")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.mp4").touch()
        (tmp_path / name / "link").symlink_to(tmp_path / other)
    one = tmp_path / "one"
    assert find_videos(one) == [one / "link/two.mp4", one / "one.mp4"]


def test_a_video_that_a_link_shows_again_is_there_once(tmp_path):
    for name in ("clips/deep/a.mp4", "raw/bear/00000.jpg", "other/b.mp4"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    (tmp_path / "all").symlink_to(tmp_path / "clips")
    (tmp_path / "clips" / "beside").symlink_to(tmp_path / "other")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "JPEGImages").symlink_to(tmp_path / "raw")
    found = [path.relative_to(tmp_path).as_posix() for path in find_videos(tmp_path)]
    assert found == ["clips/deep/a.mp4", "other/b.mp4", "set/JPEGImages/bear"]


def test_folders_that_all_link_to_each_other_are_found_at_once(tmp_path):
    """By the ways that lead through them there are millions."""
    names = [f"{number:02d}" for number in range(12)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mp4").touch()
        for other in names:
            (tmp_path / name / f"to-{other}").symlink_to(tmp_path / other)
    assert find_videos(tmp_path) == [tmp_path / name / "a.mp4" for name in names]


@pytest.mark.parametrize("reader", [raw_video._with_pyav, raw_video._with_opencv])
def test_a_name_that_is_no_utf_8(clip, tmp_path, reader):
    """OpenCV crashed the process."""
    path = tmp_path / os.fsdecode(b"caf\xe9.avi")
    path.write_bytes(clip[0].read_bytes())
    check(reader(path), clip[1])


def test_a_folder_that_may_not_be_entered_is_not_passed_over(tmp_path, no_privileges):
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.mp4").touch()
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(PermissionError):
            find_videos(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o755)
    assert find_videos(tmp_path) == [tmp_path / "a.mp4"]
    assert find_videos(tmp_path / "nothing") == []


def images(folder, count=3):
    folder.mkdir(parents=True)
    for index in range(count):
        cv2.imwrite(str(folder / f"{2 * index:05d}.png"), np.full((4, 6, 3), index, np.uint8))


def test_sequences_of_data_sets_are_videos_and_photos_are_not(clip, tmp_path):
    images(tmp_path / "DAVIS/JPEGImages/480p/bear")
    images(tmp_path / "DAVIS/Annotations/480p/bear")
    images(tmp_path / "photos")
    (tmp_path / "a.avi").write_bytes(clip[0].read_bytes())
    bear = tmp_path / "DAVIS/JPEGImages/480p/bear"
    assert find_videos(tmp_path) == [bear, tmp_path / "a.avi"]
    assert find_videos(tmp_path / "DAVIS/JPEGImages/480p") == [bear]
    assert find_videos(bear) == [bear]


def test_sequences_need_no_pyav(tmp_path, no_pyav):
    folder = tmp_path / "JPEGImages/bear"
    images(folder)
    found = list(sequential_frames(folder))
    assert [int(frame[0, 0, 0]) for _, frame in found] == [0, 1, 2]
    assert frame_names(folder) == ("00000", "00002", "00004")


def test_video_files_name_no_frames(clip):
    assert frame_names(clip[0]) == ()


def test_folders_of_images_count_where_their_name_says_so(tmp_path):
    for name in ("a.images", "photos", ".b.images"):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "0.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "c.images").symlink_to(tmp_path / "photos", target_is_directory=True)
    assert [path.name for path in find_videos(tmp_path)] == ["a.images", "c.images"]
    assert len(list(sequential_frames(tmp_path / "c.images"))) == 1
    assert frame_names(tmp_path / "a.images") == (), "masks of these are named by index"
    images(tmp_path / "JPEGImages/bear.images")
    assert [p.name for p in find_videos(tmp_path / "JPEGImages")] == ["bear.images"]
