"""What is said of a tuning and its weights."""

from __future__ import annotations

import pytest

from core.engine.registry import default_system
from vosapp.assets import bundled_identity
from vosapp.project.tuned import TunedInfo
from vosapp.session.finetune import FinetuneState
from vosapp.ui.dialogs.finetune_words import base_text, tuning_text


def info_of(base):
    return TunedInfo(base, "ab", "thin", 1, 1.0, 0.1, 0, 2, 0, 3)


@pytest.mark.parametrize(
    ("base", "text"),
    [
        ("my weights.safetensors sha256:ab", "my weights.safetensors"),
        ("self_supervised-thin.safetensors sha256:ab", "self_supervised-thin.safetensors"),
        ("a sha256:b.safetensors sha256:ab", "a sha256:b.safetensors"),
        ("of no hash", "of no hash"),
        ("", ""),
    ],
)
def test_weights_are_called_by_their_file(base, text):
    assert base_text(info_of(base)) == text


def test_bundled_weights_are_told_by_their_hash(monkeypatch, tmp_path):
    spec = default_system()
    base = bundled_identity(spec.name, spec.default_preset)
    assert base_text(info_of(base)) == "the bundled weights"
    monkeypatch.setattr("vosapp.assets._root", lambda: tmp_path)
    assert base_text(info_of(base)) == f"{spec.name}-{spec.default_preset}.safetensors"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (FinetuneState(), ""),
        (FinetuneState("loading the system"), "Loading the system"),
        (FinetuneState("reading frames", 3, 9), "Reading frames, 3 of 9"),
        (
            FinetuneState("learning", 1, 4, 130.0, 7, 0.01234),
            "Learning: step 7, loss 0.0123, 2 min left",
        ),
    ],
)
def test_states_are_told_in_a_line(state, text):
    assert tuning_text(state) == text
