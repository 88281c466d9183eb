"""What a benchmark begins with: masks, their boxes, or masks made of these boxes."""

from __future__ import annotations

import numpy as np
import pytest

from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs
from core.eval.starts import Start, started
from core.jobs import Cancelled, CancelToken
from core.tracking.contract import TrackerRequest
from core.types import Keyframe, Quality

COPY = TrackerRequest("copy", Quality.FAST)


@pytest.fixture
def root(tmp_path, write_davis):
    return write_davis(tmp_path / "davis")


@pytest.mark.parametrize("start", Start)
def test_what_is_given(root, start):
    request = BenchmarkRequest(root, COPY, ("bear",), keyframe_count=2, start=start)
    (job,) = plan_jobs(request)
    true = job.keyframes()
    assert job.whole() == {2}
    with job.open(cache_bytes=0) as video:
        found = started(
            true, start, video=video, tracker=COPY, token=CancelToken(), whole=job.whole()
        )
    assert [k.frame_index for k in found] == [0, 2]
    assert [k.object_ids for k in found] == [k.object_ids for k in true]
    np.testing.assert_array_equal(found[1].label_map, true[1].label_map)
    first, mask = found[0].label_map, true[0].label_map
    if start is Start.MASK:
        np.testing.assert_array_equal(first, mask)
        return
    assert {*np.unique(first)} == {*np.unique(mask)}
    assert (first != mask).any()
    if start is Start.BOX:
        for object_id in found[0].object_ids:
            rows, columns = np.nonzero(mask == object_id)
            box = first[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            assert (box > 0).all() and (box == object_id).mean() > 0.5


def test_an_object_that_is_asserted_absent_stays_so(root):
    (job,) = plan_jobs(BenchmarkRequest(root, COPY, ("bear",)))
    label_map = job.keyframes()[0].label_map
    given = (Keyframe(0, (1, 2, 7), label_map),)
    with job.open(cache_bytes=0) as video:
        for start in Start:
            (found,) = started(given, start, video=video, tracker=COPY, token=CancelToken())
            assert found.object_ids == (1, 2, 7)
            assert not (found.label_map == 7).any()


def test_answering_boxes_can_be_stopped(root):
    (job,) = plan_jobs(BenchmarkRequest(root, COPY, ("bear",)))
    token = CancelToken()
    token.cancel()
    with job.open(cache_bytes=0) as video, pytest.raises(Cancelled):
        started(job.keyframes(), Start.PROMPT, video=video, tracker=COPY, token=token)
