"""A lane that was mended piece by piece looks as one that is drawn anew, to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

from vosapp.project.edit_masks import MarkAbsent, Paint, SetMask
from vosapp.project.edit_ranges import CheckFrames, ClearMasks
from vosapp.project.model import FrameState, TrackedObject
from vosapp.session.view import LaneView
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.lane_picture import LaneLook, LanePainter
from vosapp.ui.timeline.strip import LanePictures

ITEM = TrackedObject(1, "Box", (220, 60, 40))
WIDTH = 240
ROUNDING = 2
AXES = {
    "whole, wide frames": TimeAxis(20, WIDTH).fitted(),
    "whole, frames of a part of a pixel": TimeAxis(1500, WIDTH).fitted(),
    "longer than the view": TimeAxis(50, WIDTH).fitted().zoomed(4, 0),
    "scrolled": TimeAxis(300, WIDTH).fitted().zoomed(5, 100).scrolled_to(77.3),
    "zoomed in on a long one": TimeAxis(4000, WIDTH).fitted().zoomed(3, 60),
}


def pixels(picture):
    image = picture.toImage().convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    rows = np.frombuffer(image.constBits(), np.uint8)
    shown = rows.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width()]
    return shown.astype(np.int16)


def changed(lane, rng):
    """Another lane: a range, a few frames, or all of it in other states."""
    states, confidence, gone = lane.states.copy(), lane.confidence.copy(), lane.gone.copy()
    count = len(states)
    for _ in range(rng.integers(1, 4)):
        length = int(rng.choice([1, 2, count // 8 + 1, count]))
        start = int(rng.integers(0, count - length + 1))
        span = slice(start, start + length)
        states[span] = rng.integers(0, 6)
        confidence[span] = rng.uniform(0, 1, length) if rng.random() < 0.7 else np.nan
        gone[span] = rng.random() < 0.3
    return LaneView(states, confidence, gone)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("name", AXES)
def test_any_row_of_changes(name, ratio, qapp):
    axis, rng = AXES[name], np.random.default_rng([7, len(name)])
    count = axis.frame_count
    pictures, look = LanePictures(), LaneLook(ITEM.color, ratio)
    lane = LaneView(
        np.zeros(count, np.uint8), np.full(count, np.nan, np.float32), np.zeros(count, bool)
    )
    for step in range(60):
        references = frozenset(np.flatnonzero(lane.states == FrameState.KEYFRAME)[:2].tolist())
        references = references if step % 7 == 0 else frozenset()
        shown = pictures.get(ITEM, lane, axis, look=look, references=references)
        fresh = LanePainter(look).picture(lane, axis, references)
        # Qt blends rows of another length with other roundings.
        differs = (np.abs(pixels(shown) - pixels(fresh)) > ROUNDING).any(axis=(0, 2))
        assert not differs.any(), (step, np.flatnonzero(differs))
        lane = changed(lane, rng)


EDITS = (
    lambda i, at, rng: SetMask(at, i, np.ones((48, 64), bool)),
    lambda i, at, rng: Paint(at, i, 0, 0, np.ones((5, 5), bool)),
    lambda i, at, rng: MarkAbsent(i, at, min(24, at + 3)),
    lambda i, at, rng: ClearMasks(i, at, min(24, at + 4)),
    lambda i, at, rng: CheckFrames((i,), at, min(24, at + 6), checked=bool(rng.random() < 0.7)),
)


def test_the_timeline_after_edits_and_undo(shown, qtbot):
    """A film that is longer than the view, propagated, edited here and there, taken back."""
    session, view, rng = shown.session, shown.view, np.random.default_rng(3)
    view.set_axis(view.axis.zoomed(3, 0))
    with qtbot.waitSignal(shown.workspace.propagation.finished, timeout=60_000):
        shown.workspace.propagation.start()
    shown.image()
    for step in range(40):
        if step % 5 == 4:
            asked = session.undo() if rng.random() < 0.7 else session.redo()
        else:
            edit = EDITS[rng.integers(len(EDITS))]
            asked = session.do(edit(int(rng.integers(1, 3)), int(rng.integers(24)), rng))
        asked.result()
        qtbot.waitUntil(lambda: not session.changing)
        mended = shown.image()
        view._picture.lanes.forget()
        assert mended == shown.image(), step
