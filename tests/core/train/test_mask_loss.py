"""All losses of a batch that has boxes, masks, crowds and padding."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from core.losses.box import DiceForm, foreground_logits, merged_logits, projection_loss
from core.losses.masks import bootstrapped_cross_entropy
from core.losses.temporal import temporal_loss
from core.ops.boxes import BoxPlanes, fill_boxes
from core.ops.color import cielab
from core.ops.color_matches import CYCLIC_TUBE, MASKFREEVIS
from core.train.mask_loss import (
    MaskLossConfig,
    Supervision,
    first_masks,
    mask_loss,
    top_share,
    warmed,
)

B, T, K, H, W = 3, 3, 2, 32, 40
DEFAULT = MaskLossConfig()
BOX_TERMS = {"projection", "pairwise", "temporal"}


def example():
    """A clip of boxes, one that begins with a mask, a crowd with one object and padding."""
    generator = torch.Generator().manual_seed(9)
    logits = torch.randn(B, T, 1 + K, H, W, generator=generator)
    rgb = torch.rand(B, T, 3, H, W, generator=generator) * 0.03 + 0.4
    boxes = torch.tensor([4.0, 4, 16, 20]).repeat(B, T, K, 1)
    boxes[:, :, 1] = torch.tensor([18.0, 8, 12, 12])
    boxes[2, :, 1] = math.nan
    label_maps = torch.zeros(B, T, H, W, dtype=torch.uint8)
    label_maps[1, 0, 6:20, 6:14] = 1
    masked = torch.zeros(B, T, dtype=torch.bool)
    masked[1, 0] = True
    return logits, rgb, Supervision(boxes, label_maps, masked, torch.tensor([False, False, True]))


def terms(logits, rgb, known, config=DEFAULT, done=1.0):
    return {
        k: (float(v.detach()), w)
        for k, (v, w) in mask_loss(logits, rgb, known, config, done=done).terms.items()
    }


def test_terms_and_weights():
    found = terms(*example())
    assert set(found) == BOX_TERMS | {"cross_entropy", "dice"}
    assert {name: weight for name, (_, weight) in found.items()} == pytest.approx(
        {"projection": 1, "pairwise": 1, "temporal": 0.1 * T, "cross_entropy": 1, "dice": 1}
    )
    assert all(0 < value < 5 for value, _ in found.values())


def test_each_term_is_the_loss_of_its_frames():
    logits, rgb, known = example()
    config = MaskLossConfig(search=MASKFREEVIS, stride=2, detach=False)
    found = terms(logits, rgb, known, config)
    boxes = fill_boxes(known.boxes, (H, W)).without(known.masked)
    counted = torch.ones(B, T, H, W)
    counted[2] = boxes.planes[2].amax(1)
    wanted = projection_loss(foreground_logits(logits), boxes, counted=counted)
    assert found["projection"][0] == pytest.approx(float(wanted), rel=1e-5)
    small = torch.nn.functional.avg_pool2d
    lab = cielab(small(rgb.flatten(0, 1), 2).view(B, T, 3, H // 2, W // 2))
    z = small(foreground_logits(logits).flatten(0, 1), 2).view(B, T, K, H // 2, W // 2)
    wanted = temporal_loss(z, lab, boxes.pooled(2), search=MASKFREEVIS)
    assert found["temporal"][0] == pytest.approx(float(wanted), rel=1e-5)
    wanted = bootstrapped_cross_entropy(logits, known.label_maps, known.masked, top=0.15)
    assert found["cross_entropy"][0] == pytest.approx(float(wanted), rel=1e-5)


def test_everything_has_a_gradient_and_it_is_finite():
    logits, rgb, known = example()
    z = logits.clone().requires_grad_()
    mask_loss(z, rgb, known, MaskLossConfig()).total.backward()
    assert z.grad.isfinite().all()
    assert all(float(z.grad[b].abs().sum()) > 0 for b in range(B))


def test_steps_down_the_losses_make_boxes_of_the_masks():
    logits, rgb, known = example()
    z = torch.zeros_like(logits).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.5)
    for _ in range(60):
        optimizer.zero_grad()
        mask_loss(z, rgb, known, MaskLossConfig(pairwise=0, temporal=0)).total.backward()
        optimizer.step()
    assert terms(z, rgb, known)["projection"][0] < 0.05
    assert terms(z, rgb, known)["dice"][0] < 0.05


def test_color_comes_in_slowly():
    begin, middle = terms(*example(), done=0.0), terms(*example(), done=1 / 22)
    assert set(begin) == {"projection", "cross_entropy", "dice"}
    assert middle["pairwise"][1] == pytest.approx(0.5)
    assert middle["temporal"][1] == pytest.approx(0.05 * T)
    assert [warmed(x, 0.1) for x in (0, 0.05, 0.1, 1)] == pytest.approx([0, 0.5, 1, 1])
    assert warmed(0, 0) == 1


def test_worst_pixels_count_more_and_more():
    config = MaskLossConfig()
    shares = [top_share(x / 110, config) for x in (0, 20, 45, 70, 110)]
    assert shares == pytest.approx([1, 1, 0.575, 0.15, 0.15])


def test_a_crowd_stays_out_of_merged_losses():
    logits, rgb, known = example()
    config = MaskLossConfig(merged=True)
    found = terms(logits, rgb, known, config)
    changed = logits.clone()
    changed[2] = changed[2].flip(-1)
    assert terms(changed, rgb, known, config) == found
    assert terms(changed, rgb, known)["projection"] != terms(logits, rgb, known)["projection"]
    boxes = fill_boxes(known.boxes, (H, W)).without(known.masked).merged()
    seen = BoxPlanes(boxes.planes[:2], boxes.known[:2])
    wanted = projection_loss(merged_logits(logits[:2]), seen)
    assert found["projection"][0] == pytest.approx(float(wanted), rel=1e-5)


def test_merged_objects_may_swap_their_places_between_frames():
    logits, rgb, known = example()
    config = MaskLossConfig(merged=True)
    boxes = known.boxes.clone()
    boxes[:2, 1] = boxes[:2, 1].flip(1)
    swapped = replace(known, boxes=boxes)
    assert terms(logits, rgb, swapped, config) == terms(logits, rgb, known, config)
    assert terms(logits, rgb, swapped) != terms(logits, rgb, known)


def test_what_a_crowd_has_outside_its_boxes_is_void_for_masks_too():
    logits, rgb, known = example()
    known = replace(known, masked=torch.ones(B, T, dtype=torch.bool))
    changed = logits.clone()
    changed[2, :, :, 26:] += torch.tensor([0.0, 9, -9]).view(1, 3, 1, 1)
    found, before = terms(changed, rgb, known), terms(logits, rgb, known)
    assert {k: v for k, (v, _) in found.items()} == pytest.approx(
        {k: v for k, (v, _) in before.items()}
    )
    open_clip = replace(known, crowd=torch.zeros(B, dtype=torch.bool))
    assert terms(changed, rgb, open_clip) != terms(logits, rgb, open_clip)


@pytest.mark.parametrize("form", DiceForm)
@pytest.mark.parametrize("large_picture", [False, True])
def test_options_reach_the_projection(form, large_picture):
    logits, rgb, known = example()
    config = MaskLossConfig(form=form, large_picture=large_picture, pairwise=0, temporal=0)
    boxes = fill_boxes(known.boxes, (H, W)).without(known.masked)
    counted = torch.ones(B, T, H, W)
    counted[2] = boxes.planes[2].amax(1)
    wanted = projection_loss(
        foreground_logits(logits), boxes, counted=counted, form=form, large_picture=large_picture
    )
    found = terms(logits, rgb, known, config)
    assert found["projection"][0] == pytest.approx(float(wanted), rel=1e-5)
    assert BOX_TERMS & set(found) == {"projection"}


def test_one_model_begins_with_boxes_or_masks():
    _, _, known = example()
    by_mask = first_masks(known, torch.zeros(B, dtype=torch.bool))
    by_box = first_masks(known, torch.ones(B, dtype=torch.bool))
    assert by_mask.shape == (B, K, H, W)
    assert float(by_mask[1, 0].sum()) == 14 * 8 and float(by_mask[1, 1].sum()) == 0
    assert float(by_box[1, 0].sum()) == 16 * 20 and float(by_box[1, 1].sum()) == 12 * 12
    torch.testing.assert_close(by_mask[0], by_box[0])
    assert float(by_mask[2, 1].sum()) == 0


def test_nothing_known_is_no_loss():
    logits, rgb, known = example()
    known = replace(
        known, boxes=torch.full_like(known.boxes, math.nan), masked=known.masked & False
    )
    z = logits.clone().requires_grad_()
    total = mask_loss(z, rgb, known, MaskLossConfig()).total
    total.backward()
    assert float(total.detach()) == 0 and float(z.grad.abs().max()) == 0


def moving_disk():
    """Frames with a bright disk that moves, where it is, and its boxes."""
    frames, side = 4, 48
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    centers = [(20 + 3 * t, 22 + 2 * t) for t in range(frames)]
    disks = torch.stack([(y - v) ** 2 + (x - u) ** 2 <= 13**2 for v, u in centers])
    noise = torch.rand(frames, 3, side, side, generator=torch.manual_seed(0)) * 0.02
    rgb = torch.where(disks[:, None], 0.7, 0.3) + noise
    boxes = torch.tensor([[[u - 13.0, v - 13, 27, 27]] for v, u in centers])
    known = Supervision(
        boxes[None],
        torch.zeros(1, frames, side, side, dtype=torch.uint8),
        torch.zeros(1, frames, dtype=torch.bool),
        torch.zeros(1, dtype=torch.bool),
    )
    return rgb[None], disks, known


def test_the_true_mask_costs_least():
    rgb, disks, known = moving_disk()
    box = fill_boxes(known.boxes, disks.shape[-2:]).planes[0, :, 0] > 0
    cross = torch.zeros_like(disks)
    for t, (u, v, *_) in enumerate(known.boxes[0, :, 0].int().tolist()):
        cross[t, v + 13, u : u + 27] = True
        cross[t, v : v + 27, u + 13] = True
    for search in (CYCLIC_TUBE, MASKFREEVIS):
        config = MaskLossConfig(stride=1, search=search)
        costs = []
        for mask in (disks, cross, box, torch.zeros_like(box)):
            z = (mask * 40.0 - 20)[None, :, None]
            found = mask_loss(torch.cat((torch.zeros_like(z), z), 2), rgb, known, config)
            costs.append(float(found.total))
        # Whole patches tie a little across the disk's edge.
        assert costs[0] < 0.02 and min(costs[1:]) > 0.1


def test_a_network_learns_the_disk_from_boxes():
    """In a run this short the colors have to come in late, or all becomes one object."""
    rgb, disks, known = moving_disk()
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    config = MaskLossConfig(stride=1, search=MASKFREEVIS, warm_up=0.7)
    for step in range(150):
        optimizer.zero_grad()
        z = network(rgb[0])[None]
        logits = torch.cat((torch.zeros_like(z), z), 2)
        mask_loss(logits, rgb, known, config, done=step / 150).total.backward()
        optimizer.step()
    mask = z[0, :, 0] > 0
    assert float((mask & disks).sum() / (mask | disks).sum()) > 0.95


def test_without_losses_of_boxes_no_color_is_computed(monkeypatch):
    monkeypatch.setattr("core.train.mask_loss.cielab", lambda rgb: pytest.fail("not needed"))
    logits, rgb, known = example()
    config = MaskLossConfig(projection=0, pairwise=0, temporal=0)
    assert set(mask_loss(logits, rgb, known, config).terms) == {"cross_entropy", "dice"}
