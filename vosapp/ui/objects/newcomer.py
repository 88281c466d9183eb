"""Selecting an object that is being made."""

from __future__ import annotations

from PySide6.QtCore import QObject

from vosapp.session.session import Session


class _Newcomer(QObject):
    """Waits for an object that is not there yet. Lives as long as it waits."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._known = {item.object_id for item in session.objects}
        session.objectsChanged.connect(self._look)
        session.failed.connect(self._give_up)

    def _look(self) -> None:
        fresh = [o.object_id for o in self._session.objects if o.object_id not in self._known]
        if fresh:
            self._give_up()
            self._session.select_object(fresh[-1])

    def _give_up(self, _error: object = None) -> None:
        self._session.objectsChanged.disconnect(self._look)
        self._session.failed.disconnect(self._give_up)
        self.deleteLater()


def select_newcomer(session: Session) -> None:
    """Make the next object that is added the current one."""
    _Newcomer(session)
