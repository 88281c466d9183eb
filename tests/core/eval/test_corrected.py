"""The robot's corrections as rows of a table."""

from __future__ import annotations

import pytest

from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.corrected import Corrections
from core.eval.interactive import InteractiveRequest, InteractiveRun, Pick, annotate
from core.eval.measuring import OUTCOME
from core.eval.starts import Start
from core.jobs import Cancelled, CancelToken, Progress
from core.tracking.contract import TrackerRequest
from core.types import Quality

COUNT = 5


@pytest.fixture
def request_(tmp_path, write_davis):
    root = write_davis(tmp_path / "davis")
    return BenchmarkRequest(root, TrackerRequest("copy", Quality.BALANCED), ("bear",))


def rows_of(request, rounds):
    keys = tuple({"given": f"{number} corrected"} for number in range(1, rounds + 1))
    told, rows = [], {}
    for item in Corrections(keys, request, COUNT).run(CancelToken()):
        if isinstance(item, Progress):
            told.append(item)
        else:
            rows[item[0]["given"]] = item[1]
    return rows, told


def test_a_row_for_each_corrected_frame(request_):
    rows, told = rows_of(request_, 2)
    (run,) = [
        item
        for item in annotate(InteractiveRequest(request_, 2, (Pick.TRUTH,)), CancelToken())
        if isinstance(item, InteractiveRun)
    ]
    for number in (1, 2):
        row, figures = rows[f"{number} corrected"], run.rounds[Pick.TRUTH][number]
        assert set(row) == set(OUTCOME)
        assert row["j_and_f"] == figures.open_j_and_f, "corrected frames do not count"
        assert (row["objects"], row["frames"], row["scored_frames"]) == (2, COUNT, 3 - number)
        assert row["seconds_median"] > 0 and row["peak_memory_mb"] > 1
    assert told[-1].done == told[-1].total == 3 * COUNT
    assert all(item.done <= item.total for item in told)


def test_a_short_sequence_keeps_what_it_came_to(request_):
    rows, _ = rows_of(request_, 4)
    assert len(rows) == 4
    assert rows["3 corrected"]["j_and_f"] == rows["4 corrected"]["j_and_f"]
    assert rows["4 corrected"]["scored_frames"] == 1


def test_boxes_to_begin_with(request_):
    from dataclasses import replace

    boxes, _ = rows_of(replace(request_, start=Start.BOX), 1)
    masks, _ = rows_of(request_, 1)
    assert boxes["1 corrected"]["j_and_f"] != masks["1 corrected"]["j_and_f"]


def test_it_stops_between_frames(request_):
    token = CancelToken()
    job = Corrections(({"given": "1"},), request_, COUNT).run(token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        for _ in job:
            pass
