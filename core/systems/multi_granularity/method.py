"""How this system learns: its network, and what its stage trains (`core.train.method`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from torch import nn

from core.data.pack_origin import Wanted
from core.data.video_abstracts import AbstractBatch, AbstractConfig, AbstractDataset
from core.errors import UsageError
from core.media.file_hash import named_hash, short_hash
from core.nn.checkpoints import load_weights, read_info, require_config, require_system
from core.nn.lite0_file import find_backbone, require_backbone
from core.nn.resnet_classifier import read_classifier
from core.nn.synced_norm import sync_batch_norm
from core.systems.multi_granularity.config import PRESETS, STEP, STRIDE
from core.systems.multi_granularity.granularities import Granularities, Terms, patch_side
from core.systems.multi_granularity.model import MultiGranularity, new_network
from core.systems.multi_granularity.priors import prior_of
from core.systems.multi_granularity.rounds import Rounds
from core.systems.multi_granularity.spec import CAM, RECIPE, SYSTEM
from core.text import visible
from core.train.labels import BETWEEN, IMAGENET_CLASSES, united
from core.train.method import Stage, Weights
from core.train.recipe import Values
from core.train.team import Team
from core.train.terms import LossTerms

PARTS = 1000
"""Parts of the videos that `--share` counts in."""


class MultiGranularityMethod:
    """The method of the recipe; see `core.train.method.Method`."""

    def network(self, preset: str) -> nn.Module:
        """See `Method.network`."""
        RECIPE.require_preset(preset)
        return new_network(PRESETS[preset])

    def start_from(self, network: nn.Module, preset: str, weights: Path) -> None:
        """See `Method.start_from`."""
        ours, info = _ours(network), read_info(weights)
        require_system(info, SYSTEM, weights)
        require_config(info, ours.config.to_dict(), preset=preset, path=weights)
        load_weights(weights, ours)

    def require_possible(self, _stage: str, preset: str, options: Values) -> None:
        """See `Method.require_possible`."""
        config = abstract_config(options)
        if config.crop % STEP or config.crop // STRIDE < PRESETS[preset].lattice:
            msg = f"Training images of {config.crop} px do not fit this network."
            least = STRIDE * PRESETS[preset].lattice
            raise UsageError(msg, f"Give --crop a multiple of {STEP}, {least} or more.")
        if options["classifier"] and options["prior"] != CAM:
            msg = "A classifier makes class-activation maps, and the prior is another one."
            raise UsageError(msg, f"Add --prior {CAM}, or leave --classifier out.")
        if options["classifier"]:
            read_classifier(Path(str(options["classifier"])))
        elif options["prior"] == CAM:
            require_backbone(find_backbone())
        if options["video"] and config.batch < 2:
            msg = "One video alone cannot be told from others."
            raise UsageError(msg, "Give --batch 2 or more, or --video 0.")

    def wanted(self, _stage: str, options: Values) -> Wanted:
        """See `core.train.method.ChoosesVideos`: a share of the videos."""
        share = float(options["share"])
        return Wanted(leaves_out=lambda name: _place(name) >= share * PARTS)

    def stage(self, name: str, network: nn.Module, options: Values, team: Team) -> Stage:  # noqa: ARG002 - there is one
        """See `Method.stage`."""
        ours, config, terms = _ours(network), abstract_config(options), terms_of(options)
        rest_idle(ours, terms)
        if team.size > 1:
            sync_batch_norm(ours)
        rounds = Rounds(ours, int(options["rounds"]), alpha=float(options["alpha"]))
        parallel = team.parallel(Granularities(ours, terms))
        classifier = Path(str(options["classifier"])) if options["classifier"] else None
        prior = prior_of(str(options["prior"]), find_backbone(), classifier=classifier)
        samples = partial(AbstractDataset, config=config, prior=prior, kept_as=prior.name)
        return Stage(
            rounds,
            samples,
            granularities_step(parallel, rounds, terms),
            lambda: (Weights("weights", ours, SYSTEM, ours.config.to_dict()),),
            training=_said(options, config, terms, labels=_labels(ours, options)),
            before_step=rounds.begin_due,
        )


def granularities_step(
    parallel: nn.Module, rounds: Rounds, terms: Terms
) -> Callable[[AbstractBatch], LossTerms]:
    """The training step.

    Args:
        parallel: `Granularities` as its team runs them.
        rounds: say what foreground is.
        terms: weights of the losses.
    """
    weights = terms.weights()

    def step(batch: AbstractBatch) -> LossTerms:
        target = rounds.targets(batch.frames, batch.prior)
        losses = parallel(batch.frames, batch.roles, batch.corners, target)
        return LossTerms({name: (losses[name], weights[name]) for name in weights})

    return step


def abstract_config(options: Values) -> AbstractConfig:
    """How samples are drawn."""
    batch, crop, frames = (int(options[name]) for name in ("batch", "crop", "frames"))
    return AbstractConfig(batch, crop, frames, patch_side(crop), STRIDE)


def terms_of(options: Values) -> Terms:
    """Weights of the losses."""
    frame, short, long, video = (float(options[n]) for n in ("frame", "short", "long", "video"))
    return Terms(frame, short, long, video)


def rest_idle(network: MultiGranularity, terms: Terms) -> None:
    """Parts that no loss reaches learn nothing; several processes would wait for gradients."""
    network.single.requires_grad_(bool(terms.frame))
    network.matcher.requires_grad_(bool(terms.long))
    for scale in (network.gain, network.offset):
        scale.requires_grad_(bool(terms.short))
    # Without all four the read-out learns alone, on features as they are.
    network.encoder.requires_grad_(any((terms.frame, terms.short, terms.long, terms.video)))


def _said(
    options: Values, config: AbstractConfig, terms: Terms, *, labels: str
) -> dict[str, object]:
    told = {name: options[name] for name in ("prior", "rounds", "alpha", "share")}
    return {"abstracts": asdict(config), "losses": asdict(terms), **told, "labels": labels}


def _labels(network: MultiGranularity, options: Values) -> str:
    own = str(options["classifier"])
    imagenet = network.config.needs_backbone or (options["prior"] == CAM and not own)
    return united(IMAGENET_CLASSES if imagenet else "", classes_of(Path(own)) if own else "")


def classes_of(classifier: Path) -> str:
    """What headers say of labels that a classifier has seen which a user brought: which one."""
    which = named_hash(visible(classifier.name), short_hash(classifier))
    return f"classes of the classifier {which}".replace(BETWEEN, ", ")


def _place(name: str) -> int:
    """Of a video among `PARTS`, by its name."""
    return int.from_bytes(hashlib.sha256(name.encode(errors="replace")).digest()[:4]) % PARTS


def _ours(network: nn.Module) -> MultiGranularity:
    if not isinstance(network, MultiGranularity):
        msg = f"{type(network).__name__} is no network of {SYSTEM}."
        raise TypeError(msg)
    return network
