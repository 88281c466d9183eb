"""The lines of the overlay video are those of the window."""

from __future__ import annotations

import numpy as np

from core.media.annotations.values import ObjectInfo
from core.media.export.outlined import OutlinePainter
from core.media.label_lines import vivid
from vosapp.ui.canvas.mapping import Grid, PixelRect
from vosapp.ui.canvas.outlines import outline
from vosapp.ui.canvas.overlays import LINE

COLOR = (170, 40, 30)


def test_the_video_has_the_windows_lines():
    height, width = 240, 320
    rows, columns = np.mgrid[:height, :width]
    label_map = ((rows - 120) ** 2 / 4 + (columns - 160) ** 2 < 50**2).astype(np.uint8)
    grid = Grid(1.0, 0, 0, 1.0, width, height)
    window = outline(grid, label_map, PixelRect(0, 0, width, height), LINE) > 0
    frame = np.zeros((height, width, 3), np.uint8)
    video = OutlinePainter((ObjectInfo(1, "a", COLOR),), 0.0).paint(frame, label_map)
    share = video[..., 0] / vivid(COLOR)[0]
    assert abs(share.sum() / window.sum() - 1) < 0.15
    assert share[window].mean() > 0.75
    assert share[~window].max() < 0.8 and share[~window].mean() < 0.01
