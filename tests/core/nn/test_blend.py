"""Weights between two states of a network."""

from __future__ import annotations

import pytest
import torch

from core.nn.blend import blended


def states():
    torch.manual_seed(0)
    start, end = torch.nn.BatchNorm2d(3), torch.nn.BatchNorm2d(3)
    end(torch.randn(4, 3, 5, 5))
    with torch.no_grad():
        end.weight += torch.tensor([1.0, -2.0, 0.0])
    return start.state_dict(), end.state_dict()


def test_on_the_straight_line():
    start, end = states()
    third = blended(start, end, 1 / 3)
    assert third["weight"] == pytest.approx(torch.tensor([4 / 3, 1 / 3, 1.0]))
    for name in ("running_mean", "running_var", "bias"):
        torch.testing.assert_close(third[name], start[name] + (end[name] - start[name]) / 3)
    assert int(third["num_batches_tracked"]) == 1


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_ends(share):
    start, end = states()
    found, wanted = blended(start, end, share), (start, end)[int(share)]
    assert all(torch.equal(found[name], wanted[name]) for name in ("weight", "running_var"))
    found["weight"] += 1
    assert not torch.equal(found["weight"], wanted["weight"]), "a copy"


def test_half_precision_of_the_start_is_no_matter():
    start, end = states()
    start = {name: x.half() if x.is_floating_point() else x for name, x in start.items()}
    assert blended(start, end, 0.5)["weight"].dtype == torch.float32


def test_two_networks():
    start, end = states()
    with pytest.raises(ValueError, match="two networks"):
        blended(start, {**end, "more": end["bias"]}, 0.5)
    with pytest.raises(ValueError, match="two networks"):
        blended(start, {**end, "bias": torch.zeros(4)}, 0.5)
