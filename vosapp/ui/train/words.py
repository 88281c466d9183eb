"""Plain sentences about training."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from core.text import visible
from vosapp.project.opening import SUFFIX
from vosapp.services.training.run_values import Estimate, RunState, RunStatus
from vosapp.services.training.values import Counted, Part, Reason, Survey, Unusable
from vosapp.session.training.data import Refused
from vosapp.ui.plain import markup
from vosapp.ui.work.words import duration, size

MINUTE = 60.0


def tr(text: str) -> str:
    """Translate a text of the Train place."""
    return QCoreApplication.translate("Train", text)


def counted_text(found: Survey) -> str:
    """Say in a line what there is."""
    all_of_it, clips = found.counted, len(found.clips)
    parts = [many(clips, tr("1 video"), tr("{0} videos"))]
    if all_of_it.boxes:
        parts.append(many(all_of_it.boxes, tr("1 drawn box"), tr("{0} drawn boxes")))
    if all_of_it.masks:
        parts.append(many(all_of_it.masks, tr("1 mask"), tr("{0} masks")))
    if all_of_it.objects:
        parts.append(many(all_of_it.objects, tr("1 object"), tr("{0} objects")))
    if all_of_it.frames:
        parts.append(many(all_of_it.frames, tr("1 labeled frame"), tr("{0} labeled frames")))
    parts.append(minutes_text(all_of_it))
    text = ", ".join(parts)
    if not all_of_it.interpolated:
        return text
    left = many(
        all_of_it.interpolated,
        tr("1 interpolated box teaches nothing: nobody drew it."),
        tr("{0} interpolated boxes teach nothing: nobody drew them."),
    )
    return f"{text}. {left}"


def held_text(found: Survey) -> str:
    """Say what weights are scored on."""
    held = found.held_out
    if not held:
        return tr("Nothing is held out: there will be no score, and the latest weights are kept.")
    if any(clip.part is Part.BOTH for clip in held):
        return tr(
            "There is one labeled video only: its last labeled frames are held out. A second"
            " video makes scores more honest."
        )
    names = ", ".join(visible(clip.name) for clip in held)
    return tr("Held out, and never trained on: {0}.").format(names)


def minutes_text(counted: Counted) -> str:
    """Say how long the videos are."""
    if counted.minutes < 1:
        return tr("{0:.0f} s of video").format(counted.seconds)
    return tr("{0:.1f} min of video").format(counted.minutes)


def part_text(part: Part) -> str:
    """Say what a clip is for."""
    return {
        Part.TRAIN: tr("Training"),
        Part.HELD_OUT: tr("Held out"),
        Part.BOTH: tr("Training; last frames held out"),
        Part.FOOTAGE: tr("Raw footage"),
    }[part]


def trouble_html(found: Survey | None, refused: Iterable[Refused]) -> str:
    """Say what cannot be used and why, with links to it by number; empty for nothing."""
    lines = list[str]()
    for one in () if found is None else found.unusable:
        word = tr("Open") if opens_here(one) else tr("Show")
        text = f"{one.text} {one.hint}"
        lines.append(_trouble(len(lines), one.path, text=text, word=word))
    for two in refused:
        text = f"{two.error.message} {two.error.hint}"
        lines.append(_trouble(len(lines), two.path, text=text, word=tr("Show")))
    return "<br>".join(lines)


def _trouble(number: int, path: Path, *, text: str, word: str) -> str:
    link = f'<a href="{number}">{word}</a>'
    return f"<b>{markup(path.name)}</b>: {markup(text.strip())} {link}"


def opens_here(one: Unusable) -> bool:
    """Say whether it is opened in Annotate: a project or a video; else the system shows it."""
    return one.path.suffix.lower() == SUFFIX or one.reason is Reason.VIDEO_UNREADABLE


def estimate_text(estimate: Estimate) -> str:
    """Say what a run will take."""
    parts = [
        tr("About {0} in all").format(duration(estimate.seconds)),
        tr("{0} of them to prepare").format(duration(estimate.prepare_seconds)),
        tr("{0} steps").format(f"{estimate.steps:,}".replace(",", "\u202f")),
        tr("{0} of memory ({1} are free)").format(
            size(estimate.memory), size(estimate.free_memory)
        ),
    ]
    if estimate.device_memory:
        parts.append(tr("{0} of the graphics processor").format(size(estimate.device_memory)))
    parts.append(tr("{0} on the disk").format(size(estimate.disk)))
    return ", ".join(parts) + "."


def state_word(state: RunState) -> str:
    """Name what a run does."""
    return {
        RunState.STARTING: tr("Starting"),
        RunState.PREPARING: tr("Preparing"),
        RunState.TRAINING: tr("Training"),
        RunState.SCORING: tr("Scoring"),
        RunState.PAUSED: tr("Paused"),
        RunState.HELD: tr("Waiting"),
        RunState.DONE: tr("Done"),
        RunState.STOPPED: tr("Stopped"),
        RunState.FAILED: tr("Failed"),
        RunState.LOST: tr("Interrupted"),
    }[state]


def run_line(status: RunStatus) -> str:
    """Say how a run goes, in one line."""
    parts = [state_word(status.state)]
    asked = status.request.minutes * MINUTE
    if status.step:
        spent = duration(status.seconds) if status.seconds >= 1 else tr("a moment")
        parts.append(tr("{0} of {1} trained").format(spent, duration(asked)))
        parts.append(tr("step {0}").format(status.step))
    if status.state.alive and math.isfinite(status.seconds_left):
        parts.append(tr("{0} left").format(duration(status.seconds_left)))
    if status.memory:
        parts.append(size(status.memory))
    return " \u00b7 ".join(parts)


def explained(status: RunStatus) -> str:
    """Say what that means, in a sentence."""
    if status.wanted == "stop":
        return tr("Stopping: the step that is going on ends first, then its weights are scored.")
    if status.wanted == "pause":
        return tr("Pausing: the step that is going on ends first.")
    if status.state is RunState.HELD:
        return tr(
            "The open project is at work, as in a propagation: training waits, its minutes do not"
            " pass, and it goes on by itself afterwards."
        )
    if status.state is RunState.PAUSED:
        return tr("Training waits until you let it go on. Its minutes do not pass.")
    return visible(status.text)


def score_text(status: RunStatus) -> str:
    """Say what was gained: "Held-out J: 0.412 before, 0.634 at best (step 120)"; empty for none."""
    best, before, kind = status.best, status.before, measure(status)
    if best is None or math.isnan(best.score):
        return ""
    if before is None or math.isnan(before.score):
        return tr("Held-out {0}: {1:.3f} at best (step {2})").format(kind, best.score, best.step)
    if best is not before:
        return tr("Held-out {0}: {1:.3f} before, {2:.3f} at best (step {3})").format(
            kind, before.score, best.score, best.step
        )
    text = tr("Held-out {0}: {1:.3f} before").format(kind, before.score)
    if not status.state.alive:
        return f"{text}. {tr('Training gained nothing: the best weights are those before it.')}"
    return f"{text}, {tr('nothing gained so far')}" if len(status.scores) > 1 else text


def measure(status: RunStatus) -> str:
    """Name what held-out clips are scored by."""
    masks = any(math.isfinite(point.j) for point in status.scores)
    return tr("J") if masks else tr("agreement with boxes")


def plateau_text(status: RunStatus) -> str:
    """Say for how many scores nothing was gained; empty for less than two."""
    best = status.best
    since = [] if best is None else [p for p in status.scores if p.step > best.step]
    if len(since) < 2 or not status.state.alive:
        return ""
    return tr("No gain in the last {0} scores: you may stop; the best weights are kept.").format(
        len(since)
    )


def many(count: int, one: str, more: str) -> str:
    """Say a number of things."""
    return one if count == 1 else more.format(count)
