"""Finding objects in the window: by clicks, from a fresh project to accepted objects."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from vosapp_fakes import FakeFinder, mask_of

from core.engine.registry import discoverers
from core.errors import VideoDecodeError
from core.media.annotations.rectangles import mask_overlap
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.multi_granularity.config import PRESETS
from core.systems.multi_granularity.model import new_network
from vosapp.project.model import FrameState
from vosapp.ui.controllers.discover import DiscoverController
from vosapp.ui.dialogs.discover import DiscoverDialog

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def finding(make_shell, open_in, film_project, dialog):
    """A window with a fresh project, and its dialog."""

    def make(finder=None):
        shell = make_shell(finder=finder)
        open_in(shell, film_project)
        shell.actions.run("objects.find")
        return shell, dialog(DiscoverDialog)

    return make


@pytest.fixture
def gate(finding):
    """Lets a finder do one step; all of them before the window goes, which waits for its engine."""
    gate = threading.Semaphore(1)
    yield gate
    gate.release(1000)


def found(qtbot, shell, shown):
    with qtbot.waitSignal(shell.workspace.discovery.finished):
        qtbot.mouseClick(shown.find_button, LEFT)


def row(qtbot, shown, number):
    item = shown.list.item(number)
    place = shown.list.visualItemRect(item).center()
    qtbot.mouseClick(shown.list.viewport(), LEFT, pos=place)
    return item


def test_candidates_are_listed_seen_accepted_and_propagated(finding, qtbot):
    shell, shown = finding()
    session = shell.workspace.session
    assert not shown.isModal() and shown.list.count() == 0
    assert not shown.accept_button.isEnabled() and shown.advice.isVisible()
    found(qtbot, shell, shown)
    assert shown.list.count() == 2 and not shown.advice.isVisible()
    assert "Found 2 objects" in shown.state.text()
    assert not shown.list.item(0).icon().isNull()
    assert "Score 0.80" in shown.list.item(0).text()
    overlays = shell.panels.canvas._overlays
    assert set(np.unique(overlays._found_map)) == {0, 1, 2}
    session.drain()
    assert session.objects == ()
    session.go_to(23)
    qtbot.waitUntil(lambda: session.view.frame_index == 23 and session.view.exact)
    row(qtbot, shown, 0)
    assert session.frame_index == 23
    with qtbot.waitSignal(session.edited):
        qtbot.mouseClick(shown.accept_button, LEFT)
    assert shown.list.count() == 1
    assert set(np.unique(overlays._found_map)) == {0, 2}
    with qtbot.waitSignal(session.edited):
        qtbot.mouseClick(shown.all_button, LEFT)
    assert shown.list.count() == 0 and overlays._found_map is None
    assert len(session.objects) == 2
    for item, number in zip(session.objects, (1, 2), strict=True):
        assert session.lane(item.object_id).states[23] == FrameState.KEYFRAME
        mask = session.project.label_map(23) == item.object_id
        assert mask_overlap(mask, mask_of(23, number)) > 0.8
    with qtbot.waitSignal(shell.workspace.propagation.finished, timeout=60_000):
        shell.actions.run("propagate.open")
    session.drain()
    assert all((session.project.label_map(i) > 0).any() for i in range(24))


def test_a_click_goes_to_the_frame_and_a_double_click_accepts(finding, qtbot):
    shell, shown = finding()
    session = shell.workspace.session
    session.set_range(4, 9)
    qtbot.mouseClick(shown.close_button, LEFT)
    shell.actions.run("objects.find")
    (controller,) = [c for c in shell.controllers if isinstance(c, DiscoverController)]
    shown = controller.dialog
    assert "5 frames" in shown.frames.itemText(0)
    found(qtbot, shell, shown)
    item = row(qtbot, shown, 1)
    qtbot.waitUntil(lambda: session.frame_index == 5)
    place = shown.list.visualItemRect(item).center()
    with qtbot.waitSignal(session.edited):
        qtbot.mouseDClick(shown.list.viewport(), LEFT, pos=place)
    (made,) = session.objects
    assert mask_overlap(session.project.label_map(5) == made.object_id, mask_of(5, 2)) > 0.8


def test_one_frame_alone_learns_nothing_and_drops_are_free(finding, qtbot):
    orders = []

    def make(order):
        orders.append(order)
        return FakeFinder(order)

    shell, shown = finding(make)
    assert shown.learn.isEnabled()
    shown.frames.setCurrentIndex(1)
    shown.frames.activated.emit(1)
    assert not shown.learn.isEnabled()
    found(qtbot, shell, shown)
    assert (orders[0].start, orders[0].stop, orders[0].adapt_steps) == (0, 1, 0)
    row(qtbot, shown, 0)
    qtbot.mouseClick(shown.drop_button, LEFT)
    assert shown.list.count() == 1
    shell.workspace.session.drain()
    assert shell.workspace.session.objects == ()


def test_it_goes_on_while_the_dialog_is_closed_and_tells(finding, qtbot):
    gate = threading.Semaphore(1)
    shell, shown = finding(partial(FakeFinder, gate=gate))
    qtbot.mouseClick(shown.find_button, LEFT)
    qtbot.waitUntil(lambda: shell.workspace.discovery.state.done == 1)
    assert shown.stop_button.isVisible() and not shown.find_button.isEnabled()
    qtbot.mouseClick(shown.close_button, LEFT)
    with qtbot.waitSignal(shell.workspace.discovery.finished):
        gate.release(100)
    qtbot.waitUntil(lambda: shell.window.notice.isVisible())
    shell.actions.run("objects.find")
    (controller,) = [c for c in shell.controllers if isinstance(c, DiscoverController)]
    assert controller.dialog.list.count() == 2


def test_stopped_and_failed_searches_are_told(finding, qtbot):
    gate = threading.Semaphore(1)
    shell, shown = finding(partial(FakeFinder, gate=gate))
    qtbot.mouseClick(shown.find_button, LEFT)
    qtbot.waitUntil(lambda: shell.workspace.discovery.state.done == 1)
    with qtbot.waitSignal(shell.workspace.discovery.finished):
        qtbot.mouseClick(shown.stop_button, LEFT)
        gate.release(100)
    assert "Nothing was changed" in shown.state.text()
    error = VideoDecodeError("Frame 3 is damaged.", "Cut it out.")
    shell.engine.make_finder = partial(FakeFinder, error=error)
    found(qtbot, shell, shown)
    assert "Frame 3 is damaged." in shown.state.text()
    assert shown.find_button.isEnabled()


def test_without_weights_a_file_can_be_chosen(finding, qtbot, monkeypatch, tmp_path):
    from vosapp import assets

    shell, shown = finding()
    shell.engine.make_finder = None
    monkeypatch.setattr(assets, "weights_dir", lambda: tmp_path)
    shown.refresh_weights()
    assert "choose a file" in shown.weights.text()
    assert "vosapp train appearance_motion" in shown.weights.text()
    assert not shown.find_button.isEnabled()
    shown.take_weights(tmp_path / "<b>mine.safetensors")
    assert shown.weights.text() == "<b>mine.safetensors"
    assert shown.weights.textFormat() == Qt.TextFormat.PlainText
    assert shown.find_button.isEnabled()


def test_every_system_that_finds_objects_can_be_chosen(finding, qtbot, tmp_path):
    orders = []

    def make(order):
        orders.append(order)
        return FakeFinder(order)

    shell, shown = finding(make)
    names = [shown.system.itemData(row) for row in range(shown.system.count())]
    assert names == list(discoverers())
    assert shown.system.currentData() == names[0] and shown.learn.isEnabled()
    shown.take_weights(tmp_path / "old.safetensors")
    shown.system.setFocus()
    qtbot.keyClick(shown.system, Qt.Key.Key_Down)
    qtbot.keyClick(shown.system, Qt.Key.Key_Return)
    if shown.system.currentData() != "multi_granularity":
        shown.system.setCurrentIndex(names.index("multi_granularity"))
    shown.system.activated.emit(shown.system.currentIndex())
    assert shown.weights.text() == "bundled"
    assert not shown.learn.isEnabled()
    found(qtbot, shell, shown)
    assert (orders[0].system, orders[0].adapt_steps) == ("multi_granularity", 0)
    assert not shown.learn.isEnabled()


def test_weights_choose_their_own_system(finding, tmp_path):
    config = PRESETS["tiny"]
    torch.manual_seed(0)
    path = tmp_path / "mine.safetensors"
    info = CheckpointInfo("multi_granularity", "tiny", config.to_dict())
    save_weights(path, new_network(config), info)
    _, shown = finding()
    shown.take_weights(path)
    assert shown.system.currentData() == "multi_granularity"
    assert shown.weights.text() == "mine.safetensors"


def test_the_window_says_that_the_engine_is_busy_and_stops_it(finding, gate, qtbot):
    shell, shown = finding(partial(FakeFinder, gate=gate))
    qtbot.mouseClick(shown.find_button, LEFT)
    qtbot.waitUntil(lambda: shell.workspace.discovery.state.done == 1)
    assert not shell.actions["propagate.open"].isEnabled()
    assert shell.actions["propagate.stop"].isEnabled()
    with qtbot.waitSignal(shell.workspace.discovery.finished):
        shell.actions.run("propagate.stop")
        gate.release(100)
    assert shell.workspace.discovery.found is None
    assert shell.actions["propagate.open"].isEnabled()
    assert not shell.actions["propagate.stop"].isEnabled()


def test_the_meter_stays_while_anything_runs(finding, gate, qtbot, tmp_path):
    shell, shown = finding(partial(FakeFinder, gate=gate))
    meter = shell.window.status.meter
    qtbot.mouseClick(shown.find_button, LEFT)
    qtbot.waitUntil(lambda: shell.workspace.discovery.state.done == 1)
    assert meter.isVisible()
    with qtbot.waitSignal(shell.opener.ended):
        shell.opener.open(tmp_path / "nothing.mp4")
    assert meter.isVisible()
    with qtbot.waitSignal(shell.workspace.discovery.finished):
        gate.release(100)
    assert not meter.isVisible()


def test_what_is_said_of_work_has_room(finding, gate, qtbot):
    shell, shown = finding(partial(FakeFinder, gate=gate))
    qtbot.mouseClick(shown.find_button, LEFT)
    qtbot.waitUntil(lambda: shell.workspace.discovery.state.done == 1)
    state = shown.state
    most = 2.5 * state.fontMetrics().lineSpacing()
    qtbot.waitUntil(lambda: 0 < state.heightForWidth(state.width()) < most)
    with qtbot.waitSignal(shell.workspace.discovery.finished):
        gate.release(100)
