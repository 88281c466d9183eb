"""Learning one video before its objects are looked for (section 4.2 of the paper)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import torch
from torch import nn

from core.data.frame_clips import FrameClipConfig, FrameClipDataset
from core.data.frame_pack import PackConfig
from core.data.video_pack import StretchConfig, pack_stretches
from core.errors import UsageError
from core.jobs import CancelToken, Job, Progress
from core.media.scratch import scratch_folder
from core.media.video import VideoSource
from core.systems.appearance_motion.model import AppearanceMotion
from core.systems.appearance_motion.train import LossConfig, synthesis_step
from core.tracking.sizes import working_size
from core.train.config import FitConfig
from core.train.loop import TrainProgress, fit

PHASE = "learning the video"


@dataclass(frozen=True, slots=True)
class AdaptConfig:
    """How a video is learned; the paper says 100 steps and no more."""

    steps: int = 100
    batch: int = 2
    """Pairs of frames in a step."""
    learning_rate: float = 1e-4
    short_side: int = 192
    """Of the frames that are learned from, in pixels."""
    gap: float = 0.07
    """Seconds between the frames of a pair."""
    loss: LossConfig = field(default_factory=LossConfig)
    seed: int = 0


def adapt(
    network: AppearanceMotion,
    video: VideoSource,
    frames: range,
    config: AdaptConfig,
    token: CancelToken,
) -> Job[None]:
    """Go on with the training of both networks on the frames of one video.

    Batch norm stays as it was learned: a few pairs of one video are no measure of all.

    Args:
        network: on its device; it is changed.
        video: the frames.
        frames: those that are learned from.
        config: how.
        token: is looked at between frames and between steps.

    Yields:
        `Progress` in frames that are read, then in steps.

    Raises:
        UsageError: there is one frame alone.
        TrainingError: nothing moves; a loss that is not finite.
        VideoOpenError, VideoDecodeError: the video cannot be read.
        OutputError: no temporary file can be written.
        Cancelled: by the token.
    """
    if len(frames) < 2:
        msg = "One frame alone shows no motion to learn from."
        raise UsageError(msg, "Leave --adapt-steps out for single images.")
    info, stride = video.info, network.config.stride // 2
    size = working_size(info.height, info.width, config.short_side, stride=stride)
    with scratch_folder() as folder:
        packs = yield from pack_stretches(
            info.path,
            frames,
            folder / "video.frames",
            token,
            config=PackConfig(short_side=min(size), max_fps=30.0, min_change=0.0),
            spread=StretchConfig(max_frames=1200),
        )
        clips = FrameClipConfig(
            config.batch,
            size,
            whole=True,
            gap=config.gap,
            flow=network.config.dense_flow or config.loss.fate,
        )
        dataset = FrameClipDataset(packs, clips, seed=config.seed)
        before = network.cues.clone()
        for one in _learn(network, dataset, config, folder / "state.pt", token):
            text = f"learning the video, loss {one.total_loss:.4f}"
            yield Progress(one.step, config.steps, text, phase=PHASE)
    if before.any():
        # One video says little: channels rarely change what they are for.
        network.cues.copy_((before + network.cues) / 2)
    network.eval()


def _learn(
    network: AppearanceMotion,
    dataset: FrameClipDataset,
    config: AdaptConfig,
    state_file: Path,
    token: CancelToken,
) -> Iterator[TrainProgress]:
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.Dropout2d):
            module.eval()
    learning = [p for p in network.parameters() if p.requires_grad]
    device = next(network.parameters()).device
    return fit(
        synthesis_step(network, network, replace(config.loss, many=False)),
        lambda start: (dataset[k].to(device) for k in count(start)),
        network,
        torch.optim.AdamW(learning, weight_decay=1e-6),
        FitConfig(steps=config.steps, learning_rate=config.learning_rate, save_every=1 << 30),
        state_file=state_file,
        token=token,
    )
