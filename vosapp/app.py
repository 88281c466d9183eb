"""The window as a program: application, theme, settings, and what happens with bugs."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from vosapp.jobs.outcome import Failed, trouble

# Before QtAwesome is imported: it takes the first binding that it finds.
os.environ["QT_API"] = "pyside6"

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QSocketNotifier,
    Qt,
    QTimer,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from vosapp.jobs.owners import is_there
from vosapp.services.backbone import choose_backbone
from vosapp.session.places import Places, user_places
from vosapp.ui.dialogs.crash import CrashDialog
from vosapp.ui.drawn_icons import mark_icon
from vosapp.ui.main_window import MainWindow
from vosapp.ui.shell import Shell, open_at_start
from vosapp.ui.theme import Theme, apply_theme

_LOG = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Hooks(QObject):
    """Takes what nobody else has caught, from any thread, and hands it to the window's.

    Signals:
        failed: a `VosError` that nobody has shown.
        crashed: a bug, with its traceback (str).
    """

    failed = Signal(object)
    crashed = Signal(str)

    def install(self) -> None:
        """Take over the hooks of Python and of Qt."""
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._take
        threading.excepthook = self._take_thread
        sys.unraisablehook = self._take_unraisable
        qInstallMessageHandler(log_qt_message)

    def remove(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        qInstallMessageHandler(None)

    def _take(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.exit(130)
            return
        told = trouble(error.with_traceback(trace))
        if isinstance(told, Failed):
            self.failed.emit(told.error)
        else:
            _LOG.error("unexpected", exc_info=error)
            self.crashed.emit(told.report)

    def _take_thread(self, args: Any) -> None:
        if args.exc_value is not None:
            self._take(args.exc_type, args.exc_value, args.exc_traceback)

    def _take_unraisable(self, args: Any) -> None:
        if args.exc_value is not None:
            self._take(args.exc_type, args.exc_value, args.exc_traceback)


def log_qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Hand Qt's messages to logging."""
    # WORKAROUND(Qt 6): platforms without a screen complain of each window that is shown.
    noise = text.startswith("This plugin does not support")
    level = logging.DEBUG if noise else _LEVELS.get(kind, logging.WARNING)
    logging.getLogger("qt").log(level, "%s", text)


class Crashes(QObject):
    """Shows bugs in one dialog, however many there are."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._shell = shell
        self._dialog: CrashDialog | None = None

    def show(self, text: str) -> None:
        """Show a bug."""
        if self._dialog is not None and is_there(self._dialog):
            self._dialog.add(text)
            return
        self._dialog = CrashDialog(text, self._shell.window)
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def _forget(self, _result: int) -> None:
        self._dialog = None


def make_application(argv: Sequence[str]) -> QApplication:
    """Make the one application, or return that which is there."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    app = QApplication(["vosapp", *argv])
    app.setApplicationName("vosapp")
    app.setApplicationDisplayName("vosapp")
    app.setDesktopFileName("vosapp")
    app.setWindowIcon(mark_icon())
    return app


def make_shell(app: QApplication, places: Places, hooks: Hooks | None = None) -> Shell:
    """Make the window with its theme; it is not shown yet."""
    shell = Shell(places)
    follow_theme(app, shell)
    crashes = Crashes(shell)
    shell.crashed.connect(crashes.show)
    if hooks is not None:
        hooks.crashed.connect(crashes.show)
        hooks.failed.connect(shell.tell_error)
    return shell


def follow_theme(app: QApplication, shell: Shell) -> None:
    """Show the theme of the settings, and what the system wants while it says so."""
    settings = shell.settings

    def apply() -> None:
        apply_theme(app, Theme(settings.text("theme")))

    apply()
    app.styleHints().colorSchemeChanged.connect(lambda _scheme: apply())


def close_on_signals(window: MainWindow) -> None:
    """Close the window, and so put all work away, on Ctrl-C in the terminal and on SIGTERM.

    Python looks at signals between two of its own steps, and there are none while Qt waits; the
    socket that signals write to wakes it.
    """
    reader, writer = socket.socketpair()
    for end in (reader, writer):
        end.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read, window)
    notifier.activated.connect(lambda: reader.recv(4096))
    # Kept for as long as the notifier.
    notifier.setProperty("ends", [reader, writer])
    for number in (signal.SIGINT, signal.SIGTERM):
        # Later: this may come in the middle of anything.
        signal.signal(
            number, lambda _number, _frame: QTimer.singleShot(0, window, window.close_now)
        )


def run(argv: Sequence[str]) -> int:
    """Show the window until it is closed.

    Args:
        argv: nothing, or the path of a video, a folder or a project.

    Returns:
        The exit code.
    """
    choose_backbone()
    app = make_application(argv)
    hooks = Hooks()
    hooks.install()
    try:
        shell = make_shell(app, user_places(), hooks)
        close_on_signals(shell.window)
        shell.window.show()
        open_at_start(shell, Path(argv[0]) if argv else None)
        return app.exec()
    finally:
        hooks.remove()
