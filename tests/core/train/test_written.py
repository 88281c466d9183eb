"""What headers say that weights have learned from."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.frame_pack import FramePack
from core.data.pack_origin import PackOrigin
from core.train.labels import as_names
from core.train.written import sequences_in


def pack(video=None, *, names=()):
    origin = None if video is None else PackOrigin(video, (8, 8), (0, 1), names)
    return FramePack(Path("x.frames"), (0, 1, 2), (0.0, 1.0), origin=origin)


@pytest.mark.parametrize(
    ("packs", "labeled", "learned"),
    [
        ([pack()], {"a"}, set()),
        ([pack("a.mp4"), pack("b.mp4")], {"a.mp4"}, {"a"}),
        ([pack("a.mp4"), pack("b.mp4")], {"b"}, {"b"}),
        ([pack("bear", names=("00000", "00001")), pack("b.mp4")], set(), {"bear"}),
        ([pack("a.mp4")], {"elsewhere"}, set()),
        ([pack("")], {""}, set()),
    ],
)
def test_sequences_of_data_sets_and_what_has_labels(packs, labeled, learned):
    assert sequences_in(packs, frozenset(labeled)) == learned


def test_names_of_a_strangers_header():
    assert as_names(["bear", 3, None]) == ("bear",)
    assert as_names("bear") == ()
    assert as_names(None) == ()
