"""The bundled files are where `vosapp.assets` says."""

from __future__ import annotations

import pytest

from core.errors import CheckpointMissing, VideoOpenError
from core.nn.checkpoints import read_info
from vosapp import assets
from vosapp.services.propagate import weights_identity
from vosapp.services.training.offers import default_start
from vosapp.services.weights import has_default


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


def test_a_start_is_for_training_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "_root", lambda: tmp_path)
    folder = tmp_path / "weights"
    folder.mkdir()
    whole, start = (folder / f"a-b{end}.safetensors" for end in ("", "-start"))
    with pytest.raises(CheckpointMissing):
        assets.bundled_start("a", "b")
    start.write_bytes(b"")
    assert assets.bundled_start("a", "b") == start
    with pytest.raises(CheckpointMissing):
        assets.bundled_weights("a", "b")
    whole.write_bytes(b"")
    assert assets.bundled_weights("a", "b") == whole == assets.bundled_start("a", "b")


@pytest.mark.parametrize(
    ("system", "tracks"), [("box_supervised", True), ("global_instance", False)]
)
def test_what_training_starts_from_may_track_or_not(system, tracks):
    start = assets.bundled_start(system, "small")
    assert default_start(system, "small") == start
    assert (read_info(start).system, read_info(start).preset) == (system, "small")
    assert (has_default(system), assets.is_start(start)) == (tracks, not tracks)
