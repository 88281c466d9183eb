"""Two pictures side by side: drawn where they are new, and only then."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from vosapp.ui.train import pair as module
from vosapp.ui.train.pair import PicturePair


@pytest.fixture
def pair(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    yield PicturePair(parent)


def test_a_look_that_shows_the_same_draws_nothing(pair, monkeypatch):
    drawn = []

    def over(frame, labels):
        drawn.append(labels)
        return frame.copy()

    monkeypatch.setattr(module, "over", over)
    frame, old, new = np.zeros((8, 8, 3), np.uint8), *np.zeros((2, 8, 8), np.uint8)
    for title in ("Now", "Now, 0.7"):
        pair.show_pair(frame, (old, new), ("Before", title))
        assert len(drawn) == 2 and pair.titles[1].text() == title
    pair.show_pair(frame, (old, new.copy()), ("Before", "Now"))
    assert len(drawn) == 4
