"""What a tracker makes of its own labels: confidence, absence, and what is worth remembering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops import probabilities
from core.tracking.config import Calibration, ReadConfig
from core.tracking.judging.absence import Sight, Track, advance
from core.tracking.judging.absence import from_arrays as tracks_from_arrays
from core.tracking.judging.absence import to_arrays as tracks_to_arrays
from core.tracking.judging.confidence import (
    Cues,
    Probes,
    expected_j,
    find_again,
    make_probes,
    margins,
    soft_iou,
)
from core.tracking.judging.sightings import Sighting
from core.types import Arrays


@dataclass(frozen=True, slots=True)
class Reading:
    """What the memory says of a frame, each K x h x w, 0..1, one plane for each object.

    Attributes:
        joint: by all memory frames together.
        far: by the keyframes alone.
        near: by the recent frames alone. Where one kind is missing, it is as `joint`.
        keyframes: for each object the frame indices of the keyframes that were read.
    """

    joint: Tensor
    far: Tensor
    near: Tensor
    keyframes: dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Judgment:
    """What is made of a reading.

    Attributes:
        soft: (1 + K) x h x w probabilities, background first; an absent object has none.
        confidence: expected J of each object, 0..1.
        absent: objects that are not there.
        doubtful: objects whose labels are not to be remembered.
    """

    soft: Tensor
    confidence: dict[int, float]
    absent: frozenset[int]
    doubtful: frozenset[int]

    def trusted(self, *, but: tuple[int, ...]) -> dict[int, float]:
        """Confidence of the objects that are there without doubt, and are none of some others."""
        left_out = {*but, *self.absent, *self.doubtful}
        return {i: value for i, value in self.confidence.items() if i not in left_out}


class Judge:
    """Judges the frames of one walk, one after another.

    Args:
        reading: how the system reads its memory.
        calibration: of the system's weights.
    """

    def __init__(self, reading: ReadConfig, calibration: Calibration) -> None:
        self._reading = reading
        self._calibration = calibration
        self._probes: dict[int, Probes] = {}
        self._tracks: dict[int, Track] = {}
        self._sightings: dict[int, Sighting] = {}

    @property
    def calibration(self) -> Calibration:
        """See `CueSource.calibration`."""
        return self._calibration

    @property
    def sightings(self) -> Mapping[int, Sighting]:
        """See `CueSource.sightings`."""
        return self._sightings

    def add_keyframe(self, keyframe: MemoryFrame) -> None:
        """Look for this keyframe's objects from now on."""
        self._probes[keyframe.frame_index] = make_probes(keyframe)

    def remove_keyframe(self, frame_index: int) -> None:
        """Look for it no more; nothing happens where there is none."""
        self._probes.pop(frame_index, None)

    def start(self) -> None:
        """Begin a walk."""
        self._tracks = {}

    def to_arrays(self) -> Arrays:
        """The walk so far."""
        return tracks_to_arrays(self._tracks)

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with a walk.

        Raises:
            ValueError: the arrays make no sense.
        """
        self._tracks = tracks_from_arrays(arrays)

    def judge(
        self, frame_index: int, keys: Tensor, reading: Reading, object_ids: tuple[int, ...]
    ) -> Judgment:
        """Judge the next frame of the walk; what no keyframe shows stays as it is read."""
        nearest = {
            i: sorted(reading.keyframes.get(i, ()), key=lambda k: (abs(k - frame_index), k))
            for i in object_ids
        }
        shown = {i: self._shown_by(i, nearest[i]) for i in object_ids}
        tracks = {
            i: self._tracks.get(i) or self._begin(i, nearest[i], shown[i]) for i in object_ids
        }
        planes = [
            reading.far[row] if tracks[i].absent else reading.joint[row]
            for row, i in enumerate(object_ids)
        ]
        cycles = self._cycles(keys, dict(zip(object_ids, planes, strict=True)), shown)
        leads = margins(with_background(planes, reading.joint))
        confidence, doubtful = {}, set()
        self._sightings = {}
        for row, object_id in enumerate(object_ids):
            cues = Cues(
                leads[row], soft_iou(reading.far[row], reading.near[row]), cycles[object_id]
            )
            confidence[object_id] = expected_j(cues, self._calibration.confidence)
            if shown[object_id] is None:
                self._sightings[object_id] = Sighting(cues)
                continue
            sight = Sight(float(reading.far[row].sum()), cues.cycle)
            begun = None if object_id in self._tracks else tracks[object_id]
            self._sightings[object_id] = Sighting(cues, sight, begun)
            self._tracks[object_id] = track = advance(tracks[object_id], sight, self._calibration)
            if track.absent:
                planes[row] = torch.zeros_like(planes[row])
            elif track.faint:
                doubtful.add(object_id)
        soft = with_background(planes, reading.joint)
        absent = frozenset(i for i in object_ids if i in self._tracks and self._tracks[i].absent)
        return Judgment(soft, confidence, absent, frozenset(doubtful))

    def overrule(self, judgment: Judgment, frame_index: int, soft: Tensor) -> Judgment:
        """Take over what a keyframe on this very frame asserts; its objects begin anew.

        Args:
            judgment: of the frame.
            frame_index: that of the keyframe.
            soft: the frame's probabilities as the keyframe corrects them.
        """
        masses = self._probes[frame_index].masses
        for object_id, mass in masses.items():
            masses_before = self._tracks.get(object_id, Track(())).masses
            self._tracks[object_id] = Track((mass,) if mass else masses_before, absent=not mass)
        for object_id in masses.keys() & self._sightings.keys():
            self._sightings[object_id] = replace(
                self._sightings[object_id], asserted=self._tracks[object_id]
            )
        known = [i for i in masses if i in judgment.confidence]
        return Judgment(
            soft,
            judgment.confidence | dict.fromkeys(known, 1.0),
            (judgment.absent - masses.keys()) | {i for i in known if not masses[i]},
            judgment.doubtful - masses.keys(),
        )

    def _shown_by(self, object_id: int, keyframes: list[int]) -> int | None:
        """The first of some keyframes that has the object on it."""
        return next((k for k in keyframes if self._probes[k].shows(object_id)), None)

    def _begin(self, object_id: int, keyframes: list[int], shown_by: int | None) -> Track:
        """As the first of some keyframes has it."""
        if shown_by is None:
            return Track(())
        absent = not self._probes[keyframes[0]].shows(object_id)
        return Track((self._probes[shown_by].masses[object_id],), absent=absent)

    def _cycles(
        self, keys: Tensor, planes: dict[int, Tensor], shown: dict[int, int | None]
    ) -> dict[int, float]:
        """`Cues.cycle` of each object; one search for each keyframe that is looked for."""
        result = dict.fromkeys(planes, 0.0)
        for index in sorted({k for k in shown.values() if k is not None}):
            ids = [i for i, k in shown.items() if k == index]
            sought = {i: planes[i] for i in ids}
            result |= find_again(self._probes[index], keys, sought, self._reading)
        return result


def with_background(planes: list[Tensor], like: Tensor) -> Tensor:
    """(1 + K) x h x w probabilities that sum to 1 of K planes, which may exceed 1 together."""
    return probabilities.with_background(
        torch.stack(planes) if planes else like.new_zeros(0, *like.shape[1:])
    )


def without(soft: Tensor, object_ids: tuple[int, ...], doubtful: frozenset[int]) -> Tensor:
    """Probabilities in which cells of doubtful objects make no statement, for or against."""
    if not doubtful:
        return soft
    rows = [1 + row for row, object_id in enumerate(object_ids) if object_id in doubtful]
    kept = soft * (1 - soft[rows].sum(0)).clamp(min=0)
    kept[rows] = 0
    return kept
