"""The temporal loss against a loop written from its equations."""

from __future__ import annotations

import math

import pytest
import torch

from core.losses.temporal import ring_matches, temporal_loss
from core.ops.boxes import BoxPlanes, fill_boxes
from core.ops.color_matches import CYCLIC_TUBE, MASKFREEVIS, Search

B, T, K, H, W = 1, 3, 2, 10, 11
SMALL = Search(size=3, step=2, kept=2)


def example():
    generator = torch.Generator().manual_seed(7)
    logits = torch.randn(B, T, K, H, W, generator=generator, dtype=torch.float64) * 3
    lab = torch.randn(B, T, 3, H, W, generator=generator, dtype=torch.float64) * 0.7
    boxes = torch.tensor([1.0, 2, 6, 5]).repeat(B, T, K, 1)
    boxes[:, :, 1] = torch.tensor([5.0, 1, 5, 8])
    boxes[:, 1, 1] = math.nan
    planes = fill_boxes(boxes, (H, W))
    return logits, lab, BoxPlanes(planes.planes.double(), planes.known)


def patch(lab, y, x, side):
    """The N x N x 3 values around a pixel; None where the patch leaves the picture."""
    r = side // 2
    if y - r < 0 or x - r < 0 or y + r >= lab.shape[1] or x + r >= lab.shape[2]:
        return None
    return lab[:, y - r : y + r + 1, x - r : x + r + 1]


def matched(lab, later, y, x, search, threshold):
    """Middles of C_p of eq. 3.18; at most `kept` of the most similar."""
    own, found = patch(lab, y, x, search.patch), []
    reach = search.size // 2
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            v, u = y + i * search.step, x + j * search.step
            other = patch(later, v, u, search.patch)
            if own is not None and other is not None:
                apart = math.sqrt(float(((own - other) ** 2).sum()))
                found.append((math.exp(-apart / 2), v, u))
    found.sort(reverse=True)
    return [(v, u) for s, v, u in found[: search.kept] if s >= threshold]


def naive(logits, lab, boxes, search, threshold):
    """Mean of -log p over the pairs of each two frames, then over the ring (eq. 3.18, 3.19)."""
    m, rings = logits.sigmoid(), []
    reach = search.patch // 2 if search.whole else 0
    for t in range(T):
        total, pairs, after = 0.0, 0, (t + 1) % T
        for k in range(K):
            box = boxes.planes[0, :, k].amax(0) if search.any_box else boxes.planes[0, t, k]
            for y in range(H):
                for x in range(W):
                    if not box[y, x]:
                        continue
                    for v, u in matched(lab[0, t], lab[0, after], y, x, search, threshold):
                        for r in range(v - reach, v + reach + 1):
                            for c in range(u - reach, u + reach + 1):
                                p, q = float(m[0, t, k, y, x]), float(m[0, after, k, r, c])
                                total -= math.log(p * q + (1 - p) * (1 - q))
                                pairs += 1
        rings.append(total / max(pairs, 1))
    return sum(rings) / T


@pytest.mark.parametrize("search", [CYCLIC_TUBE, MASKFREEVIS, SMALL])
@pytest.mark.parametrize("threshold", [0.0, 0.06])
def test_it_is_the_loop(search, threshold):
    logits, lab, boxes = example()
    wanted = naive(logits, lab, boxes, search, threshold)
    found = float(temporal_loss(logits, lab, boxes, search=search, threshold=threshold))
    assert wanted > 0.1
    assert found == pytest.approx(wanted, rel=1e-9)


def test_the_searches():
    """N = 3 and M = 5, disjoint: 25 patches, all pixels of which are different ones."""
    reached = {(y + r, x + c) for y, x in CYCLIC_TUBE.places for r, c in CYCLIC_TUBE.tied}
    assert reached == {(y, x) for y in range(-7, 8) for x in range(-7, 8)}
    assert set(MASKFREEVIS.places) == {(y, x) for y in (-3, 0, 3) for x in (-3, 0, 3)}
    assert MASKFREEVIS.tied == ((0, 0),)


def test_a_clip_that_moves_by_3_pixels_is_matched_there():
    still = torch.randn(3, 40, 40, generator=torch.manual_seed(0)) * 20
    lab = torch.stack([still.roll((3 * t, -3 * t), (1, 2)) for t in range(2)])[None]
    for search in (CYCLIC_TUBE, MASKFREEVIS):
        found = ring_matches(lab, search)[0, 0, :, 8:-8, 8:-8]
        right = search.places.index((3, -3))
        assert found[right].all()
        assert found.sum() == found[right].sum()


def test_the_threshold_is_a_distance_of_5_99():
    lab = torch.zeros(1, 2, 3, 3, 3)
    only = Search(size=1)
    for distance, near in ((5.98, True), (6.0, False)):
        lab[0, 1] = distance / math.sqrt(27)
        assert bool(ring_matches(lab, only, threshold=0.05)[0, 0, 0, 1, 1]) is near


@pytest.mark.parametrize("search", [CYCLIC_TUBE, MASKFREEVIS])
def test_eq_3_22_is_a_weight_of_one_half(search):
    logits, lab, boxes = example()
    grads = []
    for detach in (False, True):
        z = logits.clone().requires_grad_()
        loss = temporal_loss(z, lab, boxes, search=search, detach=detach)
        loss.backward()
        grads.append(z.grad)
    assert float(grads[0].abs().max()) > 1e-5
    assert float((grads[1] - grads[0] / 2).abs().max()) < 1e-12


def test_undecided_pixels_have_no_gradient():
    logits, lab, boxes = example()
    z = torch.zeros_like(logits).requires_grad_()
    temporal_loss(z, lab, boxes, detach=True).backward()
    assert float(z.grad.abs().max()) == 0


def test_masks_that_are_all_or_nothing_cost_nothing():
    """Why the projection has to be there too (section 3.3.1)."""
    logits, lab, boxes = example()
    for value in (-60.0, 60.0):
        assert float(temporal_loss(torch.full_like(logits, value), lab, boxes)) < 1e-9


def test_one_frame_has_no_neighbor():
    logits, lab, boxes = example()
    alone = BoxPlanes(boxes.planes[:, :1], boxes.known[:, :1])
    z = logits[:, :1].clone().requires_grad_()
    loss = temporal_loss(z, lab[:, :1], alone)
    loss.backward()
    assert float(loss.detach()) == 0 and float(z.grad.abs().max()) == 0
