"""What reads one import format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.media.annotations.options import AS_USUAL, ImportOptions

if TYPE_CHECKING:
    from core.jobs import CancelToken, Job
    from core.media.annotations.values import ImportedAnnotations
    from core.types import VideoInfo


class Read(Protocol):
    """Reads annotations of one video; a job whose outcome is what was found."""

    def __call__(
        self,
        path: Path,
        info: VideoInfo,
        *,
        mapping: Mapping[str, int] | None = None,
        token: CancelToken | None = None,
        options: ImportOptions = AS_USUAL,
    ) -> Job[ImportedAnnotations]:
        """Read a file or folder.

        Args:
            path: the file or folder.
            info: the video that it belongs to.
            mapping: label -> object id; None takes the proposal.
            token: cancels the job.
            options: what the user says of the files.

        Raises:
            VosError: whatever is wrong with the files.
        """
