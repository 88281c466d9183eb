"""Errors that a user can act on.

VosError                      anything a user can mend; has a code, a message and a hint
├── UsageError                an option or an argument that makes no sense
├── VideoOpenError            a file or folder that is no readable video
├── VideoDecodeError          a video that breaks off or is damaged inside
├── VideoMismatch             a video that may be another one than a project was made with
├── MaskReadError             a mask file that cannot be read as a label map
├── MaskMismatch              a mask that does not belong to the video (size, frame, ids)
├── AnnotationReadError       an annotation file that is damaged, hostile, or of another format
├── PromptError              a box or click that cannot be answered (outside the image, none at all)
├── CheckpointMissing         no weights where they were looked for
├── CheckpointMismatch        weights that are damaged, hostile, or of another system
├── DeviceUnavailable         a device that this machine or this torch does not have
├── DeviceOutOfMemory         the device has too little memory for the request
├── DatasetError              a folder that is not laid out as the dataset it should be
├── TrainingError             a training run that cannot go on (no clips, loss not finite)
├── OutputError               a result that cannot be written
├── FileAccessError           a file or folder that the system does not let us use
├── ProjectFileError          a project file that is damaged, hostile, too new, or none at all
└── ProjectLocked             a project that somebody else has open for writing

Everything else that is raised is a bug and must look like one; but what the system refuses for
reasons of rights, names and disks is turned into a `FileAccessError` by `mendable`, wherever it
comes up (ADR 0026).
"""

from __future__ import annotations

import errno
import os
from typing import ClassVar


class VosError(Exception):
    """A problem that the user can mend.

    Attributes:
        code: stable kebab-case name of the kind of error; texts and tests refer to it.
        message: what happened, with names and numbers, one line.
        hint: what to do next, one line; may be empty.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(VosError):
    """An option or argument that makes no sense."""

    code = "usage"


class VideoOpenError(VosError):
    """A file or folder that is no readable video."""

    code = "video-open"


class VideoDecodeError(VosError):
    """A video that breaks off or is damaged inside."""

    code = "video-decode"


class VideoMismatch(VosError):
    """A video that may be another one than a project was made with: nobody has confirmed it."""

    code = "video-mismatch"


class MaskReadError(VosError):
    """A mask file that cannot be read as a label map."""

    code = "mask-read"


class MaskMismatch(VosError):
    """A mask that does not belong to the video: its size, frame or ids do not fit.

    Attributes:
        size: (width, height) that annotations say they were made at, where that is what is wrong.
    """

    code = "mask-mismatch"

    def __init__(
        self, message: str, hint: str = "", *, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(message, hint)
        self.size = size


class AnnotationReadError(VosError):
    """An annotation file (JSON, XML, text, ...) that is damaged, hostile, or of another format."""

    code = "annotation-read"


class PromptError(VosError):
    """A box or click that cannot be answered: outside the image, without area, or none at all."""

    code = "prompt"


class CheckpointMissing(VosError):
    """No weights where they were looked for."""

    code = "checkpoint-missing"


class CheckpointMismatch(VosError):
    """Weights that are damaged, hostile, or of another system."""

    code = "checkpoint-mismatch"


class DeviceUnavailable(VosError):
    """A device that this machine, or this build of torch, does not have."""

    code = "device-unavailable"


class DeviceOutOfMemory(VosError):
    """The device has too little memory for the request."""

    code = "device-memory"


class DatasetError(VosError):
    """A folder that is not laid out as the dataset it should be."""

    code = "dataset"


class TrainingError(VosError):
    """A training run that cannot start or go on."""

    code = "training"


class OutputError(VosError):
    """A result that cannot be written."""

    code = "output"


class FileAccessError(VosError):
    """A file or folder that the system does not let us use: rights, names, disks."""

    code = "file-access"


class ProjectFileError(VosError):
    """A project file that is damaged, hostile, of a newer version, or no project at all."""

    code = "project-file"


class ProjectLocked(VosError):
    """A project that somebody else has open for writing."""

    code = "project-locked"


_RIGHTS = "Check its permissions, and those of the folders that it is in."
_NAME = "Choose another name or folder."
_DISK = "Look at the disk, or at the network that it is on."
_SPACE = "Free some space, or choose another disk."
_REFUSALS = {
    getattr(errno, name): hint
    for hint, names in (
        (_RIGHTS, ("EACCES", "EPERM")),
        (_NAME, ("ENAMETOOLONG", "ELOOP", "EILSEQ")),
        (_SPACE, ("ENOSPC", "EDQUOT", "EFBIG")),
        ("Choose a disk that may be written.", ("EROFS",)),
        (_DISK, ("EIO", "ENXIO", "ENODEV", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH")),
        (_DISK, ("ENETUNREACH", "ENOTCONN", "EREMOTEIO")),
    )
    for name in names
    if hasattr(errno, name)
}


def mendable(error: BaseException) -> VosError | None:
    """Return what a user can mend of an exception; None for a bug.

    A missing file is none of the refusals: where one may be missing, the code asks.
    """
    if isinstance(error, VosError):
        return error
    if not isinstance(error, OSError) or error.errno not in _REFUSALS:
        return None
    named = error.filename
    what = os.fsdecode(named) if isinstance(named, str | bytes) else "A file"
    return FileAccessError(f"{what} cannot be used: {error.strerror}.", _REFUSALS[error.errno])
