"""Small choices of the View and Go menus, and what waits for what."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtGui import QColor
from vosapp_fakes import mask_of

from core.prompts.request import BoxPrompt
from vosapp.project.model import FrameState
from vosapp.session.prompting import PromptAsk
from vosapp.ui.timeline.panel import TimelinePanel
from vosapp.ui.view_state import Ground, OverlayMode


def test_the_video_plays_at_other_speeds(desk, qtbot, monkeypatch):
    playback, now = desk.workspace.playback, [100.0]
    monkeypatch.setattr("vosapp.session.playback.time.monotonic", lambda: now[0])
    desk.actions.run("navigate.speed-double")
    assert playback.speed == 2 and desk.actions["navigate.speed-double"].isChecked()
    assert desk.panels.timeline.transport.speed.text() == "2\u00d7"
    session, fps = desk.workspace.session, float(desk.workspace.session.info.fps)
    playback.start()
    now[0] += 3.01 / fps
    playback._tick()
    assert session.frame_index == 6
    desk.actions.run("navigate.speed-quarter")
    now[0] += 8.01 / fps
    playback._tick()
    assert session.frame_index == 8
    playback.stop()
    with pytest.raises(ValueError, match="no speed"):
        playback.set_speed(0)


def test_objects_are_cut_out_on_a_plain_ground(desk, qtbot):
    canvas = desk.panels.canvas
    for ground, color in ((Ground.GREEN, "#00b140"), (Ground.WHITE, "#ffffff")):
        desk.actions.run(f"view.ground-{ground.value}")
        assert desk.view_state.mode is OverlayMode.CUTOUT
        assert desk.actions[f"view.ground-{ground.value}"].isChecked()
        image = canvas.viewport().grab().toImage()
        x, y = canvas.grid.to_view(50.5, 10.5)
        assert image.pixelColor(round(x), round(y)) == QColor(color)
        x, y = canvas.grid.to_view(12.5, 17.5)
        assert image.pixelColor(round(x), round(y)).red() > 200


def test_panels_can_be_moved_when_the_user_wants_to(desk):
    window = desk.window
    dock = window.docks["objects"]
    assert not window.docks_movable and dock.features() == dock.DockWidgetFeature(0)
    desk.actions.run("view.dock-titles")
    assert window.docks_movable and desk.actions["view.dock-titles"].isChecked()
    assert dock.features() & dock.DockWidgetFeature.DockWidgetMovable
    desk.actions.run("view.dock-titles")
    assert not window.docks_movable


def test_buttons_of_the_transport_name_their_keys(desk):
    buttons = desk.panels.timeline.buttons
    assert "(Space)" in buttons["play"].toolTip()
    assert all("(" in button.toolTip() for button in buttons.values())
    desk.keymap.set_keys("navigate.play", ("Ctrl+Space",))
    assert "(Ctrl+Space)" in buttons["play"].toolTip()
    assert isinstance(desk.panels.timeline, TimelinePanel)


def test_a_closed_project_leaves_its_picture(desk):
    project = desk.workspace.session.project.path
    assert not desk.covers.path(project).exists()
    desk.close_workspace()
    assert desk.covers.path(project).is_file()
    desk.recent.remove(project)
    desk.show_recent()
    assert not desk.covers.path(project).exists()


def test_an_estimate_waits_for_no_export(desk, qtbot):
    gate = threading.Event()

    def export(_token):
        gate.wait(20)
        yield 1

    desk.workspace.session.files.submit(export)
    try:
        with qtbot.waitSignal(desk.workspace.propagation.finished, timeout=60_000):
            desk.actions.run("propagate.open")
        assert not gate.is_set()
    finally:
        gate.set()


def test_a_run_waits_for_the_box_that_was_drawn_just_now(desk, qtbot):
    session, prompting = desk.workspace.session, desk.workspace.prompting
    session.select_object(1)
    session.go_to(8)
    qtbot.waitUntil(lambda: session.view.frame_index == 8)
    top, left, bottom, right = 9, 12, 25, 28
    ask = PromptAsk(box=BoxPrompt((float(left), float(top), float(right), float(bottom))))
    prompting.ask(ask)
    edit = _set_mask(session, 8)
    assert prompting.keep(ask, 8, edit)
    with qtbot.waitSignal(desk.workspace.propagation.finished, timeout=60_000):
        desk.actions.run("propagate.open")
    qtbot.waitUntil(lambda: session.lane(1).states[9] == FrameState.PROPAGATED)
    assert session.lane(1).states[8] == FrameState.KEYFRAME


def _set_mask(session, frame_index):
    from vosapp.project.edit_masks import SetMask

    return lambda _mask: session.do(SetMask(frame_index, 1, mask_of(frame_index, 1)))
