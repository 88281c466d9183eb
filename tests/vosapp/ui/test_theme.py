"""Fields and check boxes in the style of the window, in both themes."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QComboBox, QSlider

from vosapp import assets
from vosapp.ui import theme as module
from vosapp.ui.forms import NumberField
from vosapp.ui.style import IMAGES, WITH_IMAGES
from vosapp.ui.theme import DARK, LIGHT, Theme, apply_theme, style_sheet, tones


@pytest.fixture(params=[Theme.LIGHT, Theme.DARK])
def theme(qapp, request):
    apply_theme(qapp, request.param)
    yield request.param
    apply_theme(qapp, Theme.LIGHT)


def colors(widget, width):
    image = widget.grab().toImage()
    return [
        image.pixelColor(x, y)
        for x in range(min(width, image.width()))
        for y in range(image.height())
    ]


def alike(one, other):
    pairs = zip(one.getRgb()[:3], QColor(other).getRgb()[:3], strict=True)
    return max(abs(a - b) for a, b in pairs) < 30


def test_a_box_that_is_checked_is_seen_with_its_mark(theme, qtbot):
    """The toolkit's own draws its box in a tone of the ground, which is none on dark."""
    box = QCheckBox("Yes")
    qtbot.addWidget(box)
    box.setChecked(True)
    shown = colors(box, 18)
    assert sum(alike(one, tones().accent) for one in shown) > 50
    assert sum(alike(one, tones().on_accent) for one in shown) > 5


def test_the_choice_that_is_pointed_at_can_be_read(theme, qtbot):
    """It was white on white, and nearly black on black."""
    box = QComboBox()
    qtbot.addWidget(box)
    box.addItems(["WWWW", "MMMM"])
    box.setCurrentIndex(1)
    box.show()
    box.showPopup()
    view = box.view()
    place = view.visualRect(view.currentIndex())
    image = view.viewport().grab(place).toImage()
    box.hidePopup()
    cells = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    assert sum(alike(one, tones().accent) for one in cells) > len(cells) / 2
    assert sum(alike(one, tones().on_accent) for one in cells) > 15


def test_a_long_list_of_choices_has_a_scroll_bar(theme, qapp, qtbot):
    box = QComboBox()
    qtbot.addWidget(box)
    box.addItems([str(number) for number in range(12)])
    # Qt decides it when the list is made, which may be before the style is known.
    box.view().setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    apply_theme(qapp, theme)
    box.show()
    box.showPopup()
    assert box.view().verticalScrollBar().isVisible()
    box.hidePopup()


def test_the_part_of_a_slider_that_is_set_has_the_accent_color(theme, qtbot):
    slider = QSlider(Qt.Orientation.Horizontal)
    qtbot.addWidget(slider)
    slider.setValue(50)
    slider.resize(100, 20)
    image = slider.grab().toImage()
    assert alike(image.pixelColor(15, 10), tones().accent)
    assert alike(image.pixelColor(90, 10), tones().border)


def test_the_text_of_a_number_keeps_away_from_the_border(theme, qtbot):
    field = NumberField()
    qtbot.addWidget(field)
    field.resize(100, 28)
    image = field.grab().toImage()
    text = QColor(tones().text)
    rows = range(6, image.height() - 6)
    assert not any(alike(image.pixelColor(x, y), text) for x in range(5) for y in rows)


def test_all_images_of_the_style_sheets_are_there():
    for name in ("light", "dark"):
        sheet = WITH_IMAGES.substitute(dict.fromkeys(LIGHT.__slots__, "#000000"), theme=name)
        found = re.findall(rf"url\({IMAGES}:([^)]+)\)", sheet)
        assert len(set(found)) == 4
        for file in found:
            path = assets.widget_images() / file
            with Image.open(path) as image, Image.open(path.with_stem(path.stem + "@2x")) as large:
                assert large.size == (2 * image.width, 2 * image.height)
                assert image.getbbox() is not None


def test_without_its_images_the_toolkits_own_marks_are_used(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "widget_images", lambda: tmp_path / "none")
    assert IMAGES not in style_sheet(DARK) and "QCheckBox::indicator:checked" not in style_sheet(
        DARK
    )
