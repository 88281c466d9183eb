"""The error tree: drawn as it is, with a code of its own for each kind."""

from __future__ import annotations

import inspect
import re

import pytest

from core import errors


def kinds():
    members = vars(errors).values()
    return [m for m in members if inspect.isclass(m) and issubclass(m, errors.VosError)]


def test_the_tree_in_the_docstring_is_the_tree_in_the_code():
    drawn = re.findall(r"^[├└]── (\w+)", errors.__doc__, flags=re.M)
    assert sorted(drawn) == sorted(k.__name__ for k in kinds() if k is not errors.VosError)


def test_codes_are_unique_kebab_case():
    codes = [kind.code for kind in kinds()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_message_and_hint(kind):
    error = kind("What happened.", "What to do.")
    assert (error.message, error.hint) == ("What happened.", "What to do.")
    assert str(error) == "What happened. What to do."
    assert str(kind("What happened.")) == "What happened."


def test_no_error_of_ours_hides_elsewhere(repo_root):
    """Another subclass of VosError outside core/errors.py would be missing in the tree."""
    names = "|".join(kind.__name__ for kind in kinds())
    pattern = re.compile(rf"^class \w+\((?:errors\.)?(?:{names})\)", flags=re.M)
    found = [
        path.relative_to(repo_root).as_posix()
        for folder in ("core", "vosapp")
        for path in (repo_root / folder).rglob("*.py")
        if path.name != "errors.py" and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
