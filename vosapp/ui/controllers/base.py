"""What controllers share: a topic of actions, and the shell that they act on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.desk import Desk

Check = Callable[[], bool]


class Controller(QObject):
    """Carries out the actions of one topic. Remembers nothing that a view shows."""

    def __init__(self, shell: Desk) -> None:
        super().__init__(shell)
        self.shell = shell

    def handlers(self) -> Mapping[str, Handler]:
        """Return what each action of the topic does, by id."""
        return {}

    def checks(self) -> Mapping[str, Check]:
        """Return what says whether a checkable action is on, by id."""
        return {}

    def begin(self) -> None:
        """Connect to the shell, once everything is made."""

    @property
    def workspace(self) -> Workspace | None:
        """What is open."""
        return self.shell.workspace

    def with_workspace(self, act: Callable[[Workspace], object]) -> Handler:
        """Return a handler that does nothing while nothing is open."""

        def run() -> None:
            workspace = self.shell.workspace
            if workspace is not None:
                act(workspace)

        return run


class DialogController(Controller):
    """A controller with dialogs that stay open beside the window, one at a time.

    Attributes:
        dialog: the one that is open.
    """

    def __init__(self, shell: Desk) -> None:
        super().__init__(shell)
        self.dialog: QDialog | None = None

    def show_dialog(self, dialog: QDialog) -> None:
        """Show a dialog in place of the one that is open."""
        self.close_dialog()
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._forget(dialog))
        dialog.show()

    def raise_dialog(self) -> bool:
        """Bring the dialog that is open to the front; False where none is."""
        if self.dialog is None:
            return False
        self.dialog.raise_()
        self.dialog.activateWindow()
        return True

    def close_dialog(self) -> None:
        """Close the dialog that is open, if any."""
        if self.dialog is not None:
            self.dialog.close()

    def _forget(self, dialog: QDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
