"""Values check themselves; rows of a stranger's file become values or `Unreadable`."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vosapp.project import parse
from vosapp.project.model import (
    Assertion,
    Prompt,
    PromptKind,
    Provenance,
    TrackedObject,
    Unreadable,
    VideoRef,
)

ANY = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.sampled_from(["[", "[[1,2,3]]", "[[NaN,1,1]]", "#00ff00", "24/1", "1/0", "{}", "box", 1, 0]),
)
PARSERS = {
    parse.parse_video: 9,
    parse.parse_object: 7,
    parse.parse_prompt: 5,
    parse.parse_assertion: 4,
    parse.parse_run: 3,
}


@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.__name__)
@given(data=st.data())
def test_any_row_is_a_value_or_unreadable(parser, data):
    row = tuple(data.draw(ANY) for _ in range(PARSERS[parser]))
    try:
        parser(row)
    except Unreadable:
        return


def test_video_round_trip():
    video = VideoRef("a", "b", 3, "ff", 2, 8, 9, Fraction(30000, 1001), ("x", "ü"))
    assert parse.parse_video(parse.video_row(video)) == video


@pytest.mark.parametrize("fps", ["1e99999999", "1/0", "-5", "0", "nan", "9" * 99, "2.5", 25])
def test_odd_fps(fps):
    row = ("a", "b", 3, "ff", 2, 8, 9, fps, "[]")
    with pytest.raises(Unreadable):
        parse.parse_video(row)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 10_000, "", None, 3, b"1"], ids=repr)
def test_odd_json(text):
    with pytest.raises(Unreadable):
        parse.parse_json(text)


GOOD_OBJECT = {"object_id": 1, "name": "x", "color": (1, 2, 3)}
GOOD_PROMPT = {"frame_index": 0, "object_id": 1, "kind": PromptKind.BOX}
GOOD_VIDEO = {
    "path": "a",
    "relative_path": "",
    "size": 1,
    "content_hash": "",
    "frame_count": 2,
    "width": 4,
    "height": 4,
    "fps": Fraction(24),
}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (TrackedObject, GOOD_OBJECT, {"object_id": 0}),
        (TrackedObject, GOOD_OBJECT, {"object_id": 255}),
        (TrackedObject, GOOD_OBJECT, {"object_id": True}),
        (TrackedObject, GOOD_OBJECT, {"name": "x" * 201}),
        (TrackedObject, GOOD_OBJECT, {"color": (1, 2, 256)}),
        (TrackedObject, GOOD_OBJECT, {"visible": 1}),
        (Prompt, GOOD_PROMPT, {"points": ()}),
        (Prompt, GOOD_PROMPT, {"points": ((0, 0, 1),)}),
        (Prompt, GOOD_PROMPT, {"points": ((0, 0, 1), (float("nan"), 0, 1))}),
        (Prompt, GOOD_PROMPT, {"points": ((0, 0, 1), (0, 0, 2))}),
        (Assertion, {"frame_index": 0, "object_id": 1}, {"area": -1}),
        (Assertion, {"frame_index": 0, "object_id": 1}, {"area": 10**9}),
        (Provenance, {"system": "x"}, {"revision": -1}),
        (Provenance, {"system": "x"}, {"weights": "x" * 5000}),
        (VideoRef, GOOD_VIDEO, {"width": 0}),
        (VideoRef, GOOD_VIDEO, {"width": 65_535, "height": 65_535}),
        (VideoRef, GOOD_VIDEO, {"frame_count": 10**9}),
        (VideoRef, GOOD_VIDEO, {"fps": Fraction(0)}),
        (VideoRef, GOOD_VIDEO, {"fps": Fraction(10**18, 10**18 + 1)}),
        (VideoRef, GOOD_VIDEO, {"stems": ("a",)}),
        (VideoRef, GOOD_VIDEO, {"path": "a\0b"}),
    ],
)
def test_values_check_themselves(kind, good, bad):
    with pytest.raises(Unreadable):
        kind(**(good | bad))
