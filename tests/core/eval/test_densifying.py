"""What boxes made dense are worth, on a film with exact masks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.densify.clip import ClipRequest
from core.engine.registry import build_tracker
from core.eval.densifying import Film, drawn_boxes, main, worth
from core.tracking.contract import TrackerRequest
from core.types import Quality


def test_boxes_are_off_by_little_on_four_frames():
    _, label_maps = moving_shapes(width=160, height=120, frame_count=50)
    boxes = drawn_boxes(label_maps, np.random.default_rng(0))
    assert sorted({box.frame_index for box in boxes}) == [1, 17, 32, 48]
    rows, columns = np.nonzero(label_maps[1] == 1)
    exact = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert 0 < np.abs(np.subtract(boxes[0].corners, exact)).max() <= 2.4
    gone = np.zeros_like(label_maps)
    gone[30] = label_maps[30]
    assert all(b.corners is None for b in drawn_boxes(gone, np.random.default_rng(0)))


def test_what_is_kept_is_compared_with_the_truth():
    frames, label_maps = moving_shapes(seed=2, width=160, height=120, frame_count=9)
    boxes = drawn_boxes(label_maps, np.random.default_rng(0))
    tracker = build_tracker(TrackerRequest("flow", Quality.FAST))
    found = worth(ClipRequest(Film(frames), boxes, tracker, None, 0.6), label_maps)
    assert len(found.kept) + found.refused == 2 * (9 - 4)
    assert found.kept and np.mean(found.kept) > 0.7
    assert "mean J" in str(found)


@pytest.mark.slow
def test_the_command_writes_a_line_a_film(tmp_path, monkeypatch):
    from core.data.synthetic import MULTI_OBJECT_SET

    short = replace(MULTI_OBJECT_SET[0], frame_count=6)
    monkeypatch.setattr("core.eval.densifying.MULTI_OBJECT_SET", (short,))
    main([str(tmp_path / "out.txt"), "--system", "copy"])
    lines = (tmp_path / "out.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == [short.name, "all"]
