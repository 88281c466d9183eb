"""`vosapp discover`: find the objects of a video, or of single images, without any prompt."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.discovery.contract import DiscoveryRequest, ObjectTrack
from core.discovery.masks import USUAL, Refinement
from core.engine.registry import discoverers, system_spec, trackers
from core.errors import OutputError, UsageError
from core.media.atomic import made_folder, write_atomic
from core.media.export.losses import counted
from vosapp.cli.following import finish_job
from vosapp.cli.frame_range import FORWARD_CACHE_BYTES, check_range, parse_range
from vosapp.cli.run_options import add_compute_arguments, positive
from vosapp.cli.video_notes import telling
from vosapp.services.discover import (
    default_discoverer,
    discoverer_of,
    finding_request,
    linking_tracker,
)
from vosapp.services.models.store import weights_named

if TYPE_CHECKING:
    from core.discovery.contract import Discoverer
    from core.engine.finding.build import FindingRequest
    from core.engine.finding.instances import FrameBoxes
    from core.engine.output import ResultFolder
    from core.media.video import VideoSource
    from core.tracking.contract import TrackerRequest
    from core.types import Frame
    from vosapp.cli.console import Console

NAME = "discover"
HELP = "find the objects of a video or of images without a prompt"

EPILOG = (
    "Results are written to OUT/<input's name>/00000.png and so on, label maps at the video's own "
    "size: object 1 is all that was found, or with --instances objects 1, 2 and so on, the surest "
    "first. OUT/<input's name>.objects.json has their scores; --maps writes soft maps as gray "
    "images into OUT/<input's name>-maps, which vosapp evaluate --protocol saliency scores. "
    "With --adapt-steps the networks learn the video first (the paper takes 100). "
    "Objects are told apart by connected parts and colors, or by --boxes of a detector: what is "
    "foreground in each. "
    "With --images INPUT is a folder of images, each looked at by itself, of any sizes. "
    "No edge boxes and no contributed modules of OpenCV are used."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "input", type=Path, metavar="INPUT", help="video file, folder of frames, or one image"
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--system",
        choices=tuple(discoverers()),
        help=f"method (default: that of --weights, else {default_discoverer()})",
    )
    parser.add_argument(
        "--weights",
        type=weights_named,
        metavar="FILE",
        help="weights of the system, or the name of a model (default: the bundled)",
    )
    _add_ways(parser)
    parser.add_argument("--range", metavar="A:B", help="look only at frames A to B - 1")
    parser.add_argument("--images", action="store_true", help="each image of INPUT by itself")
    parser.add_argument("--maps", action="store_true", help="write soft maps, too")
    add_compute_arguments(parser)


def _add_ways(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--instances", action="store_true", help="tell single objects apart, and link them in time"
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        metavar="FILE",
        help="with --instances: boxes of a detector (MOTChallenge, CSV or COCO) tell objects apart",
    )
    parser.add_argument(
        "--most", type=positive, default=20, metavar="N", help="objects at most (default: 20)"
    )
    parser.add_argument(
        "--adapt-steps", type=_steps, default=0, metavar="N", help="learn the video first (0: not)"
    )
    parser.add_argument("--seed", type=_steps, default=0, metavar="N", help="of that learning")
    parser.add_argument(
        "--vote",
        action="store_true",
        help="propagate the surest frames over the others, and let them vote",
    )
    parser.add_argument(
        "--link",
        choices=tuple(name for name, spec in trackers().items() if not spec.needs_weights),
        help="carry masks by this baseline (default: the usual system, where it has weights)",
    )
    parser.add_argument(
        "--refine",
        choices=tuple(one.value for one in Refinement),
        help="how masks follow edges: guided is a filter; cut is GrabCut, field a mean field, and "
        "then the filter (default: cut; with --instances guided: single objects are cut earlier)",
    )
    parser.add_argument(
        "--short-side", type=_side, metavar="N", help="working size (default: the network's)"
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Find objects and write a mask for each frame.

    Returns:
        `output` (folder), `frames`, `objects` (a score and the number of frames each), `system`,
        `weights`, `seconds`, `seconds_per_frame`; with `--images` `images` in place of `frames`.

    Raises:
        VosError: anything the user can mend.
        Cancelled: masks that were written are kept.
    """
    from core.engine.finding.build import build_finder
    from core.engine.run import memory_guard, use_threads

    args.system = args.system or _usual_system(args.weights)
    request = _request(args)
    if args.threads is not None:
        use_threads(args.threads, system=args.system)
    start = time.perf_counter()
    with memory_guard(args.system):
        finder = build_finder(request)
        run = _Run(args, finder, console)
        found = run.images() if args.images else run.video()
    seconds = time.perf_counter() - start
    count = max(1, run.frames)
    console.report(
        f"Wrote {counted(run.frames, 'mask')} to {found['output']} ({seconds / count:.2f} s each)."
    )
    told = {"system": args.system, "weights": request.discovery.weights}
    return found | told | {"seconds": seconds, "seconds_per_frame": seconds / count}


def _usual_system(weights: Path | None) -> str:
    """What finds objects where none is named."""
    named = None if weights is None else discoverer_of(weights)
    return named or default_discoverer()


def _request(args: argparse.Namespace) -> FindingRequest:
    if args.images and (args.adapt_steps or args.vote):
        option = "--adapt-steps" if args.adapt_steps else "--vote"
        raise UsageError(f"{option} needs a video.", "Leave it out with --images.")
    spec = system_spec(args.system)
    if args.weights is not None and spec.needs_weights:
        from core.nn.checkpoints import read_info, require_system

        require_system(read_info(args.weights), args.system, args.weights)
    discovery = DiscoveryRequest(
        args.device, args.weights, args.most, args.adapt_steps, args.seed, args.short_side
    )
    boxes = _boxes(args)
    request = finding_request(
        args.system,
        discovery,
        instances=args.instances,
        vote=args.vote,
        tracker=_tracker(args),
    )
    return replace(request, boxes=boxes, refinement=Refinement(args.refine or USUAL))


def _boxes(args: argparse.Namespace) -> FrameBoxes | None:
    """What a detector has found on the frames of the video; None where there is none."""
    if args.boxes is None:
        return None
    from core.data.importing.detections import read_detections
    from core.media.video import open_video

    if not args.instances or args.images:
        msg = "--boxes tells the objects of a video apart."
        raise UsageError(msg, "Add --instances, and leave --images out.")
    with open_video(args.input) as video:
        return read_detections(args.boxes, video.info)


def _tracker(args: argparse.Namespace) -> TrackerRequest:
    from core.tracking.contract import TrackerRequest
    from core.types import Quality

    if args.link is None:
        return linking_tracker(args.device)
    return TrackerRequest(args.link, Quality.FAST, args.device)


@dataclass(slots=True)
class _Run:
    """What is done for a video, or for each of many images."""

    args: argparse.Namespace
    finder: Discoverer
    console: Console
    frames: int = 0

    def video(self) -> dict[str, object]:
        """Find the objects of a video; write masks, maps and scores."""
        from core.engine.output import ResultFolder
        from core.media.video import open_video

        bounds = parse_range(self.args.range)
        with telling(
            open_video(self.args.input, cache_bytes=FORWARD_CACHE_BYTES), self.console
        ) as video:
            frames = range(*check_range(bounds, video.info.frame_count))
            with ResultFolder(self.args.out, video.info, sources=(self.args.input,)) as folder:
                tracks = self._find(video, frames)
                self._write(video, frames, tracks, folder)
                objects = _objects(tracks)
                _write_json(folder.path.with_name(f"{folder.path.name}.objects.json"), objects)
        self.console.report(f"Found {counted(len(tracks), 'object')}.")
        return {"output": folder.path, "frames": self.frames, "objects": objects}

    def images(self) -> dict[str, object]:
        """Find the objects of each image of a folder."""
        from core.media.image_file import list_images
        from core.media.video import open_video

        source: Path = self.args.input
        if not source.is_dir():
            raise UsageError(f"{source} is no folder of images.", "Leave --images out for a video.")
        paths = list_images(source)
        if not paths:
            raise UsageError(f"{source} holds no images.", "Name a folder with images.")
        folder = self.args.out / (source.resolve().name or "images")
        if folder.resolve() == source.resolve():
            msg = f"The results would overwrite what they are made from: {source}."
            raise OutputError(msg, "Choose another output folder.")
        made_folder(folder)
        found = list[dict[str, object]]()
        for path in self.console.track(iter(paths), total=len(paths), text="images "):
            with open_video(path) as video:
                tracks = self._find(video, range(1), quiet=True)
                self._write_frame(0, video.frame(0), tracks, folder / f"{path.stem}.png")
            found.append({"image": path.name, "objects": _objects(tracks)})
        _write_json(folder.with_name(f"{folder.name}.objects.json"), found)
        return {"output": folder, "images": found}

    def _find(
        self, video: VideoSource, frames: range, *, quiet: bool = False
    ) -> tuple[ObjectTrack, ...]:
        from core.jobs import result_of

        job = self.finder.discover(video, frames, self.console.token)
        return result_of(job) if quiet else finish_job(job, self.console, unit="steps")

    def _write(
        self,
        video: VideoSource,
        frames: range,
        tracks: tuple[ObjectTrack, ...],
        folder: ResultFolder,
    ) -> None:
        from core.engine.output import result_stem

        read = zip(frames, video.frames(frames.start, frames.stop), strict=True)
        for index, frame in self.console.track(read, total=len(frames), text="masks "):
            self.console.token.check()
            name = result_stem(video.info, index)
            self._write_frame(index, frame, tracks, folder.path / f"{name}.png")
            folder.written += 1
            self.console.kept = f"{counted(folder.written, 'mask')} written to {folder.path}."

    def _write_frame(
        self, index: int, frame: Frame, tracks: tuple[ObjectTrack, ...], path: Path
    ) -> None:
        """Label map of a frame, and its soft map where that is wanted."""
        from core.engine.finding.frames import label_map_of_tracks, soft_map_of_tracks
        from core.media.label_map import write_label_map
        from core.media.soft_map import write_soft_map

        # Single objects were cut before they were linked.
        usual = Refinement.GUIDED if self.args.instances else USUAL
        refinement = Refinement(self.args.refine or usual)
        write_label_map(path, label_map_of_tracks(tracks, index, frame, refinement))
        if self.args.maps:
            maps = made_folder(path.parent.with_name(f"{path.parent.name}-maps"))
            write_soft_map(maps / path.name, soft_map_of_tracks(tracks, index, frame))
        self.frames += 1


def _objects(tracks: tuple[ObjectTrack, ...]) -> list[dict[str, object]]:
    return [
        {
            "object_id": number,
            "score": round(track.score, 4),
            "frames": len(track.scores),
            "first_frame": min(track.scores),
        }
        for number, track in enumerate(tracks, start=1)
    ]


def _write_json(path: Path, values: object) -> None:
    import json

    write_atomic(path, json.dumps(values, indent=1).encode())


def _steps(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1000000")
    return number


def _side(text: str) -> int:
    number = positive(text)
    if not 64 <= number <= 2048:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 64 to 2048")
    return number
