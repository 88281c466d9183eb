"""What is learned from: chosen, dropped, counted, refused."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from train_hands import LEFT, cells, choose, click

from vosapp.ui.drop_veil import DropVeil
from vosapp.ui.place_bar import Place


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
    assert data.findChild(DropVeil).isVisible()
    QApplication.sendEvent(data, QDropEvent(QPointF(9, 9), *where))
    assert not data.findChild(DropVeil).isVisible()
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
