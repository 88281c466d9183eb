"""Models by name: listed, found, kept, exported, removed; bundled ones stay."""

from __future__ import annotations

import pytest

from core.errors import CheckpointMismatch, UsageError
from core.media.file_hash import sha256_of
from vosapp.assets import bundled_weights
from vosapp.services.models import store
from vosapp.services.models.values import Origin

BUNDLED = "self_supervised-thin"


@pytest.fixture
def weights():
    return bundled_weights("self_supervised", "thin")


def test_bundled_models_are_listed_with_what_is_known(weights):
    found = store.find_model(BUNDLED)
    assert (found.origin, found.system, found.preset) == (
        Origin.BUNDLED, "self_supervised", "thin",
    )  # fmt: skip
    assert found.card is not None and found.scores and found.license and found.path == weights


def test_a_model_is_kept_found_exported_and_removed(weights, tmp_path):
    made = store.add_model(weights, "cats", Origin.TRAINED, scores={"held-out": 0.5})
    assert store.models()[-1] == made == store.find_model("cats")
    assert made.scores == {"held-out": 0.5} and made.sha256 == sha256_of(weights)
    assert made.added > 0 and made.origin is Origin.TRAINED
    assert store.weights_named("cats") == made.path
    copy = store.export_model("cats", tmp_path / "out.safetensors")
    assert sha256_of(copy) == made.sha256
    with pytest.raises(UsageError, match="already"):
        store.export_model("cats", copy)
    store.remove_model("cats")
    assert "cats" not in {model.name for model in store.models()}
    assert not made.path.exists() and not made.path.with_suffix(".json").exists()


def test_bundled_models_stay(weights):
    with pytest.raises(UsageError, match="bundled"):
        store.remove_model(BUNDLED)
    assert weights.exists()


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "a b", "x" * 80, "w.safetensors"])
def test_odd_names_are_refused(weights, name):
    with pytest.raises(UsageError, match="no name"):
        store.add_model(weights, name, Origin.TRAINED)


@pytest.mark.parametrize("name", [BUNDLED, BUNDLED.upper(), "cats"])
def test_names_are_given_once(weights, name):
    store.add_model(weights, "cats", Origin.TRAINED)
    with pytest.raises(UsageError, match="already"):
        store.add_model(weights, name, Origin.TRAINED)


def test_a_file_that_is_no_model_is_refused_and_leaves_nothing(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointMismatch):
        store.add_model(tmp_path / "x.safetensors", "x", Origin.IMPORTED)
    assert all(model.origin is Origin.BUNDLED for model in store.models())


def test_a_damaged_model_is_listed_with_its_problem(weights):
    made = store.add_model(weights, "cats", Origin.TRAINED)
    made.path.write_bytes(b"no")
    made.path.with_suffix(".json").write_text("{")
    found = store.find_model("cats")
    assert found.problem and found.origin is Origin.IMPORTED and found.system == ""


def test_a_file_goes_before_a_name_and_an_unknown_name_is_a_path(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store.add_model(weights, "cats", Origin.TRAINED)
    (tmp_path / "cats").write_bytes(b"")
    assert str(store.weights_named("cats")) == "cats"
    assert str(store.weights_named("dogs")) == "dogs"
    with pytest.raises(UsageError, match="Did you mean cats"):
        store.find_model("cat")
