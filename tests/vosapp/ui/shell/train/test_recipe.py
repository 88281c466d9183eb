"""How to train: offers, minutes, options, the start."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from train_hands import choose, click

from core.train.recipe import Option
from vosapp.services.models.values import Model, Origin
from vosapp.session.training.planning import Setting
from vosapp.ui.train.options_form import RecipeOptions


def test_systems_come_from_the_offers_with_their_usual_minutes(chosen):
    recipe = chosen.recipe
    assert [recipe.system.itemText(i) for i in range(2)] == ["Memory network", "Self-supervised"]
    assert recipe.minutes.value() == 25 and "usual" in recipe.usual.text()
    assert "About 26 min in all" in recipe.estimate.text()
    assert "800.0 MB" in recipe.estimate.text() or "800 MB" in recipe.estimate.text()
    assert not recipe.warnings.isVisible() and recipe.start_button.isEnabled()


def test_what_a_run_learns_from_its_weights_is_said(chosen, services):
    (first, *rest) = services.offered
    chosen.hub.plan.offers = (replace(first, learns="masks from drawn boxes"), *rest)
    chosen.hub.plan.changed.emit()
    assert "goes on to learn masks from drawn boxes." in chosen.recipe.help.text()
    chosen.hub.plan.set_plan(replace(chosen.hub.plan.plan, fresh=True))
    assert "goes on" not in chosen.recipe.help.text()


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


def test_boxes_are_no_data_where_masks_are_needed(shell, services, qtbot, request):
    first, *others = services.offered
    services.offered = (replace(first, needs_masks=True), *others)
    train = request.getfixturevalue("train")
    choose(train, qtbot, "unmasked.vosapp")
    assert "learns from masks" in train.recipe.obstacle.text()


def test_few_options_stand_together_at_the_top(qtbot):
    form = RecipeOptions(None)
    qtbot.addWidget(form)
    form.resize(400, 600)
    with qtbot.waitExposed(form):
        form.show()
    for count in (3, 1, 2):
        form.set_settings(
            Setting(f"option-{n}", int, "a number", usual=n, least=0, most=9) for n in range(count)
        )
        last = form.editors[f"option-{count - 1}"]
        qtbot.waitUntil(last.isVisible)
        form.layout().activate()
        assert last.geometry().bottom() < 60 * count


@pytest.fixture
def form(qtbot):
    """Fields for a word, for one that may be left out, and for a file."""
    form = RecipeOptions(None)
    qtbot.addWidget(form)
    limits = {"least": -math.inf, "most": math.inf}
    form.set_settings(
        (
            Setting("prior", str, "what comes first", "rules", **limits, choices=("rules", "cam")),
            Setting("without", str, "what is left out", "", **limits, choices=("key", "value")),
            Setting("classifier", Path, "makes maps", "", **limits),
        )
    )
    with qtbot.waitExposed(form):
        form.show()
    return form


def test_an_option_of_a_few_words_is_chosen_from_a_list(form, qtbot):
    prior, without = form.editors["prior"], form.editors["without"]
    assert [prior.itemText(n) for n in range(prior.count())] == ["rules", "cam"]
    assert (without.count(), without.currentText()) == (3, "none")
    assert form.values() == {} and "usually rules" in prior.toolTip()
    with qtbot.waitSignal(form.changed):
        prior.setCurrentIndex(1)
        prior.activated.emit(1)
    assert form.values() == {"prior": "cam"}
    form.set_values({"prior": "rules", "without": "value"})
    assert form.values() == {"without": "value"}
    form.set_values({"prior": "gone"})
    assert prior.currentText() == "rules" and form.values() == {"without": "value"}


def test_a_chosen_word_is_what_the_run_is_asked_for(shell, services, qtbot, request):
    first, *others = services.offered
    prior = Option("prior", str, "what comes first", "rules", choices=("rules", "cam"))
    services.offered = (replace(first, options=(*first.options, prior)), *others)
    train = request.getfixturevalue("chosen")
    editor = train.recipe.options.editors["prior"]
    editor.setCurrentIndex(editor.findData("cam"))
    editor.activated.emit(editor.currentIndex())
    assert train.hub.plan.request().options == {"prior": "cam"}


def test_the_wheel_scrolls_the_list_and_chooses_nothing(form):
    prior, way = form.editors["prior"], Qt.ScrollPhase.NoScrollPhase
    place, keys = QPointF(5, 5), Qt.KeyboardModifier.NoModifier
    buttons = Qt.MouseButton.NoButton
    turn = QWheelEvent(place, place, QPoint(), QPoint(0, -120), buttons, keys, way, False)
    QApplication.sendEvent(prior, turn)
    assert prior.currentText() == "rules" and not turn.isAccepted()


def test_a_file_of_an_option_is_chosen_or_typed(form, qtbot, dialog, tmp_path):
    field = form.editors["classifier"]
    click(field.button)
    chooser = dialog(QFileDialog)
    with qtbot.waitSignal(form.changed):
        chooser.fileSelected.emit(str(tmp_path / "net.pth"))
    chooser.reject()
    assert form.values() == {"classifier": str(tmp_path / "net.pth")}
    field.path.setText("other.pth")
    field.path.editingFinished.emit()
    assert form.values() == {"classifier": "other.pth"}
    field.path.setText(" ")
    assert form.values() == {}
    form.set_values({"classifier": "mine.pth"})
    assert form.values() == {"classifier": "mine.pth"}
    form.set_values({"classifier": ""})
    assert form.values() == {}
