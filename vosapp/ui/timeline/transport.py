"""The row of buttons that move through the video, with the frame's number and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QToolButton, QWidget

from vosapp.session import navigation
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.forms import NumberField
from vosapp.ui.links import Links
from vosapp.ui.theme import icon, tones
from vosapp.ui.timeline.ruler import time_code

_ICONS = {
    "first": "skip-backward",
    "previous_keyframe": "skip-previous",
    "step_back": "step-backward",
    "play": "play",
    "step_forward": "step-forward",
    "next_keyframe": "skip-next",
    "last": "skip-forward",
    "next_doubtful": "alert-decagram-outline",
    "set_in": "own.in",
    "set_out": "own.out",
}


_ORDER = ("words", "time", "span", "count")


class TransportRow(QWidget):
    """Buttons and fields that show and set the current frame.

    Attributes:
        buttons: by name.
        speed: says how fast the video plays; a click offers other speeds.
        number: the current frame's index.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace: Workspace | None = None
        self._links = Links()
        self.buttons: dict[str, QToolButton] = {}
        self.number = NumberField(self)
        self.speed = QToolButton(self)
        self._count = QLabel("", self)
        self._time = QLabel("00:00.000", self)
        self._span = QLabel("", self)
        self._line = QFrame(self)
        self._line.setFrameShape(QFrame.Shape.NoFrame)
        self._line.setFixedSize(1, 18)
        self._row, self._least = QHBoxLayout(self), QSize()
        self._build()
        self.set_workspace(None)

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Follow another project; None shows a disabled row."""
        self._links.cut()
        self._workspace = workspace
        self.setEnabled(workspace is not None)
        if workspace is not None:
            self._links.add(workspace.session.frameIndexChanged, self._take_frame)
            self._links.add(workspace.session.rangeChanged, self._take_range)
            self._links.add(workspace.playback.playingChanged, self._take_playing)
            self._links.add(workspace.playback.speedChanged, self._take_speed)
        self._take_frame(0 if workspace is None else workspace.session.frame_index)
        self._take_range()
        self._take_playing(workspace is not None and workspace.playback.playing)
        self._take_speed(1.0 if workspace is None else workspace.playback.speed)

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Say in the tooltips which keys do the same; `actions` by the names of the buttons."""
        for name, action in actions.items():
            button = self.buttons[name]

            def tell(button: QToolButton = button, action: QAction = action) -> None:
                button.setToolTip(action.toolTip())

            action.changed.connect(tell)
            tell()

    def refresh_icons(self) -> None:
        """Take the colors of another theme."""
        for name, button in self.buttons.items():
            if button.defaultAction() is None:
                button.setIcon(icon(_ICONS[name]))
        self._color_labels()

    def minimumSizeHint(self) -> QSize:
        """What the buttons and the number need."""
        return self._least

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        self._squeeze()

    def _squeeze(self) -> None:
        """Leave out words at icons, time, range, number of frames, in this order, until it fits."""
        least = self._needed(len(_ORDER))
        if least != self._least:
            self._least = least
            self.updateGeometry()
        for left_out in range(len(_ORDER) + 1):
            if self._needed(left_out).width() <= self.width():
                return

    def _needed(self, left_out: int) -> QSize:
        """Show all but the first parts of `_ORDER`; returns what that needs."""
        gone, styles = _ORDER[:left_out], Qt.ToolButtonStyle
        style = styles.ToolButtonIconOnly if "words" in gone else styles.ToolButtonTextBesideIcon
        for name in ("set_in", "set_out"):
            self.buttons[name].setToolButtonStyle(style)
        self._time.setVisible("time" not in gone)
        self._span.setVisible("span" not in gone)
        self._count.setVisible("count" not in gone)
        self._row.invalidate()
        return self._row.minimumSize()

    # Building

    def _build(self) -> None:
        self._labels()
        row = self._row
        row.setContentsMargins(8, 4, 8, 4)
        # Else it could not become narrower than what it shows now.
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        row.setSpacing(2)
        row.addWidget(self.number)
        row.addSpacing(4)
        row.addWidget(self._count)
        row.addSpacing(10)
        row.addWidget(self._time)
        row.addStretch(1)
        for name in ("first", "previous_keyframe", "step_back"):
            row.addWidget(self._button(name))
        row.addWidget(self._button("play"))
        for name in ("step_forward", "next_keyframe", "last"):
            row.addWidget(self._button(name))
        row.addSpacing(6)
        row.addWidget(self._line)
        row.addSpacing(6)
        row.addWidget(self._button("next_doubtful"))
        self._dress_speed()
        row.addWidget(self.speed)
        row.addStretch(1)
        row.addWidget(self._span)
        row.addSpacing(6)
        row.addWidget(self._button("set_in"))
        row.addWidget(self._button("set_out"))
        self.refresh_icons()

    def _labels(self) -> None:
        self.number.setAccessibleName(self.tr("Current frame"))
        self.number.setObjectName("frame-number")
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(72)
        self.number.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.number.valueChanged.connect(self._go_to)
        self.number.editingFinished.connect(self.number.clearFocus)
        for label, name, hint in (
            (self._count, self.tr("Number of frames"), self.tr("Frames of the video")),
            (self._time, self.tr("Time"), self.tr("Time at which the current frame begins")),
            (self._span, self.tr("Range"), self.tr("Frames between the in and the out point")),
        ):
            label.setAccessibleName(name)
            label.setToolTip(hint)

    def _dress_speed(self) -> None:
        button = self.speed
        button.setObjectName("speed")
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(self.tr("How fast the video plays"))
        button.setAccessibleName(self.tr("Playback speed"))

    def _color_labels(self) -> None:
        muted = tones().muted
        self._line.setStyleSheet(f"background: {tones().border};")
        for label in (self._count, self._time, self._span):
            label.setStyleSheet(f"color: {muted};")

    def _button(self, name: str) -> QToolButton:
        button = QToolButton(self)
        text, run = self._deeds()[name]
        button.setText(text)
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setAutoRaise(True)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.clicked.connect(lambda: self._press(button, run))
        self.buttons[name] = button
        if name in ("set_in", "set_out"):
            button.setText(self.tr("In") if name == "set_in" else self.tr("Out"))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button

    def _deeds(self) -> dict[str, tuple[str, Callable[[Workspace], None]]]:
        """What the buttons do until they are given actions."""
        return {
            "first": (self.tr("First frame"), lambda w: w.session.go_to(0)),
            "previous_keyframe": (self.tr("Previous keyframe"), lambda w: _seek_keyframe(w, -1)),
            "step_back": (self.tr("One frame back"), lambda w: _step(w, -1)),
            "play": (self.tr("Play or pause"), lambda w: w.playback.toggle()),
            "step_forward": (self.tr("One frame on"), lambda w: _step(w, 1)),
            "next_keyframe": (self.tr("Next keyframe"), lambda w: _seek_keyframe(w, 1)),
            "last": (self.tr("Last frame"), lambda w: w.session.go_to(w.session.frame_count)),
            "next_doubtful": (self.tr("Next doubtful frame"), _seek_doubtful),
            "set_in": (self.tr("In point here"), set_in),
            "set_out": (self.tr("Out point here"), set_out),
        }

    def _press(self, button: QToolButton, run: Callable[[Workspace], None]) -> None:
        if self._workspace is not None and button.defaultAction() is None:
            run(self._workspace)

    # Keeping up

    def _go_to(self, number: int) -> None:
        if self._workspace is not None:
            self._workspace.session.go_to(numbering.index_of(number))

    def renumber(self) -> None:
        """Frames are counted from another number now."""
        self._take_frame(0 if self._workspace is None else self._workspace.session.frame_index)
        self._take_range()

    def _take_frame(self, frame_index: int) -> None:
        workspace = self._workspace
        count = 1 if workspace is None else workspace.session.frame_count
        self.number.blockSignals(True)
        first, last = numbering.span(0, count)
        self.number.setRange(first, last)
        self.number.setValue(numbering.shown(frame_index))
        self.number.blockSignals(False)
        self._count.setText("" if workspace is None else self.tr("of {0}").format(last))
        text = self.tr("Current frame, {0} to {1}; type one to go there")
        self.number.setToolTip(text.format(first, last))
        if workspace is not None:
            self._time.setText(time_code(frame_index, workspace.session.info.fps))

    def _take_range(self) -> None:
        text = ""
        if self._workspace is not None:
            start, stop = self._workspace.session.range
            if (start, stop) != (0, self._workspace.session.frame_count):
                text = self.tr("{0} to {1}").format(*numbering.span(start, stop))
                if stop == start + 1:
                    text = self.tr("only {0}").format(numbering.shown(start))
        self._span.setText(text)
        self._squeeze()

    def _take_speed(self, speed: float) -> None:
        self.speed.setText(f"{speed:g}\u00d7")
        self._squeeze()

    def _take_playing(self, playing: bool) -> None:  # noqa: FBT001
        button = self.buttons["play"]
        if button.defaultAction() is None:
            button.setIcon(icon("pause" if playing else "play"))


def set_in(workspace: Workspace) -> None:
    """Begin the range at the current frame; an out point before it goes to the video's end."""
    session = workspace.session
    stop = session.range[1]
    end = stop if stop > session.frame_index else session.frame_count
    session.set_range(session.frame_index, end)


def set_out(workspace: Workspace) -> None:
    """End the range with the current frame; an in point behind it goes to the video's beginning."""
    session = workspace.session
    start = session.range[0]
    begin = start if start <= session.frame_index else 0
    session.set_range(begin, session.frame_index + 1)


def _step(workspace: Workspace, way: int) -> None:
    workspace.playback.stop()
    workspace.session.go_to(workspace.session.frame_index + way)


def _seek_keyframe(workspace: Workspace, way: int) -> None:
    found = navigation.next_keyframe(workspace.session, way)
    if found is not None:
        workspace.session.go_to(found)


def _seek_doubtful(workspace: Workspace) -> None:
    found = navigation.next_doubtful(workspace.session, 1)
    if found is not None:
        workspace.session.go_to(found)
