"""What is said of a tuning: how far it is, what it came to, what went wrong with it."""

from __future__ import annotations

import html
import math

from PySide6.QtCore import QCoreApplication

from core.media.export.losses import counted
from core.media.file_hash import name_of
from core.text import visible
from vosapp.jobs.finetune import FinetuneOutcome, Trouble
from vosapp.jobs.outcome import Failed
from vosapp.project.tuned import TunedInfo
from vosapp.services.weights import are_default, finetuned_system
from vosapp.session.finetune import FinetuneState
from vosapp.session.work import WorkState
from vosapp.ui import errors
from vosapp.ui.work.words import state_text


def tr(text: str) -> str:
    """Translate a text of the dialog that tunes."""
    return QCoreApplication.translate("FinetuneDialog", text)


def base_text(info: TunedInfo) -> str:
    """Say which weights a learning began from: "the bundled weights", or the name of a file.

    The name is plain text of whoever made the project: escape it where markup is read.
    """
    if are_default(info.base, finetuned_system()):
        return tr("the bundled weights")
    return visible(name_of(info.base))


def tuning_text(state: FinetuneState) -> str:
    """Say how far a tuning is: "Learning: step 40, loss 0.0123, 2 min left"."""
    if not math.isfinite(state.loss):
        return state_text(state)
    text = tr("{0}: step {1}, loss {2:.4f}").format(state.text, state.step, state.loss)
    return state_text(WorkState(text, seconds_left=state.seconds_left))


def learned_text(info: TunedInfo, base: str = "") -> str:
    """Say what was learned from how many frames, and from which weights if they are given."""
    frames = counted(info.stop - info.start, "frame")
    text = tr("Learned {0} of {1} in {2} steps, from {3}.") if base else _learned()
    return text.format(info.frames, frames, info.steps, base)


def about_text(info: TunedInfo) -> str:
    """Say what the weights are that a project has."""
    base = base_text(info)
    text = learned_text(info, base)
    if info.scores:
        text += " " + tr(
            "Overlap J on keyframes: {0:.3f} with {1}, {2:.3f} as learned from this video."
        ).format(info.before, base, info.after)
    return text


def verdict_text(info: TunedInfo, *, others: bool) -> str:
    """Say as markup what a tuning is worth.

    Args:
        info: of the new weights.
        others: the project has other ones from before.
    """
    if not info.scores:
        why = tr("There is no keyframe with a mask to compare on.")
        return f"{learned_text(info)} {why}"
    better = tr("On {0} what was learned did better than {1}")
    equal = tr("On {0} what was learned did no better than {1}")
    text = (better if info.after > info.before else equal).format(
        counted(len(info.scores), "keyframe"), html.escape(base_text(info))
    )
    mean = tr("mean overlap J {0:.3f} \u2192 {1:.3f}").format(info.before, info.after)
    verdict = f"{learned_text(info)} <b>{text}</b>: {mean}."
    if others:
        verdict += " " + tr(
            "The weights that this project has from before are not part of the comparison."
        )
    return verdict


def trouble_text(outcome: FinetuneOutcome, *, again: str) -> str:
    """Say what went wrong although the video was learned; empty where all is well.

    Args:
        outcome: of the tuning.
        again: which buttons try again to keep it.
    """
    return "\n".join(filter(None, (_unseen(outcome), _refused(outcome, again))))


def _learned() -> str:
    return tr("Learned {0} of {1} in {2} steps.")


def _unseen(outcome: FinetuneOutcome) -> str:
    if outcome.unseen is None:
        return ""
    text = tr("The masks before and after cannot be shown.")
    return f"{text} {_why(outcome.unseen)}"


def _refused(outcome: FinetuneOutcome, again: str) -> str:
    if outcome.refused is None:
        return ""
    why = _why(outcome.refused)
    if outcome.kept:
        text = tr("The project could not be changed. {0} Choose once more to try again.")
        return text.format(why)
    return tr(
        "What was learned could not be kept in this project. {0} It is held as long as the"
        " project is open: {1} tries again."
    ).format(why, again)


def _why(trouble: Trouble) -> str:
    if isinstance(trouble, Failed):
        return errors.text(trouble.error)
    return tr("vosapp has a bug.")
