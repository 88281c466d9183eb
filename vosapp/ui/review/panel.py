"""The panel of frames to check: what is probably wrong, worst first, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.review.reasons import Reason
from core.types import Frame, LabelMap
from vosapp.project.model import Review
from vosapp.services.review import ReviewRow
from vosapp.session.review import ReviewControl
from vosapp.session.workspace import Workspace
from vosapp.ui.advice import Advice
from vosapp.ui.links import Links
from vosapp.ui.plain import menu_text
from vosapp.ui.review import words
from vosapp.ui.review.rows import (
    NOTE_ROLE,
    ROW_ROLE,
    SHORT_ROLE,
    TITLE_ROLE,
    Pictures,
    ReviewDelegate,
)
from vosapp.ui.theme import tones

_ROLES = (ROW_ROLE, TITLE_ROLE, NOTE_ROLE)
_ORDER = (Review.UNREVIEWED, Review.NEEDS_WORK, Review.CHECKED)


class ReviewPanel(QWidget):
    """Frames to check, or those that were reviewed.

    Attributes:
        list: one item for each row.
        shown, object, reason: what is listed.
        counts: how many masks were reviewed.
        buttons: by the id of their action.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace: Workspace | None = None
        self._links = Links()
        self._filling = False
        self._told: list[tuple[object, ...]] = []
        self._shown_row = -1
        self.setAccessibleName(self.tr("Frames to check"))
        self.shown = self._choice(self.tr("What is listed: to check, needing work, or checked"))
        self.object = self._choice(self.tr("List the masks of one object, or of all"))
        self.reason = self._choice(self.tr("List frames with one reason, or with any"))
        self.reason.setMaxVisibleItems(len(Reason) + 1)
        self.list = QListWidget(self)
        self.counts = QLabel(self)
        self.buttons: dict[str, QToolButton] = {}
        self._row = QHBoxLayout()
        self._advice = Advice(self.list)
        self._set_up_list()
        self._build()
        self.set_workspace(None)

    @property
    def control(self) -> ReviewControl | None:
        """What makes the list; None while nothing is open."""
        return None if self._workspace is None else self._workspace.review

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Add a button for each action, by id."""
        for name, action in actions.items():
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setIconSize(QSize(18, 18))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.text().replace("&", ""))
            if name in ("review.check", "review.earlier"):
                self._row.addStretch(1)
            self._row.addWidget(button)
            self.buttons[name] = button

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Show another project's list; None shows none."""
        self._links.cut()
        self._workspace = workspace
        if workspace is not None:
            session, review = workspace.session, workspace.review
            self._links.add(review.changed, self.refresh)
            self._links.add(review.stepped, self._show_row)
            self._links.add(session.objectsChanged, self.refresh)
            self._links.add(workspace.thumbnails.ready, self._take_thumbnail)
            if self.isVisible():
                review.want()
        self.refresh()

    def refresh(self) -> None:
        """Show the list anew."""
        self._fill_choices()
        control = self.control
        rows = () if control is None else control.list.rows
        self._fill_list(rows)
        left = 0 if control is None else control.list.left
        counts = {} if control is None else control.list.counts
        self.counts.setText(words.counted(counts, left) if control is not None else "")
        self._want_thumbnails()
        self._advice.setText(self._sentence())
        self._advice.setVisible(not rows)
        self._show_row()

    def _fill_list(self, rows: tuple[ReviewRow, ...]) -> None:
        """Write rows that are others; what is looked at stays where it is."""
        view, items = self.list, [self._item(row) for row in rows]
        told = [tuple(item.data(role) for role in _ROLES) for item in items]
        if told == self._told:
            view.viewport().update()
            return
        self._told = told
        place = view.verticalScrollBar().value()
        view.blockSignals(True)
        view.clear()
        for item in items:
            view.addItem(item)
        view.blockSignals(False)
        view.verticalScrollBar().setValue(place)

    def _want_thumbnails(self) -> None:
        if self._workspace is not None and self.isVisible():
            frames = tuple(row.frame_index for row in self._workspace.review.list.rows)
            self._workspace.thumbnails.want(frames, "review")

    # Building

    def _choice(self, tip: str) -> QComboBox:
        box = QComboBox(self)
        box.setToolTip(tip)
        box.setAccessibleName(tip)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.activated.connect(self._take_choice)
        return box

    def _set_up_list(self) -> None:
        view = self.list
        view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        view.setAccessibleName(self.tr("Frames to check"))
        view.setToolTip(self.tr("Click a frame to go there and select its object"))
        view.setFrameShape(QListWidget.Shape.NoFrame)
        pictures = Pictures(self._thumbnail, self._label_map, self._colors)
        view.setItemDelegate(ReviewDelegate(pictures, view))
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        view.itemClicked.connect(self._go_to)
        view.itemActivated.connect(self._go_to)

    def _build(self) -> None:
        first = QHBoxLayout()
        first.addWidget(self.shown)
        first.addWidget(self.object)
        top = QVBoxLayout()
        top.setContentsMargins(6, 6, 6, 4)
        top.setSpacing(4)
        top.addLayout(first)
        top.addWidget(self.reason)
        self.counts.setWordWrap(True)
        self.counts.setContentsMargins(8, 2, 8, 2)
        self._row.setContentsMargins(6, 2, 6, 4)
        self._row.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addWidget(self.counts)
        column.addLayout(self._row)
        self._refresh_colors()

    def _refresh_colors(self) -> None:
        self._advice.refresh_theme()
        self.counts.setStyleSheet(f"color: {tones().muted};")

    # Keeping up

    def _fill_choices(self) -> None:
        """Write the choices anew, with what is chosen."""
        self._filling = True
        control = self.control
        objects = () if self._workspace is None else self._workspace.session.objects
        names: list[tuple[str, object]] = [(self.tr("All objects"), 0)]
        names += [(menu_text(item.shown_name), item.object_id) for item in objects]
        _fill(self.shown, [(words.finding(review), review) for review in _ORDER])
        _fill(self.object, names)
        reasons: list[tuple[str, object]] = [(self.tr("Any reason"), None)]
        reasons += [(words.sentence(reason), reason) for reason in Reason]
        _fill(self.reason, reasons)
        if control is not None:
            wanted = control.filter
            _choose(self.shown, wanted.review)
            _choose(self.object, wanted.object_id)
            _choose(self.reason, wanted.reason)
            self.reason.setVisible(wanted.review is Review.UNREVIEWED)
        self._filling = False

    def _take_choice(self) -> None:
        control = self.control
        if self._filling or control is None:
            return
        control.set_filter(
            replace(
                control.filter,
                review=self.shown.currentData(),
                object_id=self.object.currentData(),
                reason=self.reason.currentData(),
            )
        )

    def _item(self, row: ReviewRow) -> QListWidgetItem:
        item = QListWidgetItem()
        objects = () if self._workspace is None else self._workspace.session.objects
        title, note = words.title(row, objects), words.sentences(row.reasons)
        item.setData(ROW_ROLE, row)
        item.setData(TITLE_ROLE, title)
        item.setData(NOTE_ROLE, note)
        item.setData(SHORT_ROLE, words.short_title(row, objects))
        said = f"{title}: {note}" if note else title
        item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
        item.setToolTip(said)
        return item

    def _sentence(self) -> str:
        control = self.control
        if control is None:
            return ""
        if control.list.left:
            return self.tr("Looking at the masks\u2026")
        if control.filter.review is not Review.UNREVIEWED:
            return self.tr("There is none.")
        return self.tr(
            "Nothing to check. After a propagation, frames that may be wrong are listed here,"
            " the worst first."
        )

    def _show_row(self) -> None:
        control = self.control
        row = -1 if control is None else control.row
        row = row if row < self.list.count() else -1
        self.list.setCurrentRow(row)
        item = self.list.currentItem()
        # A list that is made anew while somebody scrolls through it stays where it is.
        if item is not None and row != self._shown_row:
            self.list.scrollToItem(item)
        self._shown_row = row

    def _go_to(self, item: QListWidgetItem) -> None:
        if self.control is not None:
            self.control.go_to(self.list.row(item))

    def _thumbnail(self, frame_index: int) -> Frame | None:
        return None if self._workspace is None else self._workspace.thumbnails.get(frame_index)

    def _label_map(self, frame_index: int) -> LabelMap | None:
        return None if self.control is None else self.control.list.maps.get(frame_index)

    def _colors(self) -> dict[int, tuple[int, int, int]]:
        objects = () if self._workspace is None else self._workspace.session.objects
        return {item.object_id: item.color for item in objects}

    def _take_thumbnail(self, _frame_index: int) -> None:
        if self.list.isVisible():
            self.list.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks at the list: it is made, and kept up to date."""
        super().showEvent(event)
        if self.control is not None:
            self.control.want()
            self._want_thumbnails()

    def changeEvent(self, event: QEvent) -> None:
        """Take the colors of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._refresh_colors()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """Room for a few frames."""
        return QSize(300, 260)


def _fill(box: QComboBox, entries: list[tuple[str, object]]) -> None:
    """Write the entries of a box anew where they are others."""
    if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] == entries:
        return
    box.clear()
    for text, data in entries:
        box.addItem(text, data)


def _choose(box: QComboBox, data: object) -> None:
    """Show an entry by its data."""
    place = next((i for i in range(box.count()) if box.itemData(i) == data), 0)
    box.setCurrentIndex(place)
