"""Twenty clips are held out, by any of their names."""

from __future__ import annotations

from core.data.splits import HELD_OUT, Split, in_split, is_held_out


def test_a_clip_is_on_one_side_whatever_its_suffix():
    held = min(HELD_OUT)
    clips = ("boat.mp4", f"{held}.mp4", held, "car", f"{held}_01.mp4")
    assert in_split(clips, Split.HELD_OUT) == (f"{held}.mp4", held)
    assert in_split(clips, Split.TRAIN) == ("boat.mp4", "car", f"{held}_01.mp4")
    assert in_split(clips, Split.ALL) == clips
    assert not is_held_out("")
