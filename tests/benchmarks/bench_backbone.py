"""Seconds that `Lite0Features` takes for one image, on one thread, and what bfloat16 costs.

Run: `python tests/benchmarks/bench_backbone.py [RUNS]`. Random weights and a random image, which
take as long as others; variants take turns, so that a busy machine slows all of them. Prints one
line of JSON an image size: median milliseconds by variant.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import numpy as np
import torch

from core.nn.inference import for_inference
from core.nn.lite0 import Lite0Features, frame_tensor

SIZES = ((240, 427), (241, 433), (320, 569), (321, 577))
WARM_UP = 3


def variants():
    """Name -> network and the number format of its input."""
    cpu, half = torch.device("cpu"), torch.bfloat16
    return {
        "as_loaded": (Lite0Features().eval(), torch.float32),
        "float32": (for_inference(Lite0Features(), cpu), torch.float32),
        "bfloat16": (for_inference(Lite0Features(), cpu, dtype=half), half),
    }


@torch.inference_mode()
def measure(size, runs):
    """Median milliseconds by variant."""
    image = frame_tensor(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8))
    networks = variants()
    seconds = {name: [] for name in networks}
    for _ in range(runs + WARM_UP):
        for name, (network, dtype) in networks.items():
            given = image.to(dtype, memory_format=torch.channels_last)
            began = time.perf_counter()
            network(given)
            seconds[name].append(time.perf_counter() - began)
    return {name: round(1e3 * statistics.median(s[WARM_UP:]), 1) for name, s in seconds.items()}


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for size in SIZES:
        told = {"height": size[0], "width": size[1], **measure(size, runs)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
