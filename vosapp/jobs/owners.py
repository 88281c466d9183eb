"""Whom an answer is for: a dialog or a project that may be gone when the answer comes.

Qt ends connections to methods of objects that are deleted, but not those to functions and lambdas,
which then touch what is no longer there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from PySide6.QtCore import QObject
from shiboken6 import isValid

_RETIRED = "vosapp-retired"

P = ParamSpec("P")


def retire(owner: QObject) -> None:
    """From now on neither an object nor what belongs to it takes any answer."""
    owner.setProperty(_RETIRED, True)


def is_there(owner: QObject) -> bool:
    """Return False once an object, or one that it belongs to, was deleted or retired."""
    one: QObject | None = owner
    while one is not None:
        if not isValid(one) or one.property(_RETIRED):
            return False
        one = one.parent()
    return True


def while_there(owner: QObject, act: Callable[P, object]) -> Callable[P, None]:
    """Return a function that does `act` while its owner is there, and then nothing.

    Args:
        owner: what `act` touches: a dialog, a project's control.
        act: takes an answer.
    """

    @wraps(act)
    def take(*args: P.args, **kwargs: P.kwargs) -> None:
        if is_there(owner):
            act(*args, **kwargs)

    return take
