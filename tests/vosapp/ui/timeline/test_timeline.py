"""The timeline under real mouse and key events."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from vosapp_fakes import FRAMES, FakeTracker

from vosapp.project.edit_masks import MarkAbsent
from vosapp.project.edit_ranges import DeleteObject, SetReference
from vosapp.project.edits import AddObject, Group, RecolorObject
from vosapp.project.model import FrameState
from vosapp.ui.theme import Theme, apply_theme, tones
from vosapp.ui.timeline.layout import HEADER_WIDTH, RANGE_BAR, RULER
from vosapp.ui.timeline.selection import LaneSelection

LEFT = Qt.MouseButton.LeftButton
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
BAND = RULER + RANGE_BAR // 2


@pytest.fixture(autouse=True)
def no_popup_left(qapp):
    yield
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()


def drag(qtbot, widget, *places):
    qtbot.mousePress(widget, LEFT, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(widget, pos=place)
    qtbot.mouseRelease(widget, LEFT, pos=places[-1])


def wheel(widget, place, notches, keys=NONE):
    event = QWheelEvent(
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def run_all(qtbot, workspace):
    with qtbot.waitSignal(workspace.propagation.finished, timeout=15_000):
        workspace.propagation.start()
    lane = workspace.session.lane
    qtbot.waitUntil(lambda: (lane(1).states[1:] == FrameState.PROPAGATED).all())


# Scrubbing


@pytest.mark.parametrize("y", [8, RULER + RANGE_BAR + 20], ids=["ruler", "thumbnails"])
def test_dragging_on_the_ruler_or_the_thumbnails_scrubs(qtbot, shown, y):
    seen = []
    shown.session.frameIndexChanged.connect(seen.append)
    places = [QPoint(shown.x(f), y) for f in (4, 9, 15, 12)]
    drag(qtbot, shown.viewport, *places)
    assert seen == [4, 9, 15, 12]
    drag(qtbot, shown.viewport, QPoint(shown.x(12), y), QPoint(5000, y))
    assert shown.session.frame_index == FRAMES - 1


def test_scrubbing_stops_playback_and_redraws_only_the_playhead(qtbot, shown):
    shown.workspace.playback.start()
    shown.viewport.repaint()
    qtbot.mousePress(shown.viewport, LEFT, pos=QPoint(shown.x(10), 8))
    assert not shown.workspace.playback.playing
    regions = []
    original = shown.view._picture.paint
    shown.view._picture.paint = lambda box: (regions.append(box.width()), original(box))
    qtbot.waitUntil(lambda: bool(regions))
    regions.clear()
    qtbot.mouseMove(shown.viewport, pos=QPoint(shown.x(11), 8))
    qtbot.waitUntil(lambda: bool(regions))
    assert max(regions) < 120
    qtbot.mouseRelease(shown.viewport, LEFT, pos=QPoint(shown.x(11), 8))


def test_the_playhead_is_drawn_where_the_current_frame_is(qtbot, shown):
    red = QColor(tones().danger).getRgb()[:3]

    def is_red(frame):
        color = shown.image().pixelColor(shown.x(frame), 8).getRgb()[:3]
        return np.abs(np.subtract(color, red)).max() < 30

    shown.session.go_to(5)
    assert is_red(5)
    shown.session.go_to(16)
    assert is_red(16)
    assert not is_red(5)


# In and out points


def test_in_and_out_points_are_dragged_on_their_band(qtbot, shown):
    move = QPoint(shown.edge(6), BAND)
    drag(qtbot, shown.viewport, QPoint(shown.edge(0), BAND), move)
    assert shown.session.range == (6, FRAMES)
    drag(qtbot, shown.viewport, QPoint(shown.edge(FRAMES) - 2, BAND), QPoint(shown.edge(18), BAND))
    assert shown.session.range == (6, 18)
    drag(qtbot, shown.viewport, QPoint(shown.edge(6), BAND), QPoint(shown.edge(22), BAND))
    assert shown.session.range == (17, 18)
    assert shown.session.frame_index == 0
    qtbot.mouseDClick(shown.viewport, LEFT, pos=QPoint(shown.x(3), BAND))
    assert shown.session.range == (0, FRAMES)


def test_what_lies_outside_the_range_is_shaded(qtbot, shown):
    run_all(qtbot, shown.workspace)
    place = shown.cell(3)
    before = shown.image().pixelColor(place.x(), place.y() + 3)
    shown.session.set_range(10, 20)
    after = shown.image().pixelColor(place.x(), place.y() + 3)
    inside = shown.image().pixelColor(shown.x(14), place.y() + 3)
    assert before == inside != after


# Zoom and scroll


def test_ctrl_wheel_zooms_at_the_mouse(qtbot, shown):
    place = QPoint(shown.x(7), 60)
    wheel(shown.viewport, place, 4, CTRL)
    assert shown.view.axis.scale > 60
    assert shown.view.frame_at(place.x()) == 7
    assert shown.view.horizontalScrollBar().maximum() > 0
    wheel(shown.viewport, place, -9, CTRL)
    assert shown.view.axis.fits
    assert shown.view.horizontalScrollBar().maximum() == 0


def test_the_wheel_and_the_bar_scroll_through_frames(qtbot, shown):
    shown.view.show_range(4, 10)
    wheel(shown.viewport, QPoint(400, 10), -2)
    assert shown.view.axis.first > 4
    bar = shown.view.horizontalScrollBar()
    bar.setValue(bar.maximum())
    assert shown.view.axis.visible.stop == FRAMES


def test_the_view_follows_the_current_frame(qtbot, shown):
    shown.view.show_range(0, 6)
    shown.session.go_to(3)
    assert shown.view.axis.first == 0
    shown.session.go_to(15)
    assert 15 in shown.view.axis.visible


# Keyboard


def test_keys_move_through_frames_and_objects(qtbot, shown):
    view, session, key = shown.view, shown.session, Qt.Key
    with qtbot.waitSignal(session.lanesChanged):
        session.do(MarkAbsent(1, 9, 10))
    for pressed, frame in ((key.Key_Right, 1), (key.Key_End, FRAMES - 1), (key.Key_Left, 22)):
        qtbot.keyClick(view, pressed)
        assert session.frame_index == frame
    qtbot.keyClick(view, key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert session.frame_index == 12
    qtbot.keyClick(view, key.Key_PageUp)
    assert session.frame_index == 9
    qtbot.keyClick(view, key.Key_Home)
    qtbot.keyClick(view, key.Key_PageDown)
    assert session.frame_index == 9
    qtbot.keyClick(view, key.Key_Down)
    assert session.object_id == 2
    qtbot.keyClick(view, key.Key_Up)
    assert session.object_id == 1
    scale = view.axis.scale
    qtbot.keyClick(view, key.Key_Plus)
    assert view.axis.scale > scale


def test_delete_clears_what_is_marked_and_escape_unmarks(qtbot, shown):
    run_all(qtbot, shown.workspace)
    shown.view.select(LaneSelection(1, 5, 8))
    qtbot.keyClick(shown.view, Qt.Key.Key_Escape)
    assert shown.view.selection is None
    shown.view.select(LaneSelection(1, 5, 8))
    qtbot.keyClick(shown.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not shown.session.lane(1).states[5:8].any())


# Keeping up


def test_results_show_while_they_come(qtbot, show, make_workspace):
    shown = show(make_workspace(FakeTracker(seconds=0.12), objects=1))
    shown.session.go_to(FRAMES - 1)
    ground = shown.image().pixelColor(shown.x(4), shown.cell(4).y() + 3)

    def filled(frame):
        place = shown.cell(frame)
        return shown.image().pixelColor(place.x(), place.y() + 3) != ground

    shown.workspace.propagation.start()
    qtbot.waitUntil(lambda: filled(2), timeout=10_000)
    assert shown.workspace.propagation.running
    assert shown.view.head >= 2
    assert not filled(FRAMES - 2)
    shown.workspace.propagation.stop()
    qtbot.waitUntil(lambda: not shown.workspace.propagation.running, timeout=10_000)
    assert shown.view.head == -1


def test_lanes_follow_colors_references_and_objects(qtbot, shown):
    session = shown.session
    session.go_to(9)
    place = shown.cell(0)

    def color(dx):
        return shown.image().pixelColor(place.x() + dx, place.y())

    before = color(-8)
    with qtbot.waitSignal(session.objectsChanged):
        session.do(RecolorObject(1, (10, 90, 250)))
    assert color(-8) != before
    plain = color(0)
    with qtbot.waitSignal(session.referencesChanged):
        session.do(SetReference(0))
    assert color(0) != plain
    shown.view.select(LaneSelection(1, 2, 4))
    with qtbot.waitSignal(session.objectsChanged):
        session.do(DeleteObject(1))
    assert shown.view.selection is None
    assert [item.object_id for item in shown.view.objects] == [2]


def test_solo_and_hidden_objects_are_dimmed(qtbot, shown):
    place = shown.cell(0, 1)

    def color():
        return shown.image().pixelColor(place.x() - 8, place.y())

    before = color()
    shown.view_state.set_solo(1)
    assert color() != before
    shown.view_state.set_solo(0)
    assert color() == before


def test_many_objects_scroll_and_the_current_one_is_brought_into_view(qtbot, shown):
    shown.session.do(Group((AddObject(),) * 30))
    qtbot.waitUntil(lambda: len(shown.session.objects) == 32)
    bar = shown.view.verticalScrollBar()
    assert bar.maximum() > 0
    shown.session.select_object(32)
    assert bar.value() == bar.maximum()
    wheel(shown.viewport, QPoint(400, 200), 3)
    assert bar.value() < bar.maximum()
    shown.session.select_object(1)
    assert bar.value() == 0


def test_hints_say_what_is_known_of_a_cell(qtbot, shown):
    run_all(qtbot, shown.workspace)
    hint = shown.view.hint
    assert hint(QPointF(shown.cell(7, 0))) == "Frame 7 - Box 1: propagated, confidence 0.90"
    assert hint(QPointF(shown.cell(0, 1))) == "Frame 0 - Box 2: keyframe"
    assert hint(QPointF(shown.x(12), 8)) == "Frame 12 - 00:00.500"
    assert "In point" in hint(QPointF(shown.edge(0), BAND))
    assert "Lock" in hint(QPointF(HEADER_WIDTH - 12, shown.cell(0).y()))
    shown.panel.set_workspace(None)
    assert hint(QPointF(400, 8)) == ""


def test_screen_readers_are_told_where_one_is(shown):
    shown.session.go_to(5)
    assert shown.view.accessibleDescription() == "Frame 5 - Box 1: nothing yet"
    shown.session.go_to(0)
    shown.session.select_object(2)
    assert shown.view.accessibleDescription() == "Frame 0 - Box 2: keyframe"
    shown.session.select_object(0)
    assert shown.view.accessibleDescription() == "Frame 0"


def test_thumbnails_appear(qtbot, shown):
    place = QPoint(shown.x(12), RULER + RANGE_BAR + 23)
    blank = QColor(tones().alternate)
    qtbot.waitUntil(lambda: shown.workspace.thumbnails.get(12) is not None, timeout=10_000)
    qtbot.waitUntil(lambda: shown.image().pixelColor(place) != blank)


def test_a_timeline_without_a_project_is_empty_and_quiet(qtbot, shown):
    shown.panel.set_workspace(None)
    shown.session.go_to(5)
    for place in (QPoint(300, 8), QPoint(300, 100), QPoint(20, 100)):
        qtbot.mouseClick(shown.viewport, LEFT, pos=place)
    wheel(shown.viewport, QPoint(300, 20), 2, CTRL)
    qtbot.keyClick(shown.view, Qt.Key.Key_Right)
    assert shown.view.selection is None
    assert not shown.panel.transport.isEnabled()
    shown.image()


def test_the_advice_of_an_empty_timeline_fits_a_narrow_window(show, make_workspace):
    shown = show(make_workspace(objects=0))
    shown.session.go_to(FRAMES // 2)  # the playhead away from the borders
    shown.panel.resize(HEADER_WIDTH + 220, 320)
    image, right = shown.image(), HEADER_WIDTH + round(shown.view.axis.width)
    rows = range(shown.view.places.lanes_top + 2, image.height() - 2)

    def inked(columns):
        base = QColor(tones().base)
        return any(image.pixelColor(x, y) != base for x in columns for y in rows)

    assert inked(range(HEADER_WIDTH + 20, HEADER_WIDTH + 60))
    assert not inked(range(HEADER_WIDTH, HEADER_WIDTH + 3)) and not inked(range(right - 3, right))


def test_another_theme_redraws_everything(qtbot, shown, qapp):
    place = shown.cell(20) + QPoint(0, 10)
    apply_theme(qapp, Theme.LIGHT)
    light = shown.image().pixelColor(place).lightness()
    dot = shown.image().pixelColor(shown.cell(0) - QPoint(8, 0))
    apply_theme(qapp, Theme.DARK)
    try:
        assert light > 200
        assert shown.image().pixelColor(place).lightness() < 80
        assert shown.image().pixelColor(shown.cell(0) - QPoint(8, 0)) != dot
    finally:
        apply_theme(qapp, Theme.LIGHT)


def test_nothing_of_a_closed_project_is_followed(qtbot, show, make_workspace, tracked):
    shown = show(tracked)
    shown.panel.set_workspace(None)
    tracked.session.go_to(7)
    tracked.session.select_object(2)
    with qtbot.waitSignal(tracked.session.objectsChanged):
        tracked.session.do(AddObject())
    assert shown.view.objects == ()
    assert shown.panel.transport.number.value() == 0
