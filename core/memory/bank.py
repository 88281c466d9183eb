"""The memory bank: what a tracker remembers of frames it has labeled or was given."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class MemoryFrame:
    """Keys and probabilities of one frame.

    Attributes:
        frame_index: 0-based.
        keys: C x h x w.
        soft: (1 + n) x h x w: probability of the background and of each of `object_ids`, 0..1.
        object_ids: the ids this frame knows about, ascending.
        reference: of a keyframe: it is read always.
    """

    frame_index: int
    keys: Tensor
    soft: Tensor
    object_ids: tuple[int, ...]
    reference: bool = False

    def knows(self, object_id: int) -> bool:
        """Whether the frame says anything of an object, be it that it is absent."""
        return object_id in self.object_ids

    def probabilities_of(self, object_ids: tuple[int, ...]) -> Tensor:
        """(K + 1) x (h w) probabilities of objects that the frame knows, and of all that it states.

        The last row is 1 but where pixels are void: there the frame makes no statement.
        """
        rows = [1 + self.object_ids.index(object_id) for object_id in object_ids]
        stated = self.soft.sum(0, keepdim=True)
        return torch.cat([self.soft[rows], stated]).flatten(1)


class MemoryBank:
    """Keyframes (all kept) and recently labeled frames (a fixed few kept).

    The frames that are kept besides keyframes are those that the policy can ask for: the sixth
    of the run and those at most `reach` steps back.
    """

    def __init__(self, *, recent: tuple[int, ...], anchors: tuple[int, ...]) -> None:
        self._recent = recent
        self._anchors = anchors
        self._keyframes: dict[int, MemoryFrame] = {}
        self._labeled: dict[int, MemoryFrame] = {}

    @property
    def keyframes(self) -> tuple[MemoryFrame, ...]:
        """All keyframes, by frame index."""
        return tuple(self._keyframes[index] for index in sorted(self._keyframes))

    def add_keyframe(self, frame: MemoryFrame) -> None:
        """Keep a keyframe for good; one of the same frame is replaced."""
        self._keyframes[frame.frame_index] = frame

    def remove_keyframe(self, frame_index: int) -> None:
        """Forget a keyframe; nothing happens where there is none."""
        self._keyframes.pop(frame_index, None)

    def start_run(self) -> None:
        """Forget the labeled frames: a new walk through the video begins."""
        self._labeled.clear()

    @property
    def labeled(self) -> dict[int, MemoryFrame]:
        """The labeled frames that are kept, by step of the walk."""
        return dict(self._labeled)

    def restore_run(self, labeled: dict[int, MemoryFrame]) -> None:
        """Go on with a walk that had these labeled frames."""
        self._labeled = dict(labeled)

    def add_labeled(self, step: int, frame: MemoryFrame) -> None:
        """Remember the frame of the given step of the run; forget what is out of reach."""
        self._labeled[step] = frame
        oldest = step - max(self._recent)
        for old in [s for s in self._labeled if s < oldest and s not in self._anchors]:
            del self._labeled[old]

    def recent(self, step: int) -> tuple[MemoryFrame, ...]:
        """Labeled frames that `step` reads: those at the recent distances and the anchors."""
        wanted = {step - back for back in self._recent} | set(self._anchors)
        found = [self._labeled[s] for s in sorted(wanted) if s < step and s in self._labeled]
        return tuple(f for f in found if not self._is_known(f))

    def _is_known(self, frame: MemoryFrame) -> bool:
        """Whether a keyframe says all of it already."""
        keyframe = self._keyframes.get(frame.frame_index)
        return keyframe is not None and set(frame.object_ids) <= set(keyframe.object_ids)

    def nearby_keyframes(
        self, frame_index: int, query: Tensor, object_id: int
    ) -> tuple[MemoryFrame, ...]:
        """Keyframes that a frame reads for an object, of those that know it.

        They are the references, both neighbors in time, and of the others the first and the best
        match of the rest.
        """
        frames = [f for f in self.keyframes if f.knows(object_id)]
        lead = [f for f in frames if not f.reference][:1]
        lead += [f for f in frames if f.reference]
        before = [f for f in frames if f.frame_index <= frame_index]
        after = [f for f in frames if f.frame_index > frame_index]
        chosen = {f.frame_index: f for f in (*lead, *before[-1:], *after[:1])}
        rest = [f for f in frames if f.frame_index not in chosen]
        if rest:
            best = max(rest, key=lambda f: _resemblance(query, f.keys))
            chosen[best.frame_index] = best
        return tuple(chosen[index] for index in sorted(chosen))


def _resemblance(first: Tensor, second: Tensor) -> float:
    """Cosine of the mean keys of two frames: cheap, and blind to where things are."""
    means = first.flatten(1).mean(1), second.flatten(1).mean(1)
    return float(torch.cosine_similarity(*means, dim=0))
