"""The bundled weights have cards that say what they are: `make cards` changes nothing."""

from __future__ import annotations

import pytest

from core.eval.cards import card_path, make_card, notes_path, read_notes
from core.eval.provenance import file_mark
from core.eval.scores_file import read_scores, scores_path
from core.nn.checkpoints import read_info
from vosapp import assets

WEIGHTS = sorted(assets.weights_dir().glob("*.safetensors"))


def test_there_are_weights():
    assert WEIGHTS


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda path: path.stem)
def test_the_card_is_what_would_be_made(weights):
    assert card_path(weights).read_text(encoding="utf-8") == make_card(weights)


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda path: path.stem)
def test_scores_are_those_of_these_weights(weights):
    scores = read_scores(scores_path(weights))
    assert scores
    assert {score.weights for score in scores} == {file_mark(weights)}


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda path: path.stem)
def test_notes_say_what_they_are_for_and_where_the_data_is_from(weights):
    notes = read_notes(notes_path(weights))
    assert notes.about and "## Sources" in notes.text and "Limits" in notes.text


@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda path: path.stem)
def test_notes_do_not_say_again_what_the_header_says(weights):
    """It would go unread: the header goes first."""
    assert not read_notes(notes_path(weights)).facts.keys() & read_info(weights).training.keys()


def test_nothing_lies_there_without_weights():
    beside = {path.name.split(".")[0] for path in assets.weights_dir().iterdir()}
    assert beside - {path.stem for path in WEIGHTS} == {"README"}
