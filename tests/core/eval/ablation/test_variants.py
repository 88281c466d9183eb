"""Tables of variants: what they say, and what is refused."""

from __future__ import annotations

import json

import pytest

from core.errors import UsageError
from core.eval.ablation.variants import read_variants

TOML = """
[plain]

[wide]
config.radius = 16
config.feedback.power = 3.0

["all at once"]
weights = "run/w.safetensors"
adapt = true
paper_mode = true
keyframes = 3
late_entries = true
"""


def test_a_table_is_read_in_its_order(tmp_path):
    path = tmp_path / "v.toml"
    path.write_text(TOML)
    plain, wide, last = read_variants(path)
    assert (plain.name, plain.said, plain.config, plain.weights) == ("plain", "{}", {}, None)
    assert wide.config == {"radius": 16, "feedback": {"power": 3.0}}
    assert json.loads(wide.said) == {"config": wide.config}
    assert last.weights == tmp_path / "run/w.safetensors"
    assert (last.adapt, last.paper_mode, last.keyframes, last.late_entries) == (True, True, 3, True)
    other = tmp_path / "v.json"
    other.write_text(json.dumps({"plain": {}, "wide": {"config": wide.config}}))
    assert read_variants(other) == (plain, wide)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no variant"),
        ("[wide", "cannot be read"),
        ("wide = 3", "wide in"),
        ("[wide]\nradius = 16", "has an unknown key, radius"),
        ("[wide]\nconfig = 3", "config = 3"),
        ("[wide]\nadapt = 1", "adapt = 1"),
        ("[wide]\nkeyframes = 0", "gives no keyframe"),
        ("[wide]\npaper_mode = true", "paper_mode without adapt"),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path, text, message):
    path = tmp_path / "v.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_variants(path)


@pytest.mark.parametrize("name", ["v.yaml", "none.toml"])
def test_files_that_are_none(tmp_path, name):
    with pytest.raises(UsageError, match=name):
        read_variants(tmp_path / name)


def test_json_that_is_deep_or_no_table(tmp_path):
    for text in ("[" * 100_000, "[1]", "3"):
        path = tmp_path / "v.json"
        path.write_text(text)
        with pytest.raises(UsageError):
            read_variants(path)
