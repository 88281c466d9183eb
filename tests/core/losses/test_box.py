"""Box losses against loops over pixels, written from the equations."""

from __future__ import annotations

import math

import pytest
import torch

from core.losses.box import (
    Average,
    DiceForm,
    disagreement,
    foreground_logits,
    merged_logits,
    pairwise_loss,
    projection_loss,
)
from core.ops.boxes import BoxPlanes, counted_pixels, fill_boxes

B, T, K, H, W = 2, 3, 2, 7, 9


def example():
    """Two clips of three frames; object 1 of clip 1 is unknown on frame 2, absent on frame 1."""
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(B, T, K, H, W, generator=generator, dtype=torch.float64) * 3
    lab = torch.randn(B, T, 3, H, W, generator=generator, dtype=torch.float64) * 1.2
    boxes = torch.tensor([1.0, 2, 4, 3]).repeat(B, T, K, 1)
    boxes[:, :, 1] = torch.tensor([4.0, 1, 5, 5])
    boxes[1, 1, 1] = torch.tensor([0.0, 0, 0, 0])
    boxes[1, 2, 1] = math.nan
    planes = fill_boxes(boxes, (H, W))
    return logits, lab, BoxPlanes(planes.planes.double(), planes.known)


def same_label(m, other):
    """Eq. 3.15."""
    return m * other + (1 - m) * (1 - other)


def dice_boxinst(p, b):
    if not any(b):
        return dice_thesis(p, b)
    over = sum(x * y for x, y in zip(p, b, strict=True))
    return 1 - 2 * over / (sum(x * x for x in p) + sum(y * y for y in b) + 1e-5)


def dice_thesis(p, b):
    """Eq. 3.11 with p = 2 and epsilon 1."""
    over = sum(x**2 * y**2 for x, y in zip(p, b, strict=True))
    return 1 - (1 + 2 * over) / (1 + sum(x**2 for x in p) + sum(y**2 for y in b))


NAIVE = {DiceForm.BOXINST: dice_boxinst, DiceForm.THESIS: dice_thesis}


def projection(picture, box, dice):
    """Eq. 3.8 to 3.10 of rows of numbers."""
    sides = ([[max(x) for x in zip(*p, strict=True)], [max(x) for x in p]] for p in (picture, box))
    return sum(dice(p, b) for p, b in zip(*sides, strict=True))


def by_frame(logits, boxes):
    for b in range(B):
        for t in range(T):
            for k in range(K):
                if boxes.known[b, t, k]:
                    yield b, t, k


@pytest.mark.parametrize("form", DiceForm)
def test_projection_is_the_mean_over_frames_that_are_known(form):
    logits, _, boxes = example()
    m = logits.sigmoid()
    losses = [
        projection(m[x].tolist(), boxes.planes[x].tolist(), NAIVE[form])
        for x in by_frame(logits, boxes)
    ]
    assert len(losses) == B * T * K - 1
    found = float(projection_loss(logits, boxes, form=form))
    assert found == pytest.approx(sum(losses) / len(losses), rel=1e-9)


@pytest.mark.parametrize("form", DiceForm)
def test_one_large_picture_is_laid_out_as_in_the_figure(form):
    logits, _, boxes = example()
    m = logits.sigmoid() * boxes.known[..., None, None]
    picture = [[0.0] * (K * T * W) for _ in range(B * H)]
    box = [row[:] for row in picture]
    for b in range(B):
        for k in range(K):
            for t in range(T):
                for y in range(H):
                    for x in range(W):
                        there = (b * H + y, (k * T + t) * W + x)
                        picture[there[0]][there[1]] = float(m[b, t, k, y, x])
                        box[there[0]][there[1]] = float(boxes.planes[b, t, k, y, x])
    found = float(projection_loss(logits, boxes, form=form, large_picture=True))
    assert found == pytest.approx(projection(picture, box, NAIVE[form]), rel=1e-9)


@pytest.mark.parametrize("form", DiceForm)
def test_a_filled_box_costs_nothing_and_an_empty_mask_all(form):
    _, _, boxes = example()
    there = boxes.planes.amax((-2, -1)) > 0
    boxes = BoxPlanes(boxes.planes, there)
    perfect = (boxes.planes - 0.5) * 80
    assert float(projection_loss(perfect, boxes, form=form)) == pytest.approx(0, abs=1e-5)
    empty = torch.full_like(perfect, -80)
    atol = 0 if form is DiceForm.BOXINST else 0.7
    assert float(projection_loss(empty, boxes, form=form)) == pytest.approx(2, abs=atol)


@pytest.mark.parametrize("form", DiceForm)
def test_an_absent_object_teaches_that_it_is_absent(form):
    boxes = fill_boxes(torch.zeros(1, 1, 1, 4), (H, W))
    logits = torch.zeros(1, 1, 1, H, W, requires_grad=True)
    projection_loss(logits, boxes, form=form).backward()
    assert (logits.grad > 0).all()
    assert float(projection_loss(torch.full_like(logits, -40), boxes, form=form)) < 1e-6


def test_in_a_crowd_nothing_outside_the_boxes_counts():
    logits, _, boxes = example()
    counted = counted_pixels(boxes, torch.tensor([True, False]))
    changed = logits.clone()
    changed[0, 1, :, 0, 0] = 30
    assert counted[0, 1, 0, 0] == 0 and counted[0, 1, 2, 1] == 1 and counted[1].all()
    same = projection_loss(changed, boxes, counted=counted)
    torch.testing.assert_close(same, projection_loss(logits, boxes, counted=counted))
    assert projection_loss(changed, boxes) != projection_loss(logits, boxes)


def naive_pairs(m, lab, box, *, threshold, dilation):
    """Sum over one frame of one object as in eq. 3.16, inside the box; and how many pairs."""
    total, pairs = 0.0, 0
    for y in range(H):
        for x in range(W):
            for v in (y - dilation, y, y + dilation):
                for u in (x - dilation, x, x + dilation):
                    if (v, u) == (y, x) or not (0 <= v < H and 0 <= u < W):
                        continue
                    apart = math.sqrt(float(((lab[:, y, x] - lab[:, v, u]) ** 2).sum()))
                    if box[y, x] and math.exp(-apart / 2) >= threshold:
                        total -= math.log(same_label(float(m[y, x]), float(m[v, u])))
                        pairs += 1
    return total, pairs


@pytest.mark.parametrize("threshold", [0.1, 0.3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_pairwise_is_the_loop(threshold, dilation):
    logits, lab, boxes = example()
    m = logits.sigmoid()
    sums = [
        naive_pairs(
            m[b, t, k], lab[b, t], boxes.planes[b, t, k], threshold=threshold, dilation=dilation
        )
        for b, t, k in by_frame(logits, boxes)
    ]
    total, pairs = (sum(x) for x in zip(*sums, strict=True))
    assert 50 < pairs < 1500
    for average, divisor in ((Average.PAIRS, pairs), (Average.PIXELS, H * W * len(sums))):
        found = pairwise_loss(
            logits, lab, boxes, threshold=threshold, dilation=dilation, average=average
        )
        assert float(found) == pytest.approx(total / divisor, rel=1e-9)


def test_one_color_and_one_label_cost_nothing():
    _, lab, boxes = example()
    everywhere = BoxPlanes(torch.ones_like(boxes.planes), torch.ones_like(boxes.known))
    for logits in (torch.full((B, T, K, H, W), -60.0), torch.full((B, T, K, H, W), 60.0)):
        assert float(pairwise_loss(logits, torch.zeros_like(lab), everywhere)) < 1e-6
    perfect = (boxes.planes - 0.5) * 80
    two_colors = boxes.planes[:, :, :1].expand(B, T, 3, H, W) * 50
    alone = BoxPlanes(boxes.planes[:, :, :1], boxes.known[:, :, :1])
    assert float(pairwise_loss(perfect[:, :, :1], two_colors, alone)) < 1e-6


def test_detached_halves_have_half_the_gradient():
    """Eq. 3.22 is eq. 3.21 with a weight of 1/2."""
    values = torch.randn(2, 500, dtype=torch.float64, generator=torch.manual_seed(1)) * 4
    grads = []
    for detach in (False, True):
        z = values.clone().requires_grad_()
        loss = disagreement(z[0], z[1], detach=detach)
        torch.testing.assert_close(loss, disagreement(values[0], values[1]))
        loss.sum().backward()
        grads.append(z.grad)
    assert float((grads[1] - grads[0] / 2).abs().max()) < 1e-12
    z = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
    disagreement(z[0], z[1], detach=True).sum().backward()
    assert float(z.grad.abs().max()) == 0


def test_foreground_of_classes_is_their_softmax():
    logits = torch.randn(B, T, 1 + K, H, W, generator=torch.manual_seed(4))
    wanted = logits.softmax(2)
    torch.testing.assert_close(foreground_logits(logits).sigmoid(), wanted[:, :, 1:])
    torch.testing.assert_close(merged_logits(logits).sigmoid(), wanted[:, :, 1:].sum(2, True))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_full(kind):
    logits, lab, boxes = example()
    half, lab = logits.to(kind), lab.float()
    boxes = BoxPlanes(boxes.planes.float(), boxes.known)
    for loss in (lambda x: projection_loss(x, boxes), lambda x: pairwise_loss(x, lab, boxes)):
        assert loss(half).dtype == torch.float32
        torch.testing.assert_close(loss(half), loss(half.float()))
