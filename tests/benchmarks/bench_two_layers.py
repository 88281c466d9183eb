"""The clip of two layers from scratch: a disk of texture over a ground of texture, 2 px a frame.

    python tests/benchmarks/bench_two_layers.py [--preset small] [--steps 300] [--seeds 3]

For each seed J of the channel that was chosen, and its flow beside the true one; the limits are
J above 0.8 and half a pixel. The order of a segment's flow, the loss and more can be varied.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from core.data.frame_clips import ClipFrames, clip_flows
from core.data.synthetic import two_layers
from core.jobs import CancelToken
from core.losses.photometric_kind import Photometric
from core.systems.appearance_motion.config import PRESETS, Pairing
from core.systems.appearance_motion.model import new_network
from core.systems.appearance_motion.train import LossConfig, synthesis_step
from core.train.config import FitConfig
from core.train.loop import fit

SPEED = 2.0


def main() -> None:
    """Print a line for each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="small", choices=tuple(PRESETS))
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--loss", type=Photometric, default=Photometric.CODE)
    parser.add_argument("--pairing", type=Pairing, default=Pairing.TARGET)
    parser.add_argument("--order", type=int, default=0)
    parser.add_argument("--segments", type=int, default=5)
    parser.add_argument("--frames", type=int, default=2)
    parser.add_argument("--dis", action="store_true")
    args = parser.parse_args()
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        j, flow, seconds = learn(args, seed)
        passed = "yes" if j > 0.8 and np.abs(flow - (SPEED, 0)).max() < 0.5 else "NO"
        line = f"seed {seed}: J {j:.3f}, flow {flow.round(2)}, {seconds:.0f} s of CPU, {passed}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def learn(args: argparse.Namespace, seed: int) -> tuple[float, np.ndarray, float]:
    """J, flow of the channel from frame to frame, seconds of the processor."""
    frames, masks = two_layers(side=args.side)
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    torch.manual_seed(seed)
    options = {"segments": args.segments, "order": args.order, "dis": args.dis}
    network = new_network(PRESETS[args.preset].shaped(options)).train()
    rng, start = np.random.default_rng(seed), time.process_time()

    def clip(first: int) -> ClipFrames:
        cut = slice(first, first + args.frames)
        flows = None
        if args.dis:
            flows = torch.from_numpy(clip_flows(frames[cut])).permute(0, 3, 1, 2)[None]
        return ClipFrames(pictures[cut][None], flows)

    def batches(_start: int) -> Iterator[ClipFrames]:
        while True:
            firsts = rng.integers(0, len(frames) - args.frames + 1, args.batch)
            clips = [clip(int(first)) for first in firsts]
            flows = [one.flows for one in clips if one.flows is not None]
            yield ClipFrames(
                torch.cat([one.frames for one in clips]), torch.cat(flows) if flows else None
            )

    with tempfile.TemporaryDirectory() as folder:
        for _ in fit(
            synthesis_step(network, network, LossConfig(args.loss, args.pairing)),
            batches,
            network,
            torch.optim.AdamW(network.parameters()),
            FitConfig(steps=args.steps, learning_rate=args.rate, save_every=1 << 30),
            state_file=Path(folder) / "state.pt",
            token=CancelToken(),
        ):
            pass
    seconds = time.process_time() - start
    network.eval()
    with torch.no_grad():
        found = network.segments(pictures)[:, network.channel].numpy() > 0.5
        one = clip(len(frames) // 2)
        told = network(one.frames, one.flows)
    j = (found & masks).sum() / (found | masks).sum()
    return float(j), told.flows[0][0, network.channel, 0].numpy(), seconds


if __name__ == "__main__":
    main()
