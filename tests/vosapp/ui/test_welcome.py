"""The pictures of recent projects: a PNG, or none."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtGui import QPixmap

from vosapp.ui.welcome import _cover

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
