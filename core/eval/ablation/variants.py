"""The table of variants: a TOML or JSON file of the user's.

Each table of it is a variant; what it does not name stays as the command has it::

    [plain]                        # nothing changed: the row to compare with

    [wide]
    config.radius = 16             # fields of the system's config: `vosapp ablate --fields`
    config.feedback.power = 3.0

    [longer]
    weights = "run/weights.safetensors"   # beside this file
    adapt = true                   # or "unet", which is the same, or "target"

    [boxes]
    train.stage = "boxes"          # options of `vosapp train`; paths are beside this file, too
    train.boxes = "SET"
    train.minutes = 3
    train.after = "composites"     # starts from what this variant, which trains, has learned
    seeds = 3                      # three variants, one after the other

    [found]
    given = "nothing"              # objects are found without a prompt, all of a frame as one
    refine = "field"               # how edges are followed

    [flow]
    given = "nothing"
    finder = "flow-magnitude"      # a baseline of core.eval.unprompted, in place of the system

    ["boxes without pairwise"]
    like = "boxes"                 # what an earlier variant says, with changes
    train.pairwise = 0
    seeds = 1
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from core.discovery.masks import USUAL, Refinement
from core.errors import UsageError
from core.eval.starts import Start
from core.eval.tables import COMMON, Kinds, Known, earlier, read_tables, seeded

KINDS: Kinds = {
    "config": (dict,),
    "weights": (str,),
    "adapt": (bool, str),
    "paper_mode": (bool,),
    "keyframes": (int,),
    "late_entries": (bool,),
    "given": (str,),
    "finder": (str,),
    "refine": (str,),
    "back_and_forth": (bool,),
    **COMMON,
}
"""What a variant may say."""
NOTHING = "nothing"
"""In the place of a `Start`: objects are found without a prompt (`core.eval.unprompted`)."""
GIVEN = (*(start.value for start in Start), NOTHING)
REFINED = tuple(one.value for one in Refinement)
ADAPTATIONS = (True, False, "unet", "target")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of running a system.

    Attributes:
        name: as the file has it.
        said: what the file says of it, as one line of JSON.
        config: fields of the system's config that are changed; mappings for configs within it.
        weights: others than those of the command.
        adapt: as `--adapt unet` of `vosapp benchmark`.
        target: as `--adapt target` of it.
        paper_mode, keyframes, late_entries, given, back_and_forth: as its other options; given
            "nothing" all objects of a frame are found as one, on all frames.
        finder: what finds them in the place of the system: a baseline of `core.eval.unprompted`.
        refine: how their edges are followed (`core.discovery.masks.Refinement`).
        train: options of `vosapp train`, whose weights it runs with; none for one that trains
            nothing.
        group: name of the table, which it shares with those of other seeds.
    """

    name: str
    said: str = "{}"
    config: Mapping[str, object] = field(default_factory=dict)
    weights: Path | None = None
    adapt: bool = False
    target: bool = False
    paper_mode: bool = False
    keyframes: int = 1
    late_entries: bool = False
    given: str = Start.MASK.value
    back_and_forth: bool = False
    finder: str = ""
    refine: str = USUAL.value
    train: Mapping[str, object] = field(default_factory=dict)
    group: str = ""


def read_variants(path: Path) -> tuple[Variant, ...]:
    """Variants of a file, in its order.

    Raises:
        UsageError: the file cannot be read, or says what makes no sense.
    """
    known: dict[str, dict[str, Any]] = {}
    found = list[Variant]()
    for name, values in read_tables(path, KINDS, what="variant").items():
        known[name] = _started(name, values, known)
        found += [
            replace(_variant(own, said, path), group=name)
            for own, said in seeded(name, known[name])
        ]
    return tuple(found)


def _started(name: str, values: dict[str, Any], known: Known) -> dict[str, Any]:
    """What a variant says, with the training that its own begins after.

    All that it depends on is part of what it says, so that its weights are known by it.
    """
    after = values.get("train", {}).get("after")
    if after is None:
        return values
    first = earlier(name, after, known).get("train")
    if not first:
        msg = f"[{name}] trains after {after}, which trains nothing."
        raise UsageError(msg, f"Give {after} train, or leave after out.")
    return {**values, "train": {**values["train"], "after": first}}


def _check_finding(name: str, values: dict[str, Any]) -> None:
    """Refuse what has no meaning where objects are found, and the reverse."""
    nothing = values.get("given") == NOTHING
    alien = ("config", "adapt", "paper_mode", "keyframes", "late_entries", "back_and_forth")
    wrong = [key for key in (alien if nothing else ("finder", "refine")) if key in values]
    if wrong:
        way = "with" if nothing else "without"
        msg = f"The variant {name} says {wrong[0]}, which has no meaning {way} given = {NOTHING}."
        raise UsageError(msg, "Leave it out.")
    if values.get("refine", USUAL.value) not in REFINED:
        msg = f"The variant {name} says refine = {values['refine']!r}."
        raise UsageError(msg, f"Choose from {', '.join(REFINED)}.")


def _variant(name: str, values: dict[str, Any], path: Path) -> Variant:
    adapt = values.get("adapt", False)
    if adapt not in ADAPTATIONS:
        msg = f"The variant {name} says adapt = {adapt!r}."
        raise UsageError(msg, "It must be true, false, unet or target.")
    if values.get("keyframes", 1) < 1:
        raise UsageError(f"The variant {name} gives no keyframe.", "Give 1 or more.")
    if values.get("given", Start.MASK.value) not in GIVEN:
        msg = f"The variant {name} is given {values['given']!r}."
        raise UsageError(msg, f"Choose from {', '.join(GIVEN)}.")
    _check_finding(name, values)
    if values.get("paper_mode") and adapt == "target":
        msg = f"The variant {name} has paper_mode, which belongs to adapt = true."
        raise UsageError(msg, "Leave paper_mode out.")
    if values.get("paper_mode") and not adapt:
        raise UsageError(f"The variant {name} has paper_mode without adapt.", "Add adapt = true.")
    if "weights" in values and values.get("train"):
        msg = f"The variant {name} has weights, and trains some."
        raise UsageError(msg, "Leave one of them out; train.init starts from weights.")
    weights = values.get("weights")
    said = json.dumps(values, sort_keys=True)
    options = cast("dict[str, Any]", {k: v for k, v in values.items() if k != "weights"})
    options |= {"adapt": adapt in (True, "unet"), "target": adapt == "target"}
    return Variant(
        name,
        said,
        weights=None if weights is None else path.parent / weights,
        **options,
    )
