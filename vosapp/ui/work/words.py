"""How work is told in a line."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

from core.text import visible
from vosapp.session.choice import RunState
from vosapp.session.work import WorkState
from vosapp.ui.forms import capitalized


def state_text(state: WorkState) -> str:
    """Say how far a work is: "Reading frames, 3 of 9, 2 min left"."""
    parts = [state.text] if state.text else []
    if parts and state.total:
        parts.append(_tr("{0} of {1}").format(state.done, state.total))
    if math.isfinite(state.seconds_left):
        parts.append(_tr("{0} left").format(duration(state.seconds_left)))
    return visible(capitalized(", ".join(parts)))


def run_text(state: RunState) -> str:
    """Say how far a propagation is: frames, drafts, speed, time left, device, memory of vosapp."""
    parts = []
    if state.total:
        parts.append(_tr("{0} of {1} frames").format(state.done, state.total))
    elif state.text:
        parts.append(state.text)
    if state.drafts:
        parts.append(_tr("{0} drafts").format(state.drafts))
    if state.frames_per_second:
        parts.append(_tr("{0:.1f} frames/s").format(state.frames_per_second))
    if math.isfinite(state.seconds_left):
        parts.append(_tr("{0} left").format(duration(state.seconds_left)))
    if state.device:
        parts.append(state.device.upper())
    if state.memory_bytes:
        parts.append(size(state.memory_bytes))
    return "   ".join(parts)


def duration(seconds: float) -> str:
    """Return a time as people say it: "40 s", "3 min", "1 h 20 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def device_title(name: str) -> str:
    """Name what computes: "auto", "cpu", "cuda" or "mps"."""
    return {
        "auto": _tr("Automatic"),
        "cpu": _tr("Processor (CPU)"),
        "cuda": _tr("Nvidia GPU (CUDA)"),
        "mps": _tr("Apple GPU (MPS)"),
    }.get(name, name)


def size(count: float) -> str:
    """Return bytes as people say them: "640 MB", "1.2 GB"."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Work", text)
