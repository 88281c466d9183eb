"""Jobs: their results, handed on and renamed on the way."""

from __future__ import annotations

import pytest

from core.jobs import Progress, mapped, result_of


def counting(closed=None):
    try:
        yield Progress(1, 2)
        yield Progress(2, 2)
    finally:
        if closed is not None:
            closed.append(True)
    return "done"


def test_result_of_a_job():
    assert result_of(counting()) == "done"


def test_a_mapped_job_has_the_same_result():
    job, seen = mapped(counting(), lambda item: item.done * 10), []
    with pytest.raises(StopIteration) as end:
        while True:
            seen.append(next(job))
    assert seen == [10, 20] and end.value.value == "done"


def test_a_mapped_job_that_is_closed_closes_the_other():
    closed = []
    job = mapped(counting(closed), lambda item: item)
    next(job)
    job.close()
    assert closed == [True]
