"""What every way to import into a project does: reads annotations, then takes them over.

The command line and the window both use it; it knows neither, and loads neither Qt nor torch. Boxes
become masks in between, where that is wanted: `vosapp.services.box_masks.with_masks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.importing.formats import importer_named
from core.media.annotations.options import AS_USUAL, ImportOptions
from vosapp.project.edit_import import ImportAnnotations, ImportReport
from vosapp.project.source import stored_info

if TYPE_CHECKING:
    from core.jobs import CancelToken, Job
    from core.media.annotations.values import ImportedAnnotations
    from vosapp.project.model import Change
    from vosapp.project.store import Project

CACHE_BYTES = 8 << 20
"""Of decoded frames; boxes that become masks need each frame once."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken over.

    Attributes:
        change: of the project; without a name where there was nothing to take over.
        report: what became of the annotations.
    """

    change: Change
    report: ImportReport


def read_annotations(
    project: Project,
    name: str,
    path: Path,
    *,
    token: CancelToken,
    mapping: Mapping[str, int] | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read annotations; nothing changes.

    Args:
        project: says which video they belong to.
        name: of the format.
        path: file or folder.
        token: cancels the job.
        mapping: label in the files -> object id, 0 leaves it out; None takes the proposal.
        options: what the user says of the files.

    Raises:
        VosError: whatever is wrong with the files.
        Cancelled: by the token.
    """
    read, info = importer_named(name).read, stored_info(project)
    return (yield from read(path, info, mapping=mapping, token=token, options=options))


def take_over(
    project: Project, found: ImportedAnnotations, *, overwrite: bool, token: CancelToken
) -> Job[Imported]:
    """Make keyframes and box labels of what was read, as one step that can be undone.

    Args:
        project: open.
        found: what was read.
        overwrite: replace keyframes, boxes and checked masks too; locked objects always stay.
        token: cancels the job.

    Raises:
        VosError: a file has changed meanwhile, or it cannot be stored; nothing has changed.
        Cancelled: by the token; nothing has changed.
    """
    edit = ImportAnnotations(found, overwrite=overwrite)
    change = yield from project.run(edit, token)
    return Imported(change, edit.report)
