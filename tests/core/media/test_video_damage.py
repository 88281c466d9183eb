"""Files that are no video, broken off, or damaged inside."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from core.errors import VideoDecodeError, VideoOpenError
from core.media.container import open_container
from core.media.video import open_video

COUNT = 40


def cut_off(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.ts", {}),
        ("a.mkv", {}),
        ("a.mpg", {"codec": "mpeg2video", "max_b": 2}),
        ("a.avi", {"codec": "mjpeg", "pixels": "yuvj420p"}),
        ("b.avi", {"codec": "mpeg4", "max_b": 2}),
        ("a.mp4", {"container_options": {"movflags": "faststart"}, "options": {"bf": "3"}}),
        ("b.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        ("a.webm", {"codec": "libvpx", "options": {"b": "60k"}}),
        ("a.flv", {}),
    ],
)
def test_truncated_file_gives_the_frames_before_the_cut(name, settings, make, read_number, capfd):
    path = cut_off(make(name, **settings), 0.6 if name == "a.mpg" else 0.8)
    with open_video(path) as video:
        count = video.info.frame_count
        numbers = [read_number(f) for f in video.frames(0, count)]
        assert read_number(video.frame(count - 1)) == numbers[-1]
        # Streams to be cut anywhere (ts, mpg), and files cut between two fragments, do not show it.
        assert video.info.breaks_off or name in ("a.ts", "a.mpg", "b.mp4")
    assert 15 <= count < COUNT
    # The very last frames may lean on ones that were lost.
    assert numbers[:-4] == list(range(count - 4))
    assert capfd.readouterr() == ("", "")


def test_sound_that_goes_on_is_no_break(tmp_path):
    """A header counts the longest track; the frames end earlier and all are there."""
    import av

    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        film, sound = out.add_stream("ffv1", rate=25), out.add_stream("pcm_s16le", rate=8000)
        film.width, film.height, film.pix_fmt = 32, 16, "yuv420p"
        for number in range(5):
            image = np.full((16, 32, 3), 10 * number, np.uint8)
            out.mux(film.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        for block in range(24):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.int16), layout="mono")
            frame.sample_rate, frame.pts = 8000, block * 1000
            out.mux(sound.encode(frame))
        out.mux([*film.encode(None), *sound.encode(None)])
    with open_video(path) as video:
        assert (video.info.frame_count, video.info.breaks_off) == (5, False)
    with open_video(cut_off(path, 0.6)) as video:
        assert video.info.breaks_off


def test_damage_inside_names_the_frame_and_spares_the_others(make, read_number):
    path = make("a.mov", codec="png", pixels="rgba")
    with open_container(path) as (container, stream):
        places = [(p.pos, p.size) for p in container.demux(stream) if p.size]
    data = bytearray(path.read_bytes())
    place, size = places[7]
    data[place : place + size] = bytes(size)
    path.write_bytes(data)
    for step in (1, -1):
        with open_video(path) as video:
            order = [5, 6, 7, 8, 9][::step]
            for index in order:
                if index == 7:
                    with pytest.raises(VideoDecodeError, match="Frame 7 of"):
                        video.frame(index)
                else:
                    assert read_number(video.frame(index)) == index


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_no_such_file(tmp_path):
    with pytest.raises(VideoOpenError, match=r"no file or folder .*gone\.mp4"):
        open_video(tmp_path / "gone.mp4")


@pytest.mark.parametrize("name", ["text.mp4", "text.txt", "text.mkv", "text.avi"])
@pytest.mark.parametrize("lines", [1, 3000])
def test_text_is_no_video(name, lines, tmp_path):
    path = write(tmp_path / name, b"this is only text, no video\n" * lines)
    with pytest.raises(VideoOpenError, match=name):
        open_video(path)


def test_playlist_is_not_followed(tmp_path, make):
    make("a.ts")
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\na.ts\n#EXT-X-ENDLIST\n"
    with pytest.raises(VideoOpenError):
        open_video(write(tmp_path / "list.m3u8", text.encode()))


def test_empty_file(tmp_path):
    with pytest.raises(VideoOpenError, match="empty"):
        open_video(write(tmp_path / "empty.mp4", b""))


def test_truncated_without_index(make):
    path = cut_off(make(), 0.6)
    with pytest.raises(VideoOpenError, match=r"a\.mp4"):
        open_video(path)


def test_random_bytes(tmp_path):
    with pytest.raises(VideoOpenError):
        open_video(write(tmp_path / "noise.mp4", random.Random(1).randbytes(50_000)))


def test_header_without_frames(make):
    path = make("none.mp4", numbers=())
    with pytest.raises(VideoOpenError, match=r"none\.mp4"):
        open_video(path)


def test_audio_only(tmp_path):
    import av

    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=8000)
        for block in range(8):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 8000, block * 1024
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(VideoOpenError, match="no video track"):
        open_video(path)


@pytest.mark.parametrize("share", [0.6, 0.7, 0.8])
def test_half_a_frame_at_the_end_does_not_count(share, make):
    first = {"movflags": "faststart"}
    path = make("a.mov", codec="mjpeg", pixels="yuvj420p", container_options=first)
    with open_video(path) as video:
        whole = [f.tobytes() for f in video.frames(0, COUNT)]
    with open_video(cut_off(path, share)) as video:
        count = video.info.frame_count
        assert [f.tobytes() for f in video.frames(0, count)] == whole[:count]
