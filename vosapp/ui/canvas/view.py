"""The canvas: shows a frame with its masks, and what the tool in hand draws on them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from vosapp.session.view import FrameView
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.canvas.clipboard import MaskClip
from vosapp.ui.canvas.decor import draw_note, draw_pixel_grid
from vosapp.ui.canvas.items import FrameItem, GhostItem, LabelItem
from vosapp.ui.canvas.mapping import PixelRect
from vosapp.ui.canvas.onion import OnionSkin
from vosapp.ui.canvas.overlays import Overlays
from vosapp.ui.canvas.tool_view import ToolView
from vosapp.ui.theme import tones
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.local_edit import extent, from_mask
from vosapp.ui.view_state import OverlayMode, ViewState

_MIDDLE = Qt.MouseButton.MiddleButton
PATIENCE_MS = 150
"""A frame that is decoded within this time is shown without a word."""


class CanvasView(ToolView):
    """Shows the current frame of a workspace; see `ToolView` for tools and signals.

    Args:
        view_state: overlay mode, opacity, tool and the like; shared with the other panels.
    """

    def __init__(self, view_state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view_state, parent)
        self._workspace: Workspace | None = None
        self._frame_item, self._label_item = FrameItem(), LabelItem()
        self._ghost_item = GhostItem()
        self._overlays = Overlays(self._label_item, view_state, self)
        self._overlays.marched.connect(self._draw_march)
        self._onion: OnionSkin | None = None
        self._clip: MaskClip | None = None
        self._loading = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._tell_loading)
        self._drawn = QRect()
        for item in (self._frame_item, self._ghost_item, self._label_item):
            self._scene.addItem(item)
            item.setVisible(False)
        view_state.changed.connect(self._take_state)
        self.setAccessibleName(self.tr("Canvas"))
        self.setAccessibleDescription(self.tr("The current frame with the masks of all objects"))
        self._take_theme()

    # What the window calls

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Show another workspace, or none. What was being drawn is kept in the old one."""
        if self._workspace is not None:
            self.finish_tool()
            self._workspace.session.disconnect(self)
            self._workspace.propagation.disconnect(self)
            self._workspace.discovery.disconnect(self)
        self._workspace = workspace
        self._clip = None
        self._patience.stop()
        self._loading = False
        self._image_size = (0, 0)
        if self._onion is not None:
            self._onion.deleteLater()
            self._onion = None
        if workspace is None:
            self._set_context(None)
            self._overlays.set_proposal(None)
            self._overlays.set_ghost(None)
            self._overlays.set_found(None)
        else:
            self._connect(workspace)
        self._show_items(visible=False)
        if workspace is not None and workspace.session.view is not None:
            self._take_view(workspace.session.view)
        self.viewport().update()

    def zoom_to_object(self) -> None:
        """Show the current object as large as is sensible; without a mask, the whole picture."""
        context = self._context
        if context is None:
            return
        part = extent(context.labels == context.target) if context.target else None
        if part is None or part.empty:
            self.fit()
        else:
            size = (part.right - part.left, part.bottom - part.top)
            self.show_rect(QRectF(part.left, part.top, *size))

    def copy_mask(self) -> bool:
        """Keep the current object's mask on this frame for pasting; False where there is none."""
        context = self._context
        if context is None or not context.target:
            self.statusMessage.emit(self.tr("Select an object to copy its mask."))
            return False
        mask = context.labels == context.target
        if not mask.any():
            self.statusMessage.emit(self.tr("The object has no mask on this frame."))
            return False
        self._clip = MaskClip(context.target, mask)
        self.statusMessage.emit(self.tr("Copied the mask. Paste it on another frame."))
        return True

    def paste_mask(self) -> bool:
        """Give the current object the copied mask on this frame; False where that cannot be."""
        context, clip = self._context, self._clip
        if context is None or clip is None or context.view is None:
            self.statusMessage.emit(self.tr("There is no copied mask."))
            return False
        self.finish_tool()
        target = context.claim()
        if target:
            local = from_mask(context.frame_index, target, clip.mask, whole=True)
            name = next((o.name for o in context.objects if o.object_id == target), "")
            if not context.gains(local):
                context.say(self.tr("All of it belongs to other objects that are drawn here."))
                context.release_claim()
                return False
            context.commit(
                local, name=f"{'Replace' if context.finished else 'Paste'} mask of {name}"
            )
        return bool(target)

    def deselect(self) -> bool:
        """Select no object; False where none was selected."""
        return self._context is not None and self._context.deselect()

    # A workspace

    def _connect(self, workspace: Workspace) -> None:
        session = workspace.session
        context = ToolContext(workspace, self.view_state, self._label_item, self)
        context.said.connect(self.statusMessage)
        context.labelsTouched.connect(self._take_touch)
        context.labelsReset.connect(self._take_reset)
        context.objectsChanged.connect(self._take_state)
        context.drawingChanged.connect(self._take_drawing)
        context.panned.connect(self.pan_by)
        self._set_context(context)
        self._onion = OnionSkin(session, self)
        self._onion.changed.connect(self._take_onion)
        session.viewChanged.connect(self._take_view)
        session.frameIndexChanged.connect(self._leave_frame)
        session.currentObjectChanged.connect(self._leave_object)
        session.lanesChanged.connect(self._take_lanes)
        workspace.propagation.starting.connect(self.finish_tool)
        workspace.discovery.changed.connect(self._take_found)
        self._set_image_size(session.info.width, session.info.height)
        self._take_state()

    def _leave_frame(self) -> None:
        """What was drawn stays with the frame on which it was drawn."""
        self.finish_tool()
        if not self._loading:
            self._patience.start()

    def _tell_loading(self) -> None:
        self._loading = True
        self.viewport().update()

    def _leave_object(self) -> None:
        if self._context is not None and self._workspace is not None:
            drawn = self._tool.target if self._tool is not None else 0
            chosen = self._workspace.session.object_id
            # What is drawn may be an object to come, while one that was drawn before arrives.
            if drawn != chosen and not self._context.is_new(drawn):
                self.finish_tool()
        self._update_onion()
        self._refresh()

    def _take_view(self, view: FrameView) -> None:
        if self._context is None:
            return
        if view.exact:
            self._patience.stop()
            self._loading = False
        elif not self._loading and not self._patience.isActive():
            self._patience.start()
        self._frame_item.show_frame(view.frame, view.packed)
        height, width = view.label_map.shape
        self._set_image_size(width, height)
        self._context.take_view(view)
        self._show_items(visible=True)
        self._update_onion()
        self._take_found()
        self._refresh()
        self.viewport().update()

    def _take_found(self) -> None:
        """Other candidates, or another frame: their outlines are drawn on what is shown."""
        workspace, context = self._workspace, self._context
        shown = None if context is None else context.view
        found = None
        if workspace is not None and shown is not None:
            found = workspace.discovery.ghost(shown.frame_index)
        self._overlays.set_found(found)
        self.viewport().update()

    def _take_lanes(self) -> None:
        if self._onion is not None:
            self._onion.forget()
        self._update_onion()
        self._refresh()

    def _update_onion(self) -> None:
        if self._onion is not None:
            self._onion.update(wanted=self.view_state.onion)

    def _take_onion(self) -> None:
        if self._onion is not None:
            self._overlays.set_ghost(self._onion.label_map)
            if self._onion.frame is not None:
                self._ghost_item.show_frame(self._onion.frame)
            context = self._context
            self._show_items(visible=context is not None and context.view is not None)
            self.viewport().update()

    # How it looks

    def _take_state(self) -> None:
        """Mode, colors or the brush have changed."""
        objects = () if self._context is None else self._context.objects
        self._overlays.set_objects(objects)
        self._show_items(visible=self._context is not None and self._context.view is not None)
        self._update_onion()
        self._take_drawing()
        self._refresh()
        self.viewport().update()

    def _show_items(self, *, visible: bool) -> None:
        overlay = self._overlays.mode in (OverlayMode.MASK, OverlayMode.MATTE)
        self._frame_item.setVisible(visible and self._overlays.mode is not OverlayMode.MATTE)
        self._label_item.setVisible(visible and overlay)
        ghost = self._onion is not None and self._onion.frame is not None
        photo = self._overlays.mode in (OverlayMode.MASK, OverlayMode.OUTLINE)
        self._ghost_item.setVisible(visible and ghost and photo)

    def _take_touch(self, part: PixelRect) -> None:
        self.viewport().update(self._overlays.touch(self.grid, part))

    def _take_reset(self) -> None:
        self.viewport().update()

    def _take_drawing(self) -> None:
        """Handles or the proposal have changed."""
        tool, grid = self._tool, self.grid
        self._overlays.set_proposal(None if tool is None else tool.proposal)
        area = tool.area(grid) if tool is not None else None
        if area is None or self._drawn.isNull():
            self.viewport().update()
        else:
            self.viewport().update(self._drawn)
            self.viewport().update(area)
        self._drawn = QRect() if area is None else area
        self._refresh()

    def _draw_march(self) -> None:
        self.viewport().update(self._overlays.proposal_area(self.grid))

    def _moved(self) -> None:
        self._drawn = QRect()
        self.viewport().update()

    def _take_theme(self) -> None:
        self.setBackgroundBrush(QColor(tones().canvas))

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._take_theme()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Where a frame shows what it was before, nothing is drawn on it: it shows what it is."""
        session = None if self._workspace is None else self._workspace.session
        if session is not None and session.earlier and event.button() is not _MIDDLE:
            session.show_earlier(earlier=False)
            event.accept()
            return
        super().mousePressEvent(event)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw what has the screen's own resolution over the scene."""
        context = self._context
        if context is None or context.view is None:
            return
        grid = self.grid
        seen = self.mapFromScene(QRectF(rect)).boundingRect()
        exposed = seen.adjusted(-1, -1, 1, 1).intersected(self.viewport().rect())
        painter.save()
        painter.resetTransform()
        draw_pixel_grid(painter, grid, self._image_size, exposed)
        self._overlays.draw(painter, grid, exposed)
        if self._tool is not None:
            self._tool.paint(painter, grid)
        if text := self.note():
            draw_note(painter, text, self.font(), self.viewport().width())
        painter.restore()

    def note(self) -> str:
        """Return what is said over the picture of what it shows; empty for nothing."""
        context = self._context
        if context is None or context.view is None:
            return ""
        if self._loading:
            number = numbering.shown(context.session.frame_index)
            return self.tr("Decoding frame {}…").format(number)
        if context.session.earlier:
            texts = {True: self.tr("Before the last run"), False: self.tr("No earlier result here")}
            # Nothing while it is being read.
            return "" if context.view.earlier is None else texts[context.view.earlier]
        # Whoever exports or looks at states finds no mask here yet.
        return self.tr("Draft") if context.view.drafts else ""
