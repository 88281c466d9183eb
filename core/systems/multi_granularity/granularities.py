"""The four granularities of a batch of videos as losses (section 3.1 of the paper)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.losses.bootstrap import foreground_cross_entropy
from core.losses.patch_tracking import (
    resemblance,
    soft_peak,
    tracking_consistency,
    wanted_response,
)
from core.losses.semantic_matching import semantic_matching
from core.losses.video_discrimination import video_discrimination, video_scores
from core.nn.steady_norm import steady_norms
from core.ops.attention import dense_affinity
from core.ops.patches import cut_patches
from core.systems.multi_granularity.config import STRIDE
from core.systems.multi_granularity.model import MultiGranularity

SHARPNESS = 5.0
"""Of the softmax that finds a response's peak."""
Losses = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Terms:
    """Weights of the losses; 0 leaves one out."""

    frame: float = 1.0
    short: float = 0.1
    long: float = 0.02
    video: float = 0.5

    def weights(self) -> dict[str, float]:
        """By name, those that count. The read-out of the whole video always learns (3.3)."""
        given = {n: float(getattr(self, n)) for n in ("frame", "short", "long", "video")}
        return {"readout": 1.0} | {name: weight for name, weight in given.items() if weight}


class Granularities(nn.Module):
    """A network and the losses of it that are wanted; one pass of a batch computes all of them."""

    def __init__(self, network: MultiGranularity, terms: Terms) -> None:
        super().__init__()
        self.network = network
        self.terms = terms

    def forward(self, frames: Tensor, roles: Tensor, corners: Tensor, target: Tensor) -> Losses:
        """Losses of a batch by name; see `core.data.video_abstracts.AbstractBatch`.

        Args:
            frames: N x T x 3 x S x S, 0..1: those of the abstract, then three of the clip.
            roles: N x 4, places in the abstract: query, instance, both of the distant pair.
            corners: N x 2, the patch's first pixel in the first frame of the clip.
            target: N x K x S/4 x S/4, 0..1: what is foreground on the frames of the abstract.
        """
        batch = len(frames)
        flat = self.network.features(frames.flatten(0, 1))
        features = torch.unflatten(flat, 0, (batch, -1))
        wanted = self.terms.weights()
        found = self._whole(features[:, :-3], roles, target, tell_apart="video" in wanted)
        if "frame" in wanted:
            logits = self.network.single_logits(features[:, :-3].flatten(0, 1))
            found["frame"] = foreground_cross_entropy(logits, target.flatten(0, 1))
        if "short" in wanted:
            found["short"] = tracked(self.network, frames[:, -3:], features[:, -3:], corners)
        if "long" in wanted:
            pair = [chosen(features, roles[:, n]) for n in (2, 3)]
            found["long"] = matched(self.network, *pair)
        return found

    def _whole(
        self, abstract: Tensor, roles: Tensor, target: Tensor, *, tell_apart: bool
    ) -> Losses:
        """Reading masks off the whole video, and telling videos apart."""
        seen = [global_features(self.network, abstract, roles[:, n]) for n in (0, 1)]
        targets = torch.cat([chosen(target, roles[:, n]) for n in (0, 1)])
        read = torch.cat(seen)
        # Without the granularity of frames nothing of the prior may reach the features.
        logits = self.network.whole_logits(read if self.terms.frame else read.detach())
        found = {"readout": foreground_cross_entropy(logits, targets)}
        if tell_apart:
            found["video"] = video_discrimination(video_scores(*seen))
        return found


def chosen(frames: Tensor, places: Tensor) -> Tensor:
    """Of each of N videos one of T frames: N x T x ... and N -> N x ..."""
    return frames[torch.arange(len(frames), device=frames.device), places]


def global_features(network: MultiGranularity, abstract: Tensor, places: Tensor) -> Tensor:
    """r of one frame of each abstract, the others being its references (eq. 9 to 11).

    Args:
        network: gathers.
        abstract: N x K x C x h x w features.
        places: N, which frame of each is the query.
    """
    count = abstract.shape[1]
    others = (places[:, None] + 1 + torch.arange(count - 1, device=places.device)) % count
    rows = torch.arange(len(abstract), device=places.device)[:, None]
    references = network.pooled_references(abstract)[rows, others]
    return network.gathered(chosen(abstract, places), references)


def tracked(network: MultiGranularity, frames: Tensor, features: Tensor, corners: Tensor) -> Tensor:
    """Loss of a patch that goes over three frames and back (eq. 3 to 5, figure 3).

    Args:
        network: makes features of patches.
        frames: N x 3 x 3 x S x S, in order.
        features: N x 3 x C x s x s of them.
        corners: N x 2, the patch's first pixel in the first frame.
    """
    side = patch_side(frames.shape[-1])
    cells = side // STRIDE
    start = here = corners.float() / STRIDE + cells // 2
    for before, after in ((0, 1), (1, 2), (2, 1), (1, 0)):
        corner = (here - cells // 2).clamp(0, features.shape[-1] - cells) * STRIDE
        # Patches are few and all border: frames would be normalized by them in inference.
        with steady_norms(network.encoder):
            patch = network.features(cut_patches(frames[:, before], corner, side))
        with torch.autocast(patch.device.type, enabled=False):
            fit = resemblance(patch.float(), features[:, after].float())
            response = network.gain * fit + network.offset
            here = soft_peak(response, sharpness=SHARPNESS)
    size = (response.shape[-2], response.shape[-1])
    return tracking_consistency(response.sigmoid(), wanted_response(start, size, cells))


def patch_side(side: int) -> int:
    """Pixels of a patch's side: a quarter of the frame's, as 64 of 256 (section 3.2)."""
    return max(16, side // 64 * 16)


def matched(network: MultiGranularity, first: Tensor, second: Tensor) -> Tensor:
    """Loss of matching distant frames (eq. 6 to 8).

    Args:
        network: regresses transformations.
        first: N x C x h x w features.
        second: the same of another frame of each video.
    """
    size = (network.config.lattice,) * 2
    small = [F.adaptive_avg_pool2d(x, size) for x in (first, second)]
    there, back = (dense_affinity(b, a.flatten(2)) for a, b in (small, small[::-1]))
    affines = network.matcher(there), network.matcher(back)
    with torch.autocast(there.device.type, enabled=False):
        return semantic_matching(
            there, back, affines=(affines[0].float(), affines[1].float()), size=size
        )
