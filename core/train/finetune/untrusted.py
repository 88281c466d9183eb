"""Weights out of a stranger's file, such as a project that somebody has sent."""

from __future__ import annotations

import json
from pathlib import Path

from core.errors import CheckpointMismatch
from core.nn.checkpoints import load_weights, read_info, require_system
from core.train.method import Finetunes
from core.train.recipe import Recipe


def require_sound(path: Path, recipe: Recipe) -> None:
    """Refuse weights that are no network of a recipe, so that nothing of their making is built.

    A checkpoint that a user names may describe a network of any size; one that comes with
    somebody's file has to be a known preset, and its numbers have to be finite.

    Raises:
        CheckpointMissing, CheckpointMismatch: not there, damaged, of another system or shape.
    """
    info = read_info(path)
    require_system(info, recipe.system, path)
    known = ", ".join(recipe.presets)
    if info.preset not in recipe.presets:
        msg = f"{path.name} describes a network that vosapp does not have."
        raise CheckpointMismatch(msg, f"Use weights made by vosapp: {known}.")
    method: Finetunes = recipe.load()
    kept = method.weights(method.network(info.preset))
    if kept.system != info.system or json.loads(json.dumps(kept.config)) != info.config:
        msg = f"{path.name} describes a network that vosapp does not have."
        raise CheckpointMismatch(msg, f"Use weights made by vosapp: {known}.")
    load_weights(path, kept.module)
    for name, tensor in kept.module.state_dict().items():
        if not tensor.isfinite().all():
            msg = f"{path.name} is damaged: numbers in {name} are not finite."
            raise CheckpointMismatch(msg, "Train the weights again, or use others.")
