"""The bundled files are where `vosapp.assets` says."""

from __future__ import annotations

import pytest

from core.errors import VideoOpenError
from vosapp import assets
from vosapp.services.propagate import weights_identity


def test_sample_film_and_its_masks():
    film, masks = assets.sample_film(), assets.sample_masks()
    assert film.is_file()
    assert masks.parent == film.parent
    assert (masks / "00000.png").is_file()


def test_missing_sample(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "_root", lambda: tmp_path)
    with pytest.raises(VideoOpenError, match="Reinstall"):
        assets.sample_film()
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "film.mp4").write_bytes(b"")
    with pytest.raises(VideoOpenError, match="masks are missing"):
        assets.sample_masks()


def test_bundled_weights_are_called_as_projects_call_them():
    path = assets.bundled_weights("self_supervised", "thin")
    assert assets.bundled_identity("self_supervised", "thin") == weights_identity(path)


def test_weights_are_named_by_system_and_preset(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "_root", lambda: tmp_path)
    path = tmp_path / "weights" / "self_supervised-thin.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"")
    assert assets.bundled_weights("self_supervised", "thin") == path
