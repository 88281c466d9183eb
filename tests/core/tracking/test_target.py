"""Target models: equal to loops written from the equations, and what counts for which object."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.memory.bank import MemoryFrame
from core.tracking.config import TargetConfig
from core.tracking.target.model import TargetModels
from core.tracking.target.sums import CONSTANT, cells_of, planes_at, reweighed, solved, sums_of
from core.tracking.target.trust import kept_at, trust

CONFIG = TargetConfig(frail=-1.0, sturdy=0.0)
"""Models that are trusted with any object, since those here are noise."""
SIZE, WIDTH = (4, 6), 5
FINE = (8, 12)


def features(seed):
    return torch.randn(WIDTH, *SIZE, generator=torch.manual_seed(seed)).half()


def soft(seed, *, objects=2, void=False):
    """(1 + K) x h x w that sum to 1, or to less where cells are void."""
    planes = torch.rand(1 + objects, *FINE, generator=torch.manual_seed(seed)) ** 3
    planes = planes / planes.sum(0)
    if void:
        planes = planes.clone()
        planes[:, :4, :6] = 0
        planes[:, 5, 7] = 0
    return planes


def keyframe(index, seed, ids=(1, 2), **options):
    return MemoryFrame(index, torch.zeros(1, *FINE), soft(seed, objects=len(ids), **options), ids)


def models(*frames):
    found = TargetModels(CONFIG)
    for frame in frames:
        found.add_keyframe(frame, features(frame.frame_index))
    return found


def naive_sums(features, inside, stated, balance):
    """sum w x x^T and sum w x y, cell by cell."""
    products, answers = np.zeros((WIDTH + 1,) * 2), np.zeros(WIDTH + 1)
    own = max(balance / max(inside.sum(), 1), 1 / max(stated.sum(), 1))
    other = (1 - balance) / max((stated - inside).sum(), 1)
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            x = np.append(features[:, row, column], CONSTANT)
            y, s = inside[row, column], stated[row, column]
            if s == 0:
                continue
            weight = y * own + (s - y) * other
            products += weight * np.outer(x, x)
            answers += weight * x * (2 * y / s - 1)
    return products, answers


def pooled(planes):
    return planes.double().numpy().reshape(-1, SIZE[0], 2, SIZE[1], 2).mean((2, 4))


def naive_scores(features, products, answers):
    matrix = products + np.eye(WIDTH + 1) * CONFIG.ridge * np.trace(products) / (WIDTH + 1)
    weights = np.linalg.inv(matrix) @ answers
    scores = np.zeros(SIZE)
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            x = np.append(features[:, row, column], CONSTANT)
            scores[row, column] = min(1, max(-1, weights @ x))
    return scores


def test_a_keyframe_and_a_walk_equal_a_naive_loop():
    """Two keyframes, one with void, and two walked frames of which the older is half forgotten."""
    first, second = keyframe(0, 10), keyframe(9, 11, void=True)
    found = models(second, first)
    walk = [(3, 0.7), (4, 0.5)]
    for index, confidence in walk:
        found.learn(soft(index), features(index), (1, 2), {1: confidence, 2: 1.0})
    now = features(5)
    scores = found.scores(now, (1, 2))
    for row, confidences in ((1, [0.7, 0.5]), (2, [1.0, 1.0])):
        products, answers = np.zeros((WIDTH + 1,) * 2), np.zeros(WIDTH + 1)
        for (index, _), confidence in zip(walk, confidences, strict=True):
            planes = pooled(soft(index))
            more = naive_sums(features(index).numpy(), planes[row], np.ones(SIZE), CONFIG.balance)
            share = (1 - CONFIG.keeps) * CONFIG.walked * confidence
            products = CONFIG.keeps * products + share * more[0]
            answers = CONFIG.keeps * answers + share * more[1]
        for frame in (first, second):
            planes = pooled(frame.soft)
            more = naive_sums(
                features(frame.frame_index).numpy(), planes[row], planes.sum(0), CONFIG.balance
            )
            products, answers = products + more[0], answers + more[1]
        wanted = naive_scores(now.numpy(), products, answers)
        np.testing.assert_allclose(scores[row - 1].numpy(), wanted, atol=1e-4)


def test_reweighed_equals_a_naive_loop():
    joint = soft(3)[1:]
    scores = torch.rand(2, *FINE, generator=torch.manual_seed(4)) * 2 - 1
    found = reweighed(joint, scores, gain=1.5)
    for row in range(FINE[0]):
        for column in range(FINE[1]):
            p, s = joint[:, row, column].numpy(), scores[:, row, column].numpy()
            odds = [*(p * np.exp(1.5 * s)), (1 - p.sum()) * np.exp(-1.5 * s.max())]
            wanted = np.array(odds[:2]) / sum(odds)
            np.testing.assert_allclose(found[:, row, column].numpy(), wanted, rtol=1e-4)


def test_what_was_read_as_nothing_stays_nothing():
    joint = torch.zeros(2, *FINE)
    joint[0, :4] = 1
    found = reweighed(joint, torch.full((2, *FINE), 0.9), gain=1.0)
    assert torch.equal(found, joint)


def test_void_cells_count_nothing():
    one, other = keyframe(0, 10, void=True), keyframe(0, 10, void=True)
    blank = planes_at(one.soft, SIZE).sum(0) == 0
    assert blank.any()
    changed = features(0)
    changed.view(WIDTH, -1)[:, blank] = 7
    first, second = TargetModels(CONFIG), TargetModels(CONFIG)
    first.add_keyframe(one, features(0))
    second.add_keyframe(other, changed)
    now = features(5)
    assert torch.equal(first.scores(now, (1, 2)), second.scores(now, (1, 2)))


def test_an_object_is_left_out_of_keyframes_that_do_not_know_it():
    """Object 2 comes late: the first keyframe says nothing of it, not even that it is elsewhere."""
    now, alone = features(5), models(keyframe(9, 11))
    late = models(keyframe(0, 10, (1,)), keyframe(9, 11))
    assert torch.equal(late.scores(now, (1, 2))[1], alone.scores(now, (1, 2))[1])
    assert not torch.equal(late.scores(now, (1, 2))[0], alone.scores(now, (1, 2))[0])


def absent(index, seed, ids=(1, 2)):
    """A keyframe that shows the first of its objects and asserts that the second is not there."""
    planes = soft(seed, objects=1)
    return MemoryFrame(index, torch.zeros(1, *FINE), torch.cat([planes, planes[:1] * 0]), ids)


def test_an_absent_object_gives_only_negatives():
    cells = cells_of(features(9))
    sums = sums_of(cells, cells[0] * 0, torch.ones_like(cells[0]), balance=0.5)
    weights = torch.full_like(cells[0], 0.5 / cells.shape[1])
    torch.testing.assert_close(sums.answers, -(cells * weights).sum(1))
    now, before = features(9), models(keyframe(0, 10))
    with_absent = models(keyframe(0, 10), absent(9, 11))
    assert with_absent.scores(now, (1, 2))[1].mean() < before.scores(now, (1, 2))[1].mean()


def test_an_object_that_no_keyframe_shows_has_no_model():
    found = models(absent(0, 10))
    found.learn(soft(3), features(3), (1, 2), {1: 1.0, 2: 1.0})
    scores = found.scores(features(5), (1, 2))
    assert scores[0].any()
    assert not scores[1].any()
    joint = soft(4)[1:]
    unknown = models(keyframe(0, 10, (1,)))
    assert unknown.reweighed(joint, features(5), (7, 8)) is joint
    assert unknown.reweighed(joint[:0], features(5), ()).shape == (0, *FINE)


def test_keyframes_come_in_any_order_and_go_without_a_trace():
    now, kept = features(5), models(keyframe(0, 10), keyframe(9, 11))
    other = models(keyframe(9, 11), keyframe(4, 12), keyframe(0, 13), keyframe(0, 10))
    other.remove_keyframe(4)
    other.remove_keyframe(77)
    assert torch.equal(kept.scores(now, (1, 2)), other.scores(now, (1, 2)))
    kept.remove_keyframe(0)
    kept.remove_keyframe(9)
    assert not kept.scores(now, (1, 2)).any()


def test_a_new_walk_begins_without_the_earlier_one():
    now, found = features(5), models(keyframe(0, 10))
    before = found.scores(now, (1, 2))
    found.learn(soft(3), features(3), (1, 2), {1: 1.0})
    learned = found.scores(now, (1, 2))
    assert not torch.equal(learned[0], before[0])
    assert torch.equal(learned[1], before[1]), "not named, so nothing was learned of it"
    found.start()
    assert torch.equal(found.scores(now, (1, 2)), before)


def test_a_model_tells_its_object_from_the_background():
    """Object and background differ in one feature; the model of one frame finds it on another."""
    planes = torch.zeros(2, *FINE)
    planes[1, :4] = 1
    planes[0] = 1 - planes[1]
    looks = torch.zeros(WIDTH, *SIZE)
    looks[0, :2], looks[1, 2:] = 1, 1
    found = TargetModels(CONFIG)
    found.add_keyframe(MemoryFrame(0, torch.zeros(1, *FINE), planes, (3,)), looks)
    scores = found.scores(looks.flip(1), (3,))[0]
    assert scores[2:].min() > 0.9
    assert scores[:2].max() < -0.9


def test_saved_and_restored_it_goes_on_with_the_same_bytes():
    frames = [keyframe(0, 10), keyframe(9, 11, void=True)]
    whole, part = models(*frames), models(*frames)
    for index in (1, 2):
        for one in (whole, part):
            one.learn(soft(index), features(index), (1, 2), {1: 0.3, 2: 0.9})
    again = models(*frames)
    again.restore(part.to_arrays(), torch.device("cpu"))
    for one in (whole, again):
        one.learn(soft(3), features(3), (1, 2), {1: 0.8})
    assert torch.equal(whole.scores(features(5), (1, 2)), again.scores(features(5), (1, 2)))
    for name, array in whole.to_arrays().items():
        assert array.tobytes() == again.to_arrays()[name].tobytes()


def test_a_walk_without_walked_frames_is_saved_too():
    again = models(keyframe(0, 10))
    again.learn(soft(3), features(3), (1, 2), {1: 1.0})
    again.restore(models(keyframe(0, 10)).to_arrays(), torch.device("cpu"))
    now = features(5)
    assert torch.equal(again.scores(now, (1, 2)), models(keyframe(0, 10)).scores(now, (1, 2)))


def damaged():
    found = models(keyframe(0, 10))
    found.learn(soft(3), features(3), (1, 2), {1: 1.0})
    arrays = found.to_arrays()
    products, answers = arrays["target.products"], arrays["target.answers"]
    return {
        "nothing": {},
        "no sums": {"target.ids": arrays["target.ids"]},
        "other shape": arrays | {"target.products": products[:, :2]},
        "other numbers": arrays | {"target.answers": answers.astype(np.float64)},
        "no number": arrays | {"target.answers": answers * np.nan},
        "other features": arrays
        | {"target.products": products[:, :2, :2], "target.answers": answers[:, :2]},
    }


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_walk_is_refused(name):
    with pytest.raises(ValueError, match="saved walk"):
        models(keyframe(0, 10)).restore(damaged()[name], torch.device("cpu"))


def test_weights_have_the_least_squares():
    """No small change of the weights makes the weighted error and the ridge less."""
    cells, plane = cells_of(features(0)).double(), planes_at(soft(3), SIZE)[1].double()
    sums = sums_of(cells, plane, torch.ones_like(plane), balance=0.5)
    weights = solved([sums], ridge=CONFIG.ridge).double()
    added = CONFIG.ridge * sums.products.diagonal().mean()

    def loss(w):
        return w @ sums.products @ w - 2 * w @ sums.answers + added * w @ w

    for seed in range(8):
        step = torch.randn(WIDTH + 1, generator=torch.manual_seed(seed)).double() * 1e-3
        assert loss(weights + step) > loss(weights)


def test_what_coarser_cells_keep_equals_a_naive_loop():
    """Means of 2 x 2 cells, brought back by weights of 3/4 and 1/4, kept inside at the border."""
    plane = soft(8)[1] * 2.5
    coarse = pooled(plane[None])[0]
    union = both = 0
    for row in range(FINE[0]):
        for column in range(FINE[1]):
            value = 0.0
            near = [
                (k // 2, min(max(k // 2 + (1 if k % 2 else -1), 0), n - 1))
                for k, n in ((row, SIZE[0]), (column, SIZE[1]))
            ]
            for r, wr in zip(near[0], (0.75, 0.25), strict=True):
                for c, wc in zip(near[1], (0.75, 0.25), strict=True):
                    value += wr * wc * coarse[r, c]
            before = float(plane[row, column]) > 0.5
            both += before and value > 0.5
            union += before or value > 0.5
    assert 0 < both < union
    assert kept_at(plane, SIZE) == pytest.approx(both / union)
    assert kept_at(plane * 0, SIZE) == 0


def test_trust_rises_between_frail_and_sturdy():
    config = TargetConfig(frail=0.8, sturdy=0.9)
    assert trust([], config) == 0
    assert [trust([kept], config) for kept in (0.5, 0.8, 0.9, 1.0)] == pytest.approx([0, 0, 1, 1])
    assert trust([0.7, 1.0], config) == pytest.approx(0.5)


def test_a_thin_object_has_no_say_beside_a_thick_one():
    planes = torch.zeros(3, *FINE)
    planes[1, :, :6] = 1
    planes[2, :, 9] = 1
    planes[0] = 1 - planes[1:].sum(0)
    found = TargetModels(TargetConfig())
    found.add_keyframe(MemoryFrame(0, torch.zeros(1, *FINE), planes, (1, 2)), features(0))
    scores = found.scores(features(5), (1, 2))
    assert scores[0].any()
    assert not scores[1].any()
    found.learn(planes, features(3), (1, 2), {1: 1.0, 2: 1.0})
    assert list(found.to_arrays()["target.ids"]) == [1]
