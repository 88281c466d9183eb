"""A run of training as a table says it: options by name, as `vosapp train` has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.errors import UsageError
from core.train.config import FitConfig
from core.train.recipe import Option, Recipe, Value
from core.train.request import TrainRequest

OTHERS: dict[str, type] = {
    "stage": str,
    "preset": str,
    "videos": Path,
    "images": Path,
    "init": Path,
    "steps": int,
    "minutes": float,
}
"""What a table may say beside the options of a recipe."""


def request_of(
    recipe: Recipe, values: Mapping[str, object], *, out: Path, folder: Path, device: str
) -> TrainRequest:
    """The run that a table asks for.

    Args:
        recipe: of the system.
        values: by the names of the options of `vosapp train`.
        out: run folder; a run that is there goes on.
        folder: what relative paths are meant from.
        device: "auto", "cpu", "cuda" or "mps".

    Raises:
        UsageError: an unknown name, or a value of another kind.
        TrainingError: no length, or two.
    """
    options = {option.name: option for option in recipe.all_options}
    read = {name: _read(name, value, options, folder) for name, value in values.items()}
    stage = str(read.pop("stage", recipe.default_stage))
    preset = str(read.pop("preset", recipe.default_preset))
    paths = {name: _path(read.pop(name, None)) for name in ("videos", "images", "init")}
    length = {name: read.pop(name, None) for name in ("steps", "minutes")}
    refines = paths["init"] is not None
    usual = {o.name: o.usual(stage, refines=refines) for o in recipe.loop_options}
    loop = {name: read.pop(name, value) for name, value in usual.items()}
    steps, minutes = length["steps"], length["minutes"]
    return TrainRequest(
        recipe,
        out,
        FitConfig(
            None if steps is None else int(steps),
            None if minutes is None else float(minutes),
            learning_rate=float(loop["rate"]),
            bf16=bool(loop["bf16"]),
        ),
        preset,
        stage,
        read,
        videos=paths["videos"],
        images=paths["images"],
        init=paths["init"],
        resume=True,
        device=device,
        seed=int(loop["seed"]),
        workers=0,
    )


def _read(name: str, value: object, options: Mapping[str, Option], folder: Path) -> Value:
    kind = options[name].kind if name in options else OTHERS.get(name)
    if kind is None:
        msg = f"There is no option {name} of training."
        raise UsageError(msg, f"There are: {', '.join([*OTHERS, *options])}.")
    if kind is Path and isinstance(value, str):
        return str(folder / value) if value else ""
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind and isinstance(value, int | float | str):
        return value
    msg = f"The option {name} of training says {value!r}."
    raise UsageError(msg, f"It must be {'a path' if kind is Path else f'of type {kind.__name__}'}.")


def _path(value: Value | None) -> Path | None:
    return Path(str(value)) if value else None
