"""A run with weights that are kept in the project: which file, and what is written of it."""

from __future__ import annotations

import pytest
from vosapp_fakes import FakeTracker, mask_of

from core.tracking.contract import TrackerRequest
from core.types import Quality
from vosapp.assets import bundled_weights
from vosapp.jobs.propagation import Engine, PropagationOrder, WeightsProblem
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import open_project
from vosapp.project.tuned import TunedInfo, digest_of


@pytest.fixture
def project(film_project):
    with open_project(film_project) as opened:
        opened.do(AddObject(name="Box"))
        opened.do(SetMask(0, 1, mask_of(0, 1)))
        yield opened


def keep(project, data):
    info = TunedInfo("base", digest_of(data), "thin", 1, 1.0, 0.1, 0, 2, 0, 24)
    project.put_tuned(info, data, use=True)
    return info


def run(project, film, *, tuned):
    from core.jobs import CancelToken

    requests = []

    def make(request):
        requests.append((request.weights.name, request.weights.read_bytes()))
        return FakeTracker()

    system = TrackerRequest(
        "self_supervised", Quality.FAST, "cpu", bundled_weights("self_supervised", "thin")
    )
    order = PropagationOrder(project, film, system, 0, 24, tuned=tuned)
    items = list(Engine(make_tracker=make).propagate(order)(CancelToken()))
    origin = project.run_of(int(project.lane(1).runs[3]))
    return requests, items, origin


def test_kept_weights_are_loaded_and_named(project, film):
    data = bundled_weights("self_supervised", "thin").read_bytes()
    info = keep(project, data)
    requests, items, origin = run(project, film, tuned=True)
    assert requests == [("adapted.safetensors", data)]
    assert origin.weights == info.identity
    assert not any(isinstance(item, WeightsProblem) for item in items)


def test_switched_off_they_are_not_touched(project, film):
    keep(project, b"nonsense")
    requests, items, origin = run(project, film, tuned=False)
    assert requests[0][0] == "self_supervised-thin.safetensors"
    assert not any(isinstance(item, WeightsProblem) for item in items)
    assert origin.weights.startswith("self_supervised-thin")


def test_without_any_the_systems_are_used_and_it_is_told(project, film):
    requests, items, origin = run(project, film, tuned=True)
    (problem,) = [item for item in items if isinstance(item, WeightsProblem)]
    assert "missing" in problem.error.message
    assert requests[0][0] == "self_supervised-thin.safetensors"
    assert origin.weights.startswith("self_supervised-thin")
