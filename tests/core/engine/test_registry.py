from __future__ import annotations

import subprocess
import sys

import pytest

from core.discovery.contract import DiscoveryRequest
from core.engine.registry import (
    build_discoverer,
    build_tracker,
    discoverers,
    system_spec,
    systems,
    trackers,
)
from core.errors import UsageError
from core.tracking.contract import TrackerRequest
from core.types import Quality


@pytest.mark.parametrize("name", systems())
def test_names_lead_to_functions(name):
    spec = system_spec(name)
    assert spec.name == name
    assert spec.title
    named = [text for text in (spec.implementation, spec.discovers) if text]
    assert named
    for text in named:
        module, function = text.split(":")
        assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_what_only_finds_objects_is_no_tracker_and_the_reverse():
    assert set(trackers()) | set(discoverers()) == set(systems())
    alone = set(discoverers()) - set(trackers())
    assert alone
    for name in alone:
        with pytest.raises(UsageError, match="carries no masks"):
            build_tracker(TrackerRequest(name, Quality.FAST))
    with pytest.raises(UsageError, match="finds no objects"):
        build_discoverer("copy", DiscoveryRequest())


def test_slip_is_answered_with_a_guess():
    with pytest.raises(UsageError, match="Did you mean flow"):
        system_spec("flwo")
    with pytest.raises(UsageError, match="self_supervised"):
        system_spec("zebra")


@pytest.mark.parametrize("quality", Quality)
def test_baselines_are_built_without_weights(quality):
    for name in ("copy", "flow"):
        assert hasattr(build_tracker(TrackerRequest(name, quality)), "step")


def test_baselines_need_no_torch():
    script = (
        "import sys\n"
        "from core.engine.registry import build_tracker\n"
        "from core.tracking.contract import TrackerRequest\n"
        "from core.types import Quality\n"
        "for name in ('copy', 'flow'): build_tracker(TrackerRequest(name, Quality.FAST))\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
