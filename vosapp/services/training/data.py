"""What the user has chosen to learn from: what it is, what it holds, and what cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.raw_video import FRAME_FOLDER, VIDEO_SUFFIXES, find_videos
from core.errors import UsageError
from core.jobs import CancelToken, Job, Progress
from core.media.image_file import list_images
from vosapp.project.opening import SUFFIX
from vosapp.services.training.labels import LabeledVideo
from vosapp.services.training.read_folders import read_boxes, read_davis, read_videos
from vosapp.services.training.read_project import read_project
from vosapp.services.training.split import can_train, split
from vosapp.services.training.values import Clip, Kind, Part, Reason, Source, Survey, Unusable

_ODD = re.compile(r"[^\w-]+")
_LONGEST = 60
TABLES = frozenset({".csv", ".json"})


def sources_of(path: Path, *, videos: Path | None = None) -> tuple[Source, ...]:
    """What something is that the user dropped or named.

    Args:
        path: a project, a video, a table of boxes, or a folder of projects, videos, images or
            sequences with masks.
        videos: the folder of a table's videos; None takes the table's own.

    Returns:
        One source; for a folder of projects, one for each.

    Raises:
        UsageError: nothing there can be learned from.
    """
    if path.is_file():
        return (_file_source(path, videos),)
    if not path.is_dir():
        raise UsageError(f"There is no {path}.", "Check the path.")
    projects = sorted(p for p in path.iterdir() if p.suffix == SUFFIX and p.is_file())
    if projects:
        return tuple(Source(project, Kind.PROJECT) for project in projects)
    if (path / FRAME_FOLDER).is_dir() and any(path.glob("Annotations*")):
        return (Source(path, Kind.DAVIS),)
    if find_videos(path) or list_images(path):
        return (Source(path, Kind.VIDEOS),)
    msg = f"{path} holds no project, no video, no images and no masks."
    raise UsageError(msg, "Choose projects, a folder of videos, or a dataset in DAVIS layout.")


def _file_source(path: Path, videos: Path | None) -> Source:
    ending = path.suffix.lower()
    if ending == SUFFIX:
        return Source(path, Kind.PROJECT)
    if ending in TABLES:
        return Source(path, Kind.BOXES, videos or path.parent)
    if ending in VIDEO_SUFFIXES:
        return Source(path, Kind.VIDEOS)
    msg = f"{path} is no project, no video and no table of boxes."
    raise UsageError(msg, f"Choose a file that ends in {SUFFIX}, .mp4 or the like, or .csv.")


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A survey with the labels behind it, as staging needs them; `videos` fits `survey.clips`."""

    survey: Survey
    videos: tuple[LabeledVideo, ...]


def survey(sources: Sequence[Source], token: CancelToken) -> Job[Survey]:
    """Look at sources: what can be learned from, what not and why, and what is held out.

    Args:
        sources: projects and folders; one that is given twice counts once.
        token: is looked at between two videos.

    Yields:
        A `Progress` after each video.

    Raises:
        Cancelled: by the token.
    """
    found = yield from survey_labels(sources, token)
    return found.survey


def survey_labels(sources: Sequence[Source], token: CancelToken) -> Job[Surveyed]:
    """As `survey`, and keep the labels."""
    videos, unusable = list[LabeledVideo](), list[Unusable]()
    chosen = list(dict.fromkeys(sources))
    for done, source in enumerate(chosen):
        for item in _read(source):
            token.check()
            if isinstance(item, Unusable):
                unusable.append(item)
            else:
                videos.append(item)
                unusable += _shortcomings(item)
            yield Progress(done, len(chosen), source.path.name, "survey")
    videos = _each_once(videos)
    names = _names(videos)
    sides = split(videos, names)
    clips = tuple(
        Clip(
            name, video.source, video.video, video.counted, part, held, video.size,
            video.frame_count,
        )
        for video, name, (part, held) in zip(videos, names, sides, strict=True)
    )  # fmt: skip
    yield Progress(len(chosen), len(chosen), "", "survey")
    return Surveyed(Survey(clips, tuple(unusable)), tuple(videos))


def _read(source: Source) -> Iterator[LabeledVideo | Unusable]:
    if source.kind is Kind.PROJECT:
        yield read_project(source)
    elif source.kind is Kind.DAVIS:
        yield from read_davis(source)
    elif source.kind is Kind.BOXES:
        yield from read_boxes(source)
    else:
        yield from read_videos(source)


def _each_once(videos: Sequence[LabeledVideo]) -> list[LabeledVideo]:
    """Leave out raw footage that is there with labels, too, or twice: it may be held out."""
    labeled = {video.video.resolve() for video in videos if video.frames}
    kept, seen = list[LabeledVideo](), set[Path]()
    for video in videos:
        path = video.video.resolve()
        if video.frames or path not in labeled | seen:
            kept.append(video)
        seen.add(path)
    return kept


def _shortcomings(item: LabeledVideo) -> Iterator[Unusable]:
    """Why labels of a video do not count; its footage does all the same."""
    if can_train(item) or item.source.kind is Kind.VIDEOS:
        return
    path, frames = item.source.path, len(item.frames)
    if not item.seen_frames:
        text = f"{item.name} has no boxes and no masks of its own."
        if item.interpolated:
            text = f"{item.name} has only interpolated boxes."
        hint = "Draw a box label on two frames or more; until then it counts as raw footage."
        yield Unusable(path, Reason.NO_LABELS, text, hint)
    else:
        text = f"{item.name} has labels on {frames} frame only."
        yield Unusable(path, Reason.FEW_LABELS, text, "Label one more frame, far from the first.")


def _names(videos: Sequence[LabeledVideo]) -> tuple[str, ...]:
    """Names for files: of plain characters, each once."""
    names = list[str]()
    for video in videos:
        base = _ODD.sub("_", video.name)[:_LONGEST].strip("_") or "clip"
        name, number = base, 1
        while name.casefold() in {other.casefold() for other in names}:
            number += 1
            name = f"{base}-{number}"
        names.append(name)
    return tuple(names)


def require_trainable(found: Survey, *, needs_labels: bool, needs_masks: bool = False) -> None:
    """Refuse what nothing can be learned from.

    Raises:
        UsageError: no labels where they are needed, or no video at all.
    """
    if needs_labels and not found.has_labels:
        first = found.unusable[0].text if found.unusable else "Nothing was chosen."
        if found.held_out:
            first = f"All {len(found.held_out)} labeled videos are held out."
        msg = f"There are no labels to learn from. {first}"
        raise UsageError(msg, "Draw boxes on two frames or more of a project, and choose it.")
    if needs_masks and not found.has_masks:
        msg = "There are boxes to learn from, and no masks."
        raise UsageError(
            msg, "Check masks on two frames or more, or train a system that takes boxes."
        )
    if not any(clip.part is not Part.HELD_OUT for clip in found.clips):
        first = found.unusable[0].text if found.unusable else "Nothing was chosen."
        raise UsageError(f"There is no video to learn from. {first}", "Choose other data.")
