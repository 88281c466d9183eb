"""Texts of strangers: nothing hidden is left in what people see, nothing is lost in bytes."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import encoded, is_text, visible, visible_trace

ANY = st.text(st.characters(categories=None))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Größe 7 µm, 東京, العربية", "Größe 7 µm, 東京, العربية"),
        ("a b\u00a0c", "a b\u00a0c"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\nlines\r\tend", "two\\nlines\\r\\tend"),
        ("\x9b31m \x85 \x7f \x00", "\\x9b31m \\x85 \\x7f \\x00"),
        ("safe\u202egpj.exe\u2066", "safe\\u202egpj.exe\\u2066"),
        ("\u200b\ufeff\u00ad\u2028\u2029", "\\u200b\\ufeff\\xad\\u2028\\u2029"),
        ("\U000e0041", "\\U000e0041"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("\ud83d", "\\ud83d"),
        ("\U0001f469\u200d\U0001f4bb می\u200cخواهم", "\U0001f469\u200d\U0001f4bb می\u200cخواهم"),
        ("C:\\temp", "C:\\temp"),
    ],
)
def test_visible(text, shown):
    assert visible(text) == shown


@given(ANY)
def test_nothing_hidden_is_left(text):
    shown = visible(text)
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [c for c in shown if unicodedata.category(c) in hidden and c not in "\u200c\u200d"]
    assert visible(shown) == shown
    assert len(shown.splitlines()) <= 1
    shown.encode()


@given(st.binary())
def test_bytes_of_file_names_stay(data):
    assert encoded(data.decode("utf-8", "surrogateescape")) == data


@given(ANY)
def test_every_text_has_bytes(text):
    data = encoded(text)
    assert is_text(text) == (text.encode("utf-8", "replace").decode() == text)
    if is_text(text):
        assert data == text.encode()


def test_traces_cannot_look_like_ours():
    def fail():
        try:
            raise ValueError("a\nvosapp: error: all is lost\x1b[2J")
        except ValueError as error:
            error.add_note("note\nvosapp: error: noted")
            raise KeyError("b") from error

    with pytest.raises(KeyError) as caught:
        fail()
    lines = visible_trace(caught.value)
    assert lines[0] == "Traceback (most recent call last):"
    assert "ValueError: a\\nvosapp: error: all is lost\\x1b[2J" in lines
    assert "  vosapp: error: noted" in lines
    assert lines[-1] == "KeyError: 'b'"
    assert not [line for line in lines if line.startswith("vosapp")]
