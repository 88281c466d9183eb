"""From rows of a file to checked values. Whatever does not fit raises `Unreadable`."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote, unquote_to_bytes

from core.text import is_text
from vosapp.project.model import (
    Assertion,
    Prompt,
    PromptKind,
    Provenance,
    TrackedObject,
    Unreadable,
    VideoRef,
    check,
)

_COLOR = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.ASCII)
_RATIO = re.compile(r"\d{1,18}(/\d{1,18})?", re.ASCII)
_URI, _RELATIVE_URI = "file://", "file:///./"
"""How stored paths begin that are no text; no other does, since none has // or /./ in it."""
P = ParamSpec("P")
T = TypeVar("T")


def checked(parse: Callable[P, T]) -> Callable[P, T]:
    """Let whatever goes wrong inside a parser say that the row makes no sense."""

    @functools.wraps(parse)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return parse(*args, **kwargs)
        except Unreadable:
            raise
        except (ArithmeticError, RecursionError, TypeError, ValueError) as exc:
            raise Unreadable(f"a stored value makes no sense ({exc})") from exc

    return wrapped


@checked
def parse_video(row: Sequence[Any]) -> VideoRef:
    """Read path, relative_path, size, content_hash, frame_count, width, height, fps, stems."""
    path, relative, size, digest, count, width, height, fps, stems = row
    rate = parse_ratio(fps)
    names = parse_json(stems)
    check(isinstance(names, list) and all(isinstance(n, str) for n in names), "no frame names")
    places = (path_of(path), path_of(relative))
    return VideoRef(*places, size, digest, count, width, height, rate, tuple(names))


def video_row(video: VideoRef) -> tuple[Any, ...]:
    """The row that `parse_video` reads."""
    numbers = (video.size, video.content_hash, video.frame_count, video.width, video.height)
    stems = json.dumps(video.stems)
    places = (stored_path(video.path), stored_path(video.relative_path))
    return (*places, *numbers, str(video.fps), stems)


def stored_path(path: str) -> str:
    """Return a path as SQLite can store it: itself, or a URI where its bytes are no UTF-8."""
    if is_text(path):
        return path
    mark = _URI if os.path.isabs(path) else _RELATIVE_URI  # noqa: PTH117
    return mark + quote(os.fsencode(path))


def path_of(stored: object) -> str:
    """Return the path that `stored_path` has stored.

    Raises:
        Unreadable: it is no text.
    """
    if not isinstance(stored, str):
        raise Unreadable("a path is no text")
    mark = _RELATIVE_URI if stored.startswith(_RELATIVE_URI) else _URI
    if not stored.startswith(mark):
        return stored
    return os.fsdecode(unquote_to_bytes(stored.removeprefix(mark)))


@checked
def parse_object(row: Sequence[Any]) -> TrackedObject:
    """Read object_id, name, color, visible, locked, position, category."""
    object_id, name, color, visible, locked, position, category = row
    match = _COLOR.fullmatch(color) if isinstance(color, str) else None
    if match is None:
        raise Unreadable("an object's color is no color")
    red, green, blue = (int(part, 16) for part in match.groups())
    flags = (parse_flag(visible), parse_flag(locked))
    return TrackedObject(object_id, name, (red, green, blue), *flags, position, category)


@checked
def parse_prompt(row: Sequence[Any]) -> Prompt:
    """Read prompt_id, frame_index, object_id, kind, points."""
    prompt_id, frame_index, object_id, kind, points = row
    listed = parse_json(points)
    check(isinstance(listed, list) and all(isinstance(p, list) for p in listed), "no points")
    places = tuple(tuple(point) for point in listed)
    return Prompt(frame_index, object_id, PromptKind(kind), places, prompt_id)


@checked
def parse_assertion(row: Sequence[Any]) -> Assertion:
    """Read frame_index, object_id, area, reference."""
    frame_index, object_id, area, reference = row
    return Assertion(frame_index, object_id, area, parse_flag(reference))


@checked
def parse_run(row: Sequence[Any]) -> Provenance:
    """Read system, weights, revision."""
    return Provenance(*row)


@checked
def parse_json(text: object) -> Any:
    """Read JSON that a hostile file may hold.

    Raises:
        Unreadable: no JSON, or nested too deeply.
    """
    check(isinstance(text, str), "a text is missing")
    return json.loads(str(text))


@checked
def parse_ratio(text: object) -> Fraction:
    """Read a number such as 25 or 30000/1001."""
    # Not left to Fraction alone, which would spend hours on "1e99999999".
    check(isinstance(text, str) and _RATIO.fullmatch(text), "a stored ratio is no number")
    ratio = Fraction(str(text))
    check(ratio > 0, "a stored ratio is zero")
    return ratio


def parse_flag(value: object) -> bool:
    """Read 0 or 1."""
    check(type(value) is int and value in (0, 1), "a flag is no truth value")
    return bool(value)
