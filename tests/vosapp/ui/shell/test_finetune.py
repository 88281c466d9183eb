"""Adapting to the video in the window: by clicks, beside work, and told when nobody looks."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLabel
from vosapp_fakes import FakeTracker, FakeTuner, mask_of

from core.engine.registry import default_system
from core.errors import TrainingError
from vosapp.assets import bundled_identity
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import RenameObject
from vosapp.project.opening import open_project
from vosapp.ui.controllers.finetune import FinetuneController
from vosapp.ui.dialogs.chooser import RunChooser
from vosapp.ui.dialogs.comparison import overlay
from vosapp.ui.dialogs.finetune import FinetuneDialog

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def open_desk(make_shell, open_in, drawn_project):
    def make(tuner=None, tracker=None):
        shell = make_shell(tracker, tuner=tuner)
        open_in(shell, drawn_project)
        return shell

    return make


@pytest.fixture
def adapt(dialog):
    """Open the dialog by its action."""

    def show(shell):
        shell.actions.run("propagate.tune")
        return dialog(FinetuneDialog)

    return show


def open_dialog(shell):
    (controller,) = [c for c in shell.controllers if isinstance(c, FinetuneController)]
    return controller.dialog


def learned(qtbot, shell, shown):
    with qtbot.waitSignal(shell.workspace.finetuning.finished):
        qtbot.mouseClick(shown.start_button, LEFT)
    qtbot.waitUntil(lambda: shown.use_button.isVisible())


def test_learned_compared_used_and_switched(open_desk, adapt, qtbot):
    tuner = FakeTuner()
    shell = open_desk(tuner)
    control, button = shell.workspace.finetuning, shell.window.choose_button
    shown = adapt(shell)
    assert not shown.isModal() and not shown.comparison.isVisible()
    shown.minutes.setValue(2)
    learned(qtbot, shell, shown)
    assert tuner.orders[0].minutes == 2
    assert "did better" in shown.verdict.text() and "0.500" in shown.verdict.text()
    assert shown.comparison.isVisible() and shown.use_button.isDefault()
    assert "0.750" in shown.comparison.titles[1].text()
    assert "fine-tuned" not in button.text()
    qtbot.mouseClick(shown.use_button, LEFT)
    assert control.used and "fine-tuned" in button.text()
    assert "fine-tuned on this video" in button.toolTip()
    assert shown.switch.isVisible() and shown.switch.isChecked()
    assert "10 of 24 frames in 4 steps" in shown.about.text()
    shown.switch.click()
    assert not control.used and "fine-tuned" not in button.text()
    shown.switch.click()
    shell.workspace.session.drain()
    assert shell.workspace.session.project.uses_tuned
    qtbot.mouseClick(shown.close_button, LEFT)


def test_it_says_what_is_compared(open_desk, adapt, qtbot):
    """Also where the project has tuned weights already: learning never begins from those."""
    shell = open_desk(
        FakeTuner(base=bundled_identity("self_supervised", default_system().default_preset))
    )
    control = shell.workspace.finetuning
    shown = adapt(shell)
    assert "with the bundled weights and with the new" in shown.estimate.text()
    for other in ("", "from before are not part of the comparison"):
        learned(qtbot, shell, shown)
        assert "better than the bundled weights" in shown.verdict.text()
        assert other in shown.verdict.text()
        assert ("from before" in shown.verdict.text()) == bool(other)
        titles = [title.text() for title in shown.comparison.titles]
        assert titles[0] == "The bundled weights, J 0.500"
        assert "Learned from this video, J 0.750" in titles[1]
        assert shown.comparison.pictures[0].accessibleName() == "The bundled weights"
        control.decide(use=True)
        assert "0.500 with the bundled weights, 0.750 as learned" in shown.about.text()
        shell.engine.tuner.data = b"others"
    choice = shell.workspace.propagation.choice
    mine = replace(choice, weights=Path("mine.safetensors"), tuned=False)
    shell.workspace.propagation.set_choice(mine)
    assert "with mine.safetensors and with the new" in shown.estimate.text()


def plain(label):
    """What a label shows, without its markup."""
    if label.textFormat() == Qt.TextFormat.PlainText:
        return label.text()
    document = QTextDocument()
    document.setHtml(label.text())
    return document.toPlainText()


def test_names_are_no_markup(open_desk, adapt, qtbot):
    name = "<h1>mine</h1><img src='x'> & co"
    shell = open_desk(FakeTuner(base=f"{name} sha256:ab"))
    session = shell.workspace.session
    session.do(RenameObject(1, "<i>Max</i>"))
    qtbot.waitUntil(lambda: session.objects[0].name == "<i>Max</i>")
    choice = replace(shell.workspace.propagation.choice, weights=Path("<b>x.safetensors"))
    shell.workspace.propagation.set_choice(choice)
    shown = adapt(shell)
    assert "<b>x.safetensors" in plain(shown.estimate)
    learned(qtbot, shell, shown)
    view = shown.comparison
    assert f"better than {name}" in plain(shown.verdict)
    assert name in plain(view.titles[0]) and "<i>Max</i>" in plain(view.scores)
    assert "&lt;h1&gt;" in view.picker.toolTip() and "<h1>" not in view.picker.toolTip()
    assert view.pictures[0].accessibleName() == name
    shell.workspace.finetuning.decide(use=True)
    assert name in plain(shown.about)
    shown.close()
    with qtbot.waitSignal(shell.workspace.finetuning.finished):
        shell.workspace.finetuning.start(3)
    notice = shell.window.notice
    assert name in notice.notice.text
    assert any(name in plain(label) for label in notice.findChildren(QLabel))


def test_the_present_ones_are_kept(open_desk, adapt, qtbot):
    shell = open_desk()
    shown = adapt(shell)
    learned(qtbot, shell, shown)
    qtbot.mouseClick(shown.keep_button, LEFT)
    assert not shell.workspace.finetuning.used
    assert shown.switch.isVisible() and not shown.switch.isChecked()
    assert shown.start_button.isVisible()


def test_progress_is_shown_and_the_window_works_on(open_desk, adapt, qtbot):
    gate = threading.Semaphore(0)
    shell = open_desk(FakeTuner(gate=gate))
    shown, session = adapt(shell), shell.workspace.session
    qtbot.mouseClick(shown.start_button, LEFT)
    gate.release(2)
    qtbot.waitUntil(lambda: "step 2" in shown.state.text())
    assert "loss 0.0950" in shown.state.text() and "left" in shown.state.text()
    assert shown.bar.isVisible() and shown.bar.value() == shown.bar.maximum() // 2
    meter = shell.window.status.meter
    assert meter.isVisible()
    assert any("step 2" in label.text() for label in meter.findChildren(QLabel))
    assert not shell.actions["propagate.open"].isEnabled()
    assert shell.actions["propagate.stop"].isEnabled()
    session.go_to(5)
    session.do(SetMask(5, 1, mask_of(5, 1)))
    qtbot.waitUntil(lambda: session.view.frame_index == 5 and 1 in session.view.assertions)
    qtbot.mouseClick(shown.stop_button, LEFT)
    gate.release(9)
    qtbot.waitUntil(lambda: not shell.workspace.finetuning.running)
    assert "nothing was kept" in shown.state.text() and not meter.isVisible()
    assert shell.actions["propagate.open"].isEnabled()
    session.drain()
    assert session.project.tuned() is None


def test_closed_it_goes_on_and_says_when_it_is_done(open_desk, adapt, qtbot):
    gate = threading.Semaphore(0)
    shell = open_desk(FakeTuner(gate=gate))
    shown = adapt(shell)
    qtbot.mouseClick(shown.start_button, LEFT)
    qtbot.mouseClick(shown.close_button, LEFT)
    gate.release(9)
    qtbot.waitUntil(lambda: shell.window.notice.isVisible())
    notice = shell.window.notice.notice
    assert "Fine-tuned" in notice.title and "0.500" in notice.text
    notice.choices[0].run()
    again = open_dialog(shell)
    assert isinstance(again, FinetuneDialog) and again.use_button.isVisible()
    qtbot.mouseClick(again.use_button, LEFT)
    assert shell.workspace.finetuning.used


def test_the_stop_of_the_window_stops_it(open_desk, adapt, qtbot):
    gate = threading.Semaphore(0)
    shell = open_desk(FakeTuner(gate=gate))
    shown = adapt(shell)
    qtbot.mouseClick(shown.start_button, LEFT)
    qtbot.waitUntil(lambda: shell.workspace.finetuning.running)
    shell.actions.run("propagate.stop")
    gate.release(9)
    qtbot.waitUntil(lambda: not shell.workspace.finetuning.running)
    assert "Stopped" in shown.state.text()


def test_a_problem_is_told_where_one_looks(open_desk, adapt, qtbot):
    shell = open_desk(FakeTuner(error=TrainingError("The film stands still.", "Take another.")))
    shown = adapt(shell)
    with qtbot.waitSignal(shell.workspace.finetuning.finished):
        qtbot.mouseClick(shown.start_button, LEFT)
    assert "stands still" in shown.state.text() and not shell.window.notice.isVisible()
    assert shown.start_button.isVisible()


def test_learning_waits_for_a_propagation(open_desk, adapt, qtbot):
    gate = threading.Semaphore(0)
    shell = open_desk(tracker=FakeTracker(gate=gate))
    shown = adapt(shell)
    assert shown.start_button.isEnabled()
    shell.workspace.propagation.start()
    assert not shown.start_button.isEnabled() and "running" in shown.estimate.text()
    with qtbot.waitSignal(shell.workspace.propagation.finished):
        gate.release(100)
    assert shown.start_button.isEnabled()


def test_texts_have_room_when_a_propagation_ends_beside_it(open_desk, adapt, qtbot):
    gate = threading.Semaphore(0)
    shell = open_desk(tracker=FakeTracker(gate=gate))
    shell.workspace.propagation.start()
    shown = adapt(shell)
    with qtbot.waitSignal(shell.workspace.propagation.finished):
        gate.release(100)
    qtbot.waitUntil(lambda: shown.start_button.isEnabled())
    assert shown.height() >= shown.layout().totalHeightForWidth(shown.width())


def test_enter_pressed_twice_neither_cancels_nor_begins_again(open_desk, adapt, qtbot):
    gate = threading.Semaphore(0)
    tuner = FakeTuner(gate=gate)
    shell = open_desk(tuner)
    shown = adapt(shell)
    assert shown.start_button.isDefault()
    qtbot.mouseClick(shown.start_button, LEFT)
    assert not shown.stop_button.hasFocus() and shown.close_button.isDefault()
    gate.release(9)
    qtbot.waitUntil(lambda: shown.use_button.isVisible())
    assert shown.use_button.isDefault()
    qtbot.mouseClick(shown.use_button, LEFT)
    assert shown.close_button.isDefault() and not shown.start_button.hasFocus()
    qtbot.keyClick(shown, Qt.Key.Key_Return)
    assert len(tuner.orders) == 1 and not shell.workspace.finetuning.running


def test_an_object_that_is_gone_is_seen_all_the_same(open_desk, adapt, qtbot):
    shell = open_desk()
    shown = adapt(shell)
    learned(qtbot, shell, shown)
    (one,) = shell.workspace.finetuning.outcome.comparisons
    pixels = overlay(one, one.after, ())
    assert (pixels != one.picture)[one.after > 0].any()
    shown.comparison.set_comparisons((one,), (), "the bundled weights")
    assert "Object 1 0.500" in shown.comparison.scores.text()


def test_several_keyframes_can_be_looked_at(open_desk, adapt, qtbot, drawn_project):
    with open_project(drawn_project) as project:
        project.do(SetMask(7, 1, mask_of(7, 1)))
    shell = open_desk()
    shown = adapt(shell)
    learned(qtbot, shell, shown)
    view = shown.comparison
    assert view.picker.isVisible() and view.picker.count() == 2
    assert "frame 0," in view.way.text() and "Box 2" in view.scores.text()
    view.picker.setCurrentIndex(1)
    assert "frame 7," in view.way.text() and "Box 2" not in view.scores.text()


def test_the_range_can_be_learned_alone(open_desk, adapt, qtbot):
    tuner = FakeTuner()
    shell = open_desk(tuner)
    shell.workspace.session.set_range(3, 15)
    shown = adapt(shell)
    assert shown.frames.count() == 2
    shown.frames.setCurrentIndex(1)
    learned(qtbot, shell, shown)
    assert (tuner.orders[0].start, tuner.orders[0].stop) == (3, 15)


def test_one_dialog_which_goes_with_its_project(open_desk, adapt, qtbot):
    shell = open_desk()
    shown = adapt(shell)
    shell.actions.run("propagate.tune")
    assert adapt(shell) is shown
    shell.actions.run("file.close")
    assert shell.workspace is None and open_dialog(shell) is None


def test_the_chooser_offers_what_the_project_has(open_desk, adapt, qtbot, dialog):
    shell = open_desk()
    shell.actions.run("propagate.choose")
    chooser = dialog(RunChooser)
    assert not chooser.finetuned.isVisible()
    chooser.close()
    shown = adapt(shell)
    learned(qtbot, shell, shown)
    shown.keep_button.click()
    shell.actions.run("propagate.choose")
    qtbot.waitUntil(lambda: any(w.isVisible() for w in shell.window.findChildren(RunChooser)))
    (chooser,) = [w for w in shell.window.findChildren(RunChooser) if w.isVisible()]
    chooser.finetuned.click()
    assert shell.workspace.finetuning.used and chooser._weights.text() == "fine-tuned"
    assert shown.switch.isChecked()
    chooser.close()


def test_the_choice_is_there_again_when_the_project_is_opened_again(open_desk, adapt, qtbot):
    shell = open_desk()
    shown = adapt(shell)
    learned(qtbot, shell, shown)
    shown.use_button.click()
    path = shell.workspace.session.project.path
    shell.actions.run("file.close")
    shell.opener.open(path)
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.finetuning.used and "fine-tuned" in shell.window.choose_button.text()


def test_everything_has_a_name_and_a_tip(open_desk, adapt):
    shown = adapt(open_desk())
    for widget in (shown.minutes, shown.frames, shown.start_button, shown.stop_button,
                   shown.use_button, shown.keep_button, shown.switch, shown.close_button,
                   shown.comparison.picker, *shown.comparison.pictures):  # fmt: skip
        assert widget.accessibleName() and widget.toolTip()


def test_masks_are_filled_and_drawn_ones_outlined(open_desk, adapt, qtbot):
    shell = open_desk()
    shown = adapt(shell)
    learned(qtbot, shell, shown)
    (one,) = shell.workspace.finetuning.outcome.comparisons
    mixed = overlay(one, one.before, shell.workspace.session.objects)
    drawn = one.drawn == 1
    inside = np.zeros_like(drawn)
    inside[1:-1, 1:-1] = (
        drawn[1:-1, 1:-1] & drawn[:-2, 1:-1] & drawn[2:, 1:-1] & drawn[1:-1, :-2] & drawn[1:-1, 2:]
    )
    assert (mixed[drawn & ~inside] == 255).all()
    free = (one.before == 0) & (one.drawn == 0)
    assert np.array_equal(mixed[free], one.picture[free])
    filled = (one.before == 1) & inside
    assert filled.any() and (mixed[filled] != one.picture[filled]).any(axis=1).all()
