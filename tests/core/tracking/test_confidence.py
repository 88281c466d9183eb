"""The cues of confidence against their definitions."""

from __future__ import annotations

import math

import pytest
import torch

from core.memory.bank import MemoryFrame
from core.systems.self_supervised.config import CALIBRATION
from core.tracking.config import ReadConfig
from core.tracking.judging.confidence import (
    PROBES,
    Cues,
    expected_j,
    find_again,
    make_probes,
    margins,
    soft_iou,
)
from core.tracking.judging.judge import with_background, without

SIZE = (12, 16)
WEIGHTS = CALIBRATION.confidence


def plane(rows, columns, size=SIZE):
    made = torch.zeros(size)
    made[slice(*rows), slice(*columns)] = 1
    return made


def memory(*planes, ids=None, keys=None):
    soft = with_background(list(planes), torch.zeros(1, *SIZE))
    keys = distinct_keys() if keys is None else keys
    return MemoryFrame(0, keys, soft, tuple(range(1, 1 + len(planes))) if ids is None else ids)


def distinct_keys():
    """Every cell resembles itself alone."""
    generator = torch.Generator().manual_seed(0)
    return 6 * torch.nn.functional.normalize(torch.randn(64, *SIZE, generator=generator), dim=0) * 4


def test_expected_j_is_logistic_and_grows_with_each_cue():
    low = Cues(0.3, 0.4, 0.5)
    score = WEIGHTS[0] + 0.3 * WEIGHTS[1] + 0.4 * WEIGHTS[2] + 0.5 * WEIGHTS[3]
    assert expected_j(low, WEIGHTS) == pytest.approx(1 / (1 + math.exp(-score)))
    better = [Cues(0.4, 0.4, 0.5), Cues(0.3, 0.5, 0.5), Cues(0.3, 0.4, 0.6)]
    assert all(expected_j(cues, WEIGHTS) > expected_j(low, WEIGHTS) for cues in better)
    assert (
        0 < expected_j(Cues(0, 0, 0), WEIGHTS) < 0.1
        and 0.9 < expected_j(Cues(1, 1, 1), WEIGHTS) < 1
    )


def test_soft_iou():
    first, second = plane((0, 4), (0, 4)), plane((2, 4), (0, 4))
    assert soft_iou(first, second) == 0.5
    assert soft_iou(first, first * 0.25) == 0.25
    assert soft_iou(torch.zeros(3, 3), torch.zeros(3, 3)) == 1


def test_margins_are_high_where_labels_are_certain():
    certain = torch.zeros(3, 4, 4)
    certain[0, 2:], certain[1, :2] = 1, 1
    assert margins(certain) == [1.0, 0.0]
    torn = torch.zeros(3, 4, 4)
    torn[1], torn[2] = 0.5, 0.5
    assert margins(torn) == [0.0, 0.0]


def test_probes_lie_on_and_beside_the_objects():
    probes = make_probes(memory(plane((0, 2), (0, 3)), torch.zeros(SIZE)))
    assert probes.keys.shape == (64, 8 * 9)
    assert probes.probabilities[1].sum() == 6
    assert probes.masses == {1: 6, 2: 0}
    assert probes.shows(1) and not probes.shows(2) and not probes.shows(3)


def test_a_small_object_has_probes_beside_a_large_one():
    soft = torch.zeros(3, 60, 80)
    soft[1, 10:, 10:], soft[2, 3, 3] = 1, 1
    keyframe = MemoryFrame(0, torch.zeros(4, 60, 80), soft, (1, 2))
    probes = make_probes(keyframe)
    assert 64 <= len(probes.probabilities[1]) <= PROBES / 2
    assert len(probes.probabilities[2]) >= 40
    assert probes.keys.shape[1] == sum(len(s) for s in probes.probabilities.values())


@pytest.mark.parametrize("side", [40, 70])
def test_probes_are_few(side):
    size = (side, side)
    soft = torch.stack([torch.zeros(size), torch.ones(size)])
    probes = make_probes(MemoryFrame(0, torch.zeros(4, *size), soft, (1,)))
    assert PROBES / 2 <= probes.keys.shape[1] <= PROBES


def test_keyframe_without_objects_has_no_probes():
    empty = MemoryFrame(0, distinct_keys(), torch.ones(1, *SIZE), ())
    assert make_probes(empty).keys.shape == (64, 0)
    assert not make_probes(memory(torch.zeros(SIZE))).shows(1)


def test_cycle_is_high_where_the_mask_is_right_and_low_where_it_is_not():
    mask, keys = plane((3, 7), (4, 9)), distinct_keys()
    probes = make_probes(memory(mask, keys=keys))
    moved = torch.roll(keys, (2, 5), (1, 2))
    found = {1: torch.roll(mask, (2, 5), (0, 1)), 2: mask}

    def cycle(planes):
        return find_again(probes, moved, planes, ReadConfig(3, 1.0))[1]

    assert cycle({1: found[1]}) > 0.95
    assert cycle({1: mask}) < 0.5
    assert cycle({1: torch.zeros(SIZE)}) == 0


def test_cycles_of_several_objects_are_those_of_each_alone():
    masks = [plane((0, 2), (0, 3)), plane((9, 12), (14, 16))]
    keys = distinct_keys()
    both = make_probes(memory(*masks, keys=keys))
    found = {2: torch.roll(masks[1], -1, 1), 1: torch.roll(masks[0], 1, 0)}
    got = find_again(both, keys, found, ReadConfig(3, 1.0))
    assert list(got) == [2, 1]
    for index, mask in enumerate(masks, start=1):
        alone = make_probes(memory(mask, keys=keys, ids=(index,)))
        own = find_again(alone, keys, {index: found[index]}, ReadConfig(3, 1.0))
        assert got[index] == pytest.approx(own[index], abs=1e-6)


def test_objects_that_exceed_a_cell_share_it():
    soft = with_background([plane((0, 2), (0, 2)), plane((1, 3), (0, 2))], torch.zeros(2, *SIZE))
    torch.testing.assert_close(soft.sum(0), torch.ones(SIZE))
    assert soft[1, 1, 0] == soft[2, 1, 0] == 0.5
    assert (with_background([], torch.zeros(0, *SIZE)) == 1).all()


def test_doubtful_labels_make_no_statement():
    soft = with_background(
        [plane((0, 2), (0, 2)) * 0.75, plane((4, 6), (0, 2))], torch.zeros(2, *SIZE)
    )
    kept = without(soft, (3, 8), frozenset({3}))
    assert (kept[1] == 0).all()
    torch.testing.assert_close(kept[2], soft[2])
    assert kept[0, 0, 0] == pytest.approx(0.25 * 0.25)
    assert without(soft, (3, 8), frozenset()) is soft
