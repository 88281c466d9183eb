"""Names of classes beside YOLO files: data.yaml, obj.names, classes.txt, notes.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from core.data.importing.reading import read_json, read_text

_ENTRY = re.compile(r"^\s+(\d{1,4})\s*:\s*(.*?)\s*$|^\s*-\s+(.*?)\s*$")
_POINTS = re.compile(r"^kpt_shape:\s*\[\s*(\d{1,3})\s*,\s*([23])\s*\]", re.MULTILINE)
_MAX_CLASSES = 10_000
_UP = 3
"""Folders above the labels in which names are looked for, down from the path that was given."""


def class_names(path: Path, folder: Path) -> dict[int, str]:
    """Return the names in data.yaml, obj.names or classes.txt, of the root or near the labels."""
    for place in _places(path, folder):
        for file in (place / "data.yaml", place / "data.yml", place / "dataset.yaml"):
            if file.is_file() and (names := _names_of_yaml(read_text(file))):
                return names
        for file in (place / "obj.names", place / "classes.txt", place / "notes.json"):
            if file.is_file() and (names := _names_of_list(file)):
                return names
    return {}


def point_numbers(path: Path, folder: Path) -> int:
    """Return how many numbers of key points follow a box, as data.yaml says; 0 for none."""
    for place in _places(path, folder):
        for file in (place / "data.yaml", place / "data.yml", place / "dataset.yaml"):
            if file.is_file() and (shape := _POINTS.search(read_text(file))):
                return int(shape[1]) * int(shape[2])
    return 0


def _places(path: Path, folder: Path) -> list[Path]:
    return [path, folder, *list(folder.parents)[:_UP]]


def _names_of_list(file: Path) -> dict[int, str]:
    if file.suffix == ".json":  # Label Studio
        entries = read_json(file).get("categories")
        listed = [] if entries is None else list(entries.elements())
        return {n.field("id").integer(0, 9999): n.field("name").text()[:200] for n in listed}
    lines = read_text(file).splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    return {place: line.strip()[:200] for place, line in enumerate(lines[:_MAX_CLASSES])}


def _names_of_yaml(text: str) -> dict[int, str]:
    """Return the names in a YAML file: in brackets or braces, or one a line.

    Only these ways of writing are understood; other files give no names. Comments are none.
    """
    start = re.search(r"^names:[ \t]*(.*)$", text, flags=re.MULTILINE)
    if start is None:
        return {}
    rest = _without_comment(start[1]).strip()
    if rest[:1] in ("[", "{"):
        return _names_in_brackets(text[start.start(1) :])
    names: dict[int, str] = {}
    for line in text[start.end() :].splitlines()[1:]:
        plain = _without_comment(line)
        if not plain.strip():
            continue
        entry = _ENTRY.match(plain)
        if entry is None:
            break
        place = len(names) if entry[1] is None else int(entry[1])
        names[place] = _unquoted(entry[2] if entry[1] is not None else entry[3])
    return names


def _names_in_brackets(text: str) -> dict[int, str]:
    closing = {"[": "]", "{": "}"}[text.lstrip()[0]]
    inner = "\n".join(_without_comment(line) for line in text.lstrip()[1:].splitlines())
    listed = [part.strip() for part in _parts(inner, closing)]
    if closing == "]":
        return {i: _unquoted(part) for i, part in enumerate(listed[:_MAX_CLASSES]) if part}
    names = {}
    for part in listed[:_MAX_CLASSES]:
        key, colon, name = part.partition(":")
        key = key.strip().strip("'\"")
        if colon and key.isascii() and key.isdecimal() and len(key) <= 4:
            names[int(key)] = _unquoted(name)
    return names


def _parts(text: str, closing: str) -> Iterator[str]:
    """Yield what stands between commas, up to the closing bracket; quotes hide both."""
    part, quote, is_escaped = "", "", False
    for char in text:
        if quote:
            is_escaped = char == "\\" and quote == '"' and not is_escaped
            quote = "" if char == quote and not part.endswith("\\") else quote
        elif char in "'\"" and not part.strip():
            quote = char
        elif char in ("," + closing):
            yield part
            part = ""
            if char == closing:
                return
            continue
        part += char
    yield part


def _without_comment(line: str) -> str:
    """Cut a comment off: a # at the start or behind a space, and not in quotes."""
    quote = ""
    for place, char in enumerate(line):
        before = line[place - 1] if place else " "
        if quote:
            if char == quote and before != "\\":
                quote = ""
        elif char in "'\"" and before in " \t[,{:":
            quote = char
        elif char == "#" and before in " \t":
            return line[:place].rstrip()
    return line


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))[:200]
        except (ValueError, RecursionError):
            return text[1:-1][:200]
    return text.strip("'")[:200]
