"""Sharpening keeps mass and order."""

from __future__ import annotations

import pytest
import torch

from core.ops.sharpen import sharpened


def probabilities(*objects: torch.Tensor) -> torch.Tensor:
    planes = torch.stack(objects)
    return torch.cat([1 - planes.sum(0, keepdim=True), planes])


def noise(seed: int, scale: float) -> torch.Tensor:
    return scale * torch.rand(12, 17, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("power", [1.0, 2.0, 5.0])
def test_an_object_keeps_its_mass(power):
    soft = probabilities(noise(0, 0.9))
    result = sharpened(soft, power)
    assert result[1].sum() == pytest.approx(float(soft[1].sum()), rel=1e-3)
    assert torch.allclose(result.sum(0), torch.ones(12, 17), atol=1e-6)


def test_a_pale_thin_object_is_not_lost():
    """At 0.4 throughout a plain power would take it below the background everywhere."""
    plane = torch.zeros(9, 9)
    plane[3:6] = torch.tensor([0.2, 0.6, 0.4])[:, None]
    result = sharpened(probabilities(plane), 4.0)[1]
    assert result.sum() == pytest.approx(float(plane.sum()), rel=1e-3)
    assert result[4].min() > 0.9
    assert result[3].max() < 0.05


def test_the_order_of_cells_stays_and_contrast_grows():
    plane = noise(3, 1.0)
    result = sharpened(probabilities(plane), 2.0)[1]
    assert torch.equal(plane.flatten().argsort(), result.flatten().argsort())
    assert result.std() > plane.std()


def test_power_one_changes_nothing():
    soft = probabilities(noise(1, 0.5), noise(2, 0.5))
    assert torch.allclose(sharpened(soft, 1.0), soft, atol=1e-4)


def test_objects_stay_within_the_whole():
    soft = probabilities(noise(1, 0.5), noise(2, 0.5))
    result = sharpened(soft, 6.0)
    assert result.min() >= 0
    assert torch.allclose(result.sum(0), torch.ones(12, 17), atol=1e-6)


def test_an_object_that_is_nowhere_stays_nowhere():
    result = sharpened(probabilities(torch.zeros(5, 5), torch.ones(5, 5)), 2.0)
    assert result[1].max() == 0
    assert result[2].min() == 1


def test_no_object_is_all_background():
    assert torch.equal(sharpened(torch.ones(1, 4, 4), 2.0), torch.ones(1, 4, 4))


def test_rounding_beyond_a_whole_is_no_harm():
    plane = torch.tensor([[1.0000001, 0.3, -1e-8]])
    result = sharpened(torch.stack([1 - plane, plane]), 2.0)
    assert torch.isfinite(result).all()
    assert result[1, 0, 0] == 1
