from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from vosapp.project.edit_masks import MarkAbsent
from vosapp.project.edit_ranges import SetReference
from vosapp.ui.references import ReferencesPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot, tracked):
    made = ReferencesPanel()
    qtbot.addWidget(made)
    made.resize(300, 220)
    made.set_workspace(tracked)
    made.show()
    yield made
    made.set_workspace(None)


@pytest.fixture
def session(tracked):
    return tracked.session


def texts(panel):
    return [panel.list.item(row).text() for row in range(panel.list.count())]


def test_the_current_keyframe_is_added_and_removed(qtbot, panel, session):
    assert texts(panel) == []
    assert panel._advice.isVisible()
    with qtbot.waitSignal(session.referencesChanged):
        qtbot.mouseClick(panel.add_button, LEFT)
    assert texts(panel) == ["Frame 0\nBox 1, Box 2"]
    assert not panel._advice.isVisible()
    assert not panel.add_button.isEnabled()
    assert not panel.remove_button.isEnabled()
    panel.list.item(0).setSelected(True)
    with qtbot.waitSignal(session.referencesChanged):
        qtbot.mouseClick(panel.remove_button, LEFT)
    assert texts(panel) == []


def test_a_click_goes_to_the_frame(qtbot, panel, session):
    with qtbot.waitSignal(session.referencesChanged):
        session.do(SetReference(0))
    session.go_to(11)
    place = panel.list.visualItemRect(panel.list.item(0)).center()
    qtbot.mouseClick(panel.list.viewport(), LEFT, pos=place)
    assert session.frame_index == 0


def test_only_keyframes_can_be_added(qtbot, panel, session):
    assert panel.add_button.isEnabled()
    session.go_to(5)
    assert not panel.add_button.isEnabled()
    with qtbot.waitSignal(session.lanesChanged):
        session.do(MarkAbsent(1, 5, 6))
    assert panel.add_button.isEnabled()


def test_undo_brings_them_back_and_the_thumbnail_is_drawn(qtbot, panel, session, tracked):
    with qtbot.waitSignal(session.referencesChanged):
        session.do(SetReference(0, (2,)))
    assert texts(panel) == ["Frame 0\nBox 2"]
    qtbot.waitUntil(lambda: tracked.thumbnails.get(0) is not None)
    image = panel.list.viewport().grab().toImage()
    colors = {image.pixelColor(x, y).getRgb()[:3] for x in range(8, 108) for y in range(6, 64)}
    assert any(np.abs(np.subtract(c, (220, 60, 40))).max() < 12 for c in colors)
    with qtbot.waitSignal(session.referencesChanged):
        session.undo()
    assert texts(panel) == []


def test_the_sentence_and_the_names(panel):
    assert "always remembers" in panel.list.toolTip()
    for widget in (panel.list, panel.add_button, panel.remove_button):
        assert widget.accessibleName()
        assert widget.toolTip()
    panel.set_workspace(None)
    assert not panel.add_button.isEnabled()
