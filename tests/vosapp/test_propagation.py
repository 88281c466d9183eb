"""Storing results while they come: what is told as stored is on the disk."""

from __future__ import annotations

import numpy as np
import pytest
from vosapp_fakes import mask_of

from core.errors import DeviceOutOfMemory, OutputError
from core.jobs import Progress
from core.types import FrameResult
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.project.results import Stored
from vosapp.services.propagate import store_results


@pytest.fixture
def project(film_project):
    with open_project(film_project) as opened:
        opened.do(AddObject())
        opened.do(SetMask(0, 1, mask_of(0, 1)))
        yield opened


@pytest.fixture
def store(project):
    """Stores results of some frames, two at a time; `error` is raised after them."""
    propagation = project.begin_propagation("fake")

    def results(frames, error):
        for index in frames:
            yield Progress(0, 0, f"passed frame {index}")
            yield FrameResult(index, mask_of(index, 1).astype(np.uint8), (1,), is_draft=index == 2)
        if error is not None:
            raise error

    return lambda frames, error=None: store_results(
        project, propagation, results(frames, error), fewest=2, patience=0
    )


def on_disk(project):
    return np.flatnonzero(project.states(1) == FrameState.PROPAGATED).tolist()


def told(items, project):
    """The frames that are told as stored; each must be there at that moment."""
    found = []
    for item in items:
        if isinstance(item, Stored):
            assert item.frame_index in on_disk(project)
            found.append(item.frame_index)
    return found


def test_everything_is_passed_on_and_told_once_it_is_stored(project, store):
    items = list(store(range(1, 6)))
    kinds = {kind: [i for i in items if type(i) is kind] for kind in (Progress, FrameResult)}
    assert len(kinds[Progress]) == len(kinds[FrameResult]) == 5
    stored = [item for item in items if isinstance(item, Stored)]
    assert stored == [Stored(i, i == 2) for i in range(1, 6)]


def test_nothing_is_told_before_it_is_stored(project, store):
    assert told(store(range(1, 6)), project) == [1, 2, 3, 4, 5]


def test_what_came_before_an_error_is_stored_and_told(project, store):
    found = []
    with pytest.raises(DeviceOutOfMemory):
        for item in store(range(1, 4), DeviceOutOfMemory("no memory")):
            found += told([item], project)
    assert found == [1, 2, 3] == on_disk(project)


@pytest.mark.parametrize("error", [None, DeviceOutOfMemory("no memory")])
@pytest.mark.parametrize("room", [0, 1, 2])
def test_what_a_full_disk_does_not_take_is_not_told(project, store, monkeypatch, room, error):
    real, left = project.put_results, [room]

    def put_results(*args, **options):
        if not left[0]:
            raise OutputError("the disk is full")
        left[0] -= 1
        return real(*args, **options)

    monkeypatch.setattr(project, "put_results", put_results)
    found = []
    with pytest.raises(OutputError, match="full"):
        for item in store(range(1, 6), error):
            found += told([item], project)
    assert found == on_disk(project) == list(range(1, 1 + 2 * room))


def test_closing_it_stores_what_has_come(project, store):
    items = store(range(1, 6))
    for _ in range(2):
        next(items)
    items.close()
    assert on_disk(project) == [1]
