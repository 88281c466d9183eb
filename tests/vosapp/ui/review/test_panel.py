"""The panel of frames to check, by mouse and keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from vosapp_fakes import FRAMES, label_map_of

from core.types import FrameResult
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.model import Review
from vosapp.ui import numbering
from vosapp.ui.review import words
from vosapp.ui.review.panel import ReviewPanel
from vosapp.ui.review.rows import (
    NOTE_ROLE,
    TITLE_ROLE,
    fitting,
    thumbnail_size,
    tint,
    wrapped,
)

LEFT = Qt.MouseButton.LeftButton
LOST = 12


@pytest.fixture
def panel(qtbot, tracked):
    project = tracked.session.project
    maps = {frame: label_map_of(frame) for frame in range(1, FRAMES)}
    maps[LOST][maps[LOST] == 2] = 0
    results = [FrameResult(f, made, (1, 2), {1: 0.9, 2: 0.9}) for f, made in maps.items()]
    tracked.session.refresh(project.put_results(project.begin_propagation("fake"), results))
    made = ReviewPanel()
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.set_workspace(tracked)
    made.show()
    qtbot.waitUntil(lambda: made.list.count() > 0)
    yield made
    made.set_workspace(None)


def test_a_row_says_where_what_and_why_and_a_click_goes_there(qtbot, panel, tracked):
    item = panel.list.item(0)
    assert item.data(TITLE_ROLE).startswith(f"Frame {LOST} \u00b7 Box 2")
    assert "Lost: no mask here" in item.data(NOTE_ROLE)
    assert item.data(Qt.ItemDataRole.AccessibleTextRole) == item.toolTip()
    assert "46 not reviewed" in panel.counts.text()
    place = panel.list.visualItemRect(item).center()
    qtbot.mouseClick(panel.list.viewport(), LEFT, pos=place)
    assert (tracked.session.frame_index, tracked.session.object_id) == (LOST, 2)
    assert panel.list.currentRow() == 0


def test_frames_are_counted_as_everywhere(panel):
    numbering.count_from(1)
    try:
        panel.refresh()
        assert panel.list.item(0).data(TITLE_ROLE).startswith(f"Frame {LOST + 1} \u00b7 Box 2")
        row = replace(panel.control.list.rows[0], object_ids=(1, 2), stop=LOST + 3)
        objects = panel._workspace.session.objects
        said = words.short_title(row, objects)
        assert said == f"Frames {LOST + 1} to {LOST + 3} \u00b7 2 objects"
        alone = words.short_title(replace(row, object_ids=(2,)), objects)
        assert alone == f"{LOST + 1} to {LOST + 3} \u00b7 Box 2"
    finally:
        numbering.count_from(0)


def test_of_several_objects_the_number_is_said_where_names_have_no_room(panel):
    row = replace(panel.control.list.rows[0], object_ids=(1, 2))
    panel.list.addItem(panel._item(row))
    index = panel.list.model().index(panel.list.count() - 1, 0)
    metrics = panel.list.fontMetrics()
    long, short = f"Frame {LOST} \u00b7 Box 1, Box 2", f"Frame {LOST} \u00b7 2 objects"
    assert fitting(index, metrics, 400) == long
    assert fitting(index, metrics, metrics.horizontalAdvance(long) - 1) == short
    assert fitting(index, metrics, 40).endswith("\u2026")


def test_no_line_of_reasons_is_cut_through(panel):
    view = panel.list
    view.item(0).setData(NOTE_ROLE, "Many reasons in a row \u00b7 " * 12)
    for width in (240, 300):
        panel.resize(width, 400)
        box = view.visualItemRect(view.item(0))
        image = view.viewport().grab().toImage()
        left, high = 20 + thumbnail_size(box.width()).width(), view.fontMetrics().height()
        last = box.top() + 8 + high + (box.height() - 14 - high) // high * high
        ground = image.pixelColor(left, box.bottom() - 1)
        cells = [(x, y) for x in range(left, box.right()) for y in range(last, box.bottom())]
        assert all(image.pixelColor(x, y) == ground for x, y in cells)
        written = [(x, y - high) for x, y in cells if y < last + high - 4]
        assert any(image.pixelColor(x, y) != ground for x, y in written)
    assert thumbnail_size(240) != thumbnail_size(300)


def test_what_has_no_room_of_the_reasons_is_said(panel):
    font, metrics = panel.list.font(), panel.list.fontMetrics()
    text = "Another size \u00b7 Low confidence \u00b7 Far from any keyframe"
    width = metrics.horizontalAdvance("Another size \u00b7 Low ")
    lines = wrapped(text, font, width, most=2).split("\n")
    assert len(lines) == 2 and lines[1].endswith("\u2026")
    assert all(metrics.horizontalAdvance(line) <= width for line in lines)
    whole = wrapped(text, font, width, most=9)
    assert whole.replace("\n", " ") == text and wrapped("", font, width, most=2) == ""


@pytest.mark.parametrize(("count", "said"), [(0, "0 need work"), (1, "1 needs work")])
def test_one_mask_needs_work(count, said):
    assert words.counted({Review.NEEDS_WORK: count}, 0) == f"0 not reviewed, {said}, 0 checked"


def test_three_lines_of_reasons_have_room(panel):
    lines = panel.list.fontMetrics().height() * 4
    assert panel.list.sizeHintForRow(0) >= lines + 12


def test_choices_change_what_is_listed(qtbot, panel, tracked):
    panel.object.setCurrentIndex(1)
    panel.object.activated.emit(1)
    assert tracked.review.filter.object_id == 1
    qtbot.waitUntil(lambda: "23 not reviewed" in panel.counts.text())
    titles = [panel.list.item(row).data(TITLE_ROLE) for row in range(panel.list.count())]
    assert titles and all("Box 2" not in title for title in titles)
    tracked.session.do(ReviewFrames((1,), 3, 6, Review.CHECKED))
    panel.shown.setCurrentIndex(2)
    panel.shown.activated.emit(2)
    assert not panel.reason.isVisible()
    qtbot.waitUntil(lambda: panel.list.count() == 1)
    assert panel.list.item(0).data(TITLE_ROLE) == "Frames 3 to 5 \u00b7 Box 1"
    assert "3 checked" in panel.counts.text()


def test_an_empty_list_says_what_it_is_for(qtbot, panel):
    assert not panel._advice.isVisible()
    panel.set_workspace(None)
    assert panel.list.count() == 0 and panel.counts.text() == ""


def test_masks_of_a_row_are_drawn_over_its_thumbnail(qtbot, panel, tracked):
    qtbot.waitUntil(lambda: tracked.thumbnails.get(LOST) is not None)
    panel.grab()
    frame, labels = np.zeros((4, 6, 3), np.uint8), np.zeros((8, 12), np.uint8)
    labels[4:, 6:] = 2
    got = tint(frame, labels, {2: (200, 100, 0)})
    assert got[2:, 3:].reshape(-1, 3).tolist() == [[100, 50, 0]] * 6
    assert not got[:2].any() and not got[:, :3].any()


def test_a_list_that_is_made_anew_stays_where_it_was_scrolled_to(qtbot, panel, tracked):
    panel.resize(300, 210)
    tracked.review.set_filter(replace(tracked.review.filter, review=Review.CHECKED))
    for frame in range(1, FRAMES, 2):
        tracked.session.do(ReviewFrames((1,), frame, frame + 1, Review.CHECKED))
    qtbot.waitUntil(lambda: panel.list.count() == 12)
    bar = panel.list.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    assert place > 0
    tracked.session.do(ReviewFrames((1,), 23, 24, Review.UNREVIEWED))
    qtbot.waitUntil(lambda: panel.list.count() == 11)
    assert bar.value() == place
