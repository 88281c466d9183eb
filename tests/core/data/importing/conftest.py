"""Videos that imports belong to, and a short way to read a file."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from core.data.importing.formats import importer_named
from core.jobs import result_of
from core.types import VideoInfo


@pytest.fixture
def info(tmp_path):
    return VideoInfo(tmp_path / "film", 10, 20, 12, Fraction(25))


@pytest.fixture
def read(info, tmp_path):
    """Read text, bytes or a JSON value as a file of a format."""

    def read(name, content, *, file="a.json", video=info, **settings):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(json.dumps(content), encoding="utf-8")
        return result_of(importer_named(name).read(path, video, **settings))

    return read
