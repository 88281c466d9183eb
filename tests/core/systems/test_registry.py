"""The one registry of systems."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.engine.registry import build_tracker, system_spec, systems, trackers
from core.errors import CheckpointMissing, UsageError
from core.tracking.contract import TrackerRequest
from core.types import Quality


@pytest.mark.parametrize("name", trackers())
def test_every_entry_can_be_found_and_imported(name):
    spec = system_spec(name)
    assert spec.name == name and spec.title
    request = TrackerRequest(name, Quality.FAST, device="cpu")
    if spec.needs_weights:
        with pytest.raises(CheckpointMissing, match=name):
            build_tracker(request)
        return
    tracker = build_tracker(request)
    for method in ("add_keyframe", "remove_keyframe", "start", "step"):
        assert callable(getattr(tracker, method))


@pytest.mark.parametrize(
    ("name", "near"), [("flov", "flow"), ("self-supervised", "self_supervised"), ("Copy", "copy")]
)
def test_unknown_system_has_a_guess(name, near):
    with pytest.raises(UsageError, match=repr(name)) as caught:
        build_tracker(TrackerRequest(name, Quality.FAST))
    assert caught.value.hint == f"Did you mean {near}?"


def test_unknown_system_without_a_guess_lists_all():
    with pytest.raises(UsageError) as caught:
        system_spec("zzz")
    assert all(name in caught.value.hint for name in systems())


def test_registry_imports_no_torch():
    script = (
        "import sys, core.engine.registry as r\n"
        "r.system_spec('self_supervised')\n"
        "print('torch' in sys.modules, 'cv2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
