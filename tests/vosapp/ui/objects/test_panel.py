"""The list of objects under real mouse and key events."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QColorDialog, QInputDialog, QLineEdit

from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import DeleteObject
from vosapp.project.edits import AddObject, Group
from vosapp.project.model import FrameState
from vosapp.ui.objects.delegate import Spot
from vosapp.ui.objects.model import MIME, Role
from vosapp.ui.objects.panel import ObjectsPanel
from vosapp.ui.view_state import ViewState

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot, tracked):
    made = ObjectsPanel(ViewState())
    qtbot.addWidget(made)
    made.resize(300, 360)
    made.set_workspace(tracked)
    made.show()
    yield made
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()
    made.set_workspace(None)


@pytest.fixture
def session(tracked):
    return tracked.session


def names(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def spot(panel, row, what):
    """The middle of a part of a row, in pixels of the list."""
    box = panel.view.visualRect(panel.model.index(row))
    found = [x for x in range(box.left(), box.right()) if panel.delegate.spot_at(box, x) is what]
    return QPoint(found[len(found) // 2], box.center().y())


def click(qtbot, panel, row, what=Spot.NAME):
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=spot(panel, row, what))


def test_clicks_select_and_the_selection_follows_the_session(qtbot, panel, session):
    click(qtbot, panel, 1)
    assert session.object_id == 2
    session.select_object(1)
    assert panel.view.currentIndex().row() == 0
    assert panel.view.selectionModel().isRowSelected(0)
    session.select_object(0)
    assert not panel.view.selectionModel().hasSelection()


def test_a_click_below_the_rows_selects_nothing(qtbot, panel, session):
    click(qtbot, panel, 1)
    below = panel.view.visualRect(panel.model.index(1)).bottomLeft() + QPoint(20, 40)
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=below)
    assert session.object_id == 0 and not panel.view.selectionModel().hasSelection()


def test_icons_hide_lock_and_solo(qtbot, panel, session):
    with qtbot.waitSignal(session.objectsChanged):
        click(qtbot, panel, 1, Spot.EYE)
    assert [item.visible for item in session.objects] == [True, False]
    with qtbot.waitSignal(session.objectsChanged):
        click(qtbot, panel, 0, Spot.LOCK)
    assert [item.locked for item in session.objects] == [True, False]
    click(qtbot, panel, 1, Spot.SOLO)
    assert panel._view_state.solo == 2
    click(qtbot, panel, 1, Spot.SOLO)
    assert panel._view_state.solo == 0
    assert not panel.view.findChildren(QLineEdit)


def test_a_double_click_or_f2_renames_in_place(qtbot, panel, session):
    place = spot(panel, 0, Spot.NAME)
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(panel.view.viewport(), LEFT, pos=place)
    field = panel.view.findChild(QLineEdit)
    field.selectAll()
    qtbot.keyClicks(field, "Bear")
    with qtbot.waitSignal(session.objectsChanged):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert names(panel) == ["Bear", "Box 2"]
    session.select_object(2)
    panel.rename_current()
    field = next(f for f in panel.view.findChildren(QLineEdit) if f.text() == "Box 2")
    qtbot.keyClicks(field, "Fox")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    session.drain()
    assert names(panel) == ["Bear", "Box 2"]


def test_a_category_is_asked_for_and_set(qtbot, panel, session):
    panel._open_menu(spot(panel, 1, Spot.NAME))
    chosen = next(a for a in panel.menu.actions() if a.text().startswith("Category"))
    chosen.trigger()
    dialog = panel.findChild(QInputDialog)
    assert dialog.isVisible() and dialog.textValue() == ""
    dialog.setTextValue(" fox ")
    with qtbot.waitSignal(session.objectsChanged):
        dialog.accept()
    assert session.objects[1].category == "fox"
    panel.categorize_current()
    again = next(d for d in panel.findChildren(QInputDialog) if d.isVisible())
    assert again.textValue() == "fox"
    again.reject()


def test_renaming_begun_twice_or_for_another_object_goes_on(qtbot, panel, session):
    session.select_object(1)
    panel.rename_current()
    panel.rename_current()
    fields = [f for f in panel.view.findChildren(QLineEdit) if f.isVisible()]
    qtbot.keyClicks(fields[-1], "Bear")
    session.select_object(2)
    with qtbot.waitSignal(session.objectsChanged):
        panel.rename_current()
    assert names(panel) == ["Bear", "Box 2"]


def test_the_swatch_asks_for_a_color_without_waiting(qtbot, panel, session):
    click(qtbot, panel, 1, Spot.SWATCH)
    dialog = panel.findChild(QColorDialog)
    assert dialog.isVisible()
    dialog.setCurrentColor(QColor(1, 200, 3))
    with qtbot.waitSignal(session.objectsChanged):
        dialog.accept()
    assert session.objects[1].color == (1, 200, 3)
    assert panel.model.index(1).data(Qt.ItemDataRole.DecorationRole) == QColor(1, 200, 3)


def swatch(panel, row):
    """The chip of a row as it is drawn."""
    box = panel.view.visualRect(panel.model.index(row))
    return panel.view.viewport().grab(box.adjusted(5, 0, 30 - box.width(), 0)).toImage()


def test_the_number_of_an_object_is_its_id_wherever_it_stands(qtbot, panel, session):
    with qtbot.waitSignal(session.objectsChanged):
        session.do(Group((AddObject(), AddObject(12), AddObject(113))))
    before = [swatch(panel, row) for row in range(5)]
    session.select_object(1)
    with qtbot.waitSignal(session.objectsChanged):
        session.do(DeleteObject(2))
    assert [item.object_id for item in session.objects] == [1, 3, 12, 113]
    assert [swatch(panel, row) for row in range(4)] == [before[0], *before[2:]]
    assert "Id 3" in panel.delegate._number_tip(panel.model.index(1))


def test_states_are_those_of_the_current_frame(qtbot, panel, session):
    index = panel.model.index(0)
    assert index.data(Role.STATE) is FrameState.KEYFRAME
    assert "Frame 0 - Box 1: keyframe, 168 pixels" in index.data(Qt.ItemDataRole.ToolTipRole)
    session.go_to(5)
    assert index.data(Role.STATE) is FrameState.EMPTY
    with qtbot.waitSignal(session.lanesChanged):
        qtbot.mouseClick(panel.buttons["absent"], LEFT)
    assert index.data(Role.STATE) is FrameState.ABSENT


def test_a_drag_puts_objects_in_another_order(qtbot, panel, session):
    data = panel.model.mimeData([panel.model.index(0)])
    assert data.hasFormat(MIME)
    action = Qt.DropAction.MoveAction
    root = panel.view.rootIndex()
    with qtbot.waitSignal(session.objectsChanged):
        assert not panel.model.dropMimeData(data, action, 2, 0, root)
    assert names(panel) == ["Box 2", "Box 1"]
    assert panel.view.currentIndex().row() == 1
    assert session.object_id == 1
    with qtbot.waitSignal(session.objectsChanged):
        panel.model.dropMimeData(data, action, -1, -1, panel.model.index(0))
    assert names(panel) == ["Box 1", "Box 2"]


def test_buttons_add_and_split(qtbot, panel, session):
    with qtbot.waitSignal(session.objectsChanged):
        qtbot.mouseClick(panel.buttons["new"], LEFT)
    assert len(names(panel)) == 3
    qtbot.waitUntil(lambda: panel.view.currentIndex().row() == 2)
    session.select_object(1)
    with qtbot.waitSignal(session.objectsChanged):
        qtbot.mouseClick(panel.buttons["split"], LEFT)
    assert len(names(panel)) == 4


def test_merging_offers_the_others(qtbot, panel, session):
    qtbot.mouseClick(panel.buttons["merge"], LEFT)
    menu = panel._merge_menu
    assert menu.isVisible()
    texts = [action.text() for action in menu.actions()]
    assert texts == ["Merge Box 1 Into", "", "Box 2"] and not menu.actions()[0].isEnabled()
    with qtbot.waitSignal(session.objectsChanged):
        menu.actions()[2].trigger()
    assert names(panel) == ["Box 2"]


def test_deleting_everywhere_can_be_taken_back_at_once(qtbot, panel, session):
    assert not panel.undo_bar.isVisible()
    qtbot.mouseClick(panel.buttons["delete"], LEFT)
    actions = {action.text(): action for action in panel._delete_menu.actions()}
    with qtbot.waitSignal(session.edited):
        actions["Delete Everywhere"].trigger()
    assert names(panel) == ["Box 2"]
    assert panel.undo_bar.isVisible()
    assert panel.undo_bar.label.text() == "Deleted Box 1"
    with qtbot.waitSignal(session.objectsChanged):
        qtbot.mouseClick(panel.undo_bar.button, LEFT)
    assert names(panel) == ["Box 1", "Box 2"]
    qtbot.waitUntil(lambda: not panel.undo_bar.isVisible())


def test_the_way_back_goes_when_something_else_is_done(qtbot, panel, session):
    panel.delete_current()
    with qtbot.waitSignal(session.edited):
        panel._delete_menu.actions()[2].trigger()
    assert panel.undo_bar.isVisible()
    with qtbot.waitSignal(session.edited):
        session.do(AddObject())
    assert not panel.undo_bar.isVisible()
    with qtbot.waitSignal(session.edited):
        session.undo()
    assert not panel.undo_bar.isVisible()


def test_what_replaced_a_mask_can_become_a_new_object(qtbot, panel, session):
    session.select_object(1)
    qtbot.waitUntil(lambda: session.view is not None)
    before = session.view.label_map.copy()
    mask = np.zeros(before.shape, bool)
    mask[:4, -4:] = True
    with qtbot.waitSignal(session.edited):
        session.do(Group((SetMask(session.frame_index, 1, mask),), "Replace mask of Box 1"))
    assert panel.undo_bar.label.text() == "Replaced mask of Box 1"
    qtbot.waitUntil(lambda: session.view.label_map[0, -1] == 1)
    qtbot.mouseClick(panel.undo_bar.new_object, LEFT)
    qtbot.waitUntil(lambda: session.view.label_map[0, -1] == 3)
    after = session.view.label_map
    assert (after == 3).sum() == mask.sum() and ((after == 1) == (before == 1)).all()
    assert session.object_id == 3 and not panel.undo_bar.isVisible()


@pytest.mark.parametrize("name", ["Box 1", "A name that is much too long for the panel " * 2])
def test_what_was_replaced_can_be_read_beside_its_buttons(qtbot, panel, session, name):
    panel.resize(300, 400)
    session.select_object(1)
    edit = SetMask(session.frame_index, 1, np.ones((session.info.height, session.info.width), bool))
    with qtbot.waitSignal(session.edited):
        session.do(Group((edit,), f"Replace mask of {name}"))
    bar = panel.undo_bar
    bar.layout().activate()
    assert bar.width() <= 300
    long = len(name) > 40
    assert bar.label.shown_text.endswith("\u2026") == long
    assert bar.label.toolTip() == (bar.label.text() if long else "")
    for button in (bar.button, bar.new_object):
        assert button.width() >= button.sizeHint().width()
        assert bar.rect().contains(button.geometry())


def test_what_was_deleted_becomes_no_object(qtbot, panel, session):
    panel.delete_current()
    with qtbot.waitSignal(session.edited):
        panel._delete_menu.actions()[2].trigger()
    assert panel.undo_bar.isVisible() and not panel.undo_bar.new_object.isVisible()


def test_the_context_menu_is_about_the_object_below(qtbot, panel, session):
    panel._open_menu(spot(panel, 1, Spot.NAME))
    assert session.object_id == 2
    texts = [action.text() for action in panel.menu.actions() if action.text()]
    assert {"Rename", "Solo", "Lock", "Merge Into", "Delete Everywhere"} <= set(texts)
    hide = next(action for action in panel.menu.actions() if action.text() == "Hide")
    with qtbot.waitSignal(session.objectsChanged):
        hide.trigger()
    assert not session.objects[1].visible


def test_254_objects_are_listed_and_drawn(qtbot, panel, session):
    session.do(Group((AddObject(),) * 252))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 254, timeout=20_000)
    assert not panel.buttons["new"].isEnabled()
    session.select_object(254)
    row = panel.view.visualRect(panel.model.index(253))
    assert panel.view.viewport().rect().intersects(row)
    panel.grab()


def test_controls_have_names_and_tooltips_and_fit_what_can_be_done(qtbot, panel, session):
    for button in panel.buttons.values():
        assert button.accessibleName()
        assert button.toolTip()
        assert button.isEnabled()
    session.select_object(0)
    enabled = {name for name, button in panel.buttons.items() if button.isEnabled()}
    assert enabled == {"new"}
    panel.set_workspace(None)
    assert panel.model.rowCount() == 0
    assert not any(button.isEnabled() for button in panel.buttons.values())
