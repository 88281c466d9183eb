"""The Train place from data to "use this model now", with services that train nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_training import FakeTraining
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from vosapp_fakes import FakeTracker

from core.errors import OutputError
from vosapp.services.models.values import Model, Origin
from vosapp.services.training.run_values import RunState
from vosapp.ui.place_bar import Place

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def services(places):
    return FakeTraining(places.data)


@pytest.fixture
def shell(make_shell, services):
    return make_shell(services=services)


@pytest.fixture
def train(shell, qtbot):
    """The page of the Train place, which is shown."""
    shell.actions.run("place.train")
    page = shell.window.stack.currentWidget()
    qtbot.waitUntil(lambda: bool(shell.training.plan.offers))
    page.hub, page.shell = shell.training, shell
    return page


def choose(train, qtbot, *names):
    """Choose sources by their names, and wait until they were looked at."""
    root = train.shell.places.data
    train.hub.data.add([root / name for name in names])
    qtbot.waitUntil(lambda: train.hub.data.survey is not None and not train.hub.data.running)
    qtbot.waitUntil(lambda: train.hub.plan.estimate is not None)


@pytest.fixture
def chosen(train, qtbot):
    """Two projects are chosen."""
    choose(train, qtbot, "first.vosapp", "second.vosapp")
    return train


@pytest.fixture
def running(chosen, qtbot, services):
    """A run has been begun."""
    chosen.tabs.setCurrentWidget(chosen.recipe)
    click(chosen.recipe.start_button)
    qtbot.waitUntil(lambda: chosen.hub.runs.status is not None)
    return chosen


def click(button):
    assert button.isVisible() and button.isEnabled(), button.text()
    QTest.mouseClick(button, LEFT)


def state(train, qtbot, wanted):
    qtbot.waitUntil(lambda: train.hub.runs.status.state is wanted)


def cells(tree):
    rows = range(tree.topLevelItemCount())
    return [[tree.topLevelItem(r).text(c) for c in range(tree.columnCount())] for r in rows]


# Data


def test_without_data_it_says_what_to_do(train):
    assert train.data.advice.isVisible() and not train.data.clips.isVisible()
    assert not train.data.check_button.isEnabled()
    assert "Choose projects" in train.recipe.obstacle.text()


def test_what_is_chosen_is_counted_and_what_is_held_out_marked(chosen):
    data = chosen.data
    assert cells(data.clips) == [
        ["first", "Training", "20", "1", "15", "2", "12 s"],
        ["second", "Held out", "20", "1", "15", "2", "12 s"],
    ]
    assert data.counts.text() == "2 videos, 40 drawn boxes, 2 masks, 4 objects, 24 s of video"
    assert "never trained on: second" in data.held.text()
    assert data.clips.topLevelItem(1).icon(1).isNull() is False
    assert not data.trouble.isVisible()


def test_what_cannot_be_used_is_told_with_a_link(train, qtbot, services):
    choose(train, qtbot, "first.vosapp", "bad&<b>.vosapp")
    text, opened = train.data.trouble.text(), []
    assert "bad&amp;&lt;b&gt;.vosapp" in text and "is not where it was" in text
    train.data.openWanted.disconnect()
    train.data.openWanted.connect(opened.append)
    train.data.trouble.linkActivated.emit("0")
    assert opened == [train.shell.places.data / "bad&<b>.vosapp"]


def test_what_is_nothing_to_learn_from_is_refused_by_name(train, qtbot):
    choose(train, qtbot, "first.vosapp", "notes.txt")
    assert len(train.hub.data.sources) == 1
    assert "notes.txt" in train.data.trouble.text() and "nothing to learn" in (
        train.data.trouble.text()
    )


def test_projects_and_folders_are_dropped(train, qtbot, places):
    data, mime = train.data, QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(places.data / n)) for n in ("a.vosapp", "clips")])
    where = (Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(data, QDragEnterEvent(QPoint(9, 9), *where))
    QApplication.sendEvent(data, QDropEvent(QPointF(9, 9), *where))
    qtbot.waitUntil(lambda: train.hub.data.survey is not None)
    assert [row[1] for row in cells(data.clips)] == ["Training", "Raw footage"]
    assert train.shell.workspace is None and train.shell.window.place is Place.TRAIN


def test_projects_are_chosen_in_a_dialog(train, qtbot, dialog, drawn_project):
    click(train.data.add_projects)
    chooser = dialog(QFileDialog)
    assert chooser.fileMode() is QFileDialog.FileMode.ExistingFiles
    chooser.filesSelected.emit([str(drawn_project)])
    chooser.reject()
    qtbot.waitUntil(lambda: train.hub.data.survey is not None)
    assert train.hub.data.sources[0].path == drawn_project


def test_what_is_selected_is_taken_out(chosen, qtbot):
    assert not chosen.data.remove_button.isEnabled()
    chosen.data.clips.topLevelItem(0).setSelected(True)
    click(chosen.data.remove_button)
    qtbot.waitUntil(lambda: chosen.hub.data.survey is not None)
    assert [row[0] for row in cells(chosen.data.clips)] == ["second"]
    chosen.data.clips.topLevelItem(0).setSelected(True)
    click(chosen.data.remove_button)
    assert chosen.data.advice.isVisible() and cells(chosen.data.clips) == []


def test_a_look_at_data_is_stopped(train, qtbot, services):
    services.gate.clear()
    train.hub.data.add([train.shell.places.data / "first.vosapp"])
    qtbot.waitUntil(train.data.strip.bar.isVisible)
    click(train.data.strip.stop_button)
    services.gate.set()
    qtbot.waitUntil(lambda: not train.hub.data.running)
    assert train.hub.data.survey is None and "Stopped" in train.data.strip.state.text()


def test_the_data_check_answers_in_plain_words(chosen, qtbot):
    click(chosen.data.check_button)
    qtbot.waitUntil(chosen.data.answer.isVisible)
    assert chosen.data.answer.text() == "What looks alike is one object here."
    assert chosen.data.answer.property("tone") == "success"


def test_samples_are_shown_as_the_network_sees_them(chosen, qtbot):
    click(chosen.data.preview_button)
    qtbot.waitUntil(chosen.data.samples.isVisible)
    picture = chosen.data.samples.grab().toImage()
    side = chosen.data.samples.height() - chosen.data.samples.fontMetrics().height() - 4
    inside = picture.pixelColor(round(side * 12 / 32), round(side * 12 / 32)).getRgb()[:3]
    outside = picture.pixelColor(round(side * 26 / 32), round(side * 26 / 32)).getRgb()[:3]
    assert outside == (90, 90, 90) and inside != outside


def test_the_open_project_is_added(shell, drawn_project, open_in, qtbot):
    open_in(shell, drawn_project)
    shell.actions.run("train.add-this")
    assert shell.window.place is Place.TRAIN
    qtbot.waitUntil(lambda: shell.training.data.survey is not None)
    assert shell.training.data.sources[0].path == drawn_project


# Recipe


def test_systems_come_from_the_offers_with_their_usual_minutes(chosen):
    recipe = chosen.recipe
    assert [recipe.system.itemText(i) for i in range(2)] == ["Memory network", "Self-supervised"]
    assert recipe.minutes.value() == 25 and "usual" in recipe.usual.text()
    assert "About 26 min in all" in recipe.estimate.text()
    assert "800.0 MB" in recipe.estimate.text() or "800 MB" in recipe.estimate.text()
    assert not recipe.warnings.isVisible() and recipe.start_button.isEnabled()


def test_other_minutes_are_kept_and_warned_about(chosen, qtbot):
    chosen.tabs.setCurrentWidget(chosen.recipe)
    chosen.recipe.minutes.setValue(90)
    qtbot.waitUntil(lambda: "Only little memory" in chosen.recipe.warnings.text())
    assert chosen.hub.plan.request().minutes == 90 and chosen.recipe.usual.text() == ""


def test_advanced_options_are_folded_away_and_explained(chosen):
    recipe = chosen.recipe
    chosen.tabs.setCurrentWidget(recipe)
    assert not recipe.area.isVisible()
    click(recipe.fold)
    assert recipe.area.isVisible() and list(recipe.options.editors) == ["rate", "batch", "bf16"]
    editor = recipe.options.editors["rate"]
    assert editor.text() == "0.0001" and "Peak of the learning rate" in editor.toolTip()
    editor.setText("0.01")
    editor.editingFinished.emit()
    recipe.options.editors["bf16"].setChecked(True)
    assert chosen.hub.plan.request().options == {"rate": 0.01, "bf16": True}
    editor.setText("5")
    editor.editingFinished.emit()
    assert chosen.hub.plan.request().options == {"bf16": True}


def test_a_start_from_nothing_has_other_usual_values_and_a_network(chosen):
    recipe = chosen.recipe
    assert not recipe.preset.isEnabled()
    recipe.start.setCurrentIndex(recipe.start.findText("Nothing"))
    recipe.start.activated.emit(recipe.start.currentIndex())
    assert chosen.hub.plan.request().fresh and recipe.preset.isEnabled()
    assert recipe.options.editors["rate"].text() == "0.001"
    recipe.system.setCurrentIndex(1)
    recipe.system.activated.emit(1)
    assert not chosen.hub.plan.request().fresh and list(recipe.options.editors) == ["rate"]


def test_what_is_shown_as_the_start_is_what_the_run_begins_with(
    shell, services, qtbot, places, request
):
    """Where nothing is bundled a model of one's own is offered, and not taken by itself."""
    services.offered = tuple(replace(offer, starts=()) for offer in services.offered)
    path = places.data / "mine.safetensors"
    services.own["mine"] = Model("mine", path, Origin.TRAINED, "box_supervised", "lite", 7)
    train = request.getfixturevalue("train")
    recipe = train.recipe
    qtbot.waitUntil(lambda: recipe.start.findText("mine") >= 0)
    assert recipe.start.currentText() == "Nothing" and train.hub.plan.request().start is None
    recipe.start.setCurrentIndex(recipe.start.findText("mine"))
    recipe.start.activated.emit(recipe.start.currentIndex())
    assert train.hub.plan.request().start == path and recipe.start.currentText() == "mine"


def test_raw_footage_is_no_data_for_boxes(train, qtbot):
    choose(train, qtbot, "clips")
    assert "learns from boxes or masks" in train.recipe.obstacle.text()
    train.recipe.system.setCurrentIndex(1)
    train.recipe.system.activated.emit(1)
    assert train.recipe.obstacle.text() == "" and train.recipe.start_button.isEnabled()


# Run


def test_a_run_is_begun_with_what_was_chosen(running, services):
    ((_, request),) = [one for one in services.asked if one[0] == "start"]
    assert request.minutes == 25 and [s.path.name for s in request.sources] == [
        "first.vosapp",
        "second.vosapp",
    ]
    assert running.tabs.currentWidget() is running.run
    assert not running.recipe.start_button.isEnabled()


def test_curves_pictures_and_time_left_are_shown(running, services, qtbot):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    run = running.run
    qtbot.waitUntil(lambda: run.curves is not None and run.curves.best is not None)
    assert run.curves.best == pytest.approx((40 / 60, 0.7))
    assert "2 min left" in run.head.text() and "step 40" in run.head.text()
    assert run.bar.value() == 400 and run.pair.isVisible()
    assert "0.400 before, 0.700 at best" in run.score.text()
    assert run.pair.titles[1].text() == "Now, step 40"
    shown = [item.name() for item in run.curves.losses.listDataItems()]
    assert shown == ["projection", "pairwise"]


def test_a_silent_run_is_told_of(running, services, qtbot):
    services.change(text="silent")
    qtbot.waitUntil(running.run.silence.isVisible)
    assert running.run.silence.text() == "Nothing was heard for 6 s."


def test_pause_and_go_on(running, services, qtbot):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    click(running.run.pause_button)
    state(running, qtbot, RunState.PAUSED)
    qtbot.waitUntil(lambda: running.run.pause_button.text() == "Go On")
    assert "minutes do not pass" in running.run.explained.text()
    click(running.run.pause_button)
    state(running, qtbot, RunState.TRAINING)


def test_stop_keeps_and_resume_is_one_button(running, services, qtbot):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    click(running.run.stop_button)
    state(running, qtbot, RunState.STOPPED)
    qtbot.waitUntil(running.run.resume_button.isVisible)
    assert running.hub.runs.status.model is not None and not running.run.stop_button.isVisible()
    click(running.run.resume_button)
    state(running, qtbot, RunState.STARTING)


def test_a_run_that_is_lost_can_be_resumed(running, services, qtbot):
    services.change(state=RunState.LOST, resumable=True, text="Its process is gone.")
    qtbot.waitUntil(running.run.resume_button.isVisible)
    assert "process is gone" in running.run.explained.text()


def test_a_run_of_an_earlier_window_is_found(make_shell, running, services, qtbot):
    services.train()
    other = make_shell(services=services)
    other.actions.run("place.train")
    qtbot.waitUntil(lambda: other.training.runs.status is not None)
    page = other.window.stack.currentWidget()
    assert page.picker.count() == 1 and "run-1" in page.picker.currentText()
    services.stop(other.training.runs.status.folder)


def test_the_log_is_read_when_it_is_wanted(running, qtbot):
    assert not running.run.log.isVisible()
    click(running.run.fold)
    qtbot.waitUntil(lambda: running.run.log.toPlainText() == "reading the videos\nstep 1")


def test_the_bar_shows_in_any_place_that_a_training_goes_on(running, services, qtbot):
    button = running.shell.window.place_bar.buttons[Place.TRAIN]
    running.shell.actions.run("place.annotate")
    assert button.text() == "Train \u25cf" and button.accessibleName() == "Train, running"
    running.shell.actions.run("view.theme")
    assert button.text() == "Train \u25cf"
    services.change(state=RunState.DONE)
    qtbot.waitUntil(lambda: button.text() == "Train")
    running.shell.settings.set_value("theme", "system")


def test_what_cannot_be_done_is_said(running, services, qtbot):
    services.refuse["stop"] = OutputError("The folder cannot be written.", "Free some space.")
    click(running.run.stop_button)
    notice = running.shell.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert running.run.stop_button.isEnabled()


def test_a_propagation_holds_the_training(running, services, qtbot, drawn_project, open_in):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    workspace = open_in(running.shell, drawn_project)
    workspace.propagation.start()
    qtbot.waitUntil(lambda: ("hold", None) in services.asked)
    running.shell.actions.run("place.train")
    qtbot.waitUntil(lambda: ("release", None) in services.asked, timeout=60_000)
    state(running, qtbot, RunState.TRAINING)
    services.hold()
    state(running, qtbot, RunState.HELD)
    qtbot.waitUntil(lambda: "A propagation runs" in running.run.explained.text())
    services.release()


def test_a_project_that_is_closed_in_a_propagation_lets_training_go_on(
    make_shell, services, qtbot, drawn_project, open_in
):
    shell = make_shell(FakeTracker(seconds=0.05), services=services)
    workspace = open_in(shell, drawn_project)
    workspace.propagation.start()
    qtbot.waitUntil(lambda: services.held)
    shell.close_workspace()
    qtbot.waitUntil(lambda: not services.held)


# Closing


@pytest.mark.parametrize(
    ("answer", "stopped"), [("Let It Go On", False), ("Stop It and Keep", True)]
)
def test_a_window_that_closes_asks(answer, stopped, running, services, qtbot, press):
    window = running.shell.window
    window.close()
    assert window.isVisible()
    press(answer)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert (("stop", "run-1") in services.asked) is stopped


def test_a_window_stays_where_the_user_goes_back(running, qtbot, press, services):
    running.shell.window.close()
    press("Go Back")
    assert running.shell.window.isVisible() and ("stop", "run-1") not in services.asked


def test_nothing_is_asked_once_the_run_has_ended(running, services, qtbot):
    services.train()
    services.change(state=RunState.DONE)
    state(running, qtbot, RunState.DONE)
    running.shell.window.close()
    assert not running.shell.window.isVisible()


# Result


@pytest.fixture
def ended(running, services, qtbot):
    """The run is done, and was looked at."""
    services.train()
    state(running, qtbot, RunState.TRAINING)
    services.change(state=RunState.DONE, text="Done.")
    state(running, qtbot, RunState.DONE)
    qtbot.waitUntil(lambda: running.tabs.currentWidget() is running.result)
    return running


def test_the_result_shows_old_and_new_with_their_scores(ended):
    result = ended.result
    assert "0.400 before, 0.700 at best" in result.verdict.text()
    assert [label.text() for label in result.pair.titles] == ["Before, 0.400", "New model, 0.700"]
    assert result.name.text() == "run-1" and not result.use_button.isEnabled()


def test_a_model_is_kept_and_used_and_switched_off(ended, qtbot, services, drawn_project, open_in):
    workspace = open_in(ended.shell, drawn_project)
    before = workspace.propagation.choice
    ended.shell.actions.run("place.train")
    ended.result.name.setText("mine")
    click(ended.result.use_button)
    qtbot.waitUntil(lambda: workspace.propagation.choice != before)
    choice = workspace.propagation.choice
    assert choice.system == "box_supervised" and choice.weights == services.own["mine"].path
    assert "Kept as mine" in ended.result.kept.text()
    click(ended.result.off_button)
    assert workspace.propagation.choice == before and ended.result.use_button.isVisible()
    click(ended.result.use_button)
    assert workspace.propagation.choice == choice
    assert [one for one in services.asked if one[0] == "keep"] == [("keep", "mine")]


def test_a_name_that_is_taken_is_said(ended, qtbot, services):
    services.own["run-1"] = None
    click(ended.result.keep_button)
    qtbot.waitUntil(ended.shell.window.notice.isVisible)
    assert ended.hub.runs.kept is None and ended.result.keep_button.isEnabled()
    services.own.clear()


def test_the_current_frame_is_compared(ended, qtbot, services, drawn_project, open_in):
    workspace = open_in(ended.shell, drawn_project)
    workspace.session.go_to(3)
    qtbot.waitUntil(lambda: workspace.session.view.frame_index == 3)
    ended.shell.actions.run("place.train")
    ended.result.here_choice.click()
    assert not ended.result.pair.isVisible()
    click(ended.result.compare_button)
    qtbot.waitUntil(ended.result.pair.isVisible)
    ((_, (frame, models)),) = [one for one in services.asked if one[0] == "compare"]
    assert frame == 3 and models[1] == ended.hub.runs.status.model
    assert "Frame 3" in ended.result.pair.caption.text()


def test_a_run_is_discarded_after_a_question(ended, qtbot, services, press):
    click(ended.result.discard_button)
    press("Discard")
    qtbot.waitUntil(lambda: not services.statuses)
    qtbot.waitUntil(lambda: ended.hub.runs.status is None and not ended.hub.runs.asking)
    assert ended.picker.count() == 0 and not ended.result.keep_button.isEnabled()


def test_the_end_is_told_in_another_place(running, services, qtbot, drawn_project, open_in):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    open_in(running.shell, drawn_project)
    services.change(state=RunState.DONE, text="Done.")
    notice = running.shell.window.notice
    qtbot.waitUntil(notice.isVisible)
    assert running.shell.window.place is Place.ANNOTATE


def test_pages_take_another_theme(running, services, qtbot):
    services.train()
    state(running, qtbot, RunState.TRAINING)
    qtbot.waitUntil(lambda: running.run.curves is not None)
    running.shell.settings.set_value("theme", "dark")
    qtbot.wait(1)
    running.shell.settings.set_value("theme", "light")


def test_no_question_is_left(running, qtbot, press):
    running.shell.window.close()
    running.shell.window.close()
    boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
    assert sum(box.isVisible() for box in boxes) == 1
    press("Go Back")
