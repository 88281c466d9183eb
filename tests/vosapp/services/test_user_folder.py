"""Where a user's data and caches lie."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vosapp.services.kept import kept_folder
from vosapp.services.user_folder import runs_folder


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG folders are of Linux")
@pytest.mark.parametrize(
    ("variable", "folder", "usual", "below"),
    [
        ("XDG_DATA_HOME", runs_folder, ".local/share", "vosapp/training"),
        ("XDG_CACHE_HOME", kept_folder, ".cache", "vosapp/kept"),
    ],
)
def test_a_folder_is_named_by_a_whole_path_only(
    tmp_path, monkeypatch, variable, folder, usual, below
):
    monkeypatch.delenv("VOSAPP_DATA", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    assert folder() == tmp_path / below
    for named in ("", "here"):
        monkeypatch.setenv(variable, named)
        assert folder() == Path.home() / usual / below


def test_a_folder_of_data_has_the_same_parts(tmp_path, monkeypatch):
    monkeypatch.setenv("VOSAPP_DATA", str(tmp_path))
    assert runs_folder() == runs_folder(tmp_path) == tmp_path / "training"
