"""Reading annotations of other programs, and taking them over, in the thread for files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.data.importing.formats import IMPORTERS
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.media.annotations.values import ImportedAnnotations
from vosapp.jobs.outcome import Done, Outcome
from vosapp.jobs.runner import JobHandle
from vosapp.project.relink import open_linked, video_path
from vosapp.project.store import Project
from vosapp.services import import_annotations as service
from vosapp.services.box_masks import with_masks
from vosapp.services.import_annotations import CACHE_BYTES, Imported
from vosapp.session.session import Session


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """A format as the dialog lists it.

    Attributes:
        name: for `read`.
        title: for people.
        takes_folder: a folder is usual, else a file.
        text: what is read, and how.
    """

    name: str
    title: str
    takes_folder: bool
    text: str


ReadJob = Callable[[CancelToken], Generator[Progress, None, ImportedAnnotations]]
TakeJob = Callable[[CancelToken], Generator[Progress, None, Imported]]
_FILES = frozenset({"coco", "ytvis", "cvat", "boxes", "mots-txt"})
_TEXTS: Mapping[str, str] = {
    "masks": "PNG masks whose pixel values are object ids; names say the frame.",
    "object-masks": "White is the object; each folder is one object.",
    "coco": "One JSON file; images are matched to frames by their names.",
    "ytvis": "One JSON file with one entry for each object over the whole video.",
    "cvat": "Masks, polygons and boxes of CVAT for images or for video.",
    "labelme": "One JSON file beside each image.",
    "boxes": "Boxes become box labels, which are no masks; Boxes to masks makes masks, too.",
    "mots-png": "16-bit PNG with class and instance in one number.",
    "mots-txt": "One text file of run lengths.",
    "yolo": "Outlines or boxes in text files, one for each frame.",
}
"""What each format is, by name."""


def formats() -> tuple[ImportFormat, ...]:
    """Return all formats, the usual one first."""
    return tuple(
        ImportFormat(one.name, one.title, one.name not in _FILES, _TEXTS[one.name])
        for one in IMPORTERS
    )


def read(
    project: Project,
    name: str,
    path: Path,
    *,
    mapping: Mapping[str, int] | None = None,
    options: ImportOptions = AS_USUAL,
) -> ReadJob:
    """Read annotations; nothing changes.

    Args:
        project: says which video they belong to.
        name: of the format.
        path: file or folder.
        mapping: label in the files -> object id, 0 leaves it out; None takes the proposal.
        options: what the user says of the files.

    The job raises:
        VosError: whatever is wrong with the files.
        Cancelled: by the token.
    """

    def job(token: CancelToken) -> Generator[Progress, None, ImportedAnnotations]:
        return service.read_annotations(
            project, name, path, token=token, mapping=mapping, options=options
        )

    return job


def take_over(
    project: Project,
    found: ImportedAnnotations,
    *,
    overwrite: bool,
    boxes_from: Path | None = None,
) -> TakeJob:
    """Make keyframes and box labels of what was read, as one step that can be undone.

    Args:
        project: open.
        found: what was read.
        overwrite: replace keyframes, boxes and checked masks too; locked objects always stay.
        boxes_from: the video, where boxes are to become masks.

    The job raises:
        VosError: a file has changed meanwhile, the video cannot be read, or it cannot be stored;
            nothing has changed.
        Cancelled: by the token; nothing has changed.
    """

    def job(token: CancelToken) -> Generator[Progress, None, Imported]:
        with _masked(project, found, boxes_from, token) as whole:
            return (yield from service.take_over(project, whole, overwrite=overwrite, token=token))

    return job


@contextmanager
def _masked(
    project: Project, found: ImportedAnnotations, place: Path | None, token: CancelToken
) -> Iterator[ImportedAnnotations]:
    if place is None or not found.boxes:
        yield found
        return
    # A place that is given is written to the project: only where it does not know it.
    given = None if video_path(project) == place else place
    video, _notes = open_linked(project, given, cache_bytes=CACHE_BYTES)
    with video:
        yield with_masks(found, video.frame, token)


def start_import(
    session: Session, found: ImportedAnnotations, *, overwrite: bool, boxes_to_masks: bool = False
) -> JobHandle:
    """Take over in the thread for files; the session shows it, whoever has asked is there or not.

    Args:
        session: of the project.
        found: what was read.
        overwrite: see `take_over`.
        boxes_to_masks: make a mask of each box that has none.
    """

    def follow(outcome: Outcome) -> None:
        if isinstance(outcome, Done) and isinstance(outcome.value, Imported):
            session.refresh(outcome.value.change)

    place = session.video_path if boxes_to_masks else None
    job = take_over(session.project, found, overwrite=overwrite, boxes_from=place)
    handle = session.files.submit(job)
    handle.tell(session, finished=follow)
    return handle
