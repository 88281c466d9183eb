"""Batches of whole videos: a few frames that stand for each, a short clip of it, and a prior.

For learning at several granularities (MuG, Lu et al. 2020, section 3): an *abstract* has a frame
of each of K equal parts of a video, a clip three of six frames that follow each other. All frames
of a video are cut alike. What is drawn is a pure function of the seed, the step and the place in
the batch, as in `core.data.pairs`.

Priors cost more than all else. Frames of abstracts alone have them, and of a video every sixth
alone is one, so that priors are soon known; they are kept beside the packs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, permutations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from core.cache import LruCache, bytes_of
from core.data.draws import Draws
from core.data.frame_pack import FramePack
from core.data.homography import moved_views
from core.data.kept_planes import KeptPlanes, Plane
from core.data.pairs import PairConfig, crop_frames
from core.types import Frame

CLIP, DRAWN = 6, 3
"""Frames that follow each other, and how many of them are taken."""
APART = 6
"""Frames that distant ones are apart at least."""
SECONDS = 2.0
"""Of a moving camera over a still image."""
PRIOR_BYTES = 64 << 20
"""What is kept of priors: some 16,000 frames."""

Prior = Callable[[Frame], NDArray[np.float32]]
"""From a whole frame to how likely its cells are foreground: h x w of any size, 0..1."""
Planes = NDArray[np.uint8]
"""H x W x 4: a frame, and its prior in gray levels."""


@dataclass(frozen=True, slots=True)
class AbstractConfig:
    """How samples are drawn."""

    batch: int = 4
    """Videos in a batch."""
    crop: int = 128
    """Side of the square training image in pixels, a multiple of 16."""
    frames: int = 4
    """K, frames of the abstract."""
    patch: int = 32
    """Side in pixels of the patch that is tracked."""
    stride: int = 4
    """Pixels of a training image to a cell of the prior."""
    min_scale: float = 0.6
    """Smallest square, as a share of the frame's short side."""

    def __post_init__(self) -> None:
        # Refuses the same as pairs do.
        PairConfig(self.batch, self.crop)


@dataclass(frozen=True, slots=True)
class AbstractBatch:
    """A batch of N videos, T = K + 3 frames each.

    Attributes:
        frames: N x T x 3 x S x S float32 RGB, 0..1: the abstract in order, then the clip.
        prior: N x K x S/4 x S/4 float32 of 0 and 1: what the prior takes for foreground on the
            frames of the abstract.
        roles: N x 4 int64, places in the abstract: a query, an instance of the same video, and
            two distant frames in no order.
        corners: N x 2 int64, x and y of the first pixel of a patch in the clip's first frame.
    """

    frames: Tensor
    prior: Tensor
    roles: Tensor
    corners: Tensor

    def to(self, device: torch.device) -> AbstractBatch:
        """The same batch on a device."""
        parts = (self.frames, self.prior, self.roles, self.corners)
        return AbstractBatch(*(x.to(device, non_blocking=True) for x in parts))


class AbstractDataset(Dataset[AbstractBatch]):
    """Item k is the batch of step k, or one process's part of it."""

    def __init__(
        self,
        packs: list[FramePack],
        config: AbstractConfig,
        *,
        prior: Prior,
        kept_as: str = "",
        seed: int,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """Make a dataset.

        Args:
            packs: films and images.
            config: how samples are drawn; its batch is that of all processes together.
            prior: says of whole frames what is foreground.
            kept_as: name under which priors are kept beside the packs; empty keeps none.
            seed: of everything that is drawn.
            part: which process this is, and how many share a batch.

        Raises:
            TrainingError: the batch cannot be divided evenly.
        """
        self._config = config
        self._draws = Draws(packs, batch=config.batch, seed=seed, part=part)
        self._pictures = _Pictures(prior, kept_as)

    def __getitem__(self, step: int) -> AbstractBatch:
        drawn = [self._sample(rng) for rng in self._draws.generators(step)]
        planes, roles, corners = zip(*drawn, strict=True)
        stacked = np.stack(planes)
        frames = torch.from_numpy(stacked[..., :3].copy()).permute(0, 1, 4, 2, 3).float().div_(255)
        known = self._config.frames
        prior = torch.from_numpy(np.stack([self._cells(x[:known]) for x in planes]))
        told = (torch.from_numpy(np.stack(x)) for x in (roles, corners))
        return AbstractBatch(frames, prior, *told)

    def _sample(
        self, rng: np.random.Generator
    ) -> tuple[Planes, NDArray[np.int64], NDArray[np.int64]]:
        """T x S x S x 4, the roles, the corner."""
        config = self._config
        pack = self._draws.pack(rng)
        count = len(pack.times)
        abstract = abstract_places(count, config.frames, rng)
        if pack.still:
            shown = self._moved(pack, rng)
            distant = rng.permutation(config.frames)[:2]
        else:
            clip = [self._pictures.plain(pack, k) for k in clip_places(count, rng)]
            shown = [*(self._pictures.of(pack, k) for k in abstract), *clip]
            distant = np.array(distant_pair(abstract, rng))
        cut = crop_frames(shown, PairConfig(crop=config.crop, min_scale=config.min_scale), rng)
        pair = rng.permutation(config.frames)[:2]
        corner = rng.integers(0, config.crop - config.patch + 1, 2)
        return np.stack(cut), np.concatenate([pair, distant]).astype(np.int64), corner

    def _moved(self, pack: FramePack, rng: np.random.Generator) -> list[Frame]:
        """Views of one image: the abstract over a while, the clip close together."""
        image = self._pictures.of(pack, int(rng.integers(len(pack.times))))
        last = float(rng.uniform(0, SECONDS))
        times = [*np.linspace(0, SECONDS, self._config.frames), last, last + 0.1, last + 0.2]
        return moved_views(image, [float(time) for time in times], rng)

    def _cells(self, planes: Planes) -> NDArray[np.float32]:
        """S/4 x S/4 of 0 and 1 for each of some frames."""
        side = self._config.crop // self._config.stride
        levels = [cv2.resize(x[..., 3], (side, side), interpolation=cv2.INTER_AREA) for x in planes]
        return (np.stack(levels) > 127).astype(np.float32)


class _Pictures:
    """Packed frames with their priors, each of which is computed once while it is known."""

    def __init__(self, prior: Prior, kept_as: str) -> None:
        self._prior, self._kept_as = prior, kept_as
        self._known: LruCache[tuple[str, int], Plane] = LruCache(PRIOR_BYTES, bytes_of)
        self._kept: dict[str, KeptPlanes] = {}

    def __getstate__(self) -> tuple[Prior, str]:
        """The prior alone: processes that prepare batches begin with what is kept."""
        return self._prior, self._kept_as

    def __setstate__(self, state: tuple[Prior, str]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def of(self, pack: FramePack, index: int) -> Frame:
        """A packed frame and its prior, H x W x 4 uint8."""
        frame, key = pack.frame(index), (str(pack.path), pack.offsets[index])
        levels = self._known.get(key)
        if levels is None:
            levels = self._known.put(key, self._levels(pack, pack.offsets[index], frame))
        size = (frame.shape[1], frame.shape[0])
        return np.dstack([frame, cv2.resize(levels, size, interpolation=cv2.INTER_LINEAR)])

    def plain(self, pack: FramePack, index: int) -> Frame:
        """A packed frame without a prior, in the same shape."""
        frame = pack.frame(index)
        return np.dstack([frame, np.zeros(frame.shape[:2], np.uint8)])

    def _levels(self, pack: FramePack, place: int, frame: Frame) -> Plane:
        """The prior of a frame in gray levels: as it was kept, or new."""
        kept = self._file(pack)
        found = None if kept is None else kept.get(place)
        if found is None:
            found = np.rint(255 * np.clip(self._prior(frame), 0, 1)).astype(np.uint8)
            if kept is not None:
                kept.put(place, found)
        return found

    def _file(self, pack: FramePack) -> KeptPlanes | None:
        if not self._kept_as:
            return None
        path = pack.path.with_suffix(f".{self._kept_as}.prior")
        if str(path) not in self._kept:
            self._kept[str(path)] = KeptPlanes(path)
        return self._kept[str(path)]


def abstract_places(count: int, frames: int, rng: np.random.Generator) -> list[int]:
    """A frame of each of K equal parts of a film of `count` frames, in order.

    Every `APART`th frame can be one; of a short film more, so that a part has two of them.
    """
    edges = np.linspace(0, count, frames + 1)
    step = max(1, min(APART, count // (2 * frames)))
    places = [rng.uniform(first, last) for first, last in pairwise(edges)]
    return [min(count - 1, int(place)) // step * step for place in places]


def clip_places(count: int, rng: np.random.Generator) -> list[int]:
    """Three of six frames that follow each other, in order; of a shorter film those there are."""
    length = min(CLIP, count)
    first = int(rng.integers(count - length + 1))
    drawn = rng.choice(length, DRAWN, replace=length < DRAWN)
    return [first + int(place) for place in np.sort(drawn)]


def distant_pair(places: list[int], rng: np.random.Generator) -> tuple[int, int]:
    """Two of an abstract's frames that are far apart, in no order; else those that are farthest.

    Args:
        places: of the abstract's frames in the film.
        rng: draws.

    Returns:
        Which frames of the abstract.
    """
    pairs = list(permutations(range(len(places)), 2))
    far = [(a, b) for a, b in pairs if abs(places[a] - places[b]) >= APART]
    if not far:
        most = max(abs(places[a] - places[b]) for a, b in pairs)
        far = [(a, b) for a, b in pairs if abs(places[a] - places[b]) == most]
    return far[int(rng.integers(len(far)))]
