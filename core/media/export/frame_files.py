"""What the pictures of frames are called where an export does not write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.media.image_file import list_images

if TYPE_CHECKING:
    from core.media.annotations.values import AnnotationSource


def own_file_names(source: AnnotationSource) -> dict[int, str]:
    """Return `FOLDER/FILE` of each frame of a video that is a folder of images, as they are.

    Empty for a video file, whose frames are no files, and where the folder is gone or has changed.
    """
    video = source.video
    if not video.stems:
        return {}
    try:
        files = {file.stem: file.name for file in list_images(video.path)}
    except OSError:
        return {}
    if not set(video.stems) <= files.keys():
        return {}
    return {i: f"{video.path.name}/{files[stem]}" for i, stem in enumerate(video.stems)}
