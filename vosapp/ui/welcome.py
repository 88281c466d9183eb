"""What the window shows without a project: how to begin, and what was open last."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImageReader, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.ui.drawn_icons import mark
from vosapp.ui.plain import is_file, tooltip
from vosapp.ui.recent_rows import COVER, FOLDER_ROLE, NAME_ROLE, WHEN_ROLE, RecentDelegate
from vosapp.ui.theme import icon, set_tone, tones

WIDTH = 720
"""Pixels of the column in the middle."""

COVER_ROLE = Qt.ItemDataRole.UserRole + 1


class WelcomePage(QWidget):
    """Big buttons and the recent projects.

    Signals:
        videoWanted, folderWanted, sampleWanted: a button was pressed.
        pathWanted: a recent project was chosen (`Path`).
        forgetWanted: a project is to go from the list (`Path`).
    """

    videoWanted = Signal()
    folderWanted = Signal()
    sampleWanted = Signal()
    pathWanted = Signal(object)
    forgetWanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAccessibleName(self.tr("Welcome"))
        self._big: list[tuple[QToolButton, str]] = []
        self._logo = QLabel(self)
        self._heading = QLabel(self.tr("Recent projects"), self)
        self._list = QListWidget(self)
        self._hint = QLabel(self.tr("\u2026 or drop a video, a folder or a project here."), self)
        self._build()
        self.refresh_theme()

    def set_recent(self, paths: Sequence[Path], covers: Sequence[Path] = ()) -> None:
        """Show these projects, the newest first; those that are gone cannot be chosen.

        Args:
            paths: of the projects.
            covers: of a small picture of each, which need not be there.
        """
        self._list.clear()
        for place, path in enumerate(paths):
            self._add(path, covers[place] if place < len(covers) else None)
        self._heading.setVisible(bool(paths))
        self._list.setVisible(bool(paths))

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        shown = tones()
        self._logo.setPixmap(mark(64, self.devicePixelRatioF()))
        for button, name in self._big:
            button.setIcon(icon(name, "accent"))
        self.setStyleSheet(
            f"#welcome {{ background: {shown.window}; }}"
            f"QToolButton#big {{ background: {shown.raised}; border: 1px solid {shown.border};"
            f" border-radius: 10px; padding: 14px; font-weight: 600; color: {shown.text}; }}"
            f"QToolButton#big:hover, QToolButton#big:focus {{ border: 1px solid {shown.accent}; }}"
            f"QToolButton#big:pressed {{ background: {shown.alternate}; }}"
            f"QListWidget {{ border: 1px solid {shown.border}; border-radius: 8px; padding: 4px;"
            " outline: none; }"
        )
        for row in range(self._list.count()):
            self._dress(self._list.item(row))

    def _build(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addStretch(2)
        column.addLayout(self._head())
        column.addSpacing(14)
        column.addLayout(self._buttons())
        set_tone(self._hint, "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._hint)
        column.addSpacing(10)
        font = self._heading.font()
        font.setBold(True)
        self._heading.setFont(font)
        column.addWidget(self._heading)
        column.addWidget(self._list, 5)
        column.addStretch(1)
        inner = QFrame(self)
        inner.setLayout(column)
        inner.setMaximumWidth(WIDTH)
        inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        row = QHBoxLayout(self)
        row.addStretch(1)
        row.addWidget(inner, 20)
        row.addStretch(1)
        self._prepare_list()

    def _head(self) -> QHBoxLayout:
        name, line = QLabel("vosapp", self), QLabel(self)
        line.setText(
            self.tr("Draw a box around something on one frame, and get its mask on every frame.")
        )
        line.setWordWrap(True)
        set_tone(line, "muted")
        font = name.font()
        font.setPointSizeF(font.pointSizeF() * 2.4)
        font.setBold(True)
        name.setFont(font)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        words.addWidget(line)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._logo)
        row.addLayout(words, 1)
        return row

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        for text, name, tip, signal in (
            (
                self.tr("Open video\u2026"),
                "movie-open-outline",
                self.tr("Open a video file (Ctrl+O)"),
                self.videoWanted,
            ),
            (
                self.tr("Open image folder\u2026"),
                "folder-image",
                self.tr("Open a folder of images as a video (Ctrl+Shift+O)"),
                self.folderWanted,
            ),
            (
                self.tr("Open sample"),
                "star-outline",
                self.tr("Try it on the film that comes with vosapp"),
                self.sampleWanted,
            ),
        ):
            button = QToolButton(self)
            button.setObjectName("big")
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(text)
            button.setIconSize(QSize(36, 36))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setMinimumHeight(104)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda _on=False, s=signal: s.emit())
            self._big.append((button, name))
            row.addWidget(button)
        return row

    def _prepare_list(self) -> None:
        view = self._list
        view.setAccessibleName(self.tr("Recent projects"))
        view.setToolTip(self.tr("Click a project to go on with it"))
        view.setIconSize(COVER)
        view.setItemDelegate(RecentDelegate(view))
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        view.itemActivated.connect(self._choose)
        view.itemClicked.connect(self._choose)

    def _add(self, path: Path, cover: Path | None) -> None:
        item = QListWidgetItem()
        item.setData(Qt.ItemDataRole.UserRole, path)
        item.setData(COVER_ROLE, cover)
        there = is_file(path)
        if not there:
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        when = _ago(path) if there else self.tr("not there any more")
        name, folder = visible(path.stem), visible(_short(path.parent))
        item.setText(f"{name}, {when}, {folder}")
        for role, text in ((NAME_ROLE, name), (WHEN_ROLE, when), (FOLDER_ROLE, folder)):
            item.setData(role, text)
        item.setToolTip(tooltip(str(path)))
        self._dress(item)
        self._list.addItem(item)
        if not there:
            self._add_forget(item, path)

    def _add_forget(self, item: QListWidgetItem, path: Path) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 8, 0)
        button = QPushButton(self.tr("Forget"), holder)
        button.setToolTip(self.tr("Take this project off the list"))
        button.setAccessibleName(self.tr("Forget {0}").format(visible(path.name)))
        button.clicked.connect(lambda: self.forgetWanted.emit(path))
        row.addStretch(1)
        row.addWidget(button)
        self._list.setItemWidget(item, holder)

    def _dress(self, item: QListWidgetItem) -> None:
        there = bool(item.flags() & Qt.ItemFlag.ItemIsEnabled)
        cover: Path | None = item.data(COVER_ROLE)
        picture = QPixmap() if cover is None else _cover(cover)
        if picture.isNull():
            name = "filmstrip-box" if there else "file-question-outline"
            picture = icon(name, "muted").pixmap(56, 56)
        item.setIcon(QIcon(_centered(picture)))

    def _choose(self, item: QListWidgetItem) -> None:
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.pathWanted.emit(item.data(Qt.ItemDataRole.UserRole))


def _cover(path: Path) -> QPixmap:
    """Return the picture of a project; Qt would take a file for whatever its content looks like."""
    if not path.is_file():
        return QPixmap()
    reader = QImageReader(str(path), b"png")
    reader.setAutoDetectImageFormat(False)
    return QPixmap.fromImage(reader.read())


def _centered(picture: QPixmap) -> QPixmap:
    """Return a picture in the middle of a cover's room, so that all texts begin at one place."""
    room = QPixmap(COVER * 2)
    room.fill(Qt.GlobalColor.transparent)
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    fits = picture.width() <= room.width() and picture.height() <= room.height()
    shown = picture if fits else picture.scaled(room.size(), keep, smooth)
    ratio = shown.devicePixelRatio()
    painter = QPainter(room)
    left, top = room.width() - shown.width() / ratio, room.height() - shown.height() / ratio
    painter.drawPixmap(QPointF(left / 2, top / 2), shown)
    painter.end()
    room.setDevicePixelRatio(2.0)
    return room


def _short(folder: Path) -> str:
    home = Path.home()
    return str(Path("~") / folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)


def _ago(path: Path) -> str:
    with suppress(OSError):
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
    return ""
