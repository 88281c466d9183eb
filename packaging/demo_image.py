"""Draw docs/images/demo.jpg: frames of the bundled film with the masks that `make demo` made."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from core.media.label_map import read_label_map
from core.media.palette import DAVIS_COLORS
from core.media.video import open_video
from vosapp import assets

FRAMES = (0, 24, 48, 71)
WIDTH = 640


def main() -> int:
    """Four frames in two rows: the given mask, and three results."""
    masks = Path("demo-out") / assets.sample_film().stem
    with open_video(assets.sample_film()) as film:
        tiles = [_tile(film.frame(i), masks / f"{i:05d}.png", i) for i in FRAMES]
    sheet = np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])
    out = Path("docs/images/demo.jpg")
    out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
    return 0


def _tile(frame: np.ndarray, mask: Path, index: int) -> np.ndarray:
    labels = read_label_map(mask).label_map
    colors = np.asarray(DAVIS_COLORS, np.uint8)[labels]
    view = np.where(labels[..., None] > 0, frame * 0.45 + colors * 0.55, frame).astype(np.uint8)
    for label in np.unique(labels[labels > 0]):
        edges, _ = cv2.findContours(
            (labels == label).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(view, edges, -1, (255, 255, 255), 1, cv2.LINE_AA)
    height = round(WIDTH * view.shape[0] / view.shape[1])
    view = cv2.resize(view, (WIDTH, height), interpolation=cv2.INTER_AREA)
    text = f"frame {index}: the mask that was given" if index == 0 else f"frame {index}"
    cv2.rectangle(view, (6, 8), (16 + 9 * len(text), 38), (20, 20, 20), cv2.FILLED)
    cv2.putText(view, text, (12, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    return view


if __name__ == "__main__":
    sys.exit(main())
