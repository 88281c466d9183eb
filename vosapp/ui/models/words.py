"""What is said of models."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from vosapp.services.models.values import Model, Origin
from vosapp.ui.plain import markup
from vosapp.ui.work.words import size


def tr(text: str) -> str:
    """Translate a text of the Models place."""
    return QCoreApplication.translate("Models", text)


def origin_text(origin: Origin) -> str:
    """Say where a model comes from."""
    return {
        Origin.BUNDLED: tr("Bundled"),
        Origin.TRAINED: tr("Trained"),
        Origin.IMPORTED: tr("Imported"),
        Origin.DOWNLOADED: tr("Downloaded"),
    }[origin]


def score_text(scores: Mapping[str, float]) -> str:
    """Say the first score that is one; empty for none."""
    for name, value in scores.items():
        if math.isfinite(value):
            return f"{value:.3f} ({name})"
    return ""


def facts_html(model: Model) -> str:
    """Say all that is known of a model."""
    rows = [
        (tr("From"), origin_text(model.origin)),
        (tr("System"), model.system or tr("unknown")),
        (tr("Network"), model.preset),
        (tr("Size"), size(model.size) if model.size else ""),
        (tr("Added"), time.strftime("%Y-%m-%d %H:%M", time.localtime(model.added))),
        (tr("License"), model.license or tr("not known")),
        (tr("Address"), model.address),
        (tr("SHA-256"), model.sha256 or tr("not computed yet")),
        (tr("File"), str(model.path)),
    ]
    if not model.added:
        rows = [row for row in rows if row[0] != tr("Added")]
    if model.origin in (Origin.BUNDLED, Origin.TRAINED):
        rows = [row for row in rows if row[0] != tr("License")]
    if model.origin is Origin.BUNDLED and not model.sha256:
        rows = [row for row in rows if row[0] != tr("SHA-256")]
    if model.card is None:
        rows += [(name, f"{value:.3f}") for name, value in model.scores.items()]
        rows += [(name, _text(value)) for name, value in model.training.items()]
    lines = [_row(name, value) for name, value in rows if value]
    problem = f"<p><b>{markup(model.problem)}</b></p>" if model.problem else ""
    return f"{problem}<table cellspacing='4'>{''.join(lines)}</table>"


def _text(value: object) -> str:
    """What a header says, as people write it: "batch 4, crop 192"."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, bool) or value is None:
        return {True: tr("yes"), False: tr("no"), None: tr("none")}[value]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _row(name: str, value: str) -> str:
    return f"<tr><td><b>{markup(name)}</b>&nbsp;</td><td>{markup(value)}</td></tr>"
