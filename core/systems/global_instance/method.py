"""How this system learns: its networks, and what each stage trains (`core.train.method`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from torch import nn

from core.data.box_lists import ClipBoxes, read_mask_list
from core.data.clips.films import boxed_films
from core.data.clips.sample import ClipConfig
from core.data.dense_labels import made_of_boxes
from core.data.frame_pack import FramePack
from core.data.pack_origin import Wanted
from core.data.splits import is_held_out
from core.errors import UsageError
from core.nn.checkpoints import load_weights, read_info, require_config, require_system
from core.systems.global_instance.build import new_network
from core.systems.global_instance.clips import ClipNetwork
from core.systems.global_instance.config import PRESETS
from core.systems.global_instance.model import GlobalInstanceNetwork
from core.systems.global_instance.spec import MASKS_STAGE, RECIPE, SYSTEM
from core.systems.global_instance.train import LossWeights, clip_step
from core.train.clip_batches import ClipDataset
from core.train.clip_groups import ClipGroups
from core.train.labels import IMAGENET_CLASSES, united
from core.train.method import Stage, Weights
from core.train.recipe import Values
from core.train.team import Team

POWER = 1.0
"""Of the schedule "poly": the rate falls in a straight line (section 3.4)."""


class GlobalInstance:
    """The method of the recipe; see `core.train.method.Method`."""

    def __init__(self) -> None:
        self._read: dict[str, dict[str, ClipBoxes]] = {}

    def network(self, preset: str) -> nn.Module:
        """See `Method.network`."""
        RECIPE.require_preset(preset)
        return new_network(PRESETS[preset])

    def shaped_network(self, preset: str, options: Values) -> nn.Module:
        """See `core.train.method.ShapedByOptions`: parts can be left out."""
        RECIPE.require_preset(preset)
        return new_network(PRESETS[preset].without(str(options["without"])))

    def start_from(self, network: nn.Module, preset: str, weights: Path) -> None:
        """See `Method.start_from`."""
        ours, info = _ours(network), read_info(weights)
        require_system(info, SYSTEM, weights)
        require_config(info, ours.config.to_dict(), preset=preset, path=weights)
        load_weights(weights, ours.learned())

    def require_possible(self, stage: str, _preset: str, options: Values) -> None:
        """See `Method.require_possible`."""
        clip_config(stage, options)
        if stage == MASKS_STAGE:
            if not options["masks"]:
                msg = f"The {MASKS_STAGE} stage learns from label maps of --videos."
                raise UsageError(msg, "Give the folder of the label maps with --masks FOLDER.")
            self._label_maps(options)

    def wanted(self, stage: str, options: Values) -> Wanted:
        """See `core.train.method.ChoosesVideos`: held-out clips train nothing at all."""
        told = self._label_maps(options) if stage == MASKS_STAGE else {}
        frames = {clip: frozenset(boxes.frames) for clip, boxes in told.items()}
        return Wanted(frames, is_held_out)

    def stage(self, name: str, network: nn.Module, options: Values, team: Team) -> Stage:
        """See `Method.stage`."""
        ours, clips = _ours(network), clip_config(name, options)
        weights = LossWeights(float(options["balance"]), float(options["coarse"]))
        parallel = team.parallel(ClipGroups(ClipNetwork(ours)).train())
        samples = partial(ClipDataset, config=clips)
        told = dict[str, ClipBoxes]()
        if name == MASKS_STAGE:
            told = self._label_maps(options)
            samples = partial(_masked_samples, clips, told, Path(str(options["masks"])))
        seen = IMAGENET_CLASSES if ours.config.needs_backbone else ""
        said: dict[str, object] = {
            "clips": asdict(clips),
            "labels": united(seen, *_labels(name, options)),
            "losses": asdict(weights),
        }
        return Stage(
            ours.learned(),
            samples,
            clip_step(parallel, weights),
            lambda: (Weights("weights", ours.learned(), SYSTEM, ours.config.to_dict()),),
            training=said,
            labeled=frozenset(told),
            power=POWER,
        )

    def _label_maps(self, options: Values) -> dict[str, ClipBoxes]:
        """Where objects of label maps are, of all clips but those that are held out; read once.

        Raises:
            DatasetError, MaskReadError: see `core.data.box_lists.read_mask_list`.
        """
        folder = str(options["masks"])
        if folder not in self._read:
            every = read_mask_list(Path(folder))
            self._read[folder] = {c: boxes for c, boxes in every.items() if not is_held_out(c)}
        return self._read[folder]


def clip_config(stage: str, options: Values) -> ClipConfig:
    """How clips are drawn; all begin with masks."""
    batch, crop, frames, objects = (int(options[n]) for n in ("batch", "crop", "frames", "objects"))
    mixture = float(options["mixture"]) if stage == MASKS_STAGE else 1.0
    return ClipConfig(batch, crop, frames, objects, 0.0, mixture)


def _labels(stage: str, options: Values) -> tuple[str, ...]:
    """Kinds of labels that a stage learns from; label maps made of boxes are no more than these."""
    if stage != MASKS_STAGE:
        return ()
    return ("boxes",) if made_of_boxes(Path(str(options["masks"]))) else ("masks",)


def _masked_samples(
    clips: ClipConfig,
    told: Mapping[str, ClipBoxes],
    masks: Path,
    packs: list[FramePack],
    *,
    seed: int,
    part: tuple[int, int],
) -> ClipDataset:
    return ClipDataset(packs, clips, films=boxed_films(packs, told, masks), seed=seed, part=part)


def _ours(network: nn.Module) -> GlobalInstanceNetwork:
    if not isinstance(network, GlobalInstanceNetwork):
        msg = f"{type(network).__name__} is no network of {SYSTEM}."
        raise TypeError(msg)
    return network
