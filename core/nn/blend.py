"""Weights between those that a network had and those that it has learned since."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def blended(
    start: Mapping[str, Tensor], end: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Weights on the straight line between two of one network (Wortsman et al. 2022, eq. 1).

    What training learns for a task is kept in part, and so is what it forgets of others: often
    the blend is better than both ends ("Robust fine-tuning of zero-shot models", WiSE-FT).

    Args:
        start: state of the network before training.
        end: state after it; same names and shapes.
        share: of the way from start to end; 0 is start, 1 is end.

    Returns:
        A new state: floating tensors (statistics of batch norm among them) lie between, whole
        numbers are those of `end`.

    Raises:
        ValueError: the states are of two networks.
    """
    if start.keys() != end.keys() or any(start[k].shape != end[k].shape for k in end):
        msg = "The weights to be blended are of two networks."
        raise ValueError(msg)
    return {name: _between(start[name], end[name], share) for name in end}


def _between(start: Tensor, end: Tensor, share: float) -> Tensor:
    if not end.is_floating_point():
        return end.clone()
    return start.to(end.device, end.dtype).lerp(end, share)
