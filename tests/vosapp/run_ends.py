"""Waiting for the process of a run of training."""

from __future__ import annotations

import time

from vosapp.services.training.runs import RunWatch


def wait_for_end(folder, seconds):
    """Return how a run has ended, or how it is after so many seconds."""
    watch, until = RunWatch(folder), time.monotonic() + seconds
    while (status := watch.status()).state.alive and time.monotonic() < until:
        time.sleep(0.1)
    return status
