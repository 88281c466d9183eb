"""What later frames read of a frame."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from core.memory.bank import MemoryFrame
from core.tracking.config import FeedbackConfig
from core.tracking.feedback import Feedback

CELLS = (20, 30)
SIZE = (80, 120)


def picture(mask: np.ndarray) -> np.ndarray:
    """Bright where the mask is, with a little noise."""
    noise = np.random.default_rng(0).integers(0, 12, (*SIZE, 3))
    return (np.where(mask[..., None], 200, 40) + noise).astype(np.uint8)


def cells(mask: np.ndarray) -> torch.Tensor:
    plane = mask.reshape(CELLS[0], 4, CELLS[1], 4).mean((1, 3)).astype(np.float32)
    return torch.from_numpy(np.stack([1 - plane, plane]))


def disk() -> np.ndarray:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return (rows - 40) ** 2 + (columns - 60) ** 2 < 24**2


def wire() -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[20:22, 10:110] = True
    return mask


def keyframe(mask: np.ndarray, index: int = 0, object_id: int = 3) -> MemoryFrame:
    return MemoryFrame(index, torch.zeros(1, *CELLS), cells(mask), (object_id,))


def blurred(soft: torch.Tensor) -> torch.Tensor:
    """Labels as a read-out leaves them: wider and paler."""
    side = torch.tensor([0.25, 0.5, 0.25])
    kernel = (side[:, None] * side)[None, None]
    plane = torch.nn.functional.conv2d(soft[None, 1:], kernel, padding=1)[0]
    return torch.cat([1 - plane, plane])


def remembered(feedback: Feedback, read: torch.Tensor, small, object_ids) -> torch.Tensor:
    return feedback.labels(read, feedback.sharp(read), small, object_ids)


def error(soft: torch.Tensor, mask: np.ndarray) -> float:
    return float((soft - cells(mask)).abs().mean())


@pytest.mark.parametrize("mask", [disk(), wire()])
def test_labels_are_nearer_to_the_truth_than_what_was_read(mask):
    feedback = Feedback(FeedbackConfig())
    feedback.add_keyframe(keyframe(mask), picture(mask))
    read = blurred(cells(mask))
    result = remembered(feedback, read, picture(mask), (3,))
    assert error(result, mask) < 0.8 * error(read, mask)
    assert torch.allclose(result.sum(0), torch.ones(CELLS), atol=1e-5)


def test_a_thin_object_is_only_sharpened():
    """The filter would take a wire for noise; a frame without edges must not change it."""
    feedback = Feedback(FeedbackConfig())
    feedback.add_keyframe(keyframe(wire()), np.full((*SIZE, 3), 90, np.uint8))
    read = blurred(cells(wire()))
    assert torch.equal(
        remembered(feedback, read, picture(wire()), (3,)),
        remembered(feedback, read, picture(disk()), (3,)),
    )


def test_an_object_that_no_keyframe_shows_is_only_sharpened():
    feedback = Feedback(FeedbackConfig())
    feedback.add_keyframe(keyframe(disk()), picture(disk()))
    feedback.add_keyframe(keyframe(np.zeros(SIZE, bool), 1, 4), picture(disk()))
    read = blurred(cells(disk()))
    blank = np.full((*SIZE, 3), 90, np.uint8)
    assert torch.equal(
        remembered(feedback, read, picture(disk()), (4,)), remembered(feedback, read, blank, (4,))
    )
    assert not torch.equal(
        remembered(feedback, read, picture(disk()), (3,)), remembered(feedback, read, blank, (3,))
    )


def test_a_keyframe_that_is_removed_says_nothing_more():
    feedback = Feedback(FeedbackConfig())
    read = blurred(cells(disk()))
    before = remembered(feedback, read, picture(disk()), (3,))
    feedback.add_keyframe(keyframe(disk()), picture(disk()))
    assert not torch.equal(remembered(feedback, read, picture(disk()), (3,)), before)
    feedback.remove_keyframe(0)
    feedback.remove_keyframe(0)
    assert torch.equal(remembered(feedback, read, picture(disk()), (3,)), before)


def test_without_objects_there_is_only_background():
    assert torch.equal(
        remembered(Feedback(FeedbackConfig()), torch.ones(1, *CELLS), picture(disk()), ()),
        torch.ones(1, *CELLS),
    )


def test_the_order_in_which_keyframes_came_changes_no_bit():
    """Spans are walked in any order, which adds the same keyframes in others."""
    values = {0: {3: 0.8603}, 7: {3: 0.861}, 9: {3: 0.8617}}
    weights = set()
    for order in itertools.permutations(values):
        feedback = Feedback(FeedbackConfig())
        feedback._overlaps = {index: values[index] for index in order}
        weights.add(feedback._weight(3))
    assert len(weights) == 1
