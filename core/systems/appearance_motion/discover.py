"""Finding what moves by itself: one map a frame of all that is an object."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.device import choose_device, memory_errors
from core.discovery.contract import DiscoveryRequest, ObjectTrack
from core.discovery.masks import largest_parts
from core.discovery.single_track import SingleTrack
from core.errors import CheckpointMissing
from core.jobs import CancelToken, Job, Progress
from core.media.video import VideoSource
from core.nn.checkpoints import read_info
from core.nn.layout import channels_last
from core.systems.appearance_motion.adapt import AdaptConfig, adapt
from core.systems.appearance_motion.config import RESNET50
from core.systems.appearance_motion.model import AppearanceMotion, read_network
from core.systems.appearance_motion.train import LossConfig, loss_said
from core.tracking.sizes import shrunk
from core.types import Frame

SHORT_SIDE, PAPER_SHORT_SIDE = 192, 384
"""Working size in pixels; that of the paper for its own network."""
PHASE = "looking for objects"


class AppearanceMotionDiscoverer:
    """See `core.discovery.contract.Discoverer`; finds one track, the union of all objects."""

    def __init__(
        self, network: AppearanceMotion, request: DiscoveryRequest, loss: LossConfig | None = None
    ) -> None:
        """Make a discoverer; `loss` is that by which a video is learned."""
        self._network = network
        self._request = request
        self._loss = loss or LossConfig()
        usual = PAPER_SHORT_SIDE if network.config.appearance == RESNET50 else SHORT_SIDE
        self._short_side = request.short_side or usual

    def discover(
        self, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        """See `Discoverer.discover`; with `adapt_steps` the video is learned first."""
        network = self._network
        with memory_errors("looking for objects"):
            if self._request.adapt_steps:
                # The next video begins with the weights as they were.
                network = deepcopy(network)
                config = AdaptConfig(
                    self._request.adapt_steps,
                    short_side=self._short_side,
                    loss=self._loss,
                    seed=self._request.seed,
                )
                yield from adapt(network, video, frames, config, token)
            return (yield from self._look(network, video, frames, token))

    def _look(
        self, network: AppearanceMotion, video: VideoSource, frames: range, token: CancelToken
    ) -> Job[tuple[ObjectTrack, ...]]:
        network.eval()
        track = SingleTrack()
        read = video.frames(frames.start, frames.stop, frames.step)
        for done, (index, frame) in enumerate(zip(frames, read, strict=True)):
            token.check()
            track.add(index, object_map(network, frame, self._short_side))
            yield Progress(done + 1, len(frames), "looking for objects", phase=PHASE)
        return track.tracks(len(frames))


@torch.inference_mode()
def object_map(network: AppearanceMotion, frame: Frame, short_side: int) -> NDArray[np.float32]:
    """h x w, 0..1: how likely each pixel of a frame at working size is an object's.

    The mean of the frame and its mirror image, without small parts.

    Args:
        network: in eval mode.
        frame: H x W x 3 uint8.
        short_side: working size in pixels.
    """
    small = shrunk(frame, short_side, stride=network.config.stride // 2)
    device = next(network.parameters()).device
    image = torch.from_numpy(np.ascontiguousarray(small)).permute(2, 0, 1)[None].to(device) / 255
    both = torch.cat([image, image.flip(-1)]).contiguous(memory_format=torch.channels_last)
    masks: Tensor = network.segments(both)[:, network.channel]
    plane = (masks[0] + masks[1].flip(-1)) / 2
    return largest_parts(plane.float().cpu().numpy())


def build(request: DiscoveryRequest) -> AppearanceMotionDiscoverer:
    """What finds objects with the weights of a request.

    Raises:
        CheckpointMissing, CheckpointMismatch: weights not there, damaged or of another system.
        DeviceUnavailable: no such device.
    """
    if request.weights is None:
        raise CheckpointMissing("This system needs weights.", "Give --weights FILE.")
    network = channels_last(read_network(request.weights), choose_device(request.device))
    loss = loss_said(read_info(request.weights).training)
    return AppearanceMotionDiscoverer(network.eval(), request, loss)
