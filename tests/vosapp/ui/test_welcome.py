"""The pictures of recent projects: a PNG, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPixmap

from vosapp.ui.theme import Theme, apply_theme, tones
from vosapp.ui.timeline.ink import contrast
from vosapp.ui.welcome import WelcomePage, _cover, _short

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'


def test_a_png_is_shown(tmp_path, qtbot):
    Image.new("RGB", (19, 12), (9, 99, 9)).save(tmp_path / "a.png")
    assert (_cover(tmp_path / "a.png").width(), _cover(tmp_path / "a.png").height()) == (19, 12)


@pytest.mark.parametrize("kind", ["svg", "BMP", "JPEG", "TIFF"])
def test_nothing_else_is_opened_under_its_name(kind, tmp_path, qtbot):
    """Qt goes by content, and knows SVG and PDF."""
    if kind == "svg":
        (tmp_path / "a.png").write_text(SVG)
    else:
        Image.new("RGB", (19, 12)).save(tmp_path / "a.png", kind)
    if kind in ("svg", "BMP"):
        assert not QPixmap(str(tmp_path / "a.png")).isNull(), "Qt would open it"
    assert _cover(tmp_path / "a.png").isNull()


def test_a_picture_that_is_gone_or_damaged_is_none(tmp_path, qtbot):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert _cover(tmp_path / "a.png").isNull()
    assert _cover(tmp_path / "b.png").isNull()


def test_the_folder_of_the_user_is_written_short(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    texts = [_short(folder) for folder in (tmp_path, tmp_path / "a" / "b", tmp_path.parent)]
    assert texts == ["~", str(Path("~/a/b")), str(tmp_path.parent)]


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_a_recent_project_has_a_strong_name_and_a_weak_date(theme, tmp_path, qapp, qtbot):
    apply_theme(qapp, theme)
    path = tmp_path / "wedding.vosapp"
    path.write_bytes(b"")
    page = WelcomePage()
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.set_recent([path])
    page.show()
    row = page._list.visualItemRect(page._list.item(0))
    image = page._list.viewport().grab(row).toImage()

    def strongest(part):
        ground = QColor(tones().base)
        return max(
            contrast(image.pixelColor(x, y), ground)
            for x in range(part.left(), part.right())
            for y in range(part.top(), part.bottom())
        )

    half = row.width() // 2
    name = strongest(QRect(120, 0, half - 120, row.height() // 2))
    date = strongest(QRect(half, 0, half, row.height() // 2))
    folder = strongest(QRect(120, row.height() // 2, half - 120, row.height() // 2))
    assert name > 1.5 * date and name > 1.5 * folder
    assert min(date, folder) > 3  # and yet it is read
    apply_theme(qapp, Theme.LIGHT)
