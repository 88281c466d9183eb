"""How this system learns: its networks, and what each stage trains (`core.train.method`)."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from torch import nn

from core.data.composites.batches import MixedDataset
from core.data.pairs import PairConfig, PairDataset
from core.errors import UsageError
from core.nn.backbone import BACKBONE, BACKBONES
from core.nn.checkpoints import load_weights, read_info, require_config, require_system
from core.nn.synced_norm import sync_batch_norm
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.fused import FusedEncoder, fusion_step, new_encoder
from core.systems.self_supervised.model import KeyEncoder, RgbKeys
from core.systems.self_supervised.spec import (
    FIRST_STAGE,
    FUSION_STAGE,
    LABELS_STAGE,
    RECIPE,
    SYSTEM,
)
from core.systems.self_supervised.train import memory_step, pairwise_step
from core.systems.self_supervised.train_labels import EachApart, labels_step
from core.train.anchored import Anchored
from core.train.finetune.config import FinetuneConfig
from core.train.labels import IMAGENET_CLASSES
from core.train.method import Stage, Weights
from core.train.momentum import MOMENTUM, MomentumPair
from core.train.recipe import Values
from core.train.team import Team

Network = KeyEncoder | FusedEncoder | RgbKeys
REFERENCES = 5
"""Frames in the memory of the second stage, the first of the clip among them (paper, 3.2)."""
MEMORY_GAPS = (0.07, 0.14, 0.21, 0.34)
"""Seconds between neighbors in the memory stage; four of them lead back to the second reference."""


class SelfSupervised:
    """The method of the recipe; see `core.train.method.Method`."""

    def network(self, preset: str) -> nn.Module:
        """See `Method.network`."""
        return new_network(preset)

    def start_from(self, network: nn.Module, preset: str, weights: Path) -> None:
        """See `Method.start_from`."""
        start_from(_ours(network), preset, weights)

    def require_possible(self, stage: str, preset: str, options: Values) -> None:
        """See `Method.require_possible`."""
        stage_pairs(stage, options)
        if preset in BACKBONES and stage != FIRST_STAGE:
            msg = f"{preset} has no {stage} stage: its training ends with the {FIRST_STAGE} stage."
            raise UsageError(msg, f"Use --stage {FIRST_STAGE}.")
        if stage == FUSION_STAGE and not _is_fused(preset):
            fused = ", ".join(name for name in PRESETS if _is_fused(name))
            msg = f"There is no {stage} stage for {preset}: it has no ImageNet backbone."
            raise UsageError(msg, f"Use --preset with one of {fused}.")

    def stage(self, name: str, network: nn.Module, options: Values, team: Team) -> Stage:
        """See `Method.stage`."""
        encoder, radius = _ours(network), int(options["radius"])
        if team.size > 1:
            sync_batch_norm(encoder)
        pairs = stage_pairs(name, options)
        if name == LABELS_STAGE:
            blend = float(options["blend"])
            return _labels_stage(encoder, pairs, radius=radius, blend=blend, team=team)
        if isinstance(encoder, FusedEncoder) and name == FUSION_STAGE:
            return _fusion_stage(encoder, replace(pairs, drop=0.0), team=team)
        if name == FIRST_STAGE:
            return pairwise_stage(encoder, pairs, radius=radius, team=team)
        return _memory_stage(encoder, pairs, radius=radius, team=team)

    def stage_of_video(self, network: nn.Module, config: FinetuneConfig) -> Stage:
        """See `Finetunes.stage_of_video`.

        Batch norm stays as it was learned: a few pairs of one video are no measure of all.
        """
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        pairs = PairConfig(batch=config.batch, crop=config.crop, gaps=config.gaps)
        return pairwise_stage(_ours(network), pairs, radius=config.radius, team=Team())

    def weights(self, network: nn.Module) -> Weights:
        """See `Finetunes.weights`."""
        return _weights("weights", _ours(network))


def pairwise_stage(encoder: Network, pairs: PairConfig, *, radius: int, team: Team) -> Stage:
    """The first stage: each frame of a pair is rebuilt from the other."""
    step = pairwise_step(team.parallel(encoder), radius=radius, team=team)
    samples, said = partial(PairDataset, config=pairs), _said(pairs, radius)
    return Stage(encoder, samples, step, lambda: (_weights("weights", encoder),), training=said)


def _memory_stage(encoder: Network, pairs: PairConfig, *, radius: int, team: Team) -> Stage:
    pair = MomentumPair(encoder, momentum=MOMENTUM).train()
    step = memory_step(team.parallel(encoder), pair.memory, radius=radius, team=team)

    def weights() -> tuple[Weights, ...]:
        said: dict[str, object] = {"encoder": "of references, the moving average"}
        return _weights("weights", encoder), _weights("averaged", pair.memory, said)

    samples, said = partial(PairDataset, config=pairs), _said(pairs, radius)
    return Stage(pair, samples, step, weights, pair.follow, said)


def _labels_stage(
    encoder: Network, pairs: PairConfig, *, radius: int, blend: float, team: Team
) -> Stage:
    anchored = Anchored(encoder).train()
    step = labels_step(team.parallel(EachApart(encoder)), radius=radius, team=team)

    def weights() -> tuple[Weights, ...]:
        result = _weights("weights", anchored.blend(blend), {"blend": blend})
        return result, _weights("trained", encoder, {"blend": 1.0})

    samples, said = partial(MixedDataset, config=pairs), _said(pairs, radius)
    return Stage(anchored, samples, step, weights, training=said)


def _fusion_stage(encoder: FusedEncoder, pairs: PairConfig, *, team: Team) -> Stage:
    step = fusion_step(encoder, team=team)
    said: dict[str, object] = {"pairs": asdict(pairs)}
    samples = partial(PairDataset, config=pairs)
    return Stage(encoder, samples, step, lambda: (_weights("weights", encoder),), training=said)


def stage_pairs(stage: str, options: Values) -> PairConfig:
    """How a stage draws its samples.

    In the stage of labels half of a batch are pairs, and as many clips stand for the other.
    """
    batch, crop, widen = (int(options[name]) for name in ("batch", "crop", "widen"))
    if stage == LABELS_STAGE:
        return PairConfig(batch=max(1, batch // 2), crop=crop, widen=widen)
    if stage in (FIRST_STAGE, FUSION_STAGE):
        return PairConfig(batch=batch, crop=crop, widen=widen)
    return PairConfig(batch=batch, crop=crop, widen=widen, references=REFERENCES, gaps=MEMORY_GAPS)


def _said(pairs: PairConfig, radius: int) -> dict[str, object]:
    return {"pairs": asdict(pairs), "radius": radius}


def new_network(preset: str) -> Network:
    """A network with random weights.

    Raises:
        UsageError: no such preset.
        CheckpointMissing, CheckpointMismatch: see `new_encoder`.
    """
    if preset in PRESETS:
        return new_encoder(PRESETS[preset])
    RECIPE.require_preset(preset)
    return RgbKeys(BACKBONES[preset])


def _is_fused(preset: str) -> bool:
    return preset in PRESETS and PRESETS[preset].fused_channels > 0


def kept_part(network: Network) -> tuple[str, nn.Module]:
    """Whose weights a network's are (the `system` of a checkpoint), and the part that is kept."""
    if isinstance(network, RgbKeys):
        return BACKBONE, network.backbone
    return SYSTEM, network.keys if isinstance(network, FusedEncoder) else network


def start_from(network: Network, preset: str, path: Path) -> None:
    """Fill the part of a network that checkpoints keep.

    Raises:
        CheckpointMissing, CheckpointMismatch: not there, damaged, or of another network.
    """
    (system, part), wanted = kept_part(network), network.config
    info = read_info(path)
    require_system(info, system, path)
    if isinstance(network, FusedEncoder) and "fused_channels" not in info.config:
        part, wanted = network.keys.near, replace(network.config, fused_channels=0)
    require_config(info, wanted.to_dict(), preset=preset, path=path)
    load_weights(path, part)


def _weights(name: str, network: Network, training: dict[str, object] | None = None) -> Weights:
    system, part = kept_part(network)
    seen = {"labels": IMAGENET_CLASSES} if isinstance(network, FusedEncoder) else {}
    return Weights(name, part, system, network.config.to_dict(), seen | (training or {}))


def _ours(network: nn.Module) -> Network:
    if not isinstance(network, Network):
        msg = f"{type(network).__name__} is no network of {SYSTEM}."
        raise TypeError(msg)
    return network
