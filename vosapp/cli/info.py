"""`vosapp info`: what is in a project, and whether the file is sound."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from vosapp.cli.console import Console
    from vosapp.project.boxes import BoxCounts
    from vosapp.project.cleanings import CleaningSpan
    from vosapp.project.model import TrackedObject
    from vosapp.project.store import Project

NAME = "info"
HELP = "show what is in a project"

EPILOG = (
    "The project is opened for reading only, so it may be open elsewhere. The exit code is 2 where "
    "its file is damaged; --repair then makes a new project of what can still be read and leaves "
    "the old one as it is."
)
DAMAGED = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("project", type=Path, metavar="FILE", help="a project (.vosapp)")
    parser.add_argument(
        "--repair",
        type=Path,
        metavar="NEW",
        help="make a new project of what can be read of a damaged one, and show that",
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Describe the project.

    Returns:
        `project`, `bytes`, `video` (with `found`, its place now, and whether it is the `same`
        file; None where it is not found), `objects` (each with its frames by state and its box
        labels), `states` (frames x objects by state), `boxes` (labels that are drawn, interpolated
        and unseen, and how many frames have any), `keyframes`, `references`, `history`,
        `runs` (origins of masks), `adapted` (weights that were fine-tuned on the video, as
        `vosapp.cli.finetune.describe` tells them; None without), `problems` of the file, and `lost`
        with `--repair`.

    Raises:
        VosError: no project, or one that cannot be opened at all.
    """
    from vosapp.project.file import Options
    from vosapp.project.opening import open_project
    from vosapp.project.recovery import salvage

    path, lost = args.project, None
    if args.repair is not None:
        saved = salvage(path, args.repair)
        path, lost = saved.path, saved.lost
        for line in saved.lost:
            console.warn(f"lost: {line}")
    with open_project(path, Options(read_only=True)) as project:
        for note in project.notes:
            console.warn(note)
        result = _describe(project) | {"adapted": _adapted(project, console)}
    if result["problems"]:
        console.exit_code = DAMAGED
    console.report(*_lines(result))
    return result if lost is None else result | {"lost": lost}


def _describe(project: Project) -> dict[str, object]:
    problems, counts = project.problems(), project.box_counts()
    return {
        "project": project.path,
        "bytes": project.path.stat().st_size,
        "revision": project.revision,
        "video": _video(project),
        "objects": [_object(project, item, counts) for item in project.objects()],
        "states": {state.name.lower(): n for state, n in project.counts().items()},
        "boxes": _boxes(project, counts),
        "keyframes": project.keyframe_indices(),
        "references": sorted({item.frame_index for item in project.references()}),
        "history": _history(project),
        "runs": _runs(project),
        "problems": problems,
    }


def _adapted(project: Project, console: Console) -> dict[str, object] | None:
    from core.errors import VosError
    from vosapp.cli.finetune import describe

    try:
        return describe(project)
    except VosError as error:
        # All else can be told, and used.
        console.warn(str(error))
        console.exit_code = DAMAGED
        return None


def _video(project: Project) -> dict[str, object]:
    from vosapp.project.relink import is_project_video, video_path

    video, found = project.video, video_path(project)
    return {
        "path": video.path,
        "found": found,
        "same": None if found is None else is_project_video(project, found),
        "frames": video.frame_count,
        "width": video.width,
        "height": video.height,
        "fps": video.fps,
        "bytes": video.size,
    }


def _object(
    project: Project, item: TrackedObject, boxes: Mapping[int, BoxCounts]
) -> dict[str, object]:
    import numpy as np

    from vosapp.project.boxes import BoxCounts
    from vosapp.project.model import FrameState

    counts = np.bincount(project.states(item.object_id), minlength=len(FrameState))
    return {
        "object_id": item.object_id,
        "name": item.name,
        "category": item.category,
        "color": "#{:02x}{:02x}{:02x}".format(*item.color),
        "visible": item.visible,
        "locked": item.locked,
        "frames": {state.name.lower(): int(counts[state]) for state in FrameState},
        "boxes": asdict(boxes.get(item.object_id, BoxCounts())),
        "clean": [_cleaning(span) for span in project.cleanings(item.object_id)],
    }


def _cleaning(span: CleaningSpan) -> dict[str, object]:
    how = replace(span.cleaning, erased=()).text
    return {"start": span.start, "stop": span.stop, "how": how, "erased": len(span.cleaning.erased)}


def _boxes(project: Project, boxes: Mapping[int, BoxCounts]) -> dict[str, int]:
    from vosapp.project.boxes import BoxCounts

    whole = sum(boxes.values(), start=BoxCounts())
    return asdict(whole) | {"frames": len(project.boxed_frames())}


def _history(project: Project) -> dict[str, object]:
    entries = project.history()
    return {
        "undo": sum(not entry.undone for entry in entries),
        "redo": sum(entry.undone for entry in entries),
        "bytes": sum(entry.size for entry in entries),
        "last": next((entry.name for entry in reversed(entries) if not entry.undone), None),
    }


def _runs(project: Project) -> list[dict[str, object]]:
    import numpy as np

    found: dict[int, int] = {}
    for item in project.objects():
        ids, counts = np.unique(project.lane(item.object_id).runs, return_counts=True)
        for run_id, count in zip(ids.tolist(), counts.tolist(), strict=True):
            found[run_id] = found.get(run_id, 0) + count
    listed = []
    for run_id, count in sorted(found.items()):
        origin = project.run_of(run_id)
        if origin is not None:
            listed.append({"system": origin.system, "weights": origin.weights, "masks": count})
    return listed


def _lines(result: dict[str, object]) -> list[str]:
    from typing import cast

    told = cast("dict[str, Any]", result)
    video, history = told["video"], told["history"]
    place = video["path"] if video["found"] else f"{video['path']} (not found)"
    if video["same"] is False:
        place = f"{video['found']} (not the file that the project was made with)"
    lines = [
        f"{told['project']}, {told['bytes'] / 1e6:.2f} MB",
        f"video: {place}, {video['frames']} frames, {video['width']} x {video['height']}",
        f"keyframes: {len(told['keyframes'])}, of them {len(told['references'])} references",
        f"history: {history['undo']} steps to undo, {history['redo']} to redo",
    ]
    if told["boxes"]["frames"]:
        boxes = _counted_boxes(told["boxes"])
        lines.append(f"{boxes} on {told['boxes']['frames']} frames")
    for item in told["objects"]:
        states = ", ".join(f"{count} {name}" for name, count in item["frames"].items() if count)
        kind = f" ({item['category']})" if item["category"] else ""
        boxes = _counted_boxes(item["boxes"])
        text = "; ".join(part for part in (states, boxes) if part)
        lines.append(f"object {item['object_id']}, {item['name']}{kind}: {text}")
        lines += [f"  {_cleaning_line(one)}" for one in item["clean"]]
    if told["adapted"]:
        lines.append(_adapted_line(told["adapted"]))
    lines += [f"{run['masks']} masks by {run['system']} {run['weights']}" for run in told["runs"]]
    return lines + (
        [f"damaged: {problem}" for problem in told["problems"]] or ["the file is sound"]
    )


def _cleaning_line(told: dict[str, Any]) -> str:
    erased = f", areas erased: {told['erased']}" if told["erased"] else ""
    frames = f"{told['start']}:{told['stop']}"
    return f"cleaned up on frames {frames}: {told['how']}{erased}"


def _counted_boxes(counts: dict[str, int]) -> str:
    """Box labels by what they say; empty where there are none."""
    names = {"drawn": "drawn", "interpolated": "interpolated", "unseen": "not visible"}
    shown = ", ".join(f"{counts[key]} {name}" for key, name in names.items() if counts[key])
    return f"box labels: {shown}" if shown else ""


def _adapted_line(adapted: dict[str, Any]) -> str:
    scores = ""
    if adapted["after"] is not None:
        scores = f", J on keyframes {adapted['before']:.3f} -> {adapted['after']:.3f}"
    state = "in use" if adapted["in_use"] else "switched off"
    return (
        f"weights fine-tuned on this video: {state}, {adapted['preset']}, {adapted['steps']} steps"
        f" on {adapted['frames']} frames{scores}"
    )
