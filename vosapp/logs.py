"""What this program and its libraries log: on stderr, every record made visible.

Records quote names of files, and libraries put into them whatever a file says.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Any

from core.text import visible, visible_trace

_LOG = logging.getLogger("vosapp")


class VisibleFormatter(logging.Formatter):
    """A line for each record, and the lines of a traceback where it has one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record, without an end."""
        told = f"{record.levelname}:{record.name}:{record.getMessage().rstrip()}"
        error = record.exc_info[1] if record.exc_info else None
        return "\n".join([visible(told), *(visible_trace(error) if error is not None else ())])


def start_logging() -> None:
    """Let records go to stderr by `VisibleFormatter`: warnings, and what nobody has caught."""
    handler = logging.StreamHandler()
    handler.setFormatter(VisibleFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_error
    threading.excepthook = _log_of_thread
    sys.unraisablehook = _log_of_thread


def _log_error(
    _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    _LOG.error("unexpected", exc_info=error)


def _log_of_thread(args: Any) -> None:
    if args.exc_value is not None:
        _LOG.error("unexpected", exc_info=args.exc_value)
