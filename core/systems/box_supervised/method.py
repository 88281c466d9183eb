"""How this system learns: its networks, and what each stage trains (`core.train.method`)."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

from torch import nn

from core.data.box_lists import ClipBoxes, read_box_list
from core.data.clips.films import boxed_films
from core.data.clips.sample import ClipConfig
from core.data.dense_labels import made_of_boxes
from core.data.frame_pack import FramePack
from core.data.layouts import find_mask_tree
from core.data.pack_origin import Wanted
from core.data.splits import is_held_out
from core.errors import UsageError
from core.nn.checkpoints import load_weights, read_info, require_config, require_system
from core.systems.box_supervised.build import new_network
from core.systems.box_supervised.clips import ClipNetwork
from core.systems.box_supervised.config import PRESETS
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.spec import BOXES_STAGE, RECIPE, SYSTEM
from core.systems.box_supervised.train import Course, clip_step
from core.train.clip_batches import ClipDataset
from core.train.clip_groups import ClipGroups
from core.train.labels import IMAGENET_CLASSES, united
from core.train.mask_loss import MaskLossConfig
from core.train.method import Stage, Weights
from core.train.recipe import Values
from core.train.team import Team


class BoxSupervised:
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
        load_weights(weights, ours.learned())

    def require_possible(self, stage: str, _preset: str, options: Values) -> None:
        """See `Method.require_possible`."""
        clip_config(stage, options)
        if stage != BOXES_STAGE:
            return
        if not options["boxes"]:
            msg = f"The {BOXES_STAGE} stage learns from boxes that were drawn on --videos."
            raise UsageError(msg, "Give the table of boxes with --boxes FILE.")
        read_boxes(options)
        parts = (options[name] for name in ("projection", "pairwise", "temporal", "mixture"))
        if not any(parts) and not options["dense"]:
            msg = "Without losses of boxes, composites and label maps there is nothing to learn."
            raise UsageError(msg, "Leave one of --projection, --pairwise, --temporal above 0.")
        if options["dense"]:
            find_mask_tree(Path(str(options["dense"])))

    def wanted(self, stage: str, options: Values) -> Wanted:
        """See `core.train.method.ChoosesVideos`: held-out clips train nothing at all."""
        boxes = read_boxes(options) if stage == BOXES_STAGE else {}
        frames = {clip: frozenset(drawn.frames) for clip, drawn in boxes.items()}
        return Wanted(frames, is_held_out)

    def stage(self, name: str, network: nn.Module, options: Values, team: Team) -> Stage:
        """See `Method.stage`."""
        ours, clips, course = _ours(network), clip_config(name, options), Course()
        loss = loss_config(name, options)
        parallel = team.parallel(ClipGroups(ClipNetwork(ours)).train())
        samples = partial(ClipDataset, config=clips)
        if name == BOXES_STAGE:
            samples = partial(_boxed_samples, clips, options)
        seen = IMAGENET_CLASSES if ours.config.needs_backbone else ""
        labels = united(seen, *_labels(name, options))
        losses = {
            "warm_up": loss.warm_up,
            **{"projection": loss.projection, "pairwise": loss.pairwise, "temporal": loss.temporal},
        }
        labeled = frozenset(read_boxes(options)) if name == BOXES_STAGE else frozenset[str]()
        said: dict[str, object] = {"clips": asdict(clips), "labels": labels}
        if name == BOXES_STAGE:
            said["losses"] = losses
        return Stage(
            ours.learned(),
            samples,
            clip_step(parallel, loss, course),
            lambda: (Weights("weights", ours.learned(), SYSTEM, ours.config.to_dict()),),
            training=said,
            before_step=course.set,
            labeled=labeled,
        )


def clip_config(stage: str, options: Values) -> ClipConfig:
    """How clips are drawn."""
    batch, crop, frames, objects = (int(options[n]) for n in ("batch", "crop", "frames", "objects"))
    mixture = float(options["mixture"]) if stage == BOXES_STAGE else 1.0
    return ClipConfig(batch, crop, frames, objects, float(options["starts"]), mixture)


def loss_config(stage: str, options: Values) -> MaskLossConfig:
    """Weights of the losses; composites have masks, and so no losses of boxes."""
    if stage != BOXES_STAGE:
        return MaskLossConfig(projection=0, pairwise=0, temporal=0)
    parts = (float(options[name]) for name in ("projection", "pairwise", "temporal"))
    projection, pairwise, temporal = parts
    return MaskLossConfig(
        projection=projection, pairwise=pairwise, temporal=temporal, warm_up=float(options["warm"])
    )


def read_boxes(options: Values) -> dict[str, ClipBoxes]:
    """The boxes of all clips but those that are held out.

    Raises:
        AnnotationReadError, DatasetError, MaskReadError: see `core.data.box_lists.read_box_list`.
    """
    notes = Path(str(options["notes"])) if options["notes"] else None
    every = read_box_list(Path(str(options["boxes"])), notes)
    return {clip: boxes for clip, boxes in every.items() if not is_held_out(clip)}


def _labels(stage: str, options: Values) -> tuple[str, ...]:
    """Kinds of labels that a stage learns from; label maps made of boxes are no more than these."""
    if stage != BOXES_STAGE:
        return ()
    made = made_of_boxes(Path(str(options["dense"])))
    return ("boxes", "masks") if options["dense"] and not made else ("boxes",)


def _boxed_samples(
    clips: ClipConfig, options: Values, packs: list[FramePack], *, seed: int, part: tuple[int, int]
) -> ClipDataset:
    dense = Path(str(options["dense"])) if options["dense"] else None
    films = boxed_films(packs, read_boxes(options), dense)
    return ClipDataset(packs, clips, films=films, seed=seed, part=part)


def _ours(network: nn.Module) -> MemoryNetwork:
    if not isinstance(network, MemoryNetwork):
        msg = f"{type(network).__name__} is no network of {SYSTEM}."
        raise TypeError(msg)
    return network
