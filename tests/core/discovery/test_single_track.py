"""The one track of finders that tell no objects apart."""

from __future__ import annotations

import numpy as np
import pytest

from core.discovery.single_track import SingleTrack


def test_of_no_mask_there_is_no_track():
    track = SingleTrack()
    track.add(3, np.full((2, 2), 0.5, np.float32))
    assert track.tracks(1) == ()


def test_scores_are_means_inside_of_masks_and_over_all_frames():
    plane = np.array([[0.2, 1], [0.6, 0]], np.float32)
    track = SingleTrack()
    track.add(3, plane)
    track.add(5, plane, sure=plane / 2)
    track.add(7, np.zeros((2, 2), np.float32))
    (found,) = track.tracks(4)
    assert list(found.maps) == [3, 5] and found.maps[5] == pytest.approx(plane, abs=1 / 510)
    assert found.scores == pytest.approx({3: 0.8, 5: 0.4})
    assert found.score == pytest.approx(1.2 / 4)
