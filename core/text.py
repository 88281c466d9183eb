"""Texts that strangers wrote: shown so that nobody obeys them, and as the bytes they stand for.

Names of files and objects, and what libraries say of them, may hold escape sequences, line breaks,
characters that turn the reading direction, or bytes that are no text. Whatever shows them to people
(terminal, log, window) shows them by `visible`; data goes on as it is (ADR 0026).
"""

from __future__ import annotations

import traceback
import unicodedata

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"
"""They have no width, but Persian, Hindi and many emoji cannot be written without them."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, invisible formats such as turned reading directions, lone surrogates, line ends."""


def visible(text: str) -> str:
    r"""Return a text as one line in which nothing is hidden.

    What a terminal or a window would obey stands as an escape: `\n`, `\x1b`, `\u202e`; bytes of a
    file name that are no UTF-8 as `\xe9`. A text that is visible already stays as it is.
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def visible_trace(error: BaseException) -> list[str]:
    """Return the lines of an exception's traceback, each made visible.

    What the exceptions themselves say takes one line each, so that it cannot look like ours.
    """
    lines: list[str] = []
    for part in traceback.format_exception(error):
        # Places in the code and what joins tracebacks are indented or begin so; the rest is told.
        ours = part.startswith((" ", "\n", "Traceback"))
        lines += map(visible, part.rstrip("\n").split("\n") if ours else [part.rstrip("\n")])
    # The lines of a note come one by one.
    return [f"  {line}" if line.startswith("vosapp:") else line for line in lines]


def encoded(text: str) -> bytes:
    """Encode a text as UTF-8, bytes of file names that are no UTF-8 as they were.

    Other halves of characters, which no file name holds on this system, become question marks.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def is_text(text: str) -> bool:
    """Tell whether a text is one, without bytes of file names that are no UTF-8."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _shown(letter: str) -> str:
    if letter in _JOINERS or unicodedata.category(letter) not in _HIDDEN:
        return letter
    if letter in _NAMED:
        return _NAMED[letter]
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
