"""Reasons and findings in the user's language."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from core.review.reasons import Reason
from vosapp.project.model import Review, TrackedObject
from vosapp.services.review import ReviewRow
from vosapp.ui import numbering

_ORDER = (Review.UNREVIEWED, Review.NEEDS_WORK, Review.CHECKED)


def tr(text: str) -> str:
    """Translate a text of the list of frames to check."""
    return QCoreApplication.translate("Review", text)


def sentence(reason: Reason) -> str:
    """Say what speaks against a mask."""
    return {
        Reason.LOST: tr("Lost: no mask here"),
        Reason.DOUBT: tr("Low confidence"),
        Reason.DROP: tr("Confidence drops"),
        Reason.SIZE: tr("Another size than on its keyframe"),
        Reason.AREA: tr("Size jumps"),
        Reason.PLACE: tr("Place jumps"),
        Reason.ISLANDS: tr("Stray islands"),
        Reason.CONTACT: tr("Touches another object"),
        Reason.DISAGREE: tr("The two directions disagree"),
        Reason.FAR: tr("Far from any keyframe"),
    }[reason]


def sentences(reasons: Iterable[Reason]) -> str:
    """Say all reasons in one line."""
    return tr("\u00a0\u00b7 ").join(sentence(reason) for reason in reasons)


def title(row: ReviewRow, objects: Iterable[TrackedObject]) -> str:
    """Say which frames and objects a row is about: "Frame 42 \u00b7 Fox"."""
    names = {item.object_id: item.shown_name for item in objects}
    shown = ", ".join(names.get(i, str(i)) for i in row.object_ids[:3])
    return tr("{0} \u00b7 {1}").format(_frames(row), shown)


def short_title(row: ReviewRow, objects: Iterable[TrackedObject]) -> str:
    """Say the same in less room: "42 \u00b7 Fox", or "Frame 42 \u00b7 3 objects"."""
    if len(row.object_ids) > 1:
        return tr("{0} \u00b7 {1} objects").format(_frames(row), len(row.object_ids))
    numbers = str(numbering.shown(row.frame_index))
    if row.stop - row.frame_index > 1:
        numbers = tr("{0} to {1}").format(*numbering.span(row.frame_index, row.stop))
    names = {item.object_id: item.shown_name for item in objects}
    return tr("{0} \u00b7 {1}").format(numbers, *(names.get(i, str(i)) for i in row.object_ids))


def _frames(row: ReviewRow) -> str:
    if row.stop - row.frame_index > 1:
        return tr("Frames {0} to {1}").format(*numbering.span(row.frame_index, row.stop))
    return tr("Frame {0}").format(numbering.shown(row.frame_index))


def finding(review: Review) -> str:
    """Say what is listed, as a choice: "Frames to check"."""
    return {
        Review.UNREVIEWED: tr("To check"),
        Review.NEEDS_WORK: tr("Need work"),
        Review.CHECKED: tr("Checked"),
    }[review]


def counted(counts: dict[Review, int], left: int) -> str:
    """Say how many masks were reviewed, and what is still being looked at."""
    new, bad, good = (counts.get(one, 0) for one in _ORDER)
    work = tr("{0} needs work") if bad == 1 else tr("{0} need work")
    parts = (tr("{0} not reviewed").format(new), work.format(bad), tr("{0} checked").format(good))
    text = ", ".join(parts)
    if left:
        text += "\n" + tr("{0} frames are still to be looked at\u2026").format(left)
    return text
