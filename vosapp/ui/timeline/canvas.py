"""What the timeline shows and which part of it is visible; keeps up with the session."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from vosapp.project.model import TrackedObject
from vosapp.session.navigation import reference_frames
from vosapp.session.session import Session
from vosapp.session.view import keyframes_in
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.links import Links
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.hints import cell_text
from vosapp.ui.timeline.lane_picture import LANE_HEIGHT
from vosapp.ui.timeline.layout import HEADER_WIDTH, RANGE_BAR, RULER, TAIL, Part, TimelineLayout
from vosapp.ui.timeline.picture import TimelinePicture
from vosapp.ui.timeline.selection import LaneSelection
from vosapp.ui.timeline.strip import ThumbnailStrip
from vosapp.ui.view_state import ViewState

STEP_ZOOM = 1.25
"""Zoom of one notch of the wheel."""
DOT_REACH = 7
"""Pixels from a keyframe's dot within which a click means it."""


class TimelineCanvas(QAbstractScrollArea):
    """Draws the timeline and keeps what is visible of it; gestures are in `TimelineView`.

    Attributes:
        workspace: what is shown; None for nothing.
        axis: which frames are visible.
        selection: cells that the user has marked.
        strip: thumbnails; None without a project.
        references: frames of reference keyframes by object id.
        head: frame that was computed last, -1 while no propagation runs.

    Signals:
        axisChanged: other frames are visible.
        selectionChanged: other cells are marked.
    """

    axisChanged = Signal()
    selectionChanged = Signal()

    def __init__(self, view_state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view_state = view_state
        self.workspace: Workspace | None = None
        self.axis = TimeAxis(1, 1)
        self.selection: LaneSelection | None = None
        self.strip: ThumbnailStrip | None = None
        self.references: dict[int, frozenset[int]] = {}
        self.head = -1
        self._links = Links()
        self._picture = TimelinePicture(self)
        self._drawn_head = 0
        self._solo = 0
        self._scrolling = False
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Timeline"))
        self.horizontalScrollBar().valueChanged.connect(self._scroll_frames)
        self.verticalScrollBar().valueChanged.connect(lambda _: self.viewport().update())
        view_state.changed.connect(self._take_view_state)

    # What is shown

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Show another project; None shows an empty timeline."""
        self.workspace, self.selection, self.head = workspace, None, -1
        self._picture.lanes.forget()
        self.strip = None
        self._links.cut()
        if workspace is not None:
            info = workspace.session.info
            aspect = info.width / info.height
            self.strip = ThumbnailStrip(workspace.thumbnails, aspect, info.frame_count)
            self._drawn_head = workspace.session.frame_index
            self._follow(workspace)
        self._take_references()
        self._take_objects()
        count = 1 if workspace is None else workspace.session.frame_count
        self.set_axis(TimeAxis(count, self._frames_width(), tail=TAIL).fitted())

    def set_axis(self, axis: TimeAxis) -> None:
        """Show other frames."""
        changed, self.axis = axis != self.axis, axis
        bar = self.horizontalScrollBar()
        whole = round(axis.frame_count * axis.scale) + axis.tail - axis.width
        self._scrolling = True
        bar.setRange(0, 0 if axis.fits else max(0, whole))
        bar.setPageStep(axis.width)
        bar.setSingleStep(max(1, round(axis.scale)))
        bar.setValue(round(axis.first * axis.scale))
        self._scrolling = False
        if self.strip is not None:
            self.strip.ask(axis)
        if changed:
            self.axisChanged.emit()
        self.viewport().update()

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Zoom by a factor; `x` in pixels of the frames stays, None keeps the playhead."""
        if x is None:
            frame = 0 if self.workspace is None else self.workspace.session.frame_index
            x = min(max(self.axis.center_of(frame), 0.0), float(self.axis.width))
        self.set_axis(self.axis.zoomed(factor, x))

    def fit(self) -> None:
        """Show the whole video."""
        self.set_axis(self.axis.fitted())

    def show_range(self, start: int, stop: int) -> None:
        """Zoom so that the frames `start` to `stop` - 1 fill the width."""
        factor = self.axis.width / max(1, stop - start) / self.axis.scale
        self.set_axis(self.axis.zoomed(factor, 0.0).scrolled_to(start))

    def select(self, selection: LaneSelection | None) -> None:
        """Mark cells, or none."""
        if selection != self.selection:
            self.selection = selection
            self.selectionChanged.emit()
            self.viewport().update()

    @property
    def places(self) -> TimelineLayout:
        """Where the parts lie now."""
        size = self.viewport().size()
        offset = self.verticalScrollBar().value()
        return TimelineLayout(size.width(), size.height(), len(self.objects), offset)

    @property
    def objects(self) -> tuple[TrackedObject, ...]:
        """Objects in the order of their lanes."""
        return () if self.workspace is None else self.workspace.session.objects

    def object_at(self, y: float) -> TrackedObject | None:
        """Return the object whose lane lies at a height."""
        place = self.places.lane_at(y)
        return None if place is None or place >= len(self.objects) else self.objects[place]

    def part_at(self, place: QPointF) -> Part:
        """Return what lies at a point of the viewport."""
        if self.workspace is None:
            return Part.NOTHING
        start, stop = self.workspace.session.range
        edges = (HEADER_WIDTH + self.axis.x_of(start), HEADER_WIDTH + self.axis.x_of(stop))
        return self.places.part_at(place.x(), place.y(), edges)

    def frame_at(self, x: float) -> int:
        """Return the frame at a pixel of the viewport."""
        return self.axis.frame_at(x - HEADER_WIDTH)

    def keyframe_near(self, object_id: int, x: float) -> int:
        """Return the frame of the keyframe whose dot is hit, else the frame at a pixel."""
        lane = None if self.workspace is None else self.workspace.session.lane(object_id)
        frame = self.frame_at(x)
        if lane is None:
            return frame
        frames = keyframes_in(lane)
        if frames.size:
            near = int(frames[abs(frames - frame).argmin()])
            if abs(HEADER_WIDTH + self.axis.center_of(near) - x) <= DOT_REACH:
                return near
        return frame

    # Keeping up

    def _follow(self, workspace: Workspace) -> None:
        session, link = workspace.session, self._links.add
        link(workspace.thumbnails.ready, self._update_strip)
        link(session.frameIndexChanged, self._move_playhead)
        link(session.objectsChanged, self._take_objects)
        link(session.lanesChanged, self._update_lanes)
        link(session.boxesChanged, self._update_lanes)
        link(session.referencesChanged, self._take_references)
        link(session.currentObjectChanged, self._show_object)
        link(session.rangeChanged, self._update_all)
        link(workspace.propagation.frameDone, self._show_progress)
        link(workspace.propagation.finished, self._end_progress)

    def _update_all(self) -> None:
        self.viewport().update()

    def _take_view_state(self) -> None:
        if self._solo != self.view_state.solo:
            self._solo = self.view_state.solo
            self.viewport().update()

    def _move_playhead(self, frame_index: int) -> None:
        workspace = self.workspace
        if workspace is None:
            return
        axis = self.axis.with_frame(frame_index, paged=workspace.playback.playing)
        if axis != self.axis:
            self.set_axis(axis)
        self._update_column(self._drawn_head)
        self._update_column(frame_index)
        self._drawn_head = frame_index
        if not workspace.playback.playing:
            self._describe(workspace.session)

    def _describe(self, session: Session) -> None:
        """Let screen readers say where one is."""
        item = session.current_object
        frame = self.tr("Frame {0}").format(numbering.shown(session.frame_index))
        text = frame if item is None else cell_text(session, item, session.frame_index)
        self.setAccessibleDescription(text)

    def _update_column(self, frame: int) -> None:
        half = max(9.0, self.axis.scale / 2 + 3)
        x = HEADER_WIDTH + self.axis.center_of(frame) - half
        box = QRectF(x, 0, 2 * half, self.viewport().height())
        self.viewport().update(box.toAlignedRect())

    def _update_strip(self, _frame_index: int) -> None:
        self.viewport().update(0, RULER, self.viewport().width(), self.places.lanes_top - RULER)

    def _update_lanes(self, object_ids: frozenset[int]) -> None:
        for place in self.places.visible_lanes:
            if self.objects[place].object_id in object_ids:
                top = self.places.lane_top(place)
                self.viewport().update(0, top, self.viewport().width(), LANE_HEIGHT)

    def _take_objects(self) -> None:
        ids = {item.object_id for item in self.objects}
        self._picture.lanes.keep(ids)
        if self.selection is not None and self.selection.object_id not in ids:
            self.select(None)
        self._set_vertical()
        self.viewport().update()

    def _take_references(self) -> None:
        found: dict[int, set[int]] = {}
        if self.workspace is not None:
            references = self.workspace.session.update.references
            for frame, ids in reference_frames(references).items():
                for object_id in ids:
                    found.setdefault(object_id, set()).add(frame)
        self.references = {i: frozenset(frames) for i, frames in found.items()}
        self.viewport().update()

    def _show_object(self, object_id: int) -> None:
        """Scroll an object's lane into view."""
        if self.workspace is not None:
            self._describe(self.workspace.session)
        ids = [item.object_id for item in self.objects]
        if object_id in ids:
            top, bar = ids.index(object_id) * LANE_HEIGHT, self.verticalScrollBar()
            if top < bar.value():
                bar.setValue(top)
            elif top + LANE_HEIGHT > bar.value() + self.places.lanes_height:
                bar.setValue(top + LANE_HEIGHT - self.places.lanes_height)
        self.viewport().update()

    def _show_progress(self, frame_index: int) -> None:
        self.head = frame_index
        self.viewport().update(0, 0, self.viewport().width(), RULER + RANGE_BAR)

    def _end_progress(self, _outcome: object) -> None:
        self._show_progress(-1)

    def _frames_width(self) -> int:
        return max(1, self.viewport().width() - HEADER_WIDTH)

    def _set_vertical(self) -> None:
        places = self.places
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, places.content_height - places.lanes_height))
        bar.setPageStep(max(1, places.lanes_height))
        bar.setSingleStep(LANE_HEIGHT)
        if (bar.maximum() > 0) != bar.isVisible():
            # WORKAROUND(Qt 6): a range that is set while it is resized shows and hides no bar.
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))

    def _scroll_frames(self, value: int) -> None:
        # A value of whole pixels would move what was set to a part of one.
        if not self._scrolling:
            self.set_axis(self.axis.scrolled_to(value / self.axis.scale))

    def resizeEvent(self, _event: QResizeEvent) -> None:
        """Keep what is visible."""
        self._set_vertical()
        self.set_axis(self.axis.resized(self._frames_width()))

    def changeEvent(self, event: QEvent) -> None:
        """Take the colors of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._picture.lanes.forget()
            self.viewport().update()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through lanes or frames; zoom with Ctrl."""
        delta = event.angleDelta()
        keys = event.modifiers()
        if keys & Qt.KeyboardModifier.ControlModifier:
            factor = STEP_ZOOM ** (delta.y() / 120)
            self.set_axis(self.axis.zoomed(factor, event.position().x() - HEADER_WIDTH))
        elif keys & Qt.KeyboardModifier.ShiftModifier or abs(delta.x()) > abs(delta.y()):
            self._scroll_by(delta.x() or delta.y())
        elif self._over_lanes(event.position()):
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() - delta.y() * LANE_HEIGHT // 120)
        else:
            self._scroll_by(delta.y())
        event.accept()

    def _over_lanes(self, place: QPointF) -> bool:
        overflowing = self.verticalScrollBar().maximum() > 0
        return overflowing and place.y() >= self.places.lanes_top

    def _scroll_by(self, delta: int) -> None:
        frames = delta / 120 * max(1.0, self.axis.shown / 10)
        self.set_axis(self.axis.scrolled_to(self.axis.first - frames))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what has to be drawn anew."""
        self._picture.paint(event.rect())
