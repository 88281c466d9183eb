"""Messages stand below the picture, cover nothing, and leave."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect

from vosapp.ui import notice as module
from vosapp.ui.notice import Choice, Kind, Notice, stay_ms


def on_screen(widget):
    return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("timeline", [True, False])
def test_a_message_is_below_the_picture_and_covers_nothing(desk, qtbot, timeline):
    desk.window.docks["timeline"].setVisible(timeline)
    qtbot.wait(20)
    canvas, view = desk.panels.canvas, desk.panels.timeline.view
    before = on_screen(canvas)
    desk.tell(Notice("Something happened", "And this is what to do about it.", Kind.WARNING))
    qtbot.wait(20)
    bar = desk.window.notice
    assert bar.isVisible()
    place = on_screen(bar)
    assert place.top() >= on_screen(canvas).bottom()
    assert not place.intersects(on_screen(canvas))
    assert not timeline or not place.intersects(on_screen(view))
    if timeline:
        assert on_screen(canvas) == before  # the picture does not jump
    assert bar.findChildren(type(bar._title))[1].width() > 200  # and is not squeezed
    bar.clear()
    qtbot.wait(20)
    assert on_screen(canvas) == before


def test_a_message_with_buttons_has_room_for_all_its_lines(desk, qtbot):
    desk.window.resize(1024, 700)
    qtbot.wait(20)
    choices = (Choice("Import\u2026", lambda: None, main=True), Choice("Leave", lambda: None))
    bar, room = desk.window.notice, desk.window.docks["timeline"].widget().width()
    words = "It was not written. " * 3
    # So much that it fits without the buttons, and not beside them.
    while bar.fontMetrics().horizontalAdvance(words) < room - 240:
        words += "Again. "
    desk.tell(Notice("Before", "A message of one line."))
    qtbot.wait(20)
    desk.tell(Notice("Something happened", words, Kind.WARNING, choices))
    qtbot.waitUntil(lambda: bar._text.height() > 0)
    qtbot.wait(20)
    assert bar._text.width() < bar.fontMetrics().horizontalAdvance(words)
    assert bar._text.height() >= bar._text.heightForWidth(bar._text.width())
    assert bar.height() >= bar.heightForWidth(bar.width())


def test_a_message_is_seen_in_other_places_too(desk, qtbot):
    desk.actions.run("place.models")
    desk.tell(Notice("Something happened"))
    qtbot.wait(20)
    bar, stack = desk.window.notice, desk.window.stack
    assert bar.isVisible() and not on_screen(bar).intersects(on_screen(stack))


def test_messages_leave_by_themselves(shell, qtbot, monkeypatch):
    monkeypatch.setattr(module, "LEAST_MS", 1)
    monkeypatch.setattr(module, "EACH_MS", 0)
    shell.window.activateWindow()
    bar = shell.window.notice
    for kind in Kind:
        with qtbot.waitSignal(bar.closed, timeout=5000):
            shell.tell(Notice("Title", "Text", kind))
        assert not bar.isVisible() and bar.notice is None


def test_a_message_stays_while_the_mouse_is_over_it(shell, qtbot, monkeypatch):
    monkeypatch.setattr(module, "LEAST_MS", 1)
    monkeypatch.setattr(module, "EACH_MS", 0)
    monkeypatch.setattr(module, "AGAIN_MS", 1)
    bar, over = shell.window.notice, [True]
    monkeypatch.setattr(bar, "underMouse", lambda: over[0])
    shell.tell(Notice("Title"))
    qtbot.wait(50)
    assert bar.isVisible()
    over[0] = False
    qtbot.waitUntil(lambda: not bar.isVisible())


def test_who_has_more_to_read_or_to_decide_has_more_time():
    short, long = Notice("Done"), Notice("Done", "A sentence that takes a while to be read.")
    assert stay_ms(long) > stay_ms(short) >= 5000
    choice = (Choice("Undo", lambda: None),)
    assert stay_ms(Notice("Done", choices=choice)) > stay_ms(short)
    assert stay_ms(Notice("Done", kind=Kind.ERROR)) > stay_ms(Notice("Done", kind=Kind.WARNING))
    # A way on from what went wrong is not taken away.
    assert stay_ms(Notice("Broken", kind=Kind.ERROR, choices=choice)) is None
