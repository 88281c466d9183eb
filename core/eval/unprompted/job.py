"""Contenders x sequences: all objects of a frame as one, on all frames, into a table that goes on.

This is how objects that were found without a prompt are scored on DAVIS 2016 and the like (paper
003, table 3): mean J over frames, then over sequences.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from core import __version__
from core.data.object_sequence import ObjectSequence
from core.data.object_sets import read_object_set
from core.discovery.contract import ObjectTrack
from core.engine.finding.frames import label_map_of_tracks
from core.errors import DatasetError, TrainingError, UsageError
from core.eval.jf import contour_accuracy, region_similarity
from core.eval.ledger import Ledger, Row
from core.eval.provenance import code_commit, file_mark, today
from core.eval.report import markdown_table
from core.eval.unprompted.contenders import Contender
from core.eval.youtube_objects import j_by_category, mean_of_categories
from core.jobs import CancelToken, Job, Progress, mapped
from core.media.video import VideoSource, open_video
from core.tracking.contract import TrackerRequest

KEY = ("contender", "weights", "said", "seed", "data", "sequence")
OUTCOME = ("frames", "scored_frames", "j", "f", "seconds_per_frame", "version", "commit", "date")
COLUMNS = (*KEY, *OUTCOME)
TOLD = ("contender", "sequence")


@dataclass(frozen=True, slots=True)
class UnpromptedRequest:
    """What is compared, and on what.

    Attributes:
        root: a set in a layout of `core.data.object_sets`.
        contenders: what is compared.
        table: the CSV file; rows that it has are not measured again.
        tracker: carries masks where votes are asked for.
        device: "auto", "cpu", "cuda" or "mps".
        sequences: names of those wanted; None takes all.
    """

    root: Path
    contenders: tuple[Contender, ...]
    table: Path
    tracker: TrackerRequest
    device: str = "cpu"
    sequences: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ContenderMeans:
    """What a contender comes to.

    Attributes:
        name: its own.
        sequences: how many there are.
        j, f, seconds: means over sequences.
        by_category: mean J of the sequences of each category; empty where there are none. Its
            mean is what is reported of Youtube-Objects.
    """

    name: str
    sequences: int
    j: float
    f: float
    seconds: float
    group: str = ""
    by_category: Mapping[str, float] = field(default_factory=dict)


def compare_unprompted(
    request: UnpromptedRequest, token: CancelToken
) -> Job[tuple[ContenderMeans, ...]]:
    """Measure what the table does not have yet; each row is in it as soon as it is known.

    Yields:
        `Progress` in sequences and contenders.

    Returns:
        Means of each contender over all sequences that were asked for.

    Raises:
        VosError: of the kinds that `read_object_set`, `build_finder` and discoverers name; rows so
            far are kept.
        Cancelled: by the token; likewise.
    """
    chosen = _chosen(read_object_set(request.root), request)
    ledger = Ledger(request.table, COLUMNS, key=KEY, told=TOLD)
    wanted = [(one, sequence) for sequence in chosen for one in request.contenders]
    for done, (one, sequence) in enumerate(wanted):
        key = _key(request, one, sequence)
        if ledger.get(key) is not None:
            continue
        here = Progress(done, len(wanted), f"{one.name}, {sequence.name}")
        yield here
        job = measured(one, sequence, request.tracker, device=request.device, token=token)
        found = yield from mapped(job, partial(_in_place, here))
        ledger.add({**key, **found})
    yield Progress(len(wanted), len(wanted), "done")
    return tuple(_means(request, one, chosen, ledger) for one in request.contenders)


def _in_place(here: Progress, _inner: Progress) -> Progress:
    """What is told while a sequence is measured."""
    return here


def to_table(found: Sequence[ContenderMeans]) -> list[str]:
    """Lines of a Markdown table."""
    rows = [
        [m.name, str(m.sequences), f"{m.j:.3f}", f"{m.f:.3f}", f"{m.seconds:.2f}"] for m in found
    ]
    head = ("contender", "sequences", "J", "F", "s a frame")
    lines = [*markdown_table(head, rows, numbers=1), *_spreads(found)]
    if not any(m.by_category for m in found):
        return lines
    return [*lines, "", *_by_category(found)]


def _spreads(found: Sequence[ContenderMeans]) -> list[str]:
    """A line for each contender that was trained with several seeds."""
    groups: dict[str, list[float]] = {}
    for one in found:
        if one.group:
            groups.setdefault(one.group, []).append(one.j)
    return [
        f"{name}, {len(js)} seeds: J {np.mean(js):.3f}, {min(js):.3f} to {max(js):.3f}."
        for name, js in groups.items()
    ]


def _by_category(found: Sequence[ContenderMeans]) -> list[str]:
    """Mean J of each category, and their mean."""
    names = list(found[0].by_category)
    rows = [
        [
            m.name,
            *(f"{m.by_category[name]:.3f}" for name in names),
            f"{mean_of_categories(m.by_category):.3f}",
        ]
        for m in found
    ]
    return markdown_table(("J by category", *names, "mean"), rows, numbers=1)


def _chosen(
    found: tuple[ObjectSequence, ...], request: UnpromptedRequest
) -> tuple[ObjectSequence, ...]:
    if request.sequences is None:
        return found
    known = {one.name: one for one in found}
    missing = [name for name in request.sequences if name not in known]
    if missing:
        msg = f"{request.root} has no sequence {missing[0]}."
        raise DatasetError(msg, f"There are: {', '.join(list(known)[:8])}.")
    return tuple(known[name] for name in request.sequences)


def _key(request: UnpromptedRequest, one: Contender, sequence: ObjectSequence) -> Row:
    return {
        "contender": one.name,
        "weights": file_mark(one.weights),
        "said": one.said,
        "seed": str(one.seed),
        "data": request.root.resolve().name,
        "sequence": sequence.name,
    }


def measured(
    one: Contender,
    sequence: ObjectSequence,
    tracker: TrackerRequest,
    *,
    device: str,
    token: CancelToken,
) -> Job[dict[str, object]]:
    """What comes out for one sequence, by the columns of `OUTCOME`; nothing found counts as such.

    Args:
        one: finds objects.
        sequence: is looked at, and scored where it has masks.
        tracker: carries masks, for votes.
        device: "auto", "cpu", "cuda" or "mps".
        token: is looked at between frames.

    Raises:
        VosError: of the kinds that `build_finder` and discoverers name.
        Cancelled: by the token.
    """
    with open_video(sequence.frames[0].parent) as video:
        finder = one.make(tracker, device)
        count, start = video.info.frame_count, time.perf_counter()
        try:
            tracks = yield from finder.discover(video, range(count), token)
        except (TrainingError, UsageError):
            # Nothing moves, or there is one frame: nothing was found.
            tracks = ()
        seconds = (time.perf_counter() - start) / count
        scores = [_scored(tracks, one, sequence, video, place) for place in sequence.truths]
    j, f = np.mean(scores, axis=0)
    return {
        "frames": count,
        "scored_frames": len(scores),
        "j": float(j),
        "f": float(f),
        "seconds_per_frame": round(seconds, 4),
        "version": __version__,
        "commit": code_commit(),
        "date": today(),
    }


def _scored(
    tracks: tuple[ObjectTrack, ...],
    one: Contender,
    sequence: ObjectSequence,
    video: VideoSource,
    place: int,
) -> tuple[float, float]:
    """J and F of all objects of a frame as one."""
    stems = video.info.stems
    index = stems.index(sequence.frames[place].stem)
    mask = label_map_of_tracks(tracks, index, video.frame(index), one.refine) > 0
    truth, void = sequence.truth(place)
    return region_similarity(mask, truth, void), contour_accuracy(mask, truth, void)


def _means(
    request: UnpromptedRequest,
    one: Contender,
    chosen: tuple[ObjectSequence, ...],
    ledger: Ledger,
) -> ContenderMeans:
    rows = [ledger.get(_key(request, one, sequence)) for sequence in chosen]
    known = [row for row in rows if row is not None]
    by_category = j_by_category(
        [
            (sequence.category, float(row["j"]))
            for sequence, row in zip(chosen, rows, strict=True)
            if row is not None and sequence.category
        ]
    )
    j, f, seconds = (
        float(np.mean([float(row[name]) for row in known]))
        for name in ("j", "f", "seconds_per_frame")
    )
    return ContenderMeans(one.name, len(known), j, f, seconds, one.group, by_category)
