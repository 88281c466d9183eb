"""What is left of a propagation that was broken off, so that the whole comes out the same."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from core.engine.propagate import PropagationRequest, SpanPlan, Walk, plan, wanted_borders
from core.engine.run_record import WalkState


@dataclass(frozen=True, slots=True)
class Unit:
    """Frames that are done together.

    Attributes:
        frames: those that get a result.
        walks: the walks through them, the one that gives the results last; none at a border, and
            none where two walks do not reach the same frames: such units begin anew.
    """

    frames: frozenset[int]
    walks: tuple[Walk, ...]


def units(request: PropagationRequest, frame_count: int) -> tuple[Unit, ...]:
    """The parts of a propagation, ascending: spans, and the keyframes between them."""
    wanted = range(request.start, request.stop)
    found = [_unit(part, wanted) for part in plan(request, frame_count)]
    cutting = wanted_borders(request, frame_count)
    found += [Unit(frozenset({keyframe.frame_index}), ()) for keyframe in cutting]
    return tuple(sorted((u for u in found if u.frames), key=lambda unit: min(unit.frames)))


def _unit(part: SpanPlan, wanted: range) -> Unit:
    walks = [walk for walk in (part.backward, part.forward) if walk is not None]
    reached = [frozenset(i for i in wanted if i in walk) for walk in walks]
    alike = len(set(reached)) == 1
    return Unit(frozenset().union(*reached), tuple(walks) if alike else ())


def remaining(
    request: PropagationRequest,
    frame_count: int,
    done: Set[int],
    state: WalkState | None = None,
) -> tuple[PropagationRequest, ...]:
    """What is left to propagate; together with what is done it gives the same bytes.

    Args:
        request: the whole run.
        frame_count: frames of the video.
        done: frames whose results are there.
        state: a walk that can be taken up; `Continued` must then surround the tracker. The walk
            that goes before it, if any, is logged.
    """
    pieces: list[tuple[int, int]] = []
    for unit in units(request, frame_count):
        if unit.frames <= done:
            continue
        frames = unit.frames - passed_frames(unit, done, state)
        first, stop = min(frames), max(frames) + 1
        if pieces and pieces[-1][1] == first:
            first = pieces.pop()[0]
        pieces.append((first, stop))
    return tuple(replace(request, start=first, stop=stop) for first, stop in pieces)


def passed_frames(unit: Unit, done: Set[int], state: WalkState | None) -> frozenset[int]:
    """Frames of a unit that need not be walked again, because the walk's state is there."""
    if state is None or not unit.walks or state.frame_index not in unit.walks[-1]:
        return frozenset()
    way = unit.walks[-1].direction
    before = {i for i in unit.frames if (i - state.frame_index) * way.value <= 0}
    usable = way is state.direction and before <= done and before != unit.frames
    return frozenset(before) if usable else frozenset()
