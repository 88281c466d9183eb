"""`vosapp import`: takes annotations of other programs into a project."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.importing.collect import MAX_BOXES, MAX_SHAPES
from core.data.importing.formats import IMPORTERS
from core.data.importing.reading import MAX_BYTES, MAX_LINES
from core.errors import UsageError
from core.media.input_file import read_input
from vosapp.cli.following import finish_job
from vosapp.cli.import_options import add_import_arguments, import_options
from vosapp.cli.project_options import add_video_argument, open_project_video
from vosapp.cli.video_notes import telling

if TYPE_CHECKING:
    import argparse

    from core.media.annotations.values import ImportedAnnotations
    from vosapp.cli.console import Console
    from vosapp.project.edit_import import ImportReport
    from vosapp.project.store import Project
    from vosapp.services.import_annotations import Imported

NAME = "import"
HELP = "take annotations of a file format into a project"

ALIASES = {
    "davis": "masks",
    "davis2017": "masks",
    "davis2016": "masks",
    "youtube-vos": "masks",
    "davis-zip": "masks",
    "youtube-vos-zip": "masks",
    "cvat-video": "cvat",
    "mot": "boxes",
    "csv": "boxes",
    "yolo-seg": "yolo",
    "boxes-csv": "boxes",
    "boxes-mot": "boxes",
    "boxes-yolo": "yolo",
    "boxes-coco": "coco",
    "boxes-cvat": "cvat",
}
"""Other names of importers, so that what `vosapp export` writes is read under the same name."""
MAX_MAPPING_BYTES = 1 << 20
BOXES_HINT = "Boxes are no masks: --boxes-to-masks makes some, here or in vosapp propagate."
EPILOG = (
    "Labeled frames become keyframes, boxes become box labels. What is a keyframe already, has a "
    "box, or was checked, stays unless --overwrite is given; locked objects always stay. A "
    "mapping is JSON of "
    'labels and object ids such as {"bear": 1, "tree": 0}, where 0 leaves a label out; with --json '
    "the mapping that was used is in the result, to be changed and handed in again. One undo takes "
    f"all of it back. One import takes files of up to {MAX_BYTES >> 20} MB, {MAX_LINES:,} lines of "
    f"text, {MAX_BOXES:,} boxes and {MAX_SHAPES:,} shapes; split what is larger."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("project", type=Path, metavar="PROJECT", help="a project (.vosapp)")
    parser.add_argument("path", type=Path, metavar="PATH", help="file or folder of annotations")
    names = sorted({*ALIASES, *(importer.name for importer in IMPORTERS)})
    parser.add_argument(
        "--format", required=True, choices=names, metavar="F", help=f"one of {', '.join(names)}"
    )
    parser.add_argument(
        "--mapping", type=Path, metavar="FILE", help="JSON: label to object id (default: proposed)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace keyframes, boxes and checked masks"
    )
    add_import_arguments(parser)
    add_video_argument(parser)


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Read annotations, then take them over in one step.

    Returns:
        `project`, `source`, `format`, `labeled` (frames in the files), `keyframes` (frames taken
        over), `kept` (by frame, ids that stay as they were), `unasserted` (labeled frames that
        assert no object), `boxes` (in the files), `box_labels` (taken over), `objects`, `mapping`
        and `notes`.

    Raises:
        VosError: anything the user can mend; the project is as it was.
        Cancelled: likewise.
    """
    from vosapp.project.opening import open_project
    from vosapp.services import import_annotations as service
    from vosapp.services.box_masks import with_masks

    name = ALIASES.get(args.format, args.format)
    options = import_options(args)
    mapping = read_mapping(args.mapping)
    with ExitStack() as stack:
        project = stack.enter_context(open_project(args.project))
        for note in project.notes:
            console.warn(note)
        video = None
        if options.boxes_to_masks or args.video is not None:
            video = open_project_video(project, args, console, cache_bytes=service.CACHE_BYTES)
            stack.enter_context(telling(video, console))
        read = service.read_annotations(
            project, name, args.path, token=console.token, mapping=mapping, options=options
        )
        found = finish_job(read, console, unit="steps")
        if options.boxes_to_masks and video is not None:
            found = with_masks(found, video.frame, console.token)
        for note in found.notes:
            console.say(note)
        job = service.take_over(project, found, overwrite=args.overwrite, token=console.token)
        done = finish_job(job, console, unit="frames")
        _tell(done, console)
        result = _result(project, found, done.report)
    return result | {"source": args.path, "format": name}


def read_mapping(path: Path | None) -> dict[str, int] | None:
    """Read a mapping of labels to object ids; None stays None.

    Raises:
        UsageError: no such file, or it is no such mapping.
    """
    if path is None:
        return None
    hint = 'Write it as {"bear": 1, "tree": 2}.'
    try:
        value = json.loads(read_input(path, limit=MAX_MAPPING_BYTES))
    except OSError as error:
        raise UsageError(f"The mapping {path} cannot be read: {error.strerror}.", hint) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The mapping {path} is no JSON: {error}.", hint) from error
    if not isinstance(value, dict):
        raise UsageError(f"The mapping {path} is no object of labels and ids.", hint)
    for label, object_id in value.items():
        if type(object_id) is not int:
            raise UsageError(f"The mapping {path} gives {label!r} no whole number.", hint)
    return value


def _tell(imported: Imported, console: Console) -> None:
    report = imported.report
    for note in report.notes:
        console.say(note)
    if report.unasserted:
        console.say(f"{report.unasserted} labeled frames show no object yet: no keyframes.")
    if report.kept:
        console.warn(
            f"On {len(report.kept)} frames keyframes, checked masks or locked objects stay as they"
            " were. --overwrite replaces all but locked ones."
        )
    if report.locked_boxes:
        console.warn(f"{report.locked_boxes} boxes are left out: their objects are locked.")
    if report.kept_boxes:
        console.warn(
            f"{report.kept_boxes} boxes are left out: their objects have one on the frame."
            " --overwrite replaces those that were there."
        )
    done = f"Imported {len(report.frames)} keyframes and {report.boxes} box labels."
    console.report(done if imported.change.name else "Nothing to import: the project is as it was.")
    if report.boxes and not report.frames:
        console.say(BOXES_HINT)


def _result(
    project: Project, found: ImportedAnnotations, report: ImportReport
) -> dict[str, object]:
    named = {item.object_id: item.name for item in project.objects()}
    return {
        "project": project.path,
        "labeled": found.frames,
        "keyframes": report.frames,
        "kept": report.kept,
        "unasserted": report.unasserted,
        "boxes": len(found.boxes),
        "box_labels": report.boxes,
        "objects": [
            {"object_id": info.object_id, "name": named[info.object_id]} for info in found.objects
        ],
        "mapping": dict(found.mapping),
        "notes": [*found.notes, *report.notes],
    }
