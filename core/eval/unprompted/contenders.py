"""What is compared: baselines, and systems with weights, each with what is asked of it.

Contenders can be named in a TOML or JSON file, one table each::

    [flow]
    finder = "flow-magnitude"          # a baseline, or a system; the default is that of the weights

    [lite]
    weights = "run/weights.safetensors"   # beside this file

    [lite-adapted]
    weights = "run/weights.safetensors"
    adapt_steps = 100
    seed = 1
    vote = true
    refine = "field"
    short_side = 256

    [six]
    finder = "SYSTEM"
    train.preset = "lite"              # options of `vosapp train`; paths are beside this file, too
    train.videos = "UNLABELED"
    train.steps = 300
    train.segments = 6
    seeds = 3                          # three contenders, one after the other

    [eight]
    like = "six"                       # what an earlier one says, with changes
    train.segments = 8
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.discovery.contract import Discoverer, DiscoveryRequest
from core.discovery.masks import USUAL, Refinement
from core.engine.finding.build import FindingRequest, build_finder
from core.errors import UsageError
from core.eval.tables import COMMON, Kinds, read_tables, seeded
from core.eval.unprompted.baselines import BASELINES, WITH_BACKBONE
from core.nn.checkpoints import read_info
from core.nn.lite0_file import find_backbone
from core.tracking.contract import TrackerRequest

KINDS: Kinds = {
    "finder": (str,),
    "weights": (str,),
    "adapt_steps": (int,),
    "seed": (int,),
    "vote": (bool,),
    "refine": (str,),
    "short_side": (int,),
    **COMMON,
}
"""What a contender may say."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way of finding objects.

    Attributes:
        name: of the row.
        finder: name of a baseline, or of a system.
        weights: of a system.
        adapt_steps, seed, short_side: see `core.discovery.contract.DiscoveryRequest`.
        vote: let propagations of the surest frames vote.
        refine: how edges are followed.
        train: options of `vosapp train`, whose weights it takes; none for one that trains nothing.
        group: name of the table, which it shares with those of other seeds.
    """

    name: str
    finder: str
    weights: Path | None = None
    adapt_steps: int = 0
    seed: int = 0
    vote: bool = False
    refine: Refinement = USUAL
    short_side: int | None = None
    train: Mapping[str, object] = field(default_factory=dict)
    group: str = ""

    @property
    def said(self) -> str:
        """All that changes what comes out but weights and seed, as one line of JSON."""
        told = {
            "finder": self.finder,
            "adapt_steps": self.adapt_steps,
            "vote": self.vote,
            "refine": self.refine.value,
            "short_side": self.short_side,
            **({"train": dict(self.train)} if self.train else {}),
        }
        return json.dumps(told, sort_keys=True)

    def make(self, tracker: TrackerRequest, device: str) -> Discoverer:
        """Build it.

        Args:
            tracker: carries masks, for votes.
            device: where it computes.

        Raises:
            VosError: of the kinds that `build_finder` names.
        """
        if self.finder in BASELINES:
            return BASELINES[self.finder]()
        discovery = DiscoveryRequest(
            device,
            self.weights,
            adapt_steps=self.adapt_steps,
            seed=self.seed,
            short_side=self.short_side,
        )
        return build_finder(
            FindingRequest(self.finder, discovery, tracker, vote=self.vote, refinement=self.refine)
        )


def baselines() -> tuple[Contender, ...]:
    """All trivial baselines, those on the ImageNet backbone only where it is installed."""
    left_out = WITH_BACKBONE if find_backbone() is None else frozenset[str]()
    return tuple(Contender(name, name) for name in BASELINES if name not in left_out)


def with_weights(weights: Path, adapt_steps: tuple[int, ...], *, vote: bool) -> list[Contender]:
    """Contenders of one file of weights, one for each number of steps.

    Raises:
        CheckpointMissing, CheckpointMismatch: the weights cannot be read.
    """
    info = read_info(weights)
    name = f"{info.system}-{info.preset}"
    return [
        Contender(f"{name}+{steps}" if steps else name, info.system, weights, steps, vote=vote)
        for steps in adapt_steps
    ]


def read_contenders(path: Path) -> tuple[Contender, ...]:
    """Contenders of a file, in its order.

    Raises:
        UsageError: the file cannot be read, or says what makes no sense.
        CheckpointMissing, CheckpointMismatch: weights whose system it does not name.
    """
    return tuple(
        replace(_contender(own, said, path), group=name if own != name else "")
        for name, values in read_tables(path, KINDS, what="contender").items()
        for own, said in seeded(name, values)
    )


def _contender(name: str, values: Mapping[str, Any], path: Path) -> Contender:
    weights = path.parent / values["weights"] if "weights" in values else None
    finder = values.get("finder") or (read_info(weights).system if weights else "")
    refine = values.get("refine", USUAL.value)
    if not finder or refine not in [one.value for one in Refinement]:
        msg = f"{name} in {path} says neither finder nor weights, or an unknown refine."
        raise UsageError(msg, f"A finder is a system, or one of {', '.join(BASELINES)}.")
    options = {
        k: v for k, v in values.items() if k in ("adapt_steps", "seed", "vote", "short_side")
    }
    train = values.get("train", {})
    return Contender(name, finder, weights, refine=Refinement(refine), train=train, **options)
