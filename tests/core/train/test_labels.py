"""Labels that weights have seen, of all their trainings."""

from __future__ import annotations

import pytest

from core.eval.card_facts import training_rows
from core.train.labels import united


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ((), "none"),
        (("", "none"), "none"),
        (("none", "boxes"), "boxes"),
        (("ImageNet classes", "boxes"), "ImageNet classes; boxes"),
        (("ImageNet classes; boxes", "boxes; masks"), "ImageNet classes; boxes; masks"),
    ],
)
def test_each_kind_once(seen, wanted):
    assert united(*seen) == wanted


def test_cards_say_each_kind_in_words():
    said = training_rows({"labels": "ImageNet classes; boxes"})["labels seen"]
    assert said == "classes of ImageNet, for the backbone alone; boxes"
