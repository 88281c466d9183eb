"""Cards of weights: all that header, scores and notes say, and nothing else."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.errors import CheckpointMissing, UsageError
from core.eval.cards import card_path, make_card, notes_path, read_notes
from core.eval.provenance import file_mark
from core.eval.scores_file import Score, keep_score, scores_path
from core.nn.checkpoints import CheckpointInfo, copy_calibrated, save_weights

TRAINING = {
    "labels": "masks",
    "stage": "label propagation",
    "videos": 212,
    "frames": 17446,
    "images": 0,
    "steps": 400,
    "seconds": 951,
    "pairs": {"batch": 4, "gaps": [0.07, 0.5]},
    "seed": 0,
    "device": "cuda",
    "processor": "x86_64",
    "processes": 2,
    "torch": "2.13.0",
    "loss": {"color": 0.0442301},
    "command": "vosapp train self_supervised --steps 400",
    "curious": "a | b",
}
NOTES = """
about = "What it is for."
text = '''
## Limits
It has some.
'''
[facts]
labels = "none"
hardware = "shared"
"""


@pytest.fixture
def save(tmp_path):
    """Saves weights with a header, and notes beside them."""

    def run(training, notes=""):
        torch.manual_seed(0)
        path = tmp_path / "net-small.safetensors"
        info = CheckpointInfo("net", "small", {"width": 4}, training, {}, "Apache-2.0")
        save_weights(path, nn.Conv2d(3, 4, 3), info)
        if notes:
            notes_path(path).write_text(notes)
        return path

    return run


def row_of(card, title):
    """The cells of a row of the card."""
    line = next(line for line in card.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in line.replace("\\|", "\0").split("|")[2:-1]]


def test_a_card_says_what_the_header_says(save):
    path = save(TRAINING)
    card = make_card(path)
    assert card.startswith("# net-small\n\n<!-- Made by `make cards`")
    assert row_of(card, "file")[0].startswith(f"`{file_mark(path)}`")
    assert row_of(card, "values") == ["112 in 2 tensors"]
    assert row_of(card, "preset") == ["`small`: width 4"]
    assert row_of(card, "labels seen") == ["masks"]
    assert row_of(card, "data") == ["212 raw videos, 17,446 frames"]
    assert row_of(card, "steps") == ["400"]
    assert row_of(card, "settings") == ["batch 4, gaps 0.07 0.5, seed 0"]
    assert row_of(card, "time") == ["16 minutes"]
    assert row_of(card, "hardware") == ["cuda, x86_64, processes: 2, torch 2.13.0"]
    assert row_of(card, "command") == ["`vosapp train self_supervised --steps 400`"]
    assert row_of(card, "loss at the end") == ["color 0.04423"]
    assert row_of(card, "curious") == ["a \0 b"]
    assert row_of(card, "license") == ["Apache-2.0"]
    assert "Scores" not in card
    assert card_path(path).name == "net-small.md"


def test_what_was_learned_from_is_named_or_counted(save):
    few = make_card(save(TRAINING | {"sequences": ["bear", "boat"]}))
    assert "| learned from | bear, boat |" in " ".join(few.split())
    many = make_card(save(TRAINING | {"sequences": [f"clip{k}" for k in range(99)]}))
    assert "99 videos with labels or of data sets" in many and "clip7" not in many
    assert "learned from" not in make_card(save(TRAINING))


def test_notes_fill_in_what_the_header_lacks(save):
    card = make_card(save({"device": "cpu", "steps": 3}, NOTES))
    assert row_of(card, "labels seen")[0].startswith("none: no mask")
    assert row_of(card, "hardware") == ["cpu; shared"]
    assert "\nWhat it is for.\n" in card and card.endswith("## Limits\nIt has some.\n")
    assert row_of(make_card(save(TRAINING, NOTES)), "labels seen") == ["masks"]


def test_stages_before_have_columns_of_their_own(save):
    earlier = '[[earlier]]\nstage = "pairs"\nsteps = 4200\n"as it went" = "slowly"\n'
    card = make_card(save(TRAINING, NOTES + earlier))
    assert row_of(card, "steps") == ["4200", "400"]
    assert row_of(card, "labels seen") == ["", "masks"]
    assert row_of(card, "as it went") == ["slowly", ""]


def test_scores_are_told_with_where_they_come_from(save):
    path = save(TRAINING)
    figures = {"j_and_f": 0.5, "j": 0.4, "f": 0.6, "by_object": 0.45, "seconds": 0.25}
    lead = {"data": "DEV", "given": "the first mask", "sequences": 2, "objects": 3}
    for quality, mark in (("fast", file_mark(path)), ("fine", "net-small.safetensors 0")):
        origin = {"weights": mark, "commit": "abc", "date": "2026-11-29", "command": "vosapp b"}
        keep_score(scores_path(path), Score(**lead, **figures, **origin, quality=quality))
    card = make_card(path)
    assert "| DEV  | the first mask | fast    |         2 | 0.500 | 0.400 | 0.600 |" in card
    assert "- `vosapp b`: code abc, 2026-11-29\n" in card
    assert "- `vosapp b`: code abc, 2026-11-29, **with other weights: net-small" in card


def test_calibration_is_told(save, tmp_path):
    path, copy = save(TRAINING), tmp_path / "copy.safetensors"
    assert row_of(make_card(path), "confidence and absence")[0].startswith("not fitted")
    fitted = {"data": ["DEV"], "quality": "fast"}
    copy_calibrated(path, copy, calibration={"faint": 0.5}, fitted=fitted)
    told = row_of(make_card(copy), "confidence and absence")
    assert told == ["fitted (data DEV, quality fast): faint 0.5"]


def test_labels_have_to_be_said(save, tmp_path):
    with pytest.raises(UsageError, match="which labels net-small"):
        make_card(save({"steps": 3}))
    with pytest.raises(CheckpointMissing):
        make_card(tmp_path / "none.safetensors")


@pytest.mark.parametrize(
    "text", ["about =", "abuot = 'x'", "earlier = 3", "earlier = [3]", "about = " + "[" * 9000]
)
def test_notes_that_make_no_sense(tmp_path, text):
    path = tmp_path / "w.notes.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="cannot be read as notes"):
        read_notes(path)
