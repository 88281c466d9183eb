"""What was learned while the project could not take it: shown, told, asked for, tried again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from core.errors import OutputError, VideoDecodeError
from vosapp.project.store import Project
from vosapp.ui.dialogs.finetune import FinetuneDialog
from vosapp.ui.notice import Kind

LEFT = Qt.MouseButton.LeftButton
FULL = OutputError("The disk <b>D</b> is full.", "Free some space.")


@pytest.fixture
def refuse_once(monkeypatch):
    """Let the next try to put weights into any project fail, and those after it succeed."""
    put = Project.put_tuned

    def refuse(error=FULL):
        def fail(*_args, **_options):
            monkeypatch.setattr(Project, "put_tuned", put)
            raise error

        monkeypatch.setattr(Project, "put_tuned", fail)

    return refuse


@pytest.fixture
def adapt(desk, dialog):
    desk.actions.run("propagate.tune")
    return dialog(FinetuneDialog)


@pytest.fixture
def learn(desk, adapt, qtbot):
    """Learn by a click in the dialog, and wait until there is something to decide."""

    def start():
        with qtbot.waitSignal(desk.workspace.finetuning.finished):
            qtbot.mouseClick(adapt.start_button, LEFT)
        qtbot.waitUntil(adapt.use_button.isVisible)

    return start


def questions():
    found = QApplication.topLevelWidgets()
    return [box for box in found if isinstance(box, QMessageBox) and box.isVisible()]


def test_it_is_told_where_the_dialog_is_closed(desk, adapt, refuse_once, qtbot):
    refuse_once()
    with qtbot.waitSignal(desk.workspace.finetuning.finished):
        qtbot.mouseClick(adapt.start_button, LEFT)
        adapt.close()
    qtbot.waitUntil(lambda: desk.window.notice.isVisible())
    shown = desk.window.notice.notice
    assert shown.kind is Kind.WARNING
    assert "could not keep it yet" in shown.text
    assert desk.workspace.finetuning.undecided


@pytest.mark.parametrize("name", ["use_button", "keep_button"])
def test_it_is_compared_told_and_kept_by_the_same_buttons(
    desk, adapt, learn, refuse_once, qtbot, name
):
    control, button = desk.workspace.finetuning, getattr(adapt, name)
    refuse_once()
    learn()
    assert adapt.comparison.isVisible() and "did better" in adapt.verdict.text()
    assert adapt.trouble.isVisible() and adapt.trouble.textFormat() == Qt.TextFormat.PlainText
    for words in ("could not be kept", "disk <b>D</b> is full. Free some space.", "either choice"):
        assert words in adapt.trouble.text()
    assert adapt.height() >= adapt.layout().totalHeightForWidth(adapt.width())
    refuse_once()
    with qtbot.waitSignal(desk.workspace.session.failed):
        qtbot.mouseClick(button, LEFT)
    assert button.isVisible() and adapt.comparison.isVisible() and adapt.trouble.isVisible()
    assert not adapt.switch.isVisible() and "adapted" not in desk.window.choose_button.text()
    qtbot.mouseClick(button, LEFT)
    desk.workspace.session.drain()
    assert not adapt.trouble.isVisible() and not button.isVisible()
    assert adapt.switch.isVisible() and adapt.switch.isChecked() == (name == "use_button")
    assert desk.workspace.session.project.tuned() == control.info is not None


def test_opened_again_the_dialog_says_it_again(desk, adapt, learn, refuse_once, dialog, qtbot):
    refuse_once()
    learn()
    qtbot.mouseClick(adapt.close_button, LEFT)
    desk.actions.run("propagate.tune")
    again = dialog(FinetuneDialog)
    assert "could not be kept" in again.trouble.text() and again.comparison.isVisible()
    qtbot.mouseClick(again.use_button, LEFT)
    assert desk.workspace.finetuning.used


def test_closing_asks_again_after_a_decision_that_was_refused(
    desk, learn, refuse_once, press, qtbot
):
    workspace = desk.workspace
    refuse_once()
    learn()
    refuse_once()
    with qtbot.waitSignal(workspace.session.failed):
        workspace.finetuning.decide(use=True)
    desk.actions.run("file.close")
    assert "loses them" in questions()[0].informativeText()
    press("Go Back")
    assert desk.workspace is workspace
    workspace.finetuning.decide(use=True)
    desk.actions.run("file.close")
    assert desk.workspace is None and not questions()


def test_a_refusal_while_the_project_closes_does_no_harm(desk, learn, refuse_once, qtbot):
    learn()
    refuse_once()
    desk.workspace.finetuning.decide(use=True)
    desk.actions.run("file.close")
    qtbot.wait(50)
    assert desk.workspace is None and not questions()


def test_earlier_ones_stay_and_only_the_use_of_new_ones_tries_again(
    desk, adapt, learn, refuse_once, qtbot
):
    learn()
    qtbot.mouseClick(adapt.keep_button, LEFT)
    first = desk.workspace.finetuning.info
    desk.engine.tuner.data = b"others"
    learn()
    assert not adapt.trouble.isVisible()
    refuse_once()
    with qtbot.waitSignal(desk.workspace.session.failed):
        qtbot.mouseClick(adapt.use_button, LEFT)
    assert "Use Fine-tuned Weights\u201d tries again" in adapt.trouble.text()
    qtbot.mouseClick(adapt.keep_button, LEFT)
    assert desk.workspace.session.project.tuned() == first and not adapt.trouble.isVisible()


def test_kept_ones_that_cannot_be_switched_on_are_not_called_lost(
    desk, adapt, learn, refuse_once, qtbot
):
    learn()
    refuse_once()
    with qtbot.waitSignal(desk.workspace.session.failed):
        qtbot.mouseClick(adapt.use_button, LEFT)
    assert "could not be changed" in adapt.trouble.text() and adapt.use_button.isVisible()
    qtbot.mouseClick(adapt.use_button, LEFT)
    assert desk.workspace.finetuning.used and not adapt.trouble.isVisible()


def test_missing_pictures_are_explained(desk, adapt, learn, monkeypatch):
    def gone(*_args):
        raise VideoDecodeError("The video breaks off.", "Copy it again.")

    monkeypatch.setattr("vosapp.jobs.finetune._comparison", gone)
    learn()
    assert not adapt.comparison.isVisible() and "did better" in adapt.verdict.text()
    assert "cannot be shown. The video breaks off." in adapt.trouble.text()


def test_a_bug_is_told_as_one_and_nothing_is_lost(desk, adapt, learn, refuse_once, qtbot):
    refuse_once(RuntimeError("a bug"))
    learn()
    assert len(desk.crashes) == 1 and "a bug" in desk.crashes[0]
    desk.crashes.clear()
    assert "vosapp has a bug" in adapt.trouble.text()
    qtbot.mouseClick(adapt.use_button, LEFT)
    assert desk.workspace.finetuning.used
