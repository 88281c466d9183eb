"""Write synthetic scenes to disk: as a DAVIS tree, and as the bundled sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import cv2

from core.data.synthetic.rendering import render
from core.data.synthetic.scenes import SAMPLE
from core.errors import OutputError
from core.jobs import Progress
from core.media.atomic import made_folder
from core.media.label_map import write_label_map
from core.media.safe_input import whole_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from core.data.synthetic.scene import Scene
    from core.types import Frame

_JPEG_QUALITY = 92
_CRF = "20"


def write_davis(scenes: Iterable[Scene], root: Path) -> Iterator[Progress]:
    """Write scenes in DAVIS layout (JPEGImages, Annotations, ImageSets), one step a frame.

    Args:
        scenes: what to render; the names must differ.
        root: folder to write into; it is created.

    Raises:
        OutputError: a file cannot be written.
    """
    wanted = tuple(scenes)
    total = sum(scene.frame_count for scene in wanted)
    done = 0
    for scene in wanted:
        frames = made_folder(root / "JPEGImages" / "480p" / scene.name)
        masks = made_folder(root / "Annotations" / "480p" / scene.name)
        for frame_index, (frame, label_map) in enumerate(render(scene)):
            _write_jpeg(frames / f"{frame_index:05d}.jpg", frame)
            write_label_map(masks / f"{frame_index:05d}.png", label_map)
            done += 1
            yield Progress(done, total, f"rendering {scene.name}")
    names = "".join(f"{scene.name}\n" for scene in wanted)
    for place in (("480p", "sequences.txt"), ("2017", "val.txt")):
        _write_text(made_folder(root / "ImageSets" / place[0]) / place[1], names)


def write_sample(folder: Path, scene: Scene = SAMPLE) -> Iterator[Progress]:
    """Write a scene as an H.264 film with one mask a frame beside it, one step a frame.

    Args:
        folder: gets <name>.mp4 and masks/00000.png ...; it is created.
        scene: what to render.

    Raises:
        OutputError: a file cannot be written.
    """
    masks = made_folder(folder / "masks")
    path = folder / f"{scene.name}.mp4"
    try:
        with av.open(whole_path(path), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=scene.fps)
            stream.width, stream.height = scene.width, scene.height
            stream.pix_fmt = "yuv420p"
            # WORKAROUND(av 18.1, x264): with several threads or with its assembler routines the
            # same pictures give other bytes on every run (sides that are no multiple of 16).
            stream.options = {
                "crf": _CRF,
                "preset": "medium",
                "threads": "1",
                "x264-params": "asm=0",
            }
            for frame_index, (frame, label_map) in enumerate(render(scene)):
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                container.mux(stream.encode(picture))
                write_label_map(masks / f"{frame_index:05d}.png", label_map)
                yield Progress(frame_index + 1, scene.frame_count, f"rendering {scene.name}")
            container.mux(stream.encode())
    except (OSError, av.FFmpegError) as error:
        raise OutputError(
            f"Cannot write {path}: {error}.", "Choose a folder you may write."
        ) from error


def _write_jpeg(path: Path, frame: Frame) -> None:
    """Write one frame as a JPEG file."""
    bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}.") from error


def _write_text(path: Path, text: str) -> None:
    """Write a small text file."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}.") from error
