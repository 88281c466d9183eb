"""Which ways to train there are, with their options, and the usual values. No torch."""

from __future__ import annotations

from pathlib import Path

from core.engine.registry import recipe_of, systems
from core.errors import CheckpointMissing
from core.train.recipe import Option, Recipe
from vosapp.assets import bundled_start
from vosapp.services.training.run_values import RecipeOffer
from vosapp.services.training.values import Survey

OWN = frozenset({"boxes", "dense", "masks", "notes"})
"""Options that the chosen data fill."""
BOXES, MASKS = "boxes", "masks"
"""A stage with an option of the first name learns from boxes and masks; of the second, from masks
alone."""
BUNDLED = "bundled"


def offers() -> tuple[RecipeOffer, ...]:
    """All systems that can be trained: first those that learn from labels, last those that carry
    no masks, which nothing can score.
    """
    found = [spec for spec in systems().values() if spec.recipe]
    made = [(not spec.tracks, _offer(spec.name, spec.title)) for spec in found]
    made.sort(key=lambda one: (one[0], not one[1].needs_labels))
    return tuple(offer for _, offer in made)


def _offer(system: str, title: str) -> RecipeOffer:
    recipe = recipe_of(system)
    stage = stage_of(recipe, "", labels=True)
    labels, masks = needs_labels(system, stage), needs_masks(system, stage)
    starts = (default_start(system, preset) for preset in recipe.presets)
    options = tuple(o for o in _options_of(recipe, stage) if o.name not in OWN)
    return RecipeOffer(
        system,
        title,
        recipe.help,
        recipe.presets,
        options,
        needs_labels=labels,
        stage=stage,
        starts=tuple(path.stem for path in starts if path),
        learns=recipe.stage(stage).title,
        needs_masks=masks,
    )


def stage_of(recipe: Recipe, asked: str, *, labels: bool) -> str:
    """The stage that a run trains.

    Args:
        recipe: of the system.
        asked: a name, or empty for the usual stage.
        labels: there are boxes or masks to learn from.

    Raises:
        UsageError: there is no stage of that name.
    """
    if asked:
        return recipe.stage(asked).name
    learning = [o for o in recipe.options if o.name in (BOXES, MASKS) and o.stages]
    return learning[0].stages[0] if labels and learning else recipe.default_stage


def needs_labels(system: str, stage: str) -> bool:
    """Whether a run of a system learns from boxes or masks."""
    return bool({BOXES, MASKS} & _labels_of(system, stage))


def needs_masks(system: str, stage: str) -> bool:
    """Whether a run of a system learns from masks, and from no boxes."""
    return {BOXES, MASKS} & _labels_of(system, stage) == {MASKS}


def _labels_of(system: str, stage: str) -> set[str]:
    recipe = recipe_of(system)
    chosen = stage_of(recipe, stage, labels=True)
    return {option.name for option in _options_of(recipe, chosen)}


def _options_of(recipe: Recipe, stage: str) -> tuple[Option, ...]:
    every = (*recipe.options, *recipe.loop_options)
    return tuple(o for o in every if not o.stages or stage in o.stages)


def default_start(system: str, preset: str) -> Path | None:
    """The bundled weights that a run starts from; None where none are bundled."""
    try:
        return bundled_start(system, preset)
    except CheckpointMissing:
        return None


def usual_minutes(found: Survey, device: str) -> float:
    """Minutes that are worth while for so much data.

    Args:
        found: what is learned from.
        device: one of `device_choices`.

    Returns:
        10 to 120 on a processor, for a few boxes to a few thousand; a third of it elsewhere.
    """
    labels = found.counted.boxes + found.counted.masks
    minutes = 10.0 if not labels else min(120.0, max(10.0, 5.0 * round(labels**0.5 * 0.8)))
    return minutes if device_of(device) == "cpu" else max(5.0, round(minutes / 3))


def device_choices() -> tuple[str, ...]:
    """Devices of this machine, "auto" first. Imports torch."""
    from core.device import present_devices

    return ("auto", *present_devices())


def device_of(name: str) -> str:
    """The device that computes where one of `device_choices` is asked for. Auto imports torch."""
    if name != "auto":
        return name
    from core.device import choose_device

    return str(choose_device(name).type)
