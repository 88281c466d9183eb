"""Video files that the benchmarks write for themselves."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np


def encode(path: Path, frames: Iterable[np.ndarray], *, gop: int | None = None) -> Path:
    """Write frames as an H.264 file of 25 frames a second.

    Args:
        path: where to.
        frames: (H, W, 3) uint8 RGB, all of one size, both even.
        gop: frames from one that can be decoded alone to the next; the encoder's own without it.

    Returns:
        The path.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.pix_fmt = "yuv420p"
        if gop is not None:
            stream.codec_context.gop_size = gop
        frames = iter(frames)
        first = next(frames)
        stream.height, stream.width = first.shape[:2]
        for image in itertools.chain((first,), frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path
