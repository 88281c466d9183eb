"""How this system learns: its networks, and what its stage trains (`core.train.method`)."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

from torch import nn

from core.data.frame_clips import FrameClipConfig, FrameClipDataset
from core.errors import UsageError
from core.losses.photometric_kind import Photometric
from core.nn.checkpoints import load_weights, read_info, require_config, require_system
from core.nn.synced_norm import sync_batch_norm
from core.systems.appearance_motion.config import FLOW, PRESETS, NetworkConfig, Pairing
from core.systems.appearance_motion.model import AppearanceMotion, new_network
from core.systems.appearance_motion.spec import RECIPE, SYSTEM
from core.systems.appearance_motion.train import LossConfig, synthesis_step
from core.train.labels import IMAGENET_CLASSES
from core.train.method import Stage, Weights
from core.train.recipe import Values
from core.train.team import Team


class AppearanceMotionMethod:
    """The method of the recipe; see `core.train.method.Method`."""

    def network(self, preset: str) -> nn.Module:
        """See `Method.network`."""
        RECIPE.require_preset(preset)
        return new_network(PRESETS[preset])

    def shaped_network(self, preset: str, options: Values) -> nn.Module:
        """See `core.train.method.ShapedByOptions`: segments and order make it another network."""
        RECIPE.require_preset(preset)
        return new_network(PRESETS[preset].shaped(options))

    def start_from(self, network: nn.Module, preset: str, weights: Path) -> None:
        """See `Method.start_from`."""
        ours, info = _ours(network), read_info(weights)
        require_system(info, SYSTEM, weights)
        require_config(info, ours.config.to_dict(), preset=preset, path=weights)
        load_weights(weights, ours)

    def require_possible(self, _stage: str, preset: str, options: Values) -> None:
        """See `Method.require_possible`."""
        clip_config(options)
        require_crop(int(options["crop"]), PRESETS[preset])

    def stage(self, name: str, network: nn.Module, options: Values, team: Team) -> Stage:  # noqa: ARG002 - there is one
        """See `Method.stage`."""
        ours, loss, clips = _ours(network), loss_config(options), clip_config(options)
        if team.size > 1:
            sync_batch_norm(ours)
        # A team waits for the gradients of all that learns.
        ours.motion.requires_grad_(not loss.fate)
        step = synthesis_step(team.parallel(ours), ours, loss)
        said: dict[str, object] = {
            "clips": asdict(clips),
            "photometric": loss.name,
            "pairing": loss.pairing.value,
            "labels": IMAGENET_CLASSES if ours.config.needs_backbone else "",
        }

        def weights() -> tuple[Weights, ...]:
            told: dict[str, object] = {"channel": ours.channel}
            return (Weights("weights", ours, SYSTEM, ours.config.to_dict(), told),)

        samples = partial(FrameClipDataset, config=clips)
        return Stage(ours, samples, step, weights, training=said)


def loss_config(options: Values) -> LossConfig:
    """How frames are compared."""
    pairing = Pairing(str(options["pairing"]))
    if options["loss"] == FLOW:
        return LossConfig(pairing=pairing, fate=True)
    return LossConfig(Photometric(str(options["loss"])), pairing)


def clip_config(options: Values) -> FrameClipConfig:
    """How clips are drawn."""
    side = int(options["crop"])
    return FrameClipConfig(
        batch=int(options["batch"]),
        size=(side, side),
        frames=int(options["frames"]),
        gap=float(options["gap"]),
        flow=bool(options["dis"]) or options["loss"] == FLOW,
    )


def require_crop(crop: int, config: NetworkConfig) -> None:
    """Raise `UsageError` unless a training image of this side fits the network."""
    if crop % config.stride:
        msg = f"Training images of {crop} px do not fit this network."
        raise UsageError(msg, f"Give --crop a multiple of {config.stride}.")


def _ours(network: nn.Module) -> AppearanceMotion:
    if not isinstance(network, AppearanceMotion):
        msg = f"{type(network).__name__} is no network of {SYSTEM}."
        raise TypeError(msg)
    return network
