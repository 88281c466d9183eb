"""A project's tuned weights as a file that a tracker can load. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import CheckpointMismatch, OutputError
from core.media.scratch import scratch_folder
from vosapp.project.store import Project
from vosapp.project.tuned import FILE_NAME


@contextmanager
def tuned_file(project: Project) -> Iterator[Path]:
    """Write a project's tuned weights to a file for a moment.

    They are checked like anything in a project: it may be a stranger's.

    Raises:
        CheckpointMismatch: there are none, or they are damaged, hostile, or of another system.
        ProjectFileError: the project is damaged where they lie.
        OutputError: no temporary file can be written.
    """
    from core.systems.self_supervised.untrusted import require_sound

    data = project.tuned_data()
    with scratch_folder() as folder:
        path = folder / FILE_NAME
        try:
            path.write_bytes(data)
        except OSError as error:
            msg = f"The adapted weights cannot be written to {folder}: {error.strerror}."
            raise OutputError(msg, "Free some space for temporary files.") from error
        try:
            require_sound(path)
        except CheckpointMismatch as error:
            msg = f"The weights in {project.path} that were adapted to its video cannot be used."
            raise CheckpointMismatch(f"{msg} {error.message}", error.hint) from error
        yield path
