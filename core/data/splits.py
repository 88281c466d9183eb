"""Which clips of the drawn boxes train, and which twenty are held out to validate on.

Chosen once, by whole source repositories, so that no source is on both sides: people at sports,
animals, a kitchen, robots, golfers and a rider, traffic. Every system that is trained on the boxes
leaves them out, and is compared on them. Their raw frames were seen, without any label, by the
bundled weights called `thin`: that they are unseen holds for boxes and masks only.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from core.data.box_tables import clip_names

HELD_OUT = frozenset({
    "adventours_boating_54d5d6_00",
    "adventours_car_ride_481642_00",
    "adventours_skiing_f12647_00",
    "adventours_trekking_7b1b7c_00",
    "animals_elephant_7d8026_00",
    "animals_lion_f3c5e3_00",
    "animals_tiger_921722_00",
    "animals_tiger_921722_01",
    "carnd_lanelines_p1_solidwhiteright_d70e1a_00",
    "crafty9813_github_io_arduino_lidar_bot_b0bc59_00",
    "crafty9813_github_io_rocker_bogie_2dcb7d_00",
    "efficienttam_car_a0c772_00",
    "efficienttam_car_a0c772_01",
    "inf6804_golf1_268724_00",
    "inf6804_golf2_2d0462_00",
    "inf6804_horse_ad6858_00",
    "umi_gripper_github_io_task_dish_washing_1x_compressed_aebf72_01",
    "umi_gripper_github_io_teaser_data_collection_cup_04be91_00",
    "umi_gripper_github_io_teaser_data_collection_cup_04be91_01",
    "umi_gripper_github_io_teaser_data_collection_dish_ad046a_00",
})  # fmt: skip
"""Stems of the clips that are never trained on. They come from Crafty9813/Crafty9813.github.io,
aryakarthi/adventours, gabilodeau/INF6804, hadyrMohammed/animals, udacity/CarND-LaneLines-P1,
umi-gripper/umi-gripper.github.io and yformer/EfficientTAM; all other clips from other sources."""


class Split(Enum):
    """A side of the division."""

    TRAIN = "train"
    HELD_OUT = "held-out"
    ALL = "all"


def is_held_out(clip: str) -> bool:
    """Whether a clip, named with or without its suffix, is one of those to validate on."""
    return not HELD_OUT.isdisjoint(clip_names(clip))


def in_split(clips: Iterable[str], split: Split) -> tuple[str, ...]:
    """Those clips that are on a side, in their order."""
    wanted = {Split.TRAIN: (False,), Split.HELD_OUT: (True,), Split.ALL: (True, False)}[split]
    return tuple(clip for clip in clips if is_held_out(clip) in wanted)
