"""The panel that says how propagations are computed."""

from __future__ import annotations

import pytest

from core.engine.registry import default_system
from core.types import Quality
from vosapp.session.systems import systems
from vosapp.ui.dialogs.chooser import RunChooser


def test_the_chooser_changes_the_next_run(desk, qtbot):
    control = desk.workspace.propagation
    chooser = RunChooser(control.choice, desk.window)
    chooser.chosen.connect(control.set_choice)
    chooser._qualities.button(2).click()
    assert control.choice.quality is Quality.FINE and desk.window.choose_button.text() == "Fine"
    names = [one.name for one in systems()]
    chooser._system.setCurrentIndex(names.index("flow"))
    chooser._system.activated.emit(names.index("flow"))
    assert control.choice.system == "flow" and not chooser._weights_row.isEnabled()
    assert chooser._qualities.button(0).isEnabled() and chooser._lines[0].text() == "coarse motion"
    assert chooser._note.isHidden()
    chooser._system.setCurrentIndex(names.index("copy"))
    chooser._system.activated.emit(names.index("copy"))
    assert not any(button.isEnabled() for button in chooser._qualities.buttons())
    assert all(line.isHidden() for line in chooser._lines)
    chooser.close()


def test_the_chooser_offers_the_ways_of_learning(desk):
    control = desk.workspace.propagation
    chooser = RunChooser(control.choice, desk.window)
    chooser.chosen.connect(control.set_choice)

    def choose(row):
        chooser._learn.setCurrentIndex(row)
        chooser._learn.activated.emit(row)
        return control.choice.adapt, control.choice.target

    assert [chooser._learn.itemText(row) for row in range(chooser._learn.count())] == [
        "None",
        "U-Net, between two passes",
        "Target model, along the way",
    ]
    assert choose(2) == (False, True)
    assert chooser._learn.currentIndex() == 2
    assert desk.window.choose_button.toolTip().endswith("Learning: Target model, along the way")
    assert choose(1) == (True, False)
    assert choose(2) == (False, True)
    names = [one.name for one in systems()]
    chooser._system.setCurrentIndex(names.index("copy"))
    chooser._system.activated.emit(names.index("copy"))
    assert (control.choice.adapt, control.choice.target) == (False, False)
    assert (chooser._learn.count(), chooser._learn.isEnabled()) == (1, False)
    chooser.close()


def test_the_chooser_says_where_no_weights_are_bundled(desk):
    control = desk.workspace.propagation
    chooser = RunChooser(control.choice, desk.window)
    chooser.chosen.connect(control.set_choice)
    assert (chooser._weights.text(), chooser._bundled.isEnabled()) == ("bundled", True)
    names = [one.name for one in systems()]
    row = names.index("global_instance")
    chooser._system.setCurrentIndex(row)
    chooser._system.activated.emit(row)
    assert chooser._weights.text() == "none yet: choose a file"
    assert not chooser._bundled.isEnabled() and chooser._weights_row.isEnabled()
    assert "no weights" in desk.window.choose_button.toolTip()
    chooser.close()


@pytest.mark.parametrize("system", ["box_supervised", "multi_granularity"])
def test_the_chooser_takes_what_is_bundled_for_another_system(desk, system):
    control = desk.workspace.propagation
    chooser = RunChooser(control.choice, desk.window)
    chooser.chosen.connect(control.set_choice)
    row = [one.name for one in systems()].index(system)
    chooser._system.setCurrentIndex(row)
    chooser._system.activated.emit(row)
    assert (chooser._weights.text(), chooser._bundled.isEnabled()) == ("bundled", True)
    assert control.choice.system == system
    chooser.close()


def test_speeds_of_the_chooser_are_those_of_the_readme(repo_root):
    line = next(
        line
        for line in (repo_root / "README.md").read_text().splitlines()
        if line.startswith("| frames a second at 854 x 480, one object")
    )
    told = [float(cell) for cell in line.split("|")[4:7]]
    assert told == [offer.frames_per_second for offer in default_system().qualities]
