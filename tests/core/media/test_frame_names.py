"""Names that do not say the frame: read as a group, told, or refused."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest

from core.errors import MaskMismatch
from core.media.frame_names import match_names
from core.types import VideoInfo

COUNT = 20
VIDEO = VideoInfo(Path("clip.mp4"), COUNT, 16, 12, Fraction(25))


def stems(*names):
    return VideoInfo(Path("frames"), len(names), 16, 12, Fraction(24), names)


def random_names(pattern, length, indices=range(COUNT), alphabet="0123456789abcdef"):
    rng = random.Random(7)
    names = []
    for index in indices:
        noise = "".join(rng.choice(alphabet) for _ in range(length))
        names.append(pattern.format(noise=noise, n=index))
    rng.shuffle(names)
    return names


def number_in(name, mark):
    return int(name.partition(mark)[2][:6])


@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        ("{noise}-frame_{n:06d}.png", 8),
        ("images\\{noise}-frame_{n:06d}.png", 8),
        ("/data/upload/1/{noise}-shot 2 frame_{n:06d}.jpg", 8),
        ("{noise}_frame_{n:06d}.txt", 32),
        ("{noise}__frame_{n:06d}.png", 12),
        ("frame_{n:06d}-{noise}.png", 10),
        ("frame_{n:06d}_png.rf.{noise}.txt", 32),
        ("clip_mp4-frame_{n:06d}_jpg.rf.{noise}.jpg", 32),
    ],
)
@pytest.mark.parametrize("first", [0, 1])
def test_numbers_behind_random_parts_are_those_of_the_frames(pattern, length, first):
    names = random_names(pattern, length, range(first, COUNT + first))
    found, rule = match_names(names, VIDEO)
    assert found == {name: number_in(name, "frame_") - first for name in names}
    assert f"counted from {first}" in rule


@pytest.mark.parametrize("pattern", ["{noise}-{n:03d}.png", "{noise}.png", "x-{noise}.png"])
def test_random_names_are_never_taken_in_their_order(pattern):
    names = random_names(pattern, 9, alphabet="0123456789abcdefghijklmnopqrstuvwxyz")
    try:
        found, _ = match_names(names, VIDEO)
    except MaskMismatch:
        return
    assert found == {name: int(name[-7:-4]) for name in names}


def test_stems_of_the_frames_behind_a_random_prefix():
    video = stems("shot_a", "shot_b", "shot_c")
    found, _ = match_names(["0a1b2c3d-shot_c.png", "9f8e7d6c-shot_a.png"], video)
    assert sorted(found.values()) == [0, 2]


@pytest.mark.parametrize(
    "names",
    [
        [f"cam{c}_{n:04d}.png" for c in (1, 2) for n in range(10)],
        [f"{c}_{n:04d}.png" for c in ("left", "right") for n in range(10)],
        [f"2024-01-0{1 + n // 10}_{n:02d}.png" for n in range(COUNT)],
        [f"object_{n}.png" for n in range(1, COUNT + 1)],
        [f"img_{n * n}.png" for n in range(1, COUNT + 1)],
        ["frame_0003.png", "frame_0025.png"],
        ["frame_00000.png", "frame_00020.png"],
    ],
)
def test_names_with_two_answers_or_none_are_refused(names):
    with pytest.raises(MaskMismatch):
        match_names(names, VIDEO)


@pytest.mark.parametrize(
    ("names", "frames", "told"),
    [
        (["frame_0000.png", "frame_0011.png"], [0, 11], "counted from 0"),
        (["frame_0001.png", "frame_0020.png"], [0, 19], "counted from 1"),
        (["00001.png", "00011.png"], [1, 11], "--first-frame 1"),
        ([f"t{10 * n}.png" for n in range(1, 21)], list(range(20)), "from 10 in steps of 10"),
        ([f"{1000 + n}.png" for n in range(20)], list(range(20)), "from 1000 in steps of 1"),
        (["frame_0000.jpg.json", "frame_0003.jpg.json"], [0, 3], "counted from 0"),
        (["0000_mask.png", "0003_mask.png"], [0, 3], "counted from 0"),
        (["clip.0000.png", "clip.0003.png"], [0, 3], "counted from 0"),
    ],
)
def test_the_counting_is_found_and_said(names, frames, told):
    found, rule = match_names(names, VIDEO)
    assert [found[name] for name in names] == frames
    assert told in rule


def test_a_counting_that_is_open_is_asked_about():
    names = ["frame_0001.png", "frame_0006.png", "frame_0011.png"]
    with pytest.raises(MaskMismatch, match="counted from 0 or from 1") as caught:
        match_names(names, VIDEO)
    assert "--first-frame 0 or --first-frame 1" in caught.value.hint
    for first in (0, 1):
        found, rule = match_names(names, VIDEO, first_frame=first)
        assert list(found.values()) == [1 - first, 6 - first, 11 - first]
        assert f"counted from {first} as was said" in rule
    found, _ = match_names(names, VIDEO, places={names[0]: 0, names[1]: 5, names[2]: 10})
    assert list(found.values()) == [0, 5, 10]


def test_equal_names_are_refused():
    with pytest.raises(MaskMismatch, match="Two images are called"):
        match_names(["frame_000000.PNG", "frame_000000.PNG", "frame_000003.PNG"], VIDEO)
