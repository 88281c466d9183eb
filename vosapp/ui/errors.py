"""What kinds of errors are called in the window."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from core.errors import VosError
from core.text import visible

TITLES = {
    "error": QT_TRANSLATE_NOOP("Errors", "This did not work"),
    "usage": QT_TRANSLATE_NOOP("Errors", "This is not possible here"),
    "video-open": QT_TRANSLATE_NOOP("Errors", "The video cannot be opened"),
    "video-decode": QT_TRANSLATE_NOOP("Errors", "The video is damaged"),
    "video-mismatch": QT_TRANSLATE_NOOP("Errors", "This may be another video"),
    "mask-read": QT_TRANSLATE_NOOP("Errors", "The mask cannot be read"),
    "mask-mismatch": QT_TRANSLATE_NOOP("Errors", "The mask does not fit the video"),
    "annotation-read": QT_TRANSLATE_NOOP("Errors", "The annotations cannot be read"),
    "prompt": QT_TRANSLATE_NOOP("Errors", "Nothing can be found there"),
    "checkpoint-missing": QT_TRANSLATE_NOOP("Errors", "The weights are missing"),
    "checkpoint-mismatch": QT_TRANSLATE_NOOP("Errors", "The weights do not fit"),
    "device-unavailable": QT_TRANSLATE_NOOP("Errors", "There is no such device"),
    "device-memory": QT_TRANSLATE_NOOP("Errors", "There is too little memory"),
    "dataset": QT_TRANSLATE_NOOP("Errors", "The dataset is not laid out as it should be"),
    "training": QT_TRANSLATE_NOOP("Errors", "Learning cannot go on"),
    "output": QT_TRANSLATE_NOOP("Errors", "The file cannot be written"),
    "file-access": QT_TRANSLATE_NOOP("Errors", "A file cannot be accessed"),
    "project-file": QT_TRANSLATE_NOOP("Errors", "The project cannot be used"),
    "project-locked": QT_TRANSLATE_NOOP("Errors", "The project is open elsewhere"),
}
"""Title by code of the error."""


def title(error: VosError) -> str:
    """Return the title of an error's kind, translated."""
    return QCoreApplication.translate("Errors", str(TITLES[error.code]))


def text(error: VosError) -> str:
    """Return what happened and what to do, in one line."""
    return visible(f"{error.message} {error.hint}".strip())
