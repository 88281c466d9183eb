"""First steps, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vosapp import __version__
from vosapp.session.places import Places
from vosapp.ui.actions.keymap import Keymap
from vosapp.ui.drawn_icons import mark


class TextDialog(QDialog):
    """A page of text that can be read and copied, with a picture beside it or without."""

    def __init__(
        self, title: str, html: str, parent: QWidget, *, picture: QPixmap | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        label = QLabel(html, self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setMinimumWidth(520)
        flags = Qt.TextInteractionFlag
        label.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(14)
        if picture is None:
            column.addWidget(label)
        else:
            row = QHBoxLayout()
            row.setSpacing(18)
            self.picture = QLabel(self)
            self.picture.setPixmap(picture)
            row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(label, 1)
            column.addLayout(row)
        column.addWidget(buttons)


def about(places: Places, parent: QWidget) -> TextDialog:
    """Make the page about the program."""
    tr = parent.tr
    html = tr(
        "<h2>vosapp {0}</h2>"
        "<p>Exact masks for every object on every frame of a video, from a box on one frame.</p>"
        "<p>License: Apache-2.0. Icons: Material Design Icons (Apache-2.0) by QtAwesome (MIT)."
        " Window: Qt and PySide6 (LGPL-3.0).</p>"
        "<p>Settings are in<br>{1}<br>Samples and projects without a place of their own in<br>"
        "{2}</p>"
    ).format(__version__, places.config, places.data)
    return TextDialog(
        tr("About vosapp"), html, parent, picture=mark(64, parent.devicePixelRatioF())
    )


def first_steps(keymap: Keymap, parent: QWidget) -> TextDialog:
    """Make the page that leads from a video to masks."""
    tr, key = parent.tr, keymap.shown
    html = tr(
        "<h2>First steps</h2><ol>"
        "<li><b>Open</b> a video ({0}), or the sample. All work is saved as it happens.</li>"
        "<li>Take the <b>box</b> ({1}), drag it around an object: its mask appears. {2} takes"
        " it.</li>"
        "<li>Not quite right? <b>Points</b> ({3}) or the <b>brush</b> ({4}) mend it.</li>"
        "<li>A box is the selected <b>object</b>\u2019s. With none selected (Esc), or with Shift,"
        " it begins another one. {5} adds one on any frame.</li>"
        "<li><b>Propagate</b> ({6}): masks appear on all frames. Scrub and look meanwhile; {7}"
        " stops.</li>"
        "<li>Where a mask drifted, mend it on one frame and propagate again: only what hangs on"
        " it is computed anew. {8} leads to the next frame that needs a look.</li>"
        "<li><b>Export</b> ({9}).</li></ol>"
        "<p>{10} finds every command, {11} shows all keys, {12} takes anything back.</p>"
    ).format(
        *(
            f"<b>{key(name)}</b>"
            for name in (
                "file.open-video",
                "tools.box",
                "tools.apply",
                "tools.points",
                "tools.brush",
                "objects.new",
                "propagate.open",
                "propagate.stop",
                "navigate.next-doubtful",
                "file.export",
                "help.palette",
                "help.shortcuts",
                "edit.undo",
            )
        )
    )
    return TextDialog(tr("First Steps"), html, parent)
