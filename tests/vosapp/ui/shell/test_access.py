"""Every control says what it is and what it does."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDialogButtonBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
)

from vosapp.session.choice import RunChoice
from vosapp.ui.dialogs.chooser import RunChooser
from vosapp.ui.dialogs.crash import CrashDialog
from vosapp.ui.dialogs.export import ExportDialog
from vosapp.ui.dialogs.importing import ImportDialog
from vosapp.ui.dialogs.keys import ShortcutEditor
from vosapp.ui.dialogs.palette import CommandPalette
from vosapp.ui.dialogs.settings import SettingsDialog

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
)
DIALOGS = {
    "chooser": lambda desk: RunChooser(RunChoice(), desk.window),
    "crash": lambda desk: CrashDialog("Traceback", desk.window),
    "editor": lambda desk: ShortcutEditor(desk.keymap, desk.window),
    "export": lambda desk: ExportDialog(desk.workspace, desk.window),
    "import": lambda desk: ImportDialog(desk.workspace, desk.window),
    "palette": lambda desk: CommandPalette(desk.actions, desk.keymap, desk.window),
    "settings": lambda desk: SettingsDialog(desk.settings, desk.window),
}


def controls(root):
    """All controls of ours below a widget; not the parts that Qt itself is made of."""
    for kind in CONTROLS:
        for widget in root.findChildren(kind):
            above = widget.parent()
            inside = isinstance(above, CONTROLS) or widget.objectName().startswith("qt_")
            inside |= isinstance(above.parent(), QComboBox) or isinstance(above, QTabBar)
            if not inside and not isinstance(widget.parent(), QDialogButtonBox):
                yield widget


def unsaid(root):
    """Controls without tooltip, or without a name that is read out."""
    named = [w for w in controls(root) if w.accessibleName() or _text(w)]
    return [w for w in controls(root) if w not in named or not w.toolTip()]


def _text(widget):
    return widget.text() if isinstance(widget, QAbstractButton) else ""


@pytest.mark.parametrize("name", DIALOGS)
def test_controls_of_dialogs(name, desk):
    dialog = DIALOGS[name](desk)
    assert list(controls(dialog)) and unsaid(dialog) == []
    dialog.close()


def test_controls_of_the_welcome_page_and_bars(desk):
    for part in (desk.window.welcome, desk.window.main_bar, desk.window.tools_bar):
        assert list(controls(part)) and unsaid(part) == []
    assert unsaid(desk.window.status) == [] and unsaid(desk.window.notice) == []


@pytest.mark.parametrize("place", ["train", "models"])
def test_controls_of_places(place, desk):
    desk.actions.run(f"place.{place}")
    page = desk.window.stack.currentWidget()
    assert list(controls(page)) and unsaid(page) == []
    assert unsaid(desk.window.place_bar) == []


def test_the_check_sees_what_says_nothing(desk):
    button = QLineEdit(desk.window.status)
    assert unsaid(desk.window.status) == [button]
