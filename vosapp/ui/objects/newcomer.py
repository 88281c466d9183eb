"""Selecting objects that are being made."""

from __future__ import annotations

from PySide6.QtCore import QObject

from vosapp.session.session import Session


class Newcomers(QObject):
    """Waits for objects that are not there yet. A child of the session, as long as it waits."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._known = {item.object_id for item in session.objects}
        self._awaited = 0
        session.objectsChanged.connect(self._look)
        session.failed.connect(self._lose)

    def expect(self) -> None:
        """Wait for one more."""
        self._awaited += 1

    def _look(self) -> None:
        fresh = [o.object_id for o in self._session.objects if o.object_id not in self._known]
        if fresh:
            self._known.update(fresh)
            self._session.select_object(fresh[-1])
            self._lose(len(fresh))

    def _lose(self, what: object = None) -> None:
        """One less to wait for, or some: what is made, or what failed."""
        self._awaited -= what if isinstance(what, int) else 1
        if self._awaited <= 0:
            self._session.objectsChanged.disconnect(self._look)
            self._session.failed.disconnect(self._lose)
            self.setParent(None)
            self.deleteLater()


def select_newcomer(session: Session) -> None:
    """Make the next object that is added the current one; one for each call."""
    waiting = session.findChild(Newcomers)
    (Newcomers(session) if waiting is None else waiting).expect()
