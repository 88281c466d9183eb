"""Keys in a real window: they work where they should and nowhere else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea

from vosapp.ui.actions.matching import score
from vosapp.ui.actions.synonyms import SYNONYMS
from vosapp.ui.actions.table import ACTIONS, BY_ID
from vosapp.ui.dialogs.keys import ShortcutEditor, ShortcutSheet
from vosapp.ui.dialogs.palette import CommandPalette, matches
from vosapp.ui.view_state import ToolId


def test_letters_take_tools_in_the_picture(desk, qtbot):
    qtbot.keyClick(desk.panels.canvas, "b")
    assert desk.view_state.tool is ToolId.BOX
    assert desk.actions["tools.box"].isChecked() and not desk.actions["tools.select"].isChecked()


def test_letters_are_text_in_a_line_edit(desk, qtbot):
    field = QLineEdit(desk.panels.timeline)
    field.show()
    field.setFocus()
    QTest.keyClicks(field, "bw2")
    assert field.text() == "bw2" and desk.view_state.tool is ToolId.SELECT
    assert desk.workspace.session.object_id == 1


def test_letters_do_nothing_elsewhere(desk, qtbot):
    desk.panels.objects.view.setFocus()
    qtbot.keyClick(desk.panels.objects.view, "b")
    assert desk.view_state.tool is ToolId.SELECT


def test_a_click_on_an_object_leaves_the_letters_to_the_canvas(desk, qtbot):
    canvas, objects = desk.panels.canvas, desk.panels.objects
    desk.window.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    row = objects.view.visualRect(objects.model.index(1))
    qtbot.mouseClick(objects.view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert desk.workspace.session.object_id == 2 and canvas.hasFocus()
    desk.actions.run("objects.rename")
    (field,) = objects.view.findChildren(QLineEdit)
    assert field.hasFocus()
    QTest.keyClicks(field, "wheel")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.workspace.session.current_object.name == "wheel")
    assert canvas.hasFocus() and desk.view_state.tool is ToolId.SELECT


def test_undo_and_redo_can_be_chosen_where_there_is_something(shell, film_project, open_in, qtbot):
    session = open_in(shell, film_project).session
    undo, redo = shell.actions["edit.undo"], shell.actions["edit.redo"]
    assert not undo.isEnabled() and not redo.isEnabled()
    shell.actions.run("objects.new")
    qtbot.waitUntil(lambda: undo.isEnabled() and not redo.isEnabled())
    undo.trigger()
    qtbot.waitUntil(lambda: redo.isEnabled() and not undo.isEnabled())
    assert session.objects == ()


def test_a_stroke_can_be_taken_back_at_once(shell, film_project, open_in, qtbot):
    open_in(shell, film_project)
    canvas = shell.panels.canvas
    shell.view_state.set_tool(ToolId.BRUSH)
    undo, redo = shell.actions["edit.undo"], shell.actions["edit.redo"]
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton)
    # The stroke may still be on its way to the disk.
    assert undo.isEnabled()
    undo.trigger()
    qtbot.waitUntil(lambda: not undo.isEnabled() and redo.isEnabled())
    assert not shell.workspace.session.project.label_map(0).any()


def test_keys_with_ctrl_work_everywhere(desk, qtbot):
    desk.panels.objects.view.setFocus()
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(desk.panels.objects.view, Qt.Key.Key_X, control | shift)
    desk.workspace.session.set_range(2, 5)
    qtbot.keyClick(desk.panels.objects.view, Qt.Key.Key_X, control | shift)
    assert desk.workspace.session.range == (0, 24)


def test_f2_shows_the_list_in_which_the_name_is_written(desk, qtbot):
    desk.window.docks["objects"].widget().setCurrentIndex(1)
    desk.actions.run("view.dock-objects")
    assert not desk.panels.objects.isVisible()
    desk.actions.run("objects.rename")
    assert any(f.isVisible() for f in desk.panels.objects.view.findChildren(QLineEdit))


def test_digits_and_tab_choose_objects(desk, qtbot):
    canvas, session = desk.panels.canvas, desk.workspace.session
    qtbot.keyClick(canvas, "2")
    assert session.object_id == 2
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert session.object_id == 1


def test_braces_change_the_opacity(desk, qtbot):
    before = desk.view_state.opacity
    qtbot.keyClick(desk.panels.canvas, "}")
    assert desk.view_state.opacity > before


def test_a_new_key_works_at_once(desk, qtbot):
    desk.keymap.set_keys("tools.brush", ["Ctrl+J"])
    qtbot.keyClick(desk.panels.canvas, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert desk.view_state.tool is ToolId.BRUSH
    desk.actions.run("tools.select")
    qtbot.keyClick(desk.panels.canvas, "w")
    assert desk.view_state.tool is ToolId.SELECT
    assert "Ctrl+J" in desk.actions["tools.brush"].toolTip()


def test_fuzzy_search_prefers_beginnings():
    assert score("", "anything") == 0 and score("xyz", "Propagate") is None
    assert score("pf", "Paste Frame") > score("pf", "Zip of")
    assert score("brush", "Brush") > score("brush", "Smaller Brush")
    assert score("école", "Ecole") is not None


def test_the_palette_puts_the_best_first():
    names = [spec.id for spec in matches("propag", list(ACTIONS))]
    assert names[0] == "propagate.open"
    assert matches("go to fr", list(ACTIONS))[0].id == "navigate.frame"
    assert matches("zzzz", list(ACTIONS)) == []


def test_the_palette_knows_what_other_programs_say():
    def first(query):
        return matches(query, list(ACTIONS))[0].id

    assert first("worst") == "review.next" and first("low conf") == "navigate.next-doubtful"
    assert first("despeckle") == "objects.clean" and first("approve") == "review.check"
    assert first("preferences") == "edit.settings"
    assert first("hotkeys") == "edit.shortcuts"
    assert first("bucket") == "tools.fill" and first("eyedropper") == "tools.pick"
    # A word that an action has in its own name comes before synonyms of others.
    assert first("mask") in {spec.id for spec in ACTIONS if "mask" in spec.text.lower()}
    assert first("lasso") == "tools.lasso" and first("solo") == "objects.solo"


def test_synonyms_are_words_of_actions_that_there_are():
    assert set(SYNONYMS) <= set(BY_ID)
    for action_id, words in SYNONYMS.items():
        assert words == words.casefold() and words.strip(), action_id


def test_other_words_find_by_their_menu_and_tip():
    assert matches("recol", list(ACTIONS))[0].id == "objects.recolor"
    assert matches("film that", list(ACTIONS))[0].id == "file.open-sample"
    assert [s.id for s in matches(" ", list(ACTIONS))] == [s.id for s in ACTIONS]


def test_the_palette_runs_what_is_chosen(desk, qtbot):
    desk.actions.run("help.palette")
    palette = next(w for w in desk.window.findChildren(QFrame) if isinstance(w, CommandPalette))
    QTest.keyClicks(palette.field, "lasso")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert desk.view_state.tool is ToolId.LASSO


def test_arrows_move_in_the_palette(desk, qtbot):
    palette = CommandPalette(desk.actions, desk.keymap, desk.window)
    palette.show_over(desk.window)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentRow() == 1 and not palette.nothing.isVisible()
    palette.field.setText("zzzz")
    assert palette.nothing.isVisible() and not palette.list.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    palette.close()


def test_the_palette_offers_only_what_can_be_used(shell):
    palette = CommandPalette(shell.actions, shell.keymap, shell.window)
    shown = [
        palette.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(palette.list.count())
    ]
    assert "file.open-video" in shown and "propagate.open" not in shown
    assert "help.palette" not in shown and "view.peek" not in shown
    palette.close()


def test_the_editor_warns_and_moves_a_key(shell, qtbot):
    editor = ShortcutEditor(shell.keymap, shell.window)
    editor.show()
    assert not editor.assign.isEnabled()
    editor.select("tools.box")
    editor.key_edit.setKeySequence(QKeySequence("W"))
    assert "Brush" in editor.warning.text()
    editor.assign.click()
    assert shell.keymap.keys("tools.box") == ("W",) and shell.keymap.keys("tools.brush") == ()
    editor.reset.click()
    assert shell.keymap.keys("tools.box") == ("B",)
    editor.clear.click()
    assert shell.keymap.keys("tools.box") == ()
    editor.reset_all.click()
    assert shell.keymap.keys("tools.brush") == ("W",)
    editor.search.setText("polyg")
    hidden = [item.isHidden() for item in editor._items.values()]
    assert hidden.count(False) == 1
    editor.close()


@pytest.mark.parametrize("width", [1000, 700])
def test_the_sheet_has_as_many_columns_as_the_screen_has_room_for(shell, monkeypatch, width):
    monkeypatch.setattr("vosapp.ui.dialogs.keys._room", lambda _widget: QSize(width, 600))
    sheet = ShortcutSheet(shell.keymap, shell.window)
    sheet.show()
    assert sheet.findChild(QScrollArea).horizontalScrollBar().maximum() == 0
    sheet.close()


def test_the_sheet_shows_all_keys(shell):
    sheet = ShortcutSheet(shell.keymap, shell.window)
    told = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Propagate", "Ctrl+T", "Hide Overlay While Held", "`", "Middle drag"} <= told
    sheet.close()
