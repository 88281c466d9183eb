"""Damage that decoders hide, and pictures that change their size: shown, and told."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from core.media.container import open_container
from core.media.video import open_video

COUNT = 40


def places_of(path) -> list[tuple[int, int]]:
    with open_container(path) as (container, stream):
        return [(p.pos, p.size) for p in container.demux(stream) if p.size]


def damage(path, frame: int) -> None:
    """Overwrite the second half of a frame's packet."""
    place, size = places_of(path)[frame]
    data = bytearray(path.read_bytes())
    data[place + size // 2 : place + size] = bytes(
        (7 * i + 11) % 256 for i in range(size - size // 2)
    )
    path.write_bytes(data)


DAMAGED = {
    "a.avi": {"codec": "mpeg4"},
    "a.mkv": {"codec": "mpeg2video"},
    "a.mp4": {"options": {"bf": "0", "x264-params": "keyint=12:scenecut=0:no-cabac=1"}},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_hidden_damage_is_shown_and_told_once(name, make):
    path = make(name, **DAMAGED[name])
    damage(path, 12)
    with open_video(path) as video:
        assert video.notes == ()
        list(video.frames(0, 10))
        assert video.notes == ()
        list(video.frames(0, COUNT))
        (note,) = video.notes
        list(video.frames(COUNT - 1, -1, -1))
        assert video.notes == (note,)
    assert note.startswith(f"Frame 12 of {path} is damaged")


def test_several_damaged_frames_are_told_together(make):
    path = make("a.avi", codec="mpeg4", gop=1)
    for frame in (3, 9, 10, 11, 20, 31):
        damage(path, frame)
    with open_video(path, cache_bytes=0) as video:
        for index in (20, 3, 9, 11, 10, 31, 9):
            video.frame(index)
        (note,) = video.notes
    assert note.startswith(f"6 frames of {path} are damaged")
    assert "3, 9, 10, 11, 20 and 1 more" in note


def two_sizes(path, first=(96, 64), second=(64, 48), codec="libx264") -> None:
    """One stream whose pictures change their size, as television does at an advertisement."""
    with av.open(str(path), "w", format="mpegts") as out:
        stream = out.add_stream(codec, rate=25, options={"bf": "0", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = *first, "yuv420p"
        for part, size in enumerate((first, second)):
            encoder = av.CodecContext.create(codec, "w")
            encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
            encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
            encoder.options = {"bf": "0", "g": "10"}
            for number in range(20):
                level = 20 + 10 * number + 5 * part
                image = np.full((size[1], size[0], 3), level, np.uint8)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = 20 * part + number, Fraction(1, 25)
                send(out, stream, encoder.encode(frame))
            send(out, stream, encoder.encode(None))


def send(out, stream, packets) -> None:
    for packet in packets:
        packet.stream, packet.time_base = stream, Fraction(1, 25)
        out.mux(packet)


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
@pytest.mark.parametrize("second", [(64, 48), (192, 128), (64, 96)])
def test_pictures_of_another_size_are_scaled_and_told_once(second, codec, tmp_path):
    path = tmp_path / "a.ts"
    two_sizes(path, second=second, codec=codec)
    with open_video(path) as video:
        assert (video.info.frame_count, video.info.width, video.info.height) == (40, 96, 64)
        frames = list(video.frames(0, 40))
        assert {frame.shape for frame in frames} == {(64, 96, 3)}
        levels = [int(frame.mean()) for frame in frames]
        expected = [20 + 10 * n + 5 * part for part in range(2) for n in range(20)]
        assert np.abs(np.array(levels) - expected).max() <= 6
        (note,) = video.notes
        list(video.frames(39, -1, -1))
        assert video.notes == (note,)
    assert note.startswith(f"From frame 20 on the pictures of {path} are")
    assert f"{second[0]} x {second[1]} pixels" in note and "96 x 64" in note


def test_the_first_frame_of_another_size_is_told_whatever_is_read_first(tmp_path):
    path = tmp_path / "a.ts"
    two_sizes(path)
    with open_video(path) as video:
        video.frame(30)
        assert "Frame 30" in video.notes[0] or "frame 30" in video.notes[0]
        video.frame(25)
        assert "frame 25" in video.notes[0]


def test_folders_and_stacks_have_no_such_notes(tmp_path):
    from PIL import Image

    picture = Image.new("RGB", (8, 6))
    picture.save(tmp_path / "0.png")
    with open_video(tmp_path) as video:
        assert video.notes == ()
    with open_video(tmp_path / "0.png") as video:
        assert video.notes == ()
