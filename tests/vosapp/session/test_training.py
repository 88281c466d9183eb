"""What the window knows of training, without a window: looks at runs, holds, what is used."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_training import FakeTraining

from core.errors import UsageError
from core.jobs import Cancelled, CancelToken
from vosapp.assets import bundled_start
from vosapp.jobs.runner import JobRunner
from vosapp.services.models.values import Model, Origin
from vosapp.services.training.run_values import RunRequest, RunState
from vosapp.session.training import watching as training_watch
from vosapp.session.training.hub import TrainingHub
from vosapp.session.training.services import Services
from vosapp.session.training.watching import Watched, watching


@pytest.fixture
def services(tmp_path, monkeypatch):
    """Runs that nobody sees are looked at often, too."""
    monkeypatch.setattr(training_watch, "SELDOM", 0.2)
    return FakeTraining(tmp_path / "data")


@pytest.fixture
def folder(services):
    """Of a run that has begun."""
    return services.start(RunRequest("box_supervised", 5.0, ()))


@pytest.fixture
def hub(qtbot, services, tmp_path):
    made = TrainingHub(tmp_path / "data", services=services)
    crashes = []
    made.crashed.connect(crashes.append)
    yield made
    made.close()
    assert crashes == []


def test_a_run_is_looked_at_until_it_has_ended(services, folder):
    looks = watching(services, folder, CancelToken(), watched=Watched(shown=True))
    first = next(looks)
    assert first.status.state is RunState.STARTING and first.pictures == ()
    services.train(folder)
    second = next(looks)
    main, other = second.pictures
    assert main.frame.shape == (30, 40, 3) and main.step == 40 and main.scores["best"] == 0.8
    assert (main.before != main.now).any() and second.log == "" and other.clip == "third"
    services.change(folder, state=RunState.DONE)
    assert "step 1" in next(looks).log
    assert next(looks, None) is None


def test_a_look_that_is_cancelled_ends_at_once(services, folder):
    token = CancelToken()
    looks = watching(services, folder, token, watched=Watched())
    next(looks)
    token.cancel()
    with pytest.raises(Cancelled):
        next(looks)


def test_pictures_that_are_being_replaced_are_none(services, folder):
    services.train(folder)
    (folder / "now.png").write_bytes(b"half")
    looks = watching(services, folder, CancelToken(), watched=Watched(shown=True))
    assert next(looks).pictures == ()


def test_a_discarded_run_is_told(services, folder):
    services.discard(folder)
    with pytest.raises(UsageError):
        next(watching(services, folder, CancelToken(), watched=Watched()))


def test_who_has_never_trained_gets_no_folder(tmp_path):
    services = Services(tmp_path / "data")
    services.hold()
    services.release()
    assert services.runs() == () and not (tmp_path / "data").exists()


def test_runs_are_held_by_the_services_themselves(tmp_path):
    services = Services(tmp_path)
    (tmp_path / "training").mkdir()
    services.hold()
    assert list((tmp_path / "training" / "holds").iterdir())
    services.release()
    assert not list((tmp_path / "training" / "holds").iterdir())


def test_a_window_that_closes_in_a_propagation_lets_training_go_on(hub, services, tracked):
    hub.follow(tracked)
    tracked.propagation.started.emit()
    hub.close()
    assert not services.held and services.asked[-1] == ("release", None)


def test_training_waits_until_all_work_of_the_project_is_over(hub, services, tracked, qtbot):
    hub.follow(tracked)
    tracked.propagation.started.emit()
    tracked.discovery.started.emit()
    qtbot.waitUntil(lambda: services.held)
    tracked.propagation.finished.emit(None)
    qtbot.waitUntil(lambda: [what for what, _ in services.asked].count("hold") == 2)
    assert services.held
    tracked.discovery.finished.emit(None)
    qtbot.waitUntil(lambda: not services.held)


def test_going_back_leads_before_the_first_of_several_models(hub, tracked, tmp_path):
    hub.follow(tracked)
    before = tracked.propagation.choice
    for name in ("one", "two"):
        path = tmp_path / f"{name}.safetensors"
        hub.use.use(Model(name, path, Origin.TRAINED, "box_supervised"))
        assert hub.use.uses(path)
    hub.use.switch_off()
    assert tracked.propagation.choice == before and not hub.use.chosen


def test_only_what_carries_masks_can_be_used(hub, tmp_path):
    systems = ("box_supervised", "appearance_motion", "backbone", "")
    fit = [s for s in systems if hub.use.fits(Model("one", tmp_path, Origin.IMPORTED, s))]
    assert fit == ["box_supervised"]
    broken = Model("one", tmp_path, Origin.IMPORTED, "box_supervised", problem="It is damaged.")
    assert not hub.use.fits(broken)
    start = bundled_start("global_instance", "small")
    assert not hub.use.fits(Model(start.stem, start, Origin.BUNDLED, "global_instance"))
    own = tmp_path / start.name
    assert hub.use.fits(Model(own.stem, own, Origin.TRAINED, "global_instance"))


def test_another_project_uses_nothing_yet(hub, tracked, tmp_path):
    hub.follow(tracked)
    hub.use.use(Model("one", tmp_path / "x", Origin.TRAINED, "box_supervised"))
    hub.follow(None)
    assert not hub.use.chosen and not hub.use.uses(tmp_path / "x")


def test_what_was_chosen_stays_where_a_later_look_is_stopped(hub, services, qtbot):
    hub.data.add([Path("a.vosapp")])
    qtbot.waitUntil(lambda: hub.data.survey is not None)
    services.gate.clear()
    hub.data.add([Path("b.vosapp")])
    hub.data.stop()
    services.gate.set()
    qtbot.waitUntil(lambda: not hub.data.running)
    assert [one.path.name for one in hub.data.sources] == ["a.vosapp"]
    hub.data.add([])
    qtbot.waitUntil(lambda: hub.data.survey is not None)
    assert [one.path.name for one in hub.data.sources] == ["a.vosapp", "b.vosapp"]


def test_a_run_that_is_not_shown_is_looked_at_until_its_end(hub, services, qtbot):
    old = services.start(RunRequest("box_supervised", 5.0, ()))
    services.change(old, state=RunState.STOPPED, resumable=True)
    new = services.start(RunRequest("box_supervised", 5.0, ()))
    services.train(new)
    ended = []
    hub.runs.ended.connect(ended.append)
    hub.runs.list_runs()
    qtbot.waitUntil(lambda: hub.runs.status is not None and hub.runs.status.folder == new)
    hub.runs.show(old)
    qtbot.waitUntil(lambda: hub.runs.status is not None)
    assert hub.runs.alive.folder == new and not hub.runs.can_resume
    services.change(new, state=RunState.DONE)
    qtbot.waitUntil(lambda: hub.runs.alive is None, timeout=20_000)
    assert [status.folder for status in ended] == [new] and hub.runs.can_resume
    assert hub.runs.status.folder == old


def test_a_window_that_closes_begins_no_thread(services, qtbot, tmp_path):
    hub = TrainingHub(tmp_path / "data", services=services)
    hub.close()
    hub.runs.list_runs()
    assert hub.children() and not hub.findChildren(JobRunner)


def test_a_run_that_is_discarded_elsewhere_is_at_work_no_more(hub, services, qtbot):
    old = services.start(RunRequest("box_supervised", 5.0, ()))
    services.change(old, state=RunState.STOPPED, resumable=True)
    new = services.start(RunRequest("box_supervised", 5.0, ()))
    services.train(new)
    hub.runs.list_runs()
    qtbot.waitUntil(lambda: hub.runs.alive is not None)
    hub.runs.show(old)
    qtbot.waitUntil(lambda: hub.runs.status is not None and hub.runs.status.folder == old)
    services.discard(new)
    qtbot.waitUntil(lambda: hub.runs.alive is None, timeout=20_000)
