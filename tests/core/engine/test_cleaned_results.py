"""Results are cleaned up at one place, and keyframes never are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.cleaning import AUTO, NONE, Cleaning
from core.engine.adapted import propagate_either
from core.engine.kept_room import KeptRoom
from core.engine.kept_work import KeptWork
from core.engine.manner import Manner
from core.engine.propagate import PropagationRequest, propagate_by
from core.jobs import CancelToken
from core.types import FrameDraft, FrameResult, Keyframe

SHAPE = (24, 32)

SMALL = Cleaning(islands=4, holes=AUTO)


def blocks():
    """Object 1 on the left, 2 on the right."""
    label_map = np.zeros(SHAPE, np.uint8)
    label_map[2:22, 2:14] = 1
    label_map[2:22, 18:30] = 2
    return label_map


def specked():
    """The same, with a speck of 1 in 2, one in the background, and a pinhole."""
    label_map = blocks()
    label_map[10, 24] = label_map[0, 16] = 1
    label_map[5, 5] = 0
    return label_map


@pytest.fixture
def tracker(walk_tracker):
    """It says the same of each frame: masks with specks."""
    made = walk_tracker()
    made.render = lambda _probabilities, _frame, object_ids: np.where(
        np.isin(specked(), object_ids), specked(), 0
    ).astype(np.uint8)
    return made


def made(film, tracker, request, **how):
    job = propagate_by(film(), tracker, request, CancelToken(), keep=None, manner=Manner(**how))
    return [item for item in job if isinstance(item, FrameResult | FrameDraft)]


def test_propagated_masks_are_clean_and_keyframes_as_they_were(film, tracker):
    request = PropagationRequest((Keyframe(2, (1, 2), specked()),), 0, 8, cleaning=SMALL)
    found = {one.frame_index: one.label_map for one in made(film, tracker, request)}
    assert sorted(found) == list(range(8))
    for index, label_map in found.items():
        assert (label_map == (specked() if index == 2 else blocks())).all()


def test_what_a_keyframe_asserts_stays_and_what_it_does_not_is_cleaned(film, tracker):
    own = np.where(specked() == 2, 2, 0).astype(np.uint8)
    own[0, 31] = 2
    first, inner = Keyframe(0, (1, 2), blocks()), Keyframe(4, (2,), own)
    request = PropagationRequest((first, inner), 0, 8, cleaning=SMALL)
    found = {one.frame_index: one.label_map for one in made(film, tracker, request)}
    assert ((found[4] == 2) == (own == 2)).all()
    assert ((found[4] == 1) == (blocks() == 1)).all()


def test_raw_masks_are_what_the_system_says(film, tracker):
    request = PropagationRequest((Keyframe(0, (1, 2), blocks()),), 0, 8)
    assert request.cleaning == NONE
    assert all((one.label_map == specked()).all() for one in made(film, tracker, request)[1:])


def test_drafts_are_clean_too(film, tracker):
    ends = Keyframe(0, (1, 2), blocks()), Keyframe(7, (1, 2), blocks())
    request = PropagationRequest(ends, 0, 8, cleaning=SMALL)
    drafts = [
        one
        for one in made(film, tracker, request, near=3, drafts=True)
        if isinstance(one, FrameDraft)
    ]
    assert drafts and all((one.label_map == blocks()).all() for one in drafts)


def test_all_ways_of_a_run_clean_alike(film, tracker):
    request = PropagationRequest(
        (Keyframe(0, (1, 2), blocks()),), 0, 8, cleaning=Cleaning(grow=-2, islands=9, holes=9)
    )
    job = propagate_either(film(), tracker, request, CancelToken(), adaptation=None)
    found = [one.label_map for one in job if isinstance(one, FrameResult)][1:]
    assert all((one > 0).sum() == 2 * 16 * 8 for one in found)


def test_kept_results_are_those_of_the_same_clean_up(film, tracker, tmp_path):
    request = PropagationRequest((Keyframe(0, (1, 2), blocks()),), 0, 8, cleaning=SMALL)
    with KeptRoom(tmp_path / "kept", 1 << 20).entry({"a": "b"}) as entry:
        kept = KeptWork(entry)
        made(film, tracker, request, kept=kept)
        assert len(kept.results(request, 8)) == 7
        assert kept.results(replace(request, cleaning=NONE), 8) == {}
        assert kept.results(replace(request, cleaning=Cleaning(grow=1)), 8) == {}


def test_soft_labels_are_there_where_they_are_wanted(film, walk_tracker):
    request = PropagationRequest((Keyframe(0, (1, 2), blocks()),), 0, 8)
    plain = made(film, walk_tracker(), request)
    assert all(one.soft == {} for one in plain)
    found = made(film, walk_tracker(), replace(request, soft=True))
    assert found[0].soft == {}, "a border has none"
    for one, other in zip(found[1:], plain[1:], strict=True):
        assert (one.label_map == other.label_map).all()
        assert sorted(one.soft) == [1, 2]
        small = one.label_map[::4, ::4]
        for object_id, plane in one.soft.items():
            assert plane.dtype == np.uint8 and plane.shape == (6, 8)
            assert ((plane > 128) <= (small == object_id)).all()
            assert ((plane < 127) <= (small != object_id)).all()
