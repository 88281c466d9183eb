"""The Train place of a window whose services train nothing."""

from __future__ import annotations

import pytest
from fake_training import FakeTraining
from train_hands import choose, click, state

from vosapp.services.training.run_values import RunState
from vosapp.session.training import planning, watching


@pytest.fixture
def services(places, monkeypatch):
    """They are looked at often and at once, for a look costs nothing."""
    monkeypatch.setattr(watching, "EVERY", 0.05)
    monkeypatch.setattr(watching, "SELDOM", 0.2)
    monkeypatch.setattr(planning, "SETTLE_MS", 20)
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


@pytest.fixture
def ended(running, services, qtbot):
    """The run is done, and was looked at."""
    services.train()
    state(running, qtbot, RunState.TRAINING)
    services.change(state=RunState.DONE, text="Done.")
    state(running, qtbot, RunState.DONE)
    qtbot.waitUntil(lambda: running.tabs.currentWidget() is running.result)
    return running
