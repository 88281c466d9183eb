"""Options of recipes: what values they take."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from core.engine.registry import system_spec, systems
from core.errors import UsageError
from core.train.from_table import request_of
from core.train.recipe import Option

WORDS = Option("prior", str, "what comes first", "", choices=("rules", "maps"))


@pytest.mark.parametrize("value", ["rules", "maps", ""])
def test_a_choice_or_the_default_is_possible(value):
    WORDS.require_possible(value)


@pytest.mark.parametrize("value", ["map", 3, True])
def test_another_word_is_refused_with_those_that_there_are(value):
    with pytest.raises(UsageError, match="--prior cannot be") as caught:
        WORDS.require_possible(value)
    assert "one of rules, maps" in caught.value.hint


def test_options_that_are_words_list_them():
    recipes = [spec.recipe for spec in systems().values() if spec.recipe]
    words = [o for recipe in recipes for o in recipe.all_options if o.kind is str]
    assert {"prior", "loss", "pairing", "without"} <= {option.name for option in words}
    assert all(option.choices for option in words)
    (loss,) = (option for option in words if option.name == "loss")
    assert loss.choices == ("code", "paper", "census", "flow")


def test_a_recipe_has_its_own_rate_where_a_run_starts_from_nothing(tmp_path):
    recipe = replace(system_spec("box_supervised").recipe, rate=0.25)
    assert recipe.usual("composites", refines=False)["rate"] == 0.25
    assert recipe.usual("boxes", refines=True)["rate"] == 1e-4
    values = {"videos": "clips", "steps": 1}
    asked = partial(request_of, recipe, out=tmp_path, folder=tmp_path, device="cpu")
    assert asked(values).length.learning_rate == 0.25
    assert asked(values | {"rate": 0.5}).length.learning_rate == 0.5
