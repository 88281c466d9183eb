"""What every way to export a project shares: options of formats, what is checked, what is lost.

The command line and the window both use it; it knows neither, and loads neither Qt nor torch.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import UsageError
from core.media.export.base import sequence_name
from core.media.export.losses import listed
from vosapp.project.model import FrameState
from vosapp.project.source import labeled_frames, unsure_frames

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.media.export.base import Exporter
    from vosapp.project.store import Project

CACHE_BYTES = 8 << 20
"""Of decoded frames; an export reads each frame once."""


@dataclass(frozen=True, slots=True)
class ExportOption:
    """One field of exporters that can be chosen.

    Attributes:
        field: its name; its type is that of the exporter's default.
        flags: the options of the command line that choose it.
        formats: which formats have it, for people.
        text: what it does, in a few words.
        name: placeholder of its value on the command line; empty for yes and no.
        title: what the dialog calls it; empty for `text`.
    """

    field: str
    flags: str
    formats: str
    text: str
    name: str = ""
    title: str = ""


OPTIONS: tuple[ExportOption, ...] = (
    ExportOption("resize_480p", "--resize-480p", "DAVIS 2017", "resize to 480 lines"),
    ExportOption("polygons", "--polygons", "COCO", "outlines instead of exact masks"),
    ExportOption("void", "--void", "DAVIS 2017, masks", "keep void (255) of imported masks"),
    ExportOption(
        "unsupervised", "--unsupervised", "DAVIS 2017", "write to Annotations_unsupervised"
    ),
    ExportOption(
        "by_object",
        "--by-object",
        "YOLO",
        "each object is a class of its own, whatever its category",
    ),
    ExportOption("crop", "--crop", "cut-outs", "cut to the box around the object"),
    ExportOption("every", "--every", "YouTube-VOS", "only every Nth frame", "N"),
    ExportOption(
        "split", "--split", "DAVIS", "the list that names the sequence", "NAME", title="image set"
    ),
    ExportOption("hard", "--hard-edges", "mattes", "sharp edges: alpha is the mask"),
    ExportOption("premultiplied", "--premultiplied", "16-bit PNG", "colors multiplied by alpha"),
    ExportOption("straight", "--straight", "OpenEXR", "straight colors, not multiplied by alpha"),
    ExportOption("images", "--images and --no-images", "", "write the video's frames too"),
)
"""All of them; `images` is on the command line a pair of its own."""

DESCRIPTIONS: Mapping[str, str] = {
    "davis2017": "The palette PNGs that most research code reads; ids up to 254.",
    "davis2016": "One object against everything else, black and white.",
    "youtube-vos": "Palette PNGs with a list of objects; objects may begin on any frame.",
    "davis-zip": "Results as the DAVIS server wants them: sequences at the top of the zip.",
    "youtube-vos-zip": "Results as the YouTube-VOS server wants them.",
    "coco": "One JSON file; exact run lengths or outlines; an entry for each object and frame.",
    "ytvis": "One JSON file with one entry for each object over the whole video.",
    "mots-png": "16-bit PNG: class and instance in one number.",
    "mots-txt": "One text file of run lengths.",
    "yolo-seg": "Outlines in text files, to train YOLO with; holes are lost.",
    "cvat-video": "To go on in CVAT.",
    "masks": "Palette PNGs alone, without a dataset's folders.",
    "object-masks": "Black and white PNG, a folder for each object.",
    "cut-outs": "Objects on transparency, a PNG for each frame.",
    "overlay": "A video to show people: colored masks over the frames.",
    "matte-png": "Objects with soft edges, everything else transparent, PNG for compositing.",
    "matte-png16": "Each object with soft alpha, 16 bits, a folder for each object.",
    "matte-exr": "Each object a layer with soft alpha, linear light, one file a frame.",
    "matte-prores": "The same as a ProRes 4444 film with alpha.",
    "matte-vp9": "The same as a VP9 film with alpha, for browsers.",
}
"""What each format is good for, by name."""


def options_of(exporter: Exporter) -> tuple[ExportOption, ...]:
    """Return the options that a format has."""
    own = {field.name for field in fields(cast("Any", exporter))}
    return tuple(option for option in OPTIONS if option.field in own)


def with_values(exporter: Exporter, values: Mapping[str, object]) -> Exporter:
    """Return an exporter with other values of its options.

    Raises:
        UsageError: it has no such option.
    """
    own = {option.field for option in options_of(exporter)}
    for name in values:
        if name not in own:
            raise UsageError(f"The format {exporter.name} has no option {name}.")
    return cast("Exporter", replace(cast("Any", exporter), **values)) if values else exporter


def needs_pictures(exporter: Exporter) -> bool:
    """True where a format writes the video's frames, and not only masks."""
    return exporter.shows_frames or bool(getattr(exporter, "images", False))


def guard_frames(source: AnnotationSource, exporter: Exporter, out: Path) -> None:
    """Refuse to write among the frames of the video.

    Raises:
        UsageError: the export would put files into the folder that the frames are in.
    """
    if not source.video.stems:
        return
    name, frames = sequence_name(source), os.path.realpath(source.video.path)
    places = [out / name] if exporter.own_folder else []
    if needs_pictures(exporter):
        places += [out.joinpath(*p, name) for p in (("JPEGImages",), ("images",))]
        places.append(out / "JPEGImages" / "480p" / name)
    # Not Path.resolve, which raises for a link that leads to itself.
    if frames in map(os.path.realpath, places):
        hint = "Choose another folder"
        hint += ", or leave the frames out: --no-images." if hasattr(exporter, "images") else "."
        raise UsageError(f"This would write among the video's own frames in {frames}.", hint)


def find_leftovers(
    project: Project, source: AnnotationSource, exporter: Exporter, out: Path
) -> tuple[Path, ...]:
    """Return files of an earlier export that this one would not replace.

    Raises:
        OutputError: a folder cannot be listed.
    """
    missing = set(missing_frames(project, source))
    return exporter.leftovers(source, out, [i for i in source.frames if i not in missing])


def missing_frames(project: Project, source: AnnotationSource) -> list[int]:
    """Return frames of which nothing is known; looks at states only, not at masks."""
    labeled = labeled_frames(project, [info.object_id for info in source.objects])
    return [index for index in source.frames if not labeled[index]]


def all_losses(
    project: Project, source: AnnotationSource, exporter: Exporter, *, token: CancelToken
) -> tuple[str, ...]:
    """Say what the format loses, and what of the project does not reach it.

    Raises:
        Cancelled: by the token.
    """
    ids = [info.object_id for info in source.objects]
    unsure = unsure_frames(project, ids, source.frames)
    left_out = len(project.objects()) - len(ids)
    own = []
    if left_out:
        own.append(f"Objects left out, since they are not chosen: {left_out}.")
    if FrameState.EMPTY in unsure:
        frames = listed(unsure[FrameState.EMPTY])
        own.append(f"Some objects have no mask yet, which looks as if they were absent: {frames}.")
    if FrameState.STALE in unsure:
        own.append(f"Masks older than their keyframes: frames {listed(unsure[FrameState.STALE])}.")
    return (*own, *exporter.announce_losses(source, token=token))
