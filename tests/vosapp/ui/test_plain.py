"""Texts and paths of strangers in widgets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl

from vosapp.ui.plain import PathEdit, is_file, local_path, local_url, menu_text, tooltip

ODD = Path("/films") / os.fsdecode(b"caf\xe9 100%.mp4")


def test_texts():
    assert tooltip("a\n\x1b[2J") == "a\\n\\x1b[2J"
    assert tooltip("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"
    assert menu_text("Salt & Pepper\u202e") == "Salt && Pepper\\u202e"


@pytest.mark.parametrize("path", [Path("/a b/ü%20.mp4"), ODD])
def test_urls_keep_every_path(path):
    assert local_path(local_url(path)) == path


def test_a_url_as_file_managers_drop_it():
    assert local_path(QUrl.fromEncoded(b"file:///films/caf%E9%20100%25.mp4")) == ODD
    assert local_path(QUrl.fromLocalFile("/films/x y.mp4")) == Path("/films/x y.mp4")


def test_a_path_comes_back_as_it_was(qtbot):
    edit = PathEdit()
    qtbot.addWidget(edit)
    assert edit.path() is None
    edit.set_path(ODD)
    assert edit.text() == "/films/caf\\xe9 100%.mp4" and edit.path() == ODD
    edit.setText("~/x")
    assert edit.path() == Path.home() / "x"
    edit.setText("~nobody-of-that-name/x")
    assert edit.path() == Path("~nobody-of-that-name/x")
    edit.setText("   ")
    assert edit.path() is None


def test_what_may_not_be_looked_at_is_not_there(tmp_path, no_privileges):
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "x").touch()
    assert is_file(tmp_path / "closed" / "x")
    (tmp_path / "closed").chmod(0)
    assert not is_file(tmp_path / "closed" / "x")
    (tmp_path / "closed").chmod(0o755)
    assert not is_file(tmp_path / ("x" * 300))
