"""Files and functions stay short enough to be read in one go."""

from __future__ import annotations

import ast

import pytest

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

LONG_FILES: dict[str, str] = {}
"""File -> why it may be longer."""
LONG_FUNCTIONS: dict[str, str] = {}
"""file::function -> why it may be longer."""


def python_files(root):
    folders = ("core", "vosapp", "resources", "packaging", "tests")
    return [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]


@pytest.fixture(scope="module")
def functions(repo_root):
    """(file::function, lines) of all of them; to parse all files takes its time."""
    kinds, found = (ast.FunctionDef, ast.AsyncFunctionDef), []
    for path in python_files(repo_root):
        place = path.relative_to(repo_root).as_posix()
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for node in (node for node in nodes if isinstance(node, kinds)):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            found.append((f"{place}::{node.name}", count))
    return found


def test_files_are_short(repo_root):
    long = {}
    for path in python_files(repo_root):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > MAX_FILE_LINES:
            long[path.relative_to(repo_root).as_posix()] = count
    assert set(long) == set(LONG_FILES), f"lines: {long}; split them, or list them with a reason"


def test_functions_are_short(functions):
    long = {place: count for place, count in functions if count > MAX_FUNCTION_LINES}
    assert set(long) == set(LONG_FUNCTIONS), f"lines: {long}"


def test_there_is_something_to_measure(repo_root, functions):
    assert len(python_files(repo_root)) > 20
    assert len(functions) > 100
