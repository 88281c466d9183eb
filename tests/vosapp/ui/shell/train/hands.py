"""Mouse and eyes of the tests of the Train place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

LEFT = Qt.MouseButton.LeftButton


def choose(train, qtbot, *names):
    """Choose sources by their names, and wait until they were looked at."""
    root = train.shell.places.data
    train.hub.data.add([root / name for name in names])
    qtbot.waitUntil(lambda: train.hub.data.survey is not None and not train.hub.data.running)
    qtbot.waitUntil(lambda: train.hub.plan.estimate is not None)


def click(button):
    """Press a button that can be pressed."""
    assert button.isVisible() and button.isEnabled(), button.text()
    QTest.mouseClick(button, LEFT)


def state(train, qtbot, wanted):
    """Wait until the shown run is in a state."""
    qtbot.waitUntil(lambda: train.hub.runs.status.state is wanted)


def cells(tree):
    """The texts of a tree's rows."""
    rows = range(tree.topLevelItemCount())
    return [[tree.topLevelItem(r).text(c) for c in range(tree.columnCount())] for r in rows]
