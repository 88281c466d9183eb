"""`vosapp new`: make a project for a video, with masks as its first keyframes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import OutputError, UsageError
from vosapp.cli.import_options import add_import_arguments, import_options

if TYPE_CHECKING:
    import argparse

    from core.media.annotations.options import ImportOptions
    from core.media.frame_times import FrameIndex
    from core.media.keyframes import KeyframeImport
    from core.types import VideoInfo
    from vosapp.cli.console import Console
    from vosapp.project.store import Project

NAME = "new"
HELP = "make a project for a video"

EPILOG = (
    "A project is one file that holds objects, keyframes, masks of every frame and what can be "
    "undone; the video stays where it is. Masks are read as by `vosapp propagate`."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("input", type=Path, metavar="INPUT", help="video file or folder of frames")
    parser.add_argument(
        "--masks",
        type=Path,
        metavar="PATH",
        help="one mask, or a folder of masks, that become keyframes",
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="the new project (.vosapp)"
    )
    add_import_arguments(parser, masks=True)


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Check everything, then make the project.

    Returns:
        `project` (file), `video`, `frames`, `width`, `height`, `object_ids`, `keyframes` (frame
        indices), `notes` (how the masks were understood).

    Raises:
        VosError: anything the user can mend; no project is left behind then.
        Cancelled: no project is left behind.
    """
    from core.media.video import open_video

    _check_out(args.out)
    options = import_options(args)
    with open_video(args.input, cache_bytes=0) as video:
        info, index = video.info, video.index
    imported = _read_masks(args.masks, info, options)
    for note in imported.notes if imported else ():
        console.say(note)
    with _make(args.out, info, index) as project:
        try:
            _import(project, imported, console)
        except BaseException:
            project.discard()
            raise
        result = _result(project) | {"notes": imported.notes if imported else ()}
    console.report(
        f"Made {args.out}: {info.frame_count} frames, {len(imported.keyframes) if imported else 0}"
        " keyframes."
    )
    return result


def _check_out(out: Path) -> None:
    from vosapp.project.opening import SUFFIX

    if out.suffix != SUFFIX:
        raise UsageError(
            f"{out} is no name for a project.", f"Let it end in {SUFFIX}: {out.name}{SUFFIX}."
        )
    if out.exists():
        raise OutputError(
            f"There is already a project {out}.", "Choose another name, or move that one away."
        )
    if not out.parent.is_dir():
        raise OutputError(f"There is no folder {out.parent}.", "Make it first.")


def _read_masks(
    masks: Path | None, info: VideoInfo, options: ImportOptions
) -> KeyframeImport | None:
    from core.media.keyframes import load_keyframes

    return None if masks is None else load_keyframes(masks, info, options)


def _make(out: Path, info: VideoInfo, index: FrameIndex | None) -> Project:
    from vosapp.project.opening import create_project
    from vosapp.project.video_ref import video_ref

    return create_project(out, video_ref(info, out), index=index)


def _import(project: Project, imported: KeyframeImport | None, console: Console) -> None:
    from vosapp.project.edit_masks import ImportKeyframes

    if imported is None:
        return
    job = project.run(ImportKeyframes(imported.keyframes), console.token)
    for _ in console.follow(job, unit="keyframes"):
        pass


def _result(project: Project) -> dict[str, object]:
    video = project.video
    return {
        "project": project.path,
        "video": video.path,
        "frames": video.frame_count,
        "width": video.width,
        "height": video.height,
        "object_ids": [item.object_id for item in project.objects()],
        "keyframes": project.keyframe_indices(),
    }
