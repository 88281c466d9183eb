"""Verdicts on carried masks, and the label maps that follow from them."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.dense_labels import (
    Arrival,
    Passage,
    Verdict,
    agreement,
    dense_map,
    make_void,
    solid,
)
from core.types import VOID

LEFT, RIGHT = (0.0, 0.0, 4.0, 4.0), (10.0, 0.0, 14.0, 4.0)


def mask(left, top, right, bottom, shape=(8, 16)):
    found = np.zeros(shape, bool)
    found[top:bottom, left:right] = True
    return found


def maps(forward, backward, fused=None):
    both = fused if fused is not None else forward
    return {Verdict.FORWARD: forward, Verdict.BACKWARD: backward, Verdict.BOTH: both}


def labels(**boxes):
    """Label map with boxes: `_1=(0, 0, 4, 4)` is object 1."""
    label_map = np.zeros((8, 16), np.uint8)
    for name, box in boxes.items():
        label_map[mask(*box)] = int(name[1:])
    return label_map


def test_agreement_is_with_the_part_inside_the_frame():
    assert agreement(mask(0, 0, 4, 4), (-5, -5, 4, 4)) == 1
    assert agreement(mask(0, 0, 4, 4), (50, 50, 60, 60)) == 0
    assert agreement(mask(0, 0, 0, 0), LEFT) == 0


def test_stray_fragments_do_not_count():
    large = np.zeros((40, 40), bool)
    large[5:25, 5:25] = True
    stray, part = large.copy(), large.copy()
    stray[39, 39] = True
    part[30:33, 30:33] = True
    assert np.array_equal(solid(stray), large)
    assert np.array_equal(solid(part), part)
    assert not solid(np.zeros_like(large)).any()
    assert agreement(stray, (5, 5, 25, 25)) == 1
    found, _ = dense_map(
        {1: Passage((LEFT, LEFT), Arrival(1), Arrival(1))},
        maps(*[stray.astype(np.uint8)] * 2),
        threshold=0.6,
    )
    assert np.array_equal(found == 1, large) and found[39, 39] == 0


@pytest.mark.parametrize(("pixels", "found"), [(0, 1.0), (2, 1.0), (3, 0.0), (100, 0.0)])
def test_where_nothing_is_visible_the_mask_has_to_be_gone(pixels, found):
    gone = np.zeros((20, 20), bool)
    gone.flat[:pixels] = True
    assert agreement(gone, None, begun=100) == found


@pytest.mark.parametrize(
    ("passage", "verdict"),
    [
        (Passage((LEFT, RIGHT), Arrival(0.6), Arrival(0.9)), Verdict.BOTH),
        (Passage((LEFT, RIGHT), Arrival(0.6), Arrival(0.59)), Verdict.FORWARD),
        (Passage((LEFT, RIGHT), None, Arrival(0.7)), Verdict.BACKWARD),
        (Passage((LEFT, RIGHT), Arrival(0.1), None), Verdict.REFUSED),
        (Passage((LEFT, RIGHT)), Verdict.REFUSED),
        (Passage((LEFT, RIGHT), Arrival(0.9, 0.6), Arrival(0.9, 0.5)), Verdict.FORWARD),
        (Passage((LEFT, None), Arrival(1.0)), Verdict.FORWARD),
        (Passage((None, None)), Verdict.ABSENT),
    ],
)
def test_verdicts(passage, verdict):
    assert passage.verdict(0.6) is verdict


def test_kept_objects_have_the_mask_of_the_walk_that_is_believed():
    forward, backward = labels(_1=LEFT_BOX, _2=(8, 0, 9, 1)), labels(_1=(1, 1, 2, 2), _2=RIGHT_BOX)
    passages = {
        1: Passage((LEFT, LEFT), Arrival(1), Arrival(0)),
        2: Passage((RIGHT, RIGHT), Arrival(0), Arrival(1)),
    }
    found, verdicts = dense_map(passages, maps(forward, backward), threshold=0.6)
    assert np.array_equal(found, labels(_1=LEFT_BOX, _2=RIGHT_BOX))
    assert verdicts == {1: Verdict.FORWARD, 2: Verdict.BACKWARD}


def test_what_two_objects_claim_is_void():
    forward, backward = labels(_1=LEFT_BOX), labels(_2=(2, 0, 8, 4))
    passages = {
        1: Passage((LEFT, LEFT), Arrival(1), Arrival(0)),
        2: Passage((RIGHT, RIGHT), Arrival(0), Arrival(1)),
    }
    found, _ = dense_map(passages, maps(forward, backward), threshold=0.6)
    assert np.array_equal(found == VOID, mask(2, 0, 4, 4))
    assert np.array_equal(found == 1, mask(0, 0, 2, 4))
    assert np.array_equal(found == 2, mask(4, 0, 8, 4))


def test_a_refused_object_is_void_around_all_that_is_known_but_never_over_others():
    forward = labels(_1=(5, 5, 7, 7), _2=(0, 0, 2, 2))
    passages = {
        1: Passage((LEFT, RIGHT), Arrival(0.1), Arrival(0.2)),
        2: Passage((LEFT, LEFT), Arrival(1), Arrival(1)),
    }
    found, verdicts = dense_map(passages, maps(forward, forward), threshold=0.6)
    assert verdicts[1] is Verdict.REFUSED
    assert np.array_equal(found == 2, mask(0, 0, 2, 2))
    assert np.array_equal(found == VOID, mask(0, 0, 14, 7) & ~mask(0, 0, 2, 2))


def test_two_walks_that_lie_apart_are_refused_on_that_frame_alone():
    passages = {1: Passage((LEFT, LEFT), Arrival(1), Arrival(1))}
    apart = maps(labels(_1=LEFT_BOX), labels(_1=RIGHT_BOX))
    found, verdicts = dense_map(passages, apart, threshold=0.6)
    assert verdicts[1] is Verdict.REFUSED and not (found == 1).any()
    nowhere = maps(labels(), labels())
    found, verdicts = dense_map(passages, nowhere, threshold=0.6)
    assert verdicts[1] is Verdict.BOTH and not found.any()


def test_absent_objects_leave_no_trace():
    found, verdicts = dense_map({1: Passage((None, None))}, maps(labels(), labels()), threshold=0.6)
    assert verdicts[1] is Verdict.ABSENT and not found.any()


def test_void_of_a_box_outside_the_frame():
    label_map = labels()
    make_void(label_map, [(-9, -9, -1, -1), None])
    make_void(label_map, [])
    assert not label_map.any()
    make_void(label_map, [(14.5, 7.5, 99, 99)])
    assert np.array_equal(label_map == VOID, mask(14, 7, 16, 8))


LEFT_BOX, RIGHT_BOX = (0, 0, 4, 4), (10, 0, 14, 4)
