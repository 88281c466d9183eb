"""What is seen: modes, colors, zoom; numbers of grabbed pixels instead of stored pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from core.media.label_lines import vivid
from vosapp.project.edits import RecolorObject, ShowObject
from vosapp.ui.theme import tones
from vosapp.ui.view_state import OverlayMode, ToolId

MIDDLE = Qt.MouseButton.MiddleButton
BACK, RED, YELLOW = (40, 60, 90), (220, 60, 40), (240, 210, 70)
INSIDE_1, INSIDE_2, OUTSIDE = (12, 17), (27, 36), (50, 10)


def seen(studio, x, y):
    """Color of the viewport in the middle of an image pixel."""
    place = studio.hand.place(x + 0.5, y + 0.5)
    color = studio.canvas.viewport().grab().toImage().pixelColor(place)
    return color.red(), color.green(), color.blue()


def mixed(below, above, opacity):
    return tuple(round(b * (1 - opacity) + a * opacity) for b, a in zip(below, above, strict=True))


def close(found, wanted, by=3):
    return all(abs(f - w) <= by for f, w in zip(found, wanted, strict=True))


def test_masks_lie_over_the_picture(full_studio):
    studio = full_studio
    first, second = (item.color for item in studio.session.objects)
    assert close(seen(studio, *INSIDE_1), mixed(RED, first, 0.45))
    assert close(seen(studio, *INSIDE_2), mixed(YELLOW, second, 0.45))
    assert close(seen(studio, *OUTSIDE), BACK)
    studio.state.set_opacity(1.0)
    assert close(seen(studio, *INSIDE_1), first)


def test_outlines_are_two_pixels_of_the_screen_at_every_zoom(full_studio):
    studio = full_studio
    line = vivid(studio.session.objects[0].color)
    for zoom in (3, 8, 20):
        studio.canvas.zoom_to(zoom)
        studio.canvas.zoom_to_object()
        studio.canvas.zoom_to(zoom)
        image = studio.canvas.viewport().grab().toImage()
        edge = studio.hand.place(6, 17)
        found = [image.pixelColor(edge.x() + by, edge.y() + 1).getRgb()[:3] for by in range(-1, 4)]
        assert [close(color, line) for color in found] == [False, True, True, False, False]


def test_modes(full_studio):
    studio = full_studio
    studio.state.set_mode(OverlayMode.OUTLINE)
    assert close(seen(studio, *INSIDE_1), RED)
    studio.state.set_mode(OverlayMode.MATTE)
    assert seen(studio, *INSIDE_1) == (255, 255, 255)
    assert seen(studio, *OUTSIDE) == (0, 0, 0)
    studio.state.set_mode(OverlayMode.CUTOUT)
    assert close(seen(studio, *INSIDE_1), RED)
    board = {seen(studio, x, 3) for x in range(40, 56, 2)}
    wanted = {
        tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (tones().base, tones().border)
    }
    assert board == wanted
    studio.state.set_mode(OverlayMode.OFF)
    assert close(seen(studio, *INSIDE_1), RED)


def test_what_is_drawn_in_one_mode_is_right_in_all_others(full_studio):
    studio = full_studio
    grab = studio.canvas.viewport().grab
    studio.session.select_object(1)
    grab()
    studio.state.set_mode(OverlayMode.CUTOUT)
    grab()
    studio.state.set_mode(OverlayMode.OFF)
    studio.state.set_tool(ToolId.BRUSH)
    studio.state.set_brush_size(8)
    studio.hand.drag((40, 10), (56, 10))
    studio.state.set_tool(ToolId.SELECT)
    found = {}
    for mode in OverlayMode:
        studio.state.set_mode(mode)
        found[mode] = grab().toImage()
    studio.settle()
    for mode in OverlayMode:
        studio.state.set_mode(mode)
        assert grab().toImage() == found[mode], mode
    studio.state.set_mode(OverlayMode.MASK)
    # One view unit below the upper side of the stroke.
    assert close(seen(studio, 48, 5.625), vivid(studio.session.objects[0].color))


def test_peeking_while_a_key_is_held(full_studio, qtbot):
    studio = full_studio
    covered = seen(studio, *INSIDE_1)
    qtbot.keyPress(studio.canvas, Qt.Key.Key_QuoteLeft)
    assert studio.state.peek and close(seen(studio, *INSIDE_1), RED)
    qtbot.keyRelease(studio.canvas, Qt.Key.Key_QuoteLeft)
    assert not studio.state.peek and seen(studio, *INSIDE_1) == covered


def test_solo_and_visibility(full_studio, qtbot):
    studio = full_studio
    studio.state.set_solo(2)
    assert close(seen(studio, *INSIDE_1), RED)
    assert not close(seen(studio, *INSIDE_2), YELLOW)
    studio.state.set_solo(0)
    studio.session.do(ShowObject(2, False))
    qtbot.waitUntil(lambda: not studio.session.objects[1].visible)
    assert close(seen(studio, *INSIDE_2), YELLOW)
    assert studio.canvas._context.object_at(*INSIDE_2) == 0


def test_colors_do_not_touch_the_pixels(full_studio, qtbot):
    studio = full_studio
    item = studio.canvas._label_item
    pixels, version = item.labels, item.version
    image = item._indexed.image
    address = pixels.__array_interface__["data"][0]
    studio.state.set_opacity(0.9)
    studio.state.set_solo(1)
    studio.state.set_solo(0)
    studio.state.set_mode(OverlayMode.MATTE)
    studio.state.set_mode(OverlayMode.MASK)
    assert item.labels is pixels and item.version == version
    assert item._indexed.image is image
    # What numpy writes is still what Qt draws.
    assert np.frombuffer(image.constBits(), np.uint8).__array_interface__["data"][0] == address
    studio.session.do(RecolorObject(1, (10, 200, 30)))
    qtbot.waitUntil(lambda: studio.session.objects[0].color == (10, 200, 30))
    assert item.labels is pixels
    assert close(seen(studio, *INSIDE_1), mixed(RED, (10, 200, 30), 0.9))


def test_zoom_at_the_cursor_keeps_what_is_under_it(full_studio):
    studio = full_studio
    place = QPointF(studio.hand.place(20, 30))
    before = studio.canvas.grid.to_image(place.x(), place.y())
    for steps in (1, 1, 3, -2, -4, -1, 2):
        where = studio.canvas.grid.to_image(place.x(), place.y())
        studio.hand.wheel(*where, steps)
        after = studio.canvas.grid.to_image(place.x(), place.y())
        # Positions are whole view units.
        assert after == pytest.approx(before, abs=0.51 / studio.canvas.grid.scale)
    assert studio.canvas.zoom == pytest.approx(8)


def test_zoom_has_limits_and_is_announced(studio):
    heard = []
    studio.canvas.zoomChanged.connect(heard.append)
    studio.canvas.zoom_to(1000)
    assert studio.canvas.zoom == 64
    studio.canvas.zoom_by(1e-6)
    assert studio.canvas.zoom == pytest.approx(0.05)
    studio.canvas.zoom_to(1.0)
    assert studio.canvas.zoom == 1.0
    assert heard == pytest.approx([64, 0.05, 1])


def test_fitting_follows_the_window(studio):
    studio.canvas.fit()
    # 12 units around it: 456 units for 48 pixels.
    assert studio.canvas.zoom == pytest.approx(9.5)
    studio.canvas.resize(1000, 300)
    assert studio.canvas.zoom == pytest.approx((300 - 24) / 48)
    corner = studio.canvas.grid.to_view(32, 24)
    assert corner == pytest.approx((500, 150), abs=1)
    studio.canvas.zoom_to(4)
    studio.canvas.resize(600, 400)
    assert studio.canvas.zoom == 4


def test_zoom_to_the_current_object(full_studio):
    studio = full_studio
    studio.session.select_object(2)
    studio.canvas.zoom_to(1)
    studio.canvas.zoom_to_object()
    assert studio.canvas.grid.to_image(320, 240) == pytest.approx((27, 36), abs=0.2)
    assert studio.canvas.zoom > 9
    studio.session.select_object(0)
    studio.canvas.zoom_to_object()
    assert studio.canvas.zoom == pytest.approx(9.5)


def test_middle_drag_pans_with_every_tool(full_studio):
    studio = full_studio
    studio.state.set_tool(ToolId.BRUSH)
    before = studio.canvas.grid
    studio.hand.press(10, 10, MIDDLE)
    studio.hand.move(15, 12, held=MIDDLE)
    studio.hand.release(10, 10, MIDDLE)
    after = studio.canvas.grid
    assert (after.x - before.x, after.y - before.y) == (40, 16)
    assert len(studio.steps()) == 4


def test_the_cursor_is_announced(full_studio):
    studio = full_studio
    heard = []
    studio.canvas.cursorMoved.connect(lambda *place: heard.append(place))
    studio.hand.move(10.5, 15.5)
    studio.hand.move(50.5, 5.5)
    studio.canvas.fit()
    studio.hand.move(-1, 5)
    assert heard == [(10, 15, 1), (50, 5, 0), (-1, -1, 0)]


def test_a_stand_in_is_shown_and_named(full_studio):
    studio = full_studio
    view = studio.session.view
    other = np.full_like(view.frame, 200)
    plain = studio.canvas.viewport().grab().toImage()
    studio.canvas._take_view(replace(view, frame=other, packed=None, exact=False))
    assert close(seen(studio, *OUTSIDE), (200, 200, 200))
    studio.hand.qtbot.waitUntil(lambda: studio.canvas._loading)
    note = studio.canvas.viewport().grab().toImage().pixelColor(320, 18)
    studio.canvas._take_view(view)
    assert note != plain.pixelColor(320, 18)
    assert studio.canvas.viewport().grab().toImage() == plain


def test_pixel_grid_from_eight_fold(studio):
    studio.canvas.zoom_to(7.9)
    assert seen_at_border(studio) == BACK
    studio.canvas.zoom_to(8)
    assert seen_at_border(studio) != BACK


def seen_at_border(studio):
    place = studio.hand.place(50, 10.5)
    color = studio.canvas.viewport().grab().toImage().pixelColor(place)
    return color.red(), color.green(), color.blue()


def test_onion_skin_shows_the_neighboring_keyframe(full_studio, qtbot):
    studio = full_studio
    studio.session.go_to(6)
    studio.settle()
    plain = studio.canvas.viewport().grab().toImage()
    studio.state.set_onion(onion=True)
    qtbot.waitUntil(lambda: studio.canvas._overlays._ghost_map is not None)
    assert (studio.canvas._overlays._ghost_map == studio.stored(0)).all()
    assert studio.canvas.viewport().grab().toImage() != plain
    studio.state.set_onion(onion=False)
    assert studio.canvas.viewport().grab().toImage() == plain


def test_without_a_workspace_nothing_is_shown(full_studio):
    studio = full_studio
    studio.canvas.set_workspace(None)
    studio.hand.click(10, 10)
    studio.hand.key(Qt.Key.Key_Return)
    assert seen(studio, 10, 10) == tuple(int(tones().canvas[i : i + 2], 16) for i in (1, 3, 5))
    assert not studio.canvas.can_local_undo and not studio.canvas.copy_mask()
    heard = []
    studio.canvas.zoomChanged.connect(heard.append)
    studio.canvas.set_workspace(studio.workspace)
    assert heard == pytest.approx([9.5])
    studio.canvas.zoom_to(8)
    assert not close(seen(studio, *INSIDE_1), RED)
