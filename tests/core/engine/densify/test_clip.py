"""One clip with exact boxes: what comes right is kept, what does not is void."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.box_tables import DrawnBox
from core.data.dense_labels import AGREES, Arrival, Verdict, tight_box
from core.data.synthetic import moving_shapes
from core.engine.densify.clip import ClipRequest, DenseFrame, densify_clip
from core.engine.registry import build_tracker
from core.errors import PromptError
from core.jobs import Cancelled, CancelToken, Progress
from core.tracking.contract import TrackerRequest
from core.types import VOID, Quality

LABELED = (0, 3, 6)
FAR = (130.0, 90.0, 158.0, 118.0)


@pytest.fixture(scope="module")
def clip():
    """Two shapes that move, the first slowly."""
    return moving_shapes(seed=2, width=160, height=120, frame_count=7)


@pytest.fixture
def boxes(clip):
    return [exact(clip, index, i) for index in LABELED for i in (1, 2)]


def exact(clip, index, object_id):
    return DrawnBox(
        "", index, object_id, f"shape {object_id}", tight_box(clip[1][index] == object_id)
    )


def put(boxes, index, object_id, corners):
    """The boxes with another one in the place of one of them."""
    return [
        replace(b, corners=corners) if (b.frame_index, b.object_id) == (index, object_id) else b
        for b in boxes
    ]


@pytest.fixture
def run(clip, film):
    def go(boxes, *, system="flow", threshold=AGREES, token=None, frames=clip[0]):
        video = film(len(frames), frames=frames)
        tracker = build_tracker(TrackerRequest(system, Quality.FAST))
        request = ClipRequest(video, tuple(boxes), tracker, None, threshold)
        job, found, steps = densify_clip(request, token or CancelToken()), [], 0
        while True:
            try:
                item = next(job)
            except StopIteration as end:
                return found, end.value, steps
            if isinstance(item, DenseFrame):
                found.append(item)
            else:
                assert isinstance(item, Progress)
                steps += 1

    return go


def j(item, truth, object_id):
    a, b = item.label_map == object_id, truth[item.frame_index] == object_id
    return (a & b).sum() / (a | b).sum()


def verdicts(found, object_id):
    return [item.verdicts[object_id] for item in found]


def test_what_is_right_is_kept_on_every_frame(run, clip, boxes):
    found, checks, steps = run(boxes)
    assert [item.frame_index for item in found] == list(range(7))
    assert set(verdicts(found, 1)) == {Verdict.BOTH}
    assert min(j(item, clip[1], 1) for item in found) > 0.85
    assert min(checks.answered[1]) > 0.9
    assert len(checks.carried[1]) == 4
    assert all(one.box > AGREES and one.mask > 0.8 for one in checks.carried[1])
    assert steps >= 12


def test_what_is_kept_of_what_moves_fast_is_right(run, clip, boxes):
    found, _, _ = run(boxes)
    kept = [item for item in found if item.verdicts[2] is not Verdict.REFUSED]
    assert min(j(item, clip[1], 2) for item in kept) > 0.5
    for item in found:
        if item.verdicts[2] is Verdict.REFUSED:
            truth = clip[1][item.frame_index] == 2
            assert not (item.label_map == 2).any()
            assert (item.label_map[truth] == VOID).mean() > 0.95


def test_a_box_drawn_elsewhere_refuses_the_stretches_beside_it(run, boxes):
    found, checks, _ = run(put(boxes, 3, 1, FAR))
    assert [v is Verdict.REFUSED for v in verdicts(found, 1)][1:3] == [True, True]
    assert [v is Verdict.REFUSED for v in verdicts(found, 1)][4:6] == [True, True]
    assert min(one.box for one in checks.carried[1]) == 0
    for index in (1, 2, 4, 5):
        label_map = found[index].label_map
        end = 0 if index < 3 else -2
        left, top, right, bottom = map(int, boxes[end].corners)
        assert not (label_map == 1).any()
        assert (label_map[top:bottom, left:right] != 0).all()
        assert (label_map[95:115, 135:155] != 0).all()


def test_with_a_low_threshold_more_is_kept(run, boxes):
    def refused(threshold):
        found, _, _ = run(boxes, system="copy", threshold=threshold)
        return sum(v is Verdict.REFUSED for i in (1, 2) for v in verdicts(found, i))

    assert refused(0.9) > refused(0.05)


def test_an_object_that_is_never_visible_is_nowhere(run, boxes):
    boxes = [replace(b, corners=None) if b.object_id == 2 else b for b in boxes]
    found, checks, _ = run(boxes)
    assert set(verdicts(found, 2)) == {Verdict.ABSENT}
    assert not any((item.label_map == 2).any() for item in found)
    assert 2 not in checks.answered and checks.carried[2] == []
    assert set(verdicts(found, 1)) == {Verdict.BOTH}


def test_an_object_that_should_be_gone_and_is_not_is_refused(run, boxes):
    found, _, _ = run(put(boxes, 6, 1, None))
    assert verdicts(found, 1)[:4] == [Verdict.BOTH] * 4
    assert verdicts(found, 1)[4:] == [Verdict.REFUSED, Verdict.REFUSED, Verdict.ABSENT]


def test_an_object_that_leaves_and_is_carried_away_is_kept(run, clip):
    whole = np.concatenate([clip[0][0]] * 2, axis=1)
    frames = np.stack([whole[:, at : at + 96] for at in range(0, 96, 8)])
    label_map = np.where(clip[1][0] == 1, 1, 0)
    rows = [
        DrawnBox("", 0, 1, "", tight_box(label_map[:, :96] == 1)),
        DrawnBox("", 11, 1, "", None),
    ]
    found, checks, _ = run(rows, frames=frames)
    assert verdicts(found, 1) == [Verdict.BOTH, *[Verdict.FORWARD] * 10, Verdict.ABSENT]
    assert checks.carried[1] == [Arrival(1.0)]
    assert (found[2].label_map == 1).any() and not (found[10].label_map == 1).any()


def test_a_box_whose_mask_does_not_fill_it_is_void(run, clip, boxes, monkeypatch):
    def small(request):
        mask = np.zeros(request.frame.shape[:2], bool)
        mask[60:63, 60:63] = True
        return mask

    monkeypatch.setattr("core.prompts.boxes.segment", small)
    found, checks, _ = run(boxes)
    assert {v for i in (1, 2) for v in verdicts(found, i)} == {Verdict.REFUSED}
    assert checks.carried == {1: [], 2: []}
    assert not any(np.isin(item.label_map, (1, 2)).any() for item in found)
    for item in found:
        assert (item.label_map[clip[1][item.frame_index] == 1] == VOID).mean() > 0.8


def test_neighboring_labeled_frames_have_nothing_between_them(run, clip):
    rows = [exact(clip, index, 1) for index in (2, 3)]
    found, checks, _ = run(rows)
    assert [item.frame_index for item in found] == [2, 3]
    assert checks.carried == {}


def test_it_stops(run, boxes):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        run(boxes, token=token)


def test_a_box_outside_is_told(run, boxes):
    with pytest.raises(PromptError):
        run(put(boxes, 3, 1, (500.0, 500.0, 510.0, 510.0)))
