"""A system as a value: what is known of it before any of it is loaded. No torch here.

The engine, the command line and the window read this and never ask for a system by its name.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from core.nn.lite0_file import find_backbone
from core.tracking.config import Calibration
from core.train.recipe import Recipe
from core.types import Quality


@dataclass(frozen=True, slots=True)
class QualityOffer:
    """A quality that a system can run at.

    Attributes:
        quality: the value.
        text: what it does and what it is good for, for people.
        frames_per_second: measured on the machine that `SystemSpec.measured` names; None where
            it was not.
    """

    quality: Quality
    text: str
    frames_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class PublicWeights:
    """Weights of others that a system can use, which users may download: facts of public documents.

    Attributes:
        name: what they are called.
        address: of the file.
        license: as its source states it.
        source: the documents that these facts stand in.
        size: bytes; 0 where no source says it.
        sha256: empty where no source says it.
    """

    name: str
    address: str
    license: str
    source: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """What is known of a system without loading it.

    Attributes:
        name: as in `--system`.
        title: a short name for people.
        summary: what it does, one line for people.
        implementation: "module:function" that builds the tracker of a `TrackerRequest`; empty
            where it carries no masks.
        qualities: those that make a difference, the fastest first.
        measured: how the speeds of `qualities` were measured.
        presets: networks that it tracks with, the default first; empty for a system without
            weights.
        backbone_presets: those that need the ImageNet backbone (ADR 0032); where it is missing,
            another one is the default.
        uses_torch: torch has to be loaded to run it.
        adapts: its tracker is `core.tracking.contract.Adaptable`.
        targets: its tracker learns target models where `TrackerRequest.target` asks for it.
        features: "module:function" that takes weights and a device and returns a function from
            a frame to `core.prompts.request.FrameFeatures`; empty where prompts get none.
        calibration: what its cues are worth where the weights do not say; None where it has no
            confidence.
        recipe: how it is trained; None where it has nothing to learn.
        importer: "module:function" that takes over weights of other programs.
        foreign: "module:function" that says of a file whether it is one of another program that
            the system may track with as it is; empty where there are none.
        configs: "module:name" of the configs that it tracks with, frozen dataclasses by quality;
            `implementation` then takes another one as `config`. Empty where nothing is varied.
        discovers: "module:function" that builds what finds objects without prompts.
        learns_first: what it finds objects with can learn the video first
            (`core.discovery.contract.DiscoveryRequest.adapt_steps`).
        public: weights of others that users may download.
    """

    name: str
    title: str
    summary: str
    implementation: str
    qualities: tuple[QualityOffer, ...] = ()
    measured: str = ""
    presets: tuple[str, ...] = ()
    backbone_presets: frozenset[str] = frozenset()
    uses_torch: bool = False
    adapts: bool = False
    targets: bool = False
    features: str = ""
    calibration: Calibration | None = None
    recipe: Recipe | None = None
    importer: str = ""
    foreign: str = ""
    configs: str = ""
    discovers: str = ""
    learns_first: bool = False
    public: tuple[PublicWeights, ...] = ()

    @property
    def tracks(self) -> bool:
        """Whether it carries masks through a video; else it only finds objects."""
        return bool(self.implementation)

    @property
    def needs_weights(self) -> bool:
        """Whether it cannot run without a checkpoint."""
        return bool(self.presets)

    @property
    def default_preset(self) -> str:
        """The preset whose bundled weights are used where no others are named.

        Raises:
            ValueError: it has no weights.
        """
        if not self.presets:
            msg = f"{self.name} has no weights."
            raise ValueError(msg)
        possible = set(self.presets)
        if self.backbone_presets and find_backbone() is None:
            possible -= self.backbone_presets
        return next((p for p in self.presets if p in possible), self.presets[0])

    @property
    def finetunes(self) -> bool:
        """Whether its weights can be tuned to one video."""
        return self.recipe is not None and self.recipe.finetuning is not None


def load(implementation: str) -> Any:
    """What a text "module:name" of a spec names."""
    module, name = implementation.split(":")
    return getattr(importlib.import_module(module), name)
