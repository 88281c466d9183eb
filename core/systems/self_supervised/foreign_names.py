"""Which program a checkpoint comes from, and what its tensors are called in our networks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import CheckpointMismatch, UsageError
from core.nn.importing import unknown_program

WRAPPERS = ("module.", "backbone.", "encoder.model.", "encoder.", "model.")
"""What training programs put in front of the names of a ResNet; taken off again and again."""
MAST_SIGN = "feature_extraction.conv1.0.weight"
CRW_SIGN = "encoder.model.conv1.weight"
RESNET_SIGNS = ("conv1.weight", "layer1.0.conv1.weight")
_MAST_STEM = re.compile(r"feature_extraction\.conv1\.([01])\.(.+)")
_MAST_BLOCK = re.compile(r"feature_extraction\.(layer\d\.\d+)\.left\.([0134])\.(.+)")
_MAST_SHORTCUT = re.compile(r"feature_extraction\.(layer\d\.\d+)\.shortcut\.([01])\.(.+)")
_MAST_PARTS = {"0": "conv1", "1": "bn1", "3": "conv2", "4": "bn2"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A program whose checkpoints can be imported.

    Attributes:
        title: how its authors call it.
        lab: its encoder reads Lab images as ours do; else RGB.
        scaled: similarities were divided by sqrt(C) in its training.
        notes: what else its users should know.
    """

    title: str
    lab: bool = False
    scaled: bool = True
    notes: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "mast": Kind("MAST (Lai et al. 2020)", lab=True, scaled=False),
    "mamp": Kind("MAMP (Miao et al. 2022)", lab=True),
    "crw": Kind(
        "CRW (Jabri et al. 2020)",
        notes=(
            "It was trained with reflected borders and with stride 1 in the third stage; here"
            " borders are zeros and the stride is 2.",
        ),
    ),
    "resnet": Kind("ResNet of torchvision or timm"),
    "dino": Kind("DINO (Caron et al. 2021), ResNet-50"),
}


def detect_kind(names: Iterable[str], container: str) -> str:
    """The name in `KINDS` that the names of a file's tensors speak for.

    MAST and MAMP call their tensors alike, and so do DINO's bare weights and torchvision's; the
    first of both is answered.

    Raises:
        CheckpointMismatch: no kind that is known; the names that were found are in the message.
    """
    known = set(names)
    bare = {name.removeprefix("module.") for name in known}
    if MAST_SIGN in bare:
        return "mast"
    if CRW_SIGN in bare:
        return "crw"
    stripped = {strip_wrappers(name) for name in known}
    if stripped.issuperset(RESNET_SIGNS):
        return "dino" if container in ("teacher", "student") else "resnet"
    if any("patch_embed" in name for name in stripped):
        msg = "These are weights of a vision transformer; only convolutional encoders fit."
    elif "conv1.0.weight" in stripped:
        msg = "This ResNet begins with three convolutions; it has to begin with one of 7 x 7."
    else:
        raise unknown_program(known, KINDS)
    raise CheckpointMismatch(msg, f"Known are {', '.join(KINDS)}.")


def strip_wrappers(name: str) -> str:
    """A name without the wrappers of training programs in front."""
    while True:
        wrapper = next((w for w in WRAPPERS if name.startswith(w)), None)
        if wrapper is None:
            return name
        name = name.removeprefix(wrapper)


def our_name(kind: str, name: str) -> str:
    """What a tensor of a checkpoint would be called in our networks; empty where in none.

    Raises:
        UsageError: no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no kind {kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    if not KINDS[kind].lab:
        return strip_wrappers(name)
    name = name.removeprefix("module.")
    if found := _MAST_STEM.fullmatch(name):
        return f"{('conv1', 'bn1')[int(found[1])]}.{found[2]}"
    if found := _MAST_BLOCK.fullmatch(name):
        return f"{found[1]}.{_MAST_PARTS[found[2]]}.{found[3]}"
    if found := _MAST_SHORTCUT.fullmatch(name):
        return f"{found[1]}.downsample.{found[2]}.{found[3]}"
    # Names of an RGB ResNet are ours as they are, but are none of a program that reads Lab.
    head = "post_convolution."
    return name.replace(head, "head.", 1) if name.startswith(head) else ""
