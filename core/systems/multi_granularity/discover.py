"""Finding what a video is about: one map a frame of all that is an object (section 3.3)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.device import memory_errors
from core.discovery.contract import DiscoveryRequest, ObjectTrack
from core.discovery.masks import THRESHOLD, largest_parts
from core.discovery.single_track import SingleTrack
from core.jobs import CancelToken, Job, Progress
from core.media.video import VideoSource
from core.systems.multi_granularity.config import RESNET50, STEP
from core.systems.multi_granularity.model import MultiGranularity, cautious_threshold
from core.tracking.sizes import shrunk
from core.types import Frame

SHORT_SIDE, PAPER_SHORT_SIDE = 192, 256
"""Working size in pixels; that of the paper for its own network."""
REFERENCES = 8
"""Frames of a video that every frame is compared with."""
PHASE = "looking for objects"


class MultiGranularityDiscoverer:
    """See `core.discovery.contract.Discoverer`; finds one track, the union of all objects."""

    def __init__(self, network: MultiGranularity, request: DiscoveryRequest) -> None:
        """Make one.

        Args:
            network: on its device, in eval mode.
            request: its working size.
        """
        self._network = network
        usual = PAPER_SHORT_SIDE if network.config.encoder == RESNET50 else SHORT_SIDE
        self._short_side = request.short_side or usual

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """See `Discoverer.discover`; frames of the whole range are looked at first."""
        if not frames:
            return ()
        with memory_errors(PHASE):
            known, threshold = yield from self._references(video, frames, token)
            track = SingleTrack()
            read = video.frames(frames.start, frames.stop, frames.step)
            for done, (index, frame) in enumerate(zip(frames, read, strict=True)):
                token.check()
                found = self._foreground(self._features(frame), _others(known, index))
                plane = largest_parts(np.clip(THRESHOLD / threshold * found, 0, 1))
                track.add(index, plane, sure=found)
                yield Progress(done + 1, len(frames), PHASE, phase=PHASE)
        return track.tracks(len(frames))

    def _references(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[dict[int, Tensor], float]]:
        """Reference features by frame index, C x h' x w' each, and where foreground begins."""
        chosen, features = reference_frames(frames), dict[int, Tensor]()
        for done, index in enumerate(chosen):
            token.check()
            features[index] = self._features(video.frame(index))
            yield Progress(done + 1, len(chosen), "looking at the whole", phase="the whole video")
        pooled = {i: self._network.pooled_references(x)[0] for i, x in features.items()}
        found = []
        for index, x in features.items():
            token.check()
            found.append(self._foreground(x, _others(pooled, index)))
        return pooled, cautious_threshold(np.stack(found))

    @torch.inference_mode()
    def _foreground(self, features: Tensor, references: Tensor) -> NDArray[np.float32]:
        """h x w, 0..1: how likely each cell is an object's."""
        gathered = self._network.gathered(features, references)
        found: NDArray[np.float32] = self._network.foreground(gathered)[0].float().cpu().numpy()
        return found

    @torch.inference_mode()
    def _features(self, frame: Frame) -> Tensor:
        small = shrunk(frame, self._short_side, stride=STEP // 2)
        device = next(self._network.parameters()).device
        image = torch.from_numpy(np.ascontiguousarray(small)).permute(2, 0, 1)[None]
        return self._network.features(image.to(device).float() / 255)


def _others(known: dict[int, Tensor], index: int) -> Tensor:
    """1 x T x C x h' x w': references but the frame itself, where there are others."""
    others = [x for other, x in known.items() if other != index] or [*known.values()]
    return torch.stack(others)[None]


def reference_frames(frames: range) -> tuple[int, ...]:
    """The middle frames of equal parts of a range, `REFERENCES` of them or fewer."""
    count = min(REFERENCES, len(frames))
    return tuple(frames[(2 * part + 1) * len(frames) // (2 * count)] for part in range(count))
