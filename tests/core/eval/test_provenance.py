"""Where figures come from."""

from __future__ import annotations

import hashlib
import re
import shutil

import pytest

from core.eval import provenance
from core.eval.provenance import code_commit, file_mark, today


@pytest.fixture(autouse=True)
def _anew():
    code_commit.cache_clear()
    yield
    code_commit.cache_clear()


def test_the_commit_of_a_checkout(repo_root):
    if not (repo_root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    assert re.fullmatch(r"[0-9a-f]{8,}(-dirty)?", code_commit())


def test_an_installation_in_the_checkout_of_others_has_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert code_commit() == ""


def test_no_git_no_commit(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert code_commit() == ""


def test_date_and_mark(tmp_path):
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", today())
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"abc")
    assert file_mark(path) == f"w.safetensors {hashlib.sha256(b'abc').hexdigest()[:12]}"
    assert file_mark(None) == ""
