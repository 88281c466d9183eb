"""How far what was learned of a video may be believed, object by object.

A network that has not even learned the keyframes, because objects are small, many or alike, would
take away what propagation knows. The user's own masks tell: where the network does not find them
again, it has little say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.nn.unet import UNet
from core.tracking.adaptation.learning import predict
from core.tracking.adaptation.samples import Sample

FAILED, LEARNED = 0.5, 0.8
"""Intersection over union with the keyframes' masks at which a network has no say, and a full one.

Chosen on five sequences of DEV; see docs/accuracy.md.
"""


def network_weights(net: UNet, samples: list[Sample], say: float) -> NDArray[np.float32]:
    """Weight of a network against propagation, for each of its K objects, 0..`say`.

    Args:
        net: of the video, in eval mode.
        samples: what it learned from; only keyframes and their variants are looked at.
        say: weight of a network that has learned its keyframes.
    """
    keyframes = [sample for sample in samples if sample.is_keyframe]
    overlaps = np.array([_overlaps(net, sample) for sample in keyframes])
    if not len(overlaps):
        return np.zeros(len(samples[0].probabilities) - 1, np.float32)
    seen = ~np.isnan(overlaps)
    mean = np.where(seen, overlaps, 0).sum(0) / np.maximum(seen.sum(0), 1)
    weights: NDArray[np.float32] = np.clip((mean - FAILED) / (LEARNED - FAILED), 0, 1)
    return (say * weights).astype(np.float32)


def _overlaps(net: UNet, sample: Sample) -> NDArray[np.float64]:
    """Of each object's mask with what the network finds; NaN where there is nothing to find."""
    found = predict(net, sample.image, sample.keys).argmax(0)
    true = sample.half_probabilities().argmax(0)
    counts = sample.weight > 0
    overlaps = np.full(len(sample.probabilities) - 1, np.nan)
    for row in range(len(overlaps)):
        mine, its = (found == 1 + row) & counts, (true == 1 + row) & counts
        if its.any():
            overlaps[row] = (mine & its).sum() / (mine | its).sum()
    return overlaps
