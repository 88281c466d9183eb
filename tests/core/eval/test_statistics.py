"""Mean, recall and decay: the golden values and the official tool's overflow."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.eval.statistics import Statistic, average, decay, summarize


def test_linear_decay_over_68_frames_has_the_golden_values():
    statistic = summarize(np.linspace(1, 0.2, 68).tolist())
    assert round(statistic.mean, 4) == 0.6
    assert round(statistic.recall, 4) == 0.6176
    assert round(statistic.decay, 4) == 0.5970


def test_compat_reproduces_the_overflow_of_long_sequences():
    ramp = np.linspace(1, 0.2, 400)
    # Frames 0..100 and 299..399 lie 299 steps of 0.8 / 399 apart; the tool takes 43..143.
    assert decay(ramp) == pytest.approx(299 * 0.8 / 399)
    assert decay(ramp, compat=True) == pytest.approx(43 * 0.8 / 399)
    assert round(decay(ramp, compat=True), 3) == 0.086


def test_compat_changes_nothing_up_to_256_frames():
    for count in (1, 2, 3, 68, 255, 256):
        values = np.random.default_rng(count).random(count)
        assert decay(values) == decay(values, compat=True)


def test_compat_has_no_value_where_the_last_quarter_wraps_to_nothing():
    assert math.isnan(decay(np.ones(300), compat=True))


def test_quarters_share_their_end_frames():
    # Ends for nine frames are 0, 2, 4, 6, 8: three frames in each quarter.
    assert decay([1, 1, 1, 0, 0, 0, 0.4, 0.5, 0.6]) == pytest.approx(0.5)


def test_recall_counts_only_what_is_above_one_half():
    assert summarize([0.5, 0.51, 1.0, 0.0]).recall == 0.5


def test_nothing_has_no_statistics():
    assert math.isnan(summarize([]).mean)
    assert math.isnan(decay([]))
    assert math.isnan(average([]).decay)


def test_average_is_taken_of_each_figure():
    both = average([Statistic(1.0, 0.5, 0.2), Statistic(0.0, 1.0, -0.4)])
    assert both == Statistic(0.5, 0.75, pytest.approx(-0.1))
