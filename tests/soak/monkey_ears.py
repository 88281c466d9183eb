"""What goes wrong while the monkey plays, and what would be shown in other programs."""

from __future__ import annotations

from PySide6.QtCore import QObject, QtMsgType, QUrl, Slot, qInstallMessageHandler

from vosapp.app import Hooks

NOISE = ("This plugin does not support", "Unimplemented code.", "Mouse event at")
"""What Qt says of a platform without a screen, and of a monkey that clicks beside the window."""


class Shelf(QObject):
    """Takes folders that would be shown in another program."""

    @Slot(QUrl)
    def take(self, _url):
        """Show nothing."""


def listen(problems):
    """Collect bugs from everywhere, and complaints of Qt."""
    hooks = Hooks()
    hooks.install()
    hooks.crashed.connect(problems.append)

    def take(kind, _context, text):
        grave = kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg)
        if grave and not text.startswith(NOISE):
            problems.append(f"Qt: {text}")

    qInstallMessageHandler(take)
    return hooks
