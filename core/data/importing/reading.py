"""Reading strangers' files with limits: bytes, text lines, JSON nodes, XML trees.

Nothing that such a file says is followed: names in it are compared with names, never opened.
"""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from core.errors import AnnotationReadError
from core.media import zip_file
from core.media.input_file import read_input
from core.media.zip_file import ZIP_ERRORS, open_zip

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_BYTES = 256 << 20
"""Larger annotation files are refused, and larger ones inside a zip."""
MAX_LINES = 1_000_000
"""More lines in one text file are refused: time."""
MAX_NODES = 10_000_000
"""More values, lists and objects in one JSON file are refused: memory."""
MAX_ELEMENTS = 2_000_000
"""More elements in one XML file are refused."""
_MAX_DEPTH = 64
_SHORT, _MAX_KEPT = 16, 100_000
_SHOWN = 40
_MAX_DIGITS = 9


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        AnnotationReadError: missing, not readable, or larger than `MAX_BYTES`.
    """
    try:
        return read_input(path, limit=MAX_BYTES)
    except FileNotFoundError as error:
        raise AnnotationReadError(f"There is no file {path}.", "Check the path.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        hint = "Split it." if getattr(error, "errno", None) == errno.EFBIG else ""
        raise AnnotationReadError(f"{path} cannot be read: {reason}.", hint) from error


def read_text(path: Path) -> str:
    """Return a text file in UTF-8, with or without a mark at its start; errors as `read_bytes`."""
    return _decoded(read_bytes(path), path)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file; errors as `read_bytes`, or there are too many."""
    text = read_text(path).replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > MAX_LINES:
        raise AnnotationReadError(f"{path} has more than {MAX_LINES:,} lines.", "Split it.")
    return text.split("\n")


def read_member(path: Path, name: str) -> bytes:
    """Return a file's bytes, or those of the one file called `name` where it is a zip.

    Raises:
        AnnotationReadError: as `read_bytes`; or the zip is damaged or has no such file.
    """
    if path.suffix.lower() != ".zip":
        return read_bytes(path)
    try:
        with open_zip(path) as archive:
            found = [i for i in archive.infolist() if i.filename.rpartition("/")[2] == name]
            if len(found) != 1:
                raise AnnotationReadError(f"{path} holds {len(found)} files {name}, not one.")
            return zip_file.read_member(archive, found[0], limit=MAX_BYTES)
    except ZIP_ERRORS as error:
        raise AnnotationReadError(f"{path} is no zip that can be read: {error}.") from error


def list_files(folder: Path, suffix: str) -> list[Path]:
    """Return the files of a folder with an ending, in order of their names; no hidden ones.

    Raises:
        AnnotationReadError: the folder cannot be listed.
    """
    try:
        return sorted(
            p
            for p in folder.iterdir()
            if p.suffix.lower() == suffix and not p.name.startswith(".") and p.is_file()
        )
    except OSError as error:
        raise AnnotationReadError(f"{folder} cannot be read: {error.strerror}.") from error


def list_folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, in order of their names; no hidden ones; as `list_files`."""
    try:
        return sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.is_dir())
    except OSError as error:
        raise AnnotationReadError(f"{folder} cannot be read: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a JSON file that knows where it stands, for errors that can be acted on.

    Attributes:
        value: what `json` made of it.
        where: its place: `annotations[3].bbox`.
        path: the file.
    """

    value: Any
    where: str
    path: Path

    def fail(self, reason: str) -> AnnotationReadError:
        """Return the error that this value is not what it should be."""
        place = f": {self.where}" if self.where else ""
        return AnnotationReadError(
            f"{self.path}{place} {reason}.", "Export it again, or choose the right format."
        )

    def get(self, name: str) -> Node | None:
        """Return a field of this object; None where it is missing or null."""
        if not isinstance(self.value, dict):
            raise self.fail(f"is {_kind(self.value)}, not an object")
        value = self.value.get(name)
        return None if value is None else Node(value, f"{self.where}.{name}".lstrip("."), self.path)

    def field(self, name: str) -> Node:
        """Return a field of this object that must be there."""
        found = self.get(name)
        if found is None:
            raise self.fail(f"has no {name!r}")
        return found

    def fields(self) -> Iterator[tuple[str, Node]]:
        """Yield the fields of this object."""
        if not isinstance(self.value, dict):
            raise self.fail(f"is {_kind(self.value)}, not an object")
        for name, value in self.value.items():
            yield name, Node(value, f"{self.where}.{name[:_SHOWN]}".lstrip("."), self.path)

    def elements(self) -> Iterator[Node]:
        """Yield the elements of this list."""
        for place, value in enumerate(self.items()):
            yield Node(value, f"{self.where}[{place}]", self.path)

    def items(self) -> list[Any]:
        """Return this list as it is."""
        if not isinstance(self.value, list):
            raise self.fail(f"is {_kind(self.value)}, not a list")
        return self.value

    def text(self) -> str:
        """Return this text."""
        if not isinstance(self.value, str):
            raise self.fail(f"is {_kind(self.value)}, not a text")
        if self.value.isascii():
            return self.value
        return self.value.encode("utf-8", errors="replace").decode("utf-8")

    def key(self) -> str:
        """Return this number or text, by which other places refer to it, as a text: 7 is "7"."""
        value = self.value
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise self.fail(f"is {_kind(value)}, not a number or text")
        try:
            return str(value).strip()
        except ValueError:
            raise self.fail("is a very large number") from None

    def integer(self, low: int, high: int) -> int:
        """Return this whole number, which must be in low..high."""
        value = self.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(f"is {_kind(value)}, not a whole number")
        if not low <= value <= high:
            raise self.fail(f"is {_shown(value)}, outside {low}..{high}")
        return value

    def number(self) -> float:
        """Return this finite number."""
        return float(Node([self.value], self.where, self.path).numbers()[0])

    def numbers(self) -> NDArray[np.float64]:
        """Return this list of finite numbers."""
        values = self.items()
        if not set(map(type, values)) <= {int, float}:
            raise self.fail("holds something that is no number")
        try:
            array = np.array(values, np.float64)
        except OverflowError:
            raise self.fail("holds a number that is too large") from None
        if not np.isfinite(array).all():
            raise self.fail("holds a number that is not finite")
        return array


def id_in(key: str) -> int | None:
    """Return the number that a key is, None where it is none, or too large for one."""
    return int(key) if key.isascii() and key.isdecimal() and len(key) <= _MAX_DIGITS else None


def read_json(path: Path) -> Node:
    """Read a JSON file.

    Raises:
        AnnotationReadError: as `read_bytes`; or no JSON, nested too deeply, with too many values,
            or with NaN or infinity.
    """
    data = read_bytes(path)
    if sum(data.count(sign) for sign in (b",", b"{", b"[")) > MAX_NODES:
        raise AnnotationReadError(
            f"{path} holds more than {MAX_NODES:,} values, lists and objects.", "Split it."
        )
    try:
        value = json.loads(_decoded(data, path), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise AnnotationReadError(f"{path} is no JSON that can be read: {reason}.") from error
    return Node(value, "", path)


class PlacedElement(Element):
    """An element that knows its line, for errors that can be acted on."""

    __slots__ = ("line",)
    line: int


def line_of(element: Element) -> int:
    """Return the line of an element of `read_xml`, from 1; 0 where it is not known."""
    return element.line if isinstance(element, PlacedElement) else 0


def read_xml(data: bytes, path: Path) -> Element:
    """Return the root of an XML document; document types and entities are refused.

    Args:
        data: the document.
        path: where it comes from, for errors.

    Raises:
        AnnotationReadError: no XML, with a document type, nested too deeply, or too large.
    """
    builder = TreeBuilder(element_factory=PlacedElement)
    depth = count = 0
    kept: dict[str, str] = {}

    def once(text: str) -> str:
        """The same short text is kept once: most attributes are small numbers."""
        if len(text) > _SHORT or len(kept) >= _MAX_KEPT:
            return kept.get(text, text)
        return kept.setdefault(text, text)

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > _MAX_DEPTH:
            raise AnnotationReadError(f"{path} nests its elements too deeply.")
        if count > MAX_ELEMENTS:
            raise AnnotationReadError(
                f"{path} has more than {MAX_ELEMENTS:,} elements.", "Split it."
            )
        element = builder.start(name, {key: once(value) for key, value in attributes.items()})
        if isinstance(element, PlacedElement):
            element.line = parser.CurrentLineNumber

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: object) -> None:
        raise AnnotationReadError(
            f"{path} has a document type or entities, which can make a file explode.",
            "Annotation files need none: export it again.",
        )

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as error:
        raise AnnotationReadError(f"{path} is no XML that can be read: {error}.") from error


def finite(text: str) -> float:
    """Return the finite number that a text says.

    Raises:
        ValueError: it says none.
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:_SHOWN]!r} is not finite")
    return value


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationReadError(f"{path} is no text in UTF-8 ({error.reason}).") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else "nothing")


def _shown(value: int) -> str:
    return str(value) if abs(value) < 10**_SHOWN else "a very large number"
