"""Cleaning up in the window: seen while it is chosen, kept by Apply, taken back by Undo."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from core.cleaning import AUTO, DEFAULT, NONE, Cleaning
from core.types import FrameResult
from vosapp.project.edits import LockObject
from vosapp.ui import numbering
from vosapp.ui.dialogs.clean import ALL, HERE, RANGE, CleanDialog
from vosapp.ui.dialogs.clean_rows import ROWS, CleanSlider
from vosapp.ui.view_state import ToolId

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def specked(desk, qtbot):
    """Results on all frames but the keyframe: object 1 with specks, object 2; frame 3 is shown."""
    session = desk.workspace.session
    run = session.project.begin_propagation("fake")
    label_map = np.zeros((session.info.height, session.info.width), np.uint8)
    label_map[8:20, 8:20] = 1
    label_map[8:20, 24:36] = 2
    label_map[2, 2] = label_map[12, 30] = 1
    frames = range(1, session.frame_count)
    change = session.project.put_results(run, [FrameResult(f, label_map, (1, 2)) for f in frames])
    session.refresh(change)
    session.select_object(1)
    session.go_to(3)
    qtbot.waitUntil(lambda: session.view.frame_index == 3 and area(desk) == 146)
    return desk


@pytest.fixture
def shown(specked, dialog):
    specked.actions.run("objects.clean")
    return dialog(CleanDialog)


def area(desk, object_id=1):
    return int((desk.workspace.session.view.label_map == object_id).sum())


def settled(qtbot, desk, wanted):
    qtbot.waitUntil(lambda: area(desk) == wanted)


def move(shown, field, value):
    """As a user does: by the slider."""
    slider = shown.sliders[field]
    slider.slider.setValue(slider.row.values.index(value))


def test_it_is_seen_before_it_is_kept(specked, shown, qtbot):
    project = specked.workspace.session.project
    move(shown, "islands", 5)
    settled(qtbot, specked, 144)
    move(shown, "grow", -2)
    settled(qtbot, specked, 64)
    assert project.cleanings() == () and shown.cleaning == Cleaning(islands=5, grow=-2)
    shown.preview.setChecked(False)
    settled(qtbot, specked, 146)
    shown.preview.setChecked(True)
    settled(qtbot, specked, 64)
    shown.close()
    settled(qtbot, specked, 146)


@pytest.mark.parametrize("way", ["button", "key", "title bar"])
def test_it_closes_and_shows_what_is_kept(specked, shown, dialog, qtbot, way):
    move(shown, "islands", 5)
    settled(qtbot, specked, 144)
    with qtbot.waitSignal(shown.finished):
        if way == "button":
            qtbot.mouseClick(shown.close_button, LEFT)
        elif way == "key":
            qtbot.keyClick(shown, Qt.Key.Key_Escape)
        else:
            shown.close()
    settled(qtbot, specked, 146)
    specked.actions.run("objects.clean")
    assert dialog(CleanDialog).isVisible()


def test_it_stands_beside_what_it_changes(specked, shown):
    window, canvas = specked.window, specked.panels.canvas
    middle = canvas.mapToGlobal(canvas.rect().center())
    assert window.frameGeometry().contains(shown.geometry())
    assert shown.geometry().center().x() > middle.x() and shown.geometry().bottom() > middle.y()
    two_ways = [one.row.field for one in shown.sliders.values() if one.slider.property("twoWays")]
    assert two_ways == ["grow"]


def test_frames_are_counted_as_everywhere(specked, shown, monkeypatch):
    monkeypatch.setitem(numbering._count, "first", 1)
    specked.workspace.session.go_to(4)
    assert shown.frames.itemText(HERE) == "The current one, frame 5"


def test_apply_keeps_it_for_the_range_and_undo_takes_it_back(specked, shown, qtbot):
    session = specked.workspace.session
    session.set_range(2, 5)
    assert shown.frames.itemText(RANGE) == "Between in and out, 3 frames"
    qtbot.mouseClick(shown.usual_button, LEFT)
    assert shown.cleaning == DEFAULT and not shown.undo_button.isEnabled()
    with qtbot.waitSignal(session.edited):
        qtbot.mouseClick(shown.apply_button, LEFT)
    (span,) = session.project.cleanings()
    assert (span.object_id, span.start, span.stop, span.cleaning) == (1, 2, 5, DEFAULT)
    qtbot.waitUntil(shown.undo_button.isEnabled)
    shown.preview.setChecked(False)
    settled(qtbot, specked, 144)
    with qtbot.waitSignal(session.edited):
        qtbot.mouseClick(shown.undo_button, LEFT)
    assert session.project.cleanings() == ()
    settled(qtbot, specked, 146)
    qtbot.waitUntil(lambda: shown.cleaning == NONE)


def test_keyframes_are_not_touched(specked, shown, qtbot):
    session = specked.workspace.session
    session.go_to(0)
    qtbot.waitUntil(lambda: session.view.frame_index == 0)
    before = area(specked)
    move(shown, "grow", -2)
    shown.frames.setCurrentIndex(ALL)
    shown.frames.activated.emit(ALL)
    session.go_to(3)
    settled(qtbot, specked, 64)
    session.go_to(0)
    qtbot.waitUntil(lambda: session.view.frame_index == 0)
    assert area(specked) == before


def test_the_sliders_follow_the_object_and_the_frame_is_a_choice(specked, shown, qtbot):
    session = specked.workspace.session
    shown.frames.setCurrentIndex(HERE)
    move(shown, "smooth", 3)
    with qtbot.waitSignal(session.edited):
        qtbot.mouseClick(shown.apply_button, LEFT)
    assert [(s.start, s.stop) for s in session.project.cleanings()] == [(3, 4)]
    qtbot.waitUntil(lambda: session.view.cleanings == {1: Cleaning(smooth=3)})
    session.select_object(2)
    qtbot.waitUntil(lambda: shown.cleaning == NONE)
    assert shown.name.text() == "Box 2"
    session.select_object(1)
    qtbot.waitUntil(lambda: shown.cleaning == Cleaning(smooth=3))
    with qtbot.waitSignal(session.edited):
        qtbot.mouseClick(shown.back_button, LEFT)
    assert session.project.cleanings() == () and shown.cleaning == NONE


def test_a_locked_object_and_none_cannot_be_cleaned_up(specked, shown, qtbot):
    session = specked.workspace.session
    assert shown.apply_button.isEnabled()
    session.do(LockObject(1, locked=True))
    qtbot.waitUntil(lambda: not shown.apply_button.isEnabled())
    assert shown.name.text() == "Box 1 (locked)"
    session.select_object(0)
    assert not shown.back_button.isEnabled() and "none" in shown.name.text()


def test_an_area_is_erased_by_the_mouse_on_all_frames_of_the_range(specked, shown, qtbot):
    session, canvas = specked.workspace.session, specked.panels.canvas
    session.set_range(2, 6)
    qtbot.mouseClick(shown.area_button, LEFT)
    assert specked.view_state.tool is ToolId.ERASE_AREA
    port = canvas.viewport()
    places = [canvas.mapFromScene(*xy) for xy in ((6, 6), (22, 6), (22, 14), (6, 14))]
    with qtbot.waitSignal(session.edited):
        qtbot.mousePress(port, LEFT, pos=places[0])
        for place in places[1:]:
            qtbot.mouseMove(port, place + QPoint(1, 1))
            qtbot.mouseMove(port, place)
        qtbot.mouseRelease(port, LEFT, pos=places[-1])
    (span,) = session.project.cleanings()
    assert (span.object_id, span.start, span.stop) == (1, 2, 6)
    qtbot.waitUntil(lambda: 0 < area(specked) < 100)
    assert (session.project.cleaned_map(3, {}) == 1).sum() == 146
    session.go_to(8)
    settled(qtbot, specked, 146)


def test_where_nothing_can_be_erased_it_is_said(specked, qtbot):
    session, canvas = specked.workspace.session, specked.panels.canvas
    specked.actions.run("tools.erase-area")
    session.set_range(5, 8)
    place = canvas.mapFromScene(10, 10)
    told = []
    canvas.statusMessage.connect(told.append)
    qtbot.mouseClick(canvas.viewport(), LEFT, pos=place)
    assert any("between in and out" in text for text in told)
    session.select_object(0)
    qtbot.mouseClick(canvas.viewport(), LEFT, pos=place)
    assert any("Select the object" in text for text in told)
    assert session.project.cleanings() == ()


def test_the_setting_turns_the_usual_clean_up_off_for_runs_to_come(desk):
    runs = desk.workspace.propagation
    assert runs.choice.clean
    desk.settings.set_value("clean", False)
    assert not runs.choice.clean


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        *(("islands", 0, "Off"), ("islands", AUTO, "Automatic"), ("holes", 7, "below 7 px")),
        *(("keep", 0, "All"), ("keep", 2, "the largest 2"), ("grow", -3, "shrink 3 px")),
        *(("grow", 4, "grow 4 px"), ("feather", 1.5, "1.5 px"), ("feather", 0.5, "0.5 px")),
        *(("smooth", 99, "99 px"), ("islands", 10**9, "below 1000000000 px")),
    ],
)
def test_values_in_words_and_none_is_changed_by_being_shown(qtbot, field, value, words):
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    row = next(row for row in ROWS if row.field == field)
    slider = CleanSlider(row, parent)
    slider.set_value(value)
    assert slider.value == value and slider.words.text() == words
