"""How people write what is to be done to masks."""

from __future__ import annotations

import pytest

from core.cleaning import AUTO, DEFAULT, NONE, Cleaning, parse_cleaning
from core.errors import UsageError

TEXTS = {
    "none": NONE,
    "default": DEFAULT,
    "islands=auto": DEFAULT,
    "islands=50": Cleaning(islands=50),
    "keep=1, grow=2": Cleaning(keep=1, grow=2),
    "grow=-3": Cleaning(grow=-3),
    "shrink=3": Cleaning(grow=-3),
    "SMOOTH=4,feather=1.5": Cleaning(smooth=4, feather=1.5),
    "default,holes=9,grow=1": Cleaning(islands=AUTO, holes=9, grow=1),
}


@pytest.mark.parametrize("text", TEXTS)
def test_texts_mean_what_they_say(text):
    assert parse_cleaning(text) == TEXTS[text]


@pytest.mark.parametrize("cleaning", TEXTS.values())
def test_its_own_text_is_read_back(cleaning):
    assert parse_cleaning(cleaning.text) == cleaning


@pytest.mark.parametrize(
    "text",
    [
        *("", "nothing", "islands", "islands=", "islands=some", "islands=-1", "keep=-1"),
        *("grow=1.5", "smooth=-2", "shrink=-2", "feather=-1", "feather=nan", "feather=1e3"),
        *("grow=1,grow=2", "grow=1,shrink=2", "none,grow=1", "smooth=201", "keep=99999999999"),
        *("erased=1", "islands=auto,,holes=auto", "grow=\u0662", "default,default"),
    ],
)
def test_nonsense_is_refused_in_plain_words(text):
    with pytest.raises(UsageError) as refused:
        parse_cleaning(text)
    assert refused.value.message.endswith(".")
    assert "\n" not in str(refused.value)


def test_feathering_alone_changes_no_label_map():
    assert not Cleaning(feather=2).changes_masks
    assert Cleaning(feather=2, grow=1).changes_masks
    assert Cleaning(erased=(((0, 0), (4, 0), (4, 4)),)).changes_masks


@pytest.mark.parametrize(
    "outline",
    [
        ((0.0, 0.0), (1.0, 1.0)),
        ((0.0, 0.0), (1.0, 1.0), (float("nan"), 0.0)),
        ((0.0, 0.0), (1.0, 1.0), (float("inf"), 0.0)),
        ((0.0, 0.0), (1.0, 1.0), (0.0,)),
        ((0.0, 0.0), (1.0, 1.0), ("0", 0.0)),
    ],
)
def test_areas_to_erase_are_checked(outline):
    with pytest.raises(UsageError):
        Cleaning(erased=(outline,))


def test_values_of_other_kinds_are_refused():
    with pytest.raises(UsageError):
        Cleaning(grow=1.0)
    with pytest.raises(UsageError):
        Cleaning(keep=True)
