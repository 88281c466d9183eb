"""List circles of imports in core and vosapp, and which of them exist for the type checker only.

`.venv/bin/python packaging/import_circles.py`. An import under `TYPE_CHECKING` runs nothing, but a
reader has to follow it all the same. Imports inside functions count as any other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import grimp

PACKAGES = ("core", "vosapp")

Imports = dict[str, set[str]]
"""Module -> the modules that it imports."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Modules of which each leads to each other one.

    Attributes:
        modules: their names in order.
        type_only: imports between them that exist for the type checker only.
    """

    modules: tuple[str, ...]
    type_only: tuple[tuple[str, str], ...] = ()


def main() -> int:
    """Print the circles of each package."""
    for package in PACKAGES:
        running, counted = imports(package, typing=False), imports(package, typing=True)
        told = circles(running), type_only_circles(running, counted)
        for kind, found in zip(("runtime", "type-only"), told, strict=True):
            size = sum(len(circle.modules) for circle in found)
            print(f"{package}: {len(found)} {kind} circles, with {size} modules")
            for circle in found:
                print(_text(circle))
    return 0


def imports(package: str, *, typing: bool) -> Imports:
    """What each module of a package imports of that package.

    Args:
        package: its name; it is read, not run.
        typing: count imports under `TYPE_CHECKING`, too.
    """
    graph = grimp.build_graph(package, exclude_type_checking_imports=not typing, cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in sorted(graph.modules)}


def circles(graph: Imports) -> list[Circle]:
    """The largest sets of modules, two or more, that lead to each other; in order of their names.

    A module is in at most one of them.
    """
    below = {name: _reached(graph, name) for name in graph}
    found = {
        tuple(sorted(other for other in below[name] if name in below[other]))
        for name in graph
        if name in below[name]
    }
    return [Circle(modules) for modules in sorted(found) if len(modules) > 1]


def type_only_circles(running: Imports, counted: Imports) -> list[Circle]:
    """The circles that would be none, or smaller, without imports for the type checker.

    Args:
        running: imports without those under `TYPE_CHECKING`.
        counted: with them.
    """
    before = {circle.modules for circle in circles(running)}
    return [
        Circle(circle.modules, tuple(_type_only(circle, running, counted)))
        for circle in circles(counted)
        if circle.modules not in before
    ]


def _type_only(circle: Circle, running: Imports, counted: Imports) -> Iterator[tuple[str, str]]:
    for name in circle.modules:
        for other in sorted(counted[name] - running[name]):
            if other in circle.modules:
                yield name, other


def _reached(graph: Imports, start: str) -> set[str]:
    """What a module leads to; itself only where it is in a circle."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _text(circle: Circle) -> str:
    lines = [f"  {', '.join(circle.modules)}"]
    lines += [f"    for types only: {name} -> {other}" for name, other in circle.type_only]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
