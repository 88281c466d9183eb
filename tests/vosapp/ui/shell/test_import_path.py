"""A path that is typed into the import dialog is read without Enter."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from vosapp_fakes import label_map_of

from vosapp.ui.dialogs.importing import ImportDialog


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    Image.fromarray(label_map_of(3)).save(folder / "00003.png")
    return folder


@pytest.fixture
def importing(desk, qtbot):
    dialog = ImportDialog(desk.workspace, desk.window)
    dialog._typed.setInterval(5)
    dialog.show()
    yield dialog
    dialog.close()


def test_a_typed_path_is_read_without_enter(importing, masks, qtbot):
    text = str(masks)
    qtbot.keyClicks(importing.path, text[:-3])
    qtbot.waitUntil(lambda: "Nothing is there yet" in importing.state.text())
    assert not importing.import_button.isEnabled()
    qtbot.keyClicks(importing.path, text[-3:])
    qtbot.waitUntil(importing.import_button.isEnabled)
    assert "Found" in importing.state.text()
    # What was found belongs to another path as soon as one letter is gone.
    qtbot.keyClick(importing.path, Qt.Key.Key_Backspace)
    assert not importing.import_button.isEnabled() and importing.mapping.rowCount() == 0


def test_enter_means_the_path_as_it_stands(importing, tmp_path, qtbot):
    importing._typed.setInterval(60_000)
    qtbot.keyClicks(importing.path, str(tmp_path / "nowhere"))
    qtbot.keyClick(importing.path, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "nowhere" in importing.state.text())


def test_one_can_type_a_path_at_once(importing, qtbot):
    assert importing.focusWidget() is importing.path


def test_the_field_says_what_it_wants(importing):
    assert "Type a path" in importing.path.placeholderText()
