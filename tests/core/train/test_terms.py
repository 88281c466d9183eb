"""The sum that training minimizes."""

from __future__ import annotations

import torch

from core.train.terms import LossTerms


def test_total_is_the_weighted_sum():
    a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    total = LossTerms({"a": (a * a, 0.5), "b": (b, 2.0)}).total
    assert total.item() == 8
    total.backward()
    assert (a.grad.item(), b.grad.item()) == (2, 2)


def test_one_term_is_enough():
    assert LossTerms({"a": (torch.tensor(4.0), 0.25)}).total.item() == 1
