"""Laying out what a run learns from, in its own folder, as `core.train` reads it. No torch.

`data/videos` has a link to each video that trains, `data/boxes.csv` their boxes, `data/masks` their
label maps; `data/held.csv` and `data/held` the same of what is held out, and `data/clips.json` says
where the held-out videos are. Projects may change meanwhile: a run keeps what it began with.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.data.raw_video import IMAGES_SUFFIX
from core.errors import OutputError, TrainingError
from core.jobs import CancelToken, Job, Progress
from core.media.annotations.rectangles import Corners
from core.media.atomic import made_folder, write_atomic
from core.media.input_file import read_input
from core.media.label_map import write_label_map
from vosapp.services.training.data import Surveyed
from vosapp.services.training.labels import LabeledVideo
from vosapp.services.training.values import Clip, Part

HEAD = ("clip", "frame", "object", "name", "x", "y", "w", "h")
CLIPS = "clips.json"
_PLAIN = "surrogateescape"


@dataclass(frozen=True, slots=True)
class HeldClip:
    """A held-out clip of a run.

    Attributes:
        name: of the clip.
        video: the file, or the folder of images.
        frames: labeled frames, ascending.
    """

    name: str
    video: Path
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The data of a run."""

    path: Path

    @property
    def videos(self) -> Path:
        """Folder of what trains."""
        return self.path / "videos"

    @property
    def boxes(self) -> Path:
        """Table of boxes of what trains; there only where there are some."""
        return self.path / "boxes.csv"

    @property
    def masks(self) -> Path:
        """Label maps of what trains; there only where there are some."""
        return self.path / "masks"

    @property
    def held_boxes(self) -> Path:
        """Table of boxes of what is held out; there only where there are some."""
        return self.path / "held.csv"

    @property
    def held_masks(self) -> Path:
        """Label maps of what is held out."""
        return self.path / "held"

    @property
    def is_whole(self) -> bool:
        """Whether staging came to its end."""
        return (self.path / CLIPS).is_file()

    def held(self) -> tuple[HeldClip, ...]:
        """The held-out clips.

        Raises:
            TrainingError: the folder is damaged.
        """
        try:
            found = json.loads(read_input(self.path / CLIPS, limit=None))
            return tuple(
                HeldClip(str(x["name"]), Path(x["video"]), tuple(int(n) for n in x["frames"]))
                for x in found["held"]
            )
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            msg = f"The data of the run in {self.path} are damaged."
            raise TrainingError(msg, "Start a new run.") from error


def stage(found: Surveyed, folder: Path, token: CancelToken) -> Job[DataFolder]:
    """Lay out the data of a run; what is there of an earlier try is made anew.

    Args:
        found: what was surveyed.
        folder: of the data.
        token: is looked at before each clip.

    Yields:
        A `Progress` for each clip.

    Raises:
        VosError: a project or a mask can no longer be read, or the folder cannot be written.
        Cancelled: by the token.
    """
    data = DataFolder(folder)
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
    made_folder(data.videos)
    train, held = list[list[str]](), list[list[str]]()
    clips = list(zip(found.survey.clips, found.videos, strict=True))
    for done, (clip, video) in enumerate(clips):
        token.check()
        if clip.part is not Part.HELD_OUT:
            _link(clip.video, data.videos / _file_name(clip))
        kept = frozenset(clip.held_frames)
        rest = frozenset(video.frames) - kept
        if clip.part is not Part.FOOTAGE:
            train += _rows(clip.name, video, rest)
            held += _rows(clip.name, video, kept)
            _write_maps(video, rest, data.masks / clip.name, token)
            _write_maps(video, kept, data.held_masks / clip.name, token)
        yield Progress(done + 1, len(clips), clip.name, "data")
    _write_table(data.boxes, train)
    _write_table(data.held_boxes, held)
    scored = [
        {"name": c.name, "video": str(c.video.absolute()), "frames": c.held_frames}
        for c in found.survey.held_out
        if c.held_frames
    ]
    write_atomic(folder / CLIPS, json.dumps({"held": scored}).encode("utf-8", _PLAIN))
    return data


def _file_name(clip: Clip) -> str:
    ending = IMAGES_SUFFIX if clip.video.is_dir() else clip.video.suffix
    return clip.name + ending


def _rows(name: str, video: LabeledVideo, frames: frozenset[int]) -> Iterator[list[str]]:
    for frame, number, box in video.boxes_on(frames):
        yield [name, str(frame), str(number), "", *_sides(box)]


def _sides(box: Corners | None) -> list[str]:
    if box is None:
        return ["", "", "", ""]
    left, top, right, bottom = box
    return [f"{value:.6g}" for value in (left, top, right - left, bottom - top)]


def _write_table(path: Path, rows: list[list[str]]) -> None:
    if not rows:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([HEAD, *rows])
    write_atomic(path, text.getvalue().encode())


def _write_maps(
    video: LabeledVideo, frames: frozenset[int], folder: Path, token: CancelToken
) -> None:
    wanted = sorted(frames & set(video.masked))
    if not wanted or video.open_maps is None:
        return
    made_folder(folder)
    with video.open_maps() as read:
        for frame in wanted:
            token.check()
            write_label_map(folder / f"{frame:05d}.png", read(frame))


def _link(video: Path, place: Path) -> None:
    """Make a link to a video, or a copy where there are no links (Windows without rights)."""
    try:
        place.symlink_to(video.absolute(), target_is_directory=video.is_dir())
    except OSError:
        _copy(video, place)


def _copy(video: Path, place: Path) -> None:
    try:
        if video.is_dir():
            shutil.copytree(video, place)
            return
        try:
            os.link(video.resolve(), place)
        except OSError:
            shutil.copyfile(video, place)
    except (OSError, shutil.Error) as error:
        msg = f"{video} cannot be put into the run folder: {error}."
        raise OutputError(msg, "Free some space, or choose less footage.") from error
