"""The dialog of long work: begun, stopped, failed, done, closed; and the three that are one."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from vosapp_fakes import FakeTuner, label_map_of, works

from core.errors import OutputError, TrainingError
from core.jobs import Progress
from core.media.label_map import write_label_map
from vosapp.jobs.outcome import Done
from vosapp.jobs.runner import JobRunner
from vosapp.session.work import WorkControl, WorkState
from vosapp.ui.dialogs.export import CURRENT, ExportDialog
from vosapp.ui.dialogs.finetune import FinetuneDialog
from vosapp.ui.dialogs.importing import ImportDialog
from vosapp.ui.theme import DARK, LIGHT, Theme, apply_theme
from vosapp.ui.work.dialog import WorkDialog
from vosapp.ui.work.words import state_text

LEFT = Qt.MouseButton.LeftButton


class Counting(WorkDialog):
    """Counts in a thread; stops at a gate."""

    def __init__(self, parent, runner, work=None):
        super().__init__("Counting", parent)
        self.runner, self.work = runner, work or WorkControl(self)
        self.limit, self.button = QLineEdit(self), QPushButton("Count", self)
        self.content.addWidget(self.limit)
        self.add_button(self.button, picture="plus", main=True)
        self.button.setDefault(True)
        self.button.clicked.connect(self.count)
        self.gate, self.ends, self.error = threading.Semaphore(0), [], None
        self.follow(self.work, self.take, locks=(self.limit, self.button))

    def count(self):
        def job(token):
            for done in range(3):
                token.check()
                yield Progress(done, 3, "counting")
                self.gate.acquire()
            if self.error is not None:
                raise self.error

        self.work.follow(self.runner.submit(job), WorkState("beginning"))

    def take(self, outcome):
        self.ends.append(outcome)
        self.tell_end(outcome, stopped="Stopped early.")


@pytest.fixture
def runner(qtbot):
    made = JobRunner("counting")
    yield made
    made.close()


@pytest.fixture
def counting(runner, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = Counting(parent, runner)
    dialog.show()
    dialog.limit.setFocus()
    yield dialog
    dialog.gate.release(9)


def test_the_keys_begin_with_what_is_chosen_and_end_with_the_foot(runner, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = Counting(parent, runner)
    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    assert dialog.focusWidget() is dialog.limit
    for wanted in (dialog.close_button, dialog.button, dialog.limit):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        assert dialog.focusWidget() is wanted


def test_while_it_runs_there_is_a_bar_a_stop_and_nothing_to_change(counting, qtbot):
    assert not counting.bar.isVisible() and not counting.stop_button.isVisible()
    qtbot.mouseClick(counting.button, LEFT)
    assert counting.bar.isVisible() and counting.stop_button.isVisible()
    assert not counting.limit.isEnabled() and not counting.button.isEnabled()
    assert not counting.stop_button.hasFocus(), "Enter or space would stop it"
    counting.gate.release()
    qtbot.waitUntil(lambda: counting.state.text() == "Counting, 1 of 3")
    assert (counting.bar.value(), counting.bar.maximum()) == (1, 3)
    counting.gate.release(9)
    qtbot.waitUntil(lambda: counting.ends == [Done()])
    assert not counting.bar.isVisible() and not counting.stop_button.isVisible()
    assert counting.limit.isEnabled() and counting.state.text() == ""


def test_a_stop_is_seen_at_once(counting, qtbot):
    counting.count()
    qtbot.mouseClick(counting.stop_button, LEFT)
    assert counting.state.text() == "Stopping\u2026" and not counting.stop_button.isEnabled()
    counting.gate.release(9)
    qtbot.waitUntil(lambda: counting.state.text() == "Stopped early.")
    counting.count()
    assert counting.stop_button.isEnabled()


@pytest.mark.parametrize(
    ("error", "text"),
    [(OutputError("It is full.", "Make room."), "It is full. Make room."), (ValueError(), "a bug")],
)
def test_what_went_wrong_is_said(error, text, counting, qtbot):
    counting.error = error
    counting.count()
    counting.gate.release(9)
    qtbot.waitUntil(lambda: text in counting.state.text())
    assert counting.state.property("tone") == "danger" and counting.button.isEnabled()


def test_closed_it_stops_its_own_work_and_hears_no_more(counting, runner, qtbot):
    counting.count()
    ends, gate = counting.ends, counting.gate
    counting.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gate.release()
    qtbot.waitUntil(lambda: not runner.busy)
    assert ends == []


def test_work_of_others_goes_on_and_is_shown_when_it_is_opened_again(runner, qtbot):
    parent, work = QWidget(), WorkControl()
    qtbot.addWidget(parent)
    first = Counting(parent, runner, work)
    first.count()
    gate = first.gate
    first.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert work.running and not work.stopping
    again = Counting(parent, runner, work)
    again.show()
    assert again.bar.isVisible() and not again.limit.isEnabled()
    gate.release(9)
    qtbot.waitUntil(lambda: again.ends == [Done()])


def test_its_colors_follow_the_theme(counting, qapp):
    counting.say("Oh.", "danger")
    try:
        for theme, tones in ((Theme.DARK, DARK), (Theme.LIGHT, LIGHT)):
            apply_theme(qapp, theme)
            counting.state.ensurePolished()
            shown = counting.state.palette().windowText().color().name()
            assert shown == tones.danger
    finally:
        apply_theme(qapp, Theme.SYSTEM)


def test_states_are_said_in_a_line():
    state = WorkState("reading a.json", 3, 9, 130.0)
    assert state_text(WorkState()) == ""
    assert state_text(state) == "Reading a.json, 3 of 9, 2 min left"
    assert state_text(WorkState("a\u202eb")) == "A\\u202eb"


# The three


@pytest.fixture
def held(desk):
    """Keep the thread for files busy until the gate is opened."""
    gate = threading.Event()

    def job(_token):
        gate.wait(20)
        yield 1

    def hold():
        gate.clear()
        desk.workspace.session.files.submit(job)
        return gate

    yield hold
    gate.set()


@pytest.fixture
def exporting(desk, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("vosapp.ui.dialogs.export.PATIENCE_MS", 0)
    dialog = ExportDialog(desk.workspace, desk.window)
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.choose_frames(CURRENT)
    dialog.show()
    qtbot.waitUntil(dialog.export_button.isEnabled)
    yield dialog
    dialog.close()


@pytest.fixture
def importing(desk, qtbot, tmp_path):
    (tmp_path / "masks").mkdir()
    write_label_map(tmp_path / "masks" / "00005.png", label_map_of(5))
    dialog = ImportDialog(desk.workspace, desk.window)
    dialog.path.setText(str(tmp_path / "masks"))
    dialog.show()
    dialog.read()
    qtbot.waitUntil(dialog.import_button.isEnabled)
    yield dialog
    dialog.close()


def test_an_export_is_stopped_and_begun_again(exporting, held, qtbot):
    gate = held()
    exporting.export_button.click()
    assert exporting.bar.isVisible() and not exporting.folder.isEnabled()
    exporting.stop_button.click()
    gate.set()
    qtbot.waitUntil(lambda: not works(exporting))
    assert "Export writes what is missing" in exporting.state.text()
    assert exporting.state.property("tone") == "warning" and exporting.folder.isEnabled()
    exporting.export_button.click()
    qtbot.waitUntil(exporting.show_button.isVisible)
    assert "Wrote" in exporting.state.text() and not exporting.bar.isVisible()


def test_an_import_is_stopped_and_nothing_has_changed(importing, held, desk, qtbot):
    gate = held()
    importing.import_button.click()
    assert importing.bar.isVisible() and not importing.mapping.isEnabled()
    importing.stop_button.click()
    gate.set()
    qtbot.waitUntil(lambda: not works(importing))
    assert importing.state.text() == "Stopped; nothing has changed."
    assert importing.import_button.isEnabled() and importing.mapping.isEnabled()
    assert desk.workspace.session.lane(1).states[5] == 0


def test_an_import_that_is_closed_changes_nothing(importing, held, desk, qtbot):
    gate, work = held(), importing.work
    importing.import_button.click()
    importing.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    importing.close()
    assert work.stopping
    gate.set()
    qtbot.waitUntil(lambda: not desk.workspace.session.files.busy)
    assert desk.workspace.session.lane(1).states[5] == 0


def test_an_import_that_fails_says_why(importing, desk, qtbot, monkeypatch):
    def refuse(*_args):
        raise OutputError("The disk is full.", "Make room.")

    monkeypatch.setattr(desk.workspace.session.project, "run", refuse)
    importing.import_button.click()
    qtbot.waitUntil(lambda: "The disk is full" in importing.state.text())
    assert importing.state.property("tone") == "danger" and importing.import_button.isEnabled()


def test_what_is_imported_has_the_ids_of_the_table(importing, held, desk, qtbot):
    """Between another id and the files that are read again for it, nothing can be imported."""
    gate = held()
    spin = importing.mapping.cellWidget(0, 1)
    spin.setValue(9)
    spin.editingFinished.emit()
    assert not importing.import_button.isEnabled() and importing.stop_button.isVisible()
    assert importing.mapping.isEnabled(), "it is only being read"
    gate.set()
    qtbot.waitUntil(importing.import_button.isEnabled)
    with qtbot.waitSignal(desk.workspace.session.objectsChanged):
        importing.import_button.click()
    assert 9 in [one.object_id for one in desk.workspace.session.objects]


def test_files_that_are_no_longer_wanted_are_no_longer_read(importing, held, qtbot):
    gate = held()
    importing.read()
    importing.path.setText("")
    importing._read_anew()
    assert not importing.bar.isVisible() and not importing.stop_button.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: not works(importing))
    assert importing.mapping.rowCount() == 0 and not importing.import_button.isEnabled()


def test_a_tuning_has_the_same_bar_and_stop(make_shell, open_in, drawn_project, dialog, qtbot):
    gate = threading.Semaphore(0)
    shell = make_shell(tuner=FakeTuner(gate=gate))
    open_in(shell, drawn_project)
    shell.actions.run("propagate.tune")
    shown = dialog(FinetuneDialog)
    assert isinstance(shown, WorkDialog)
    shown.start_button.click()
    assert shown.bar.isVisible() and shown.stop_button.isVisible()
    shown.stop_button.click()
    assert shown.state.text() == "Stopping\u2026"
    gate.release(9)
    qtbot.waitUntil(lambda: "nothing was kept" in shown.state.text())
    shell.engine.tuner = FakeTuner(error=TrainingError("It stands still.", "Take another."))
    shown.start_button.click()
    qtbot.waitUntil(lambda: "It stands still." in shown.state.text())
    assert not shown.bar.isVisible() and shown.state.property("tone") == "danger"


def test_icons_are_seen_on_their_buttons(counting):
    """White on the accent color, dark on a plain button."""

    def pixels():
        return np.array(counting.button.icon().pixmap(16).toImage().bits())

    accent = pixels()
    counting.button.setDefault(False)
    counting.color_pictures()
    assert not np.array_equal(accent, pixels())
