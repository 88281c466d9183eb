"""What came of a run: compared, kept, used, discarded."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QApplication, QMessageBox
from train_hands import click, state

from vosapp.services.training.run_values import RunState
from vosapp.ui.place_bar import Place


def test_the_result_shows_old_and_new_with_their_scores(ended):
    result = ended.result
    assert "0.400 before, 0.700 at best" in result.verdict.text()
    assert [label.text() for label in result.pair.titles] == [
        "Before: 0.300 on this frame",
        "New model: 0.800 on this frame",
    ]
    assert result.name.text() == "run-1" and not result.use_button.isEnabled()


def test_held_out_frames_are_looked_at_one_by_one(ended):
    result = ended.result
    texts = [result.frames.itemText(row) for row in range(result.frames.count())]
    assert texts == ["second, frame 7", "third, frame 9"] and result.frames.isVisible()
    result.frames.setCurrentIndex(1)
    result.frames.activated.emit(1)
    assert "third, frame 9" in result.pair.caption.text()
    assert result.pair.titles[0].text() == "Before"


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


def test_what_carries_no_masks_is_kept_and_not_used_in_propagations(
    running, qtbot, services, drawn_project, open_in
):
    open_in(running.shell, drawn_project)
    running.shell.actions.run("place.train")
    request = replace(running.hub.runs.status.request, system="appearance_motion")
    services.change(request=request)
    services.train()
    services.change(state=RunState.DONE, text="Done.")
    result = running.result
    qtbot.waitUntil(lambda: result.isVisible() and result.keep_button.isEnabled())
    assert not result.use_button.isEnabled()
    assert not running.shell.actions["train.use"].isEnabled()
    click(result.keep_button)
    qtbot.waitUntil(lambda: "Find Objects can use it" in result.kept.text())


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
    where = ended.result.here_choice.y()
    ended.result.here_choice.click()
    qtbot.wait(1)
    assert not ended.result.pair.isVisible()
    assert abs(ended.result.here_choice.y() - where) < 10
    click(ended.result.compare_button)
    qtbot.waitUntil(ended.result.pair.isVisible)
    ((_, (frame, models)),) = [one for one in services.asked if one[0] == "compare"]
    assert frame == 3 and models[1] == ended.hub.runs.status.model
    assert "Frame 3" in ended.result.pair.caption.text()


def test_the_current_frame_is_compared_by_an_action(ended, qtbot, services, drawn_project, open_in):
    open_in(ended.shell, drawn_project)
    ended.shell.actions.run("train.compare")
    qtbot.waitUntil(ended.result.pair.isVisible)
    assert [what for what, _ in services.asked].count("compare") == 1


def test_what_was_said_of_the_current_frame_goes_with_it(ended, drawn_project, open_in):
    open_in(ended.shell, drawn_project)
    ended.shell.actions.run("place.train")
    ended.result.here_choice.click()
    ended.result.strip.say("There is no keyframe.", "danger")
    ended.result.held_choice.click()
    assert ended.result.strip.state.text() == ""


def test_a_run_that_gained_nothing_says_so(running, services, qtbot):
    services.train(score=0.3)
    status = services.statuses[running.hub.runs.status.folder]
    scores = (status.scores[0], *(replace(point, best=False) for point in status.scores[1:]))
    services.change(state=RunState.DONE, text="Done.", scores=scores)
    state(running, qtbot, RunState.DONE)
    qtbot.waitUntil(lambda: "gained nothing" in running.result.verdict.text())
    assert "0.400 before" in running.result.verdict.text()


def test_a_run_is_discarded_after_a_question(ended, qtbot, services, press):
    click(ended.result.discard_button)
    press("Discard")
    qtbot.waitUntil(lambda: not services.statuses)
    qtbot.waitUntil(lambda: ended.hub.runs.status is None and not ended.hub.runs.asking)
    qtbot.waitUntil(lambda: ended.picker.count() == 0)
    assert not ended.result.keep_button.isEnabled()


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
