"""The scripts that measure the code: circles of imports, modules on the stack of a training."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest


@pytest.fixture
def import_circles(repo_root, monkeypatch):
    """The script as a module; it lies in no package."""
    path = repo_root / "packaging" / "import_circles.py"
    spec = importlib.util.spec_from_file_location("import_circles", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "import_circles", module)
    spec.loader.exec_module(module)
    return module


def found(circles):
    return [circle.modules for circle in circles]


def test_circles_are_sets_of_modules_that_lead_to_each_other(import_circles):
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"f", "a"}, "f": {"e"}}
    assert found(import_circles.circles(graph)) == [("b", "c"), ("e", "f")]


def test_a_module_alone_is_no_circle(import_circles):
    assert import_circles.circles({"a": {"a", "b"}, "b": set()}) == []


def test_circles_that_touch_are_one(import_circles):
    graph = {"a": {"b"}, "b": {"a", "c"}, "c": {"b"}}
    assert found(import_circles.circles(graph)) == [("a", "b", "c")]


def test_type_only_circles_name_the_imports_that_close_them(import_circles):
    running = {"a": {"b"}, "b": set(), "c": {"d"}, "d": {"c"}}
    counted = running | {"b": {"a", "d"}}
    (circle,) = import_circles.type_only_circles(running, counted)
    assert circle.modules == ("a", "b")
    assert circle.type_only == (("b", "a"),)


def test_a_runtime_circle_that_types_make_larger_is_told(import_circles):
    running = {"a": {"b"}, "b": {"a"}, "c": {"a"}}
    counted = running | {"b": {"a", "c"}}
    (circle,) = import_circles.type_only_circles(running, counted)
    assert circle.modules == ("a", "b", "c")
    assert circle.type_only == (("b", "c"),)


def test_imports_for_types_are_told_apart(import_circles, tmp_path, monkeypatch):
    package = tmp_path / "somepackage"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("def later():\n    import somepackage.two\n")
    (package / "two.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import somepackage.one\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    running = import_circles.imports("somepackage", typing=False)
    counted = import_circles.imports("somepackage", typing=True)
    assert import_circles.circles(running) == []
    (circle,) = import_circles.type_only_circles(running, counted)
    assert circle.type_only == (("somepackage.two", "somepackage.one"),)


@pytest.mark.parametrize("package", ["core", "vosapp"])
def test_there_is_no_circle(package, import_circles):
    assert found(import_circles.circles(import_circles.imports(package, typing=True))) == []


@pytest.mark.slow
def test_the_stack_of_a_training_is_counted(repo_root):
    command = [sys.executable, str(repo_root / "packaging" / "call_stack.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=repo_root)
    parts = re.split(r"^(\d+) modules .*:$", done.stdout, flags=re.MULTILINE)[1:]
    named = [names.split() for names in parts[1::2]]
    assert [int(count) for count in parts[::2]] == [len(names) for names in named]
    step, written, either, to_step, called = named
    assert "vosapp.cli.main" in step
    assert "core.train.loop" in step
    assert "core.media.atomic" in written
    assert "core.media.atomic" not in step
    assert set(either) == {*step, *written} <= set(called)
    assert set(step) <= set(to_step) <= set(called)
    assert "core.train.state" in {*called} - {*to_step}
    assert all(name.startswith(("core.", "vosapp.")) for name in called)
