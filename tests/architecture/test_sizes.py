"""Files and functions stay short enough to be read in one go."""

from __future__ import annotations

import ast

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

LONG_FILES: dict[str, str] = {}
"""File -> why it may be longer."""
LONG_FUNCTIONS: dict[str, str] = {}
"""file::function -> why it may be longer."""


def python_files(root):
    folders = ("core", "vosapp", "resources", "packaging", "tests")
    return [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def test_files_are_short(repo_root):
    long = {}
    for path in python_files(repo_root):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > MAX_FILE_LINES:
            long[path.relative_to(repo_root).as_posix()] = count
    assert set(long) == set(LONG_FILES), f"lines: {long}; split them, or list them with a reason"


def test_functions_are_short(repo_root):
    long = {}
    for path in python_files(repo_root):
        for node in functions(path):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > MAX_FUNCTION_LINES:
                long[f"{path.relative_to(repo_root).as_posix()}::{node.name}"] = count
    assert set(long) == set(LONG_FUNCTIONS), f"lines: {long}"


def test_there_is_something_to_measure(repo_root):
    files = python_files(repo_root)
    assert len(files) > 20
    assert sum(len(functions(path)) for path in files) > 100
