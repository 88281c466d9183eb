"""Curves of a run, without a window around them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from vosapp.services.training.run_values import (
    LossPoint,
    RunRequest,
    RunState,
    RunStatus,
    ScorePoint,
)
from vosapp.ui.theme import DARK, LIGHT, tones
from vosapp.ui.train.curves import INKS, MOST_POINTS, SMOOTH, Curves, calm

STATUS = RunStatus(Path("run"), "run", RunRequest("box_supervised", 5.0, ()), RunState.TRAINING)


@pytest.fixture
def curves(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    yield Curves(parent)


def drawn(plot):
    """Points of all curves of a plot."""
    found = (item.getData()[0] for item in plot.listDataItems())
    return sum(0 if x is None else len(x) for x in found)


def points(count, **losses):
    found = losses or {"dice": 0.5}
    return tuple(LossPoint(n, 2.0 * n, found) for n in range(1, count + 1))


def test_a_curve_is_a_running_mean():
    x, y = calm(np.arange(4.0), np.array([1.0, 2.0, math.nan, 0.0]))
    second = SMOOTH * 1 + (1 - SMOOTH) * 2
    assert x.tolist() == [0, 1, 3]
    assert y == pytest.approx([1.0, second, SMOOTH * second])


def test_long_curves_are_thinned_and_keep_their_end():
    x, _ = calm(np.arange(50_000.0), np.ones(50_000))
    assert len(x) <= MOST_POINTS + 1 and x[0] == 0 and x[-1] == 49_999


def test_a_curve_without_a_number_is_none():
    x, y = calm(np.arange(3.0), np.full(3, math.nan))
    assert not len(x) and not len(y)


def test_each_loss_has_a_curve_and_a_name(curves):
    curves.show_status(replace(STATUS, losses=points(5, dice=0.5, projection=0.2)))
    assert [item.name() for item in curves.losses.listDataItems()] == ["dice", "projection"]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_losses_are_told_apart_by_their_colors(theme):
    colors = [getattr(theme, ink) for ink in INKS]
    assert len(set(colors)) == len(colors) >= 5


def test_the_first_points_stand_at_minutes_from_0_on(curves):
    early = (LossPoint(1, 12.0, {"dice": 1.0}), LossPoint(2, 24.0, {"dice": 0.9}))
    scores = (ScorePoint(0, 0.0, 0.03, best=True),)
    curves.show_status(replace(STATUS, losses=early, scores=scores))
    curves.resize(400, 400)
    curves.grab()
    for plot in (curves.losses, curves.scores):
        axis = plot.getPlotItem().getAxis("bottom")
        (left, right), (low, high) = plot.getPlotItem().getViewBox().viewRange()
        assert axis.autoSIPrefixScale == 1 and "0.001" not in axis.labelString()
        assert -0.05 < left < 0 and 0.5 <= right < 0.6
        assert plot is curves.losses or (low >= 0 and high <= 1)


def test_the_best_score_is_marked_where_it_was(curves):
    scores = (
        ScorePoint(0, 0.0, 0.4, best=True),
        ScorePoint(10, 60.0, 0.6, best=True),
        ScorePoint(20, 120.0, 0.5),
    )
    curves.show_status(replace(STATUS, scores=scores))
    assert curves.best == (1.0, 0.6)
    curves.show_status(None)
    assert curves.best is None and drawn(curves.scores) == 0


def test_scores_that_are_none_are_not_drawn(curves):
    curves.show_status(replace(STATUS, scores=(ScorePoint(0, 0.0, math.nan, best=True),)))
    assert curves.best is None and drawn(curves.scores) == 0


def test_a_long_curve_is_not_drawn_anew_for_one_point(curves):
    curves.show_status(replace(STATUS, losses=points(400)))
    before = drawn(curves.losses)
    curves.show_status(replace(STATUS, losses=points(401)))
    assert drawn(curves.losses) == before == 400
    curves.show_status(replace(STATUS, losses=points(404)))
    assert drawn(curves.losses) == 404


def test_names_of_losses_are_readable(curves):
    curves.show_status(replace(STATUS, losses=points(10)))
    ((_, label),) = curves.losses.getPlotItem().legend.items
    assert tones().text in label.item.toHtml()


def test_a_curve_that_grows_keeps_its_item(curves):
    """To make one takes the window's thread longer than all the rest."""
    curves.show_status(replace(STATUS, losses=points(10, dice=0.5)))
    (before,) = curves.losses.listDataItems()
    curves.show_status(replace(STATUS, losses=points(20, dice=0.5)))
    assert curves.losses.listDataItems() == [before] and drawn(curves.losses) == 20
    curves.show_status(replace(STATUS, losses=points(30, dice=0.5, pairwise=0.1)))
    names = [item.name() for item in curves.losses.listDataItems()]
    assert names == ["dice", "pairwise"]
    assert len(curves.losses.getPlotItem().legend.items) == 2
