"""A project's tuned weights as a file that a tracker can load. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.engine.registry import recipe_of, system_spec, systems
from core.errors import CheckpointMismatch, CheckpointMissing, OutputError
from core.media.scratch import scratch_folder
from vosapp.assets import bundled_identity, bundled_weights
from vosapp.project.store import Project
from vosapp.project.tuned import FILE_NAME


def finetuned_system() -> str:
    """Name of the system whose weights a project keeps tuned to its video."""
    return next(spec.name for spec in systems().values() if spec.finetunes)


def default_weights(system: str) -> Path:
    """Return the bundled weights that a system uses where no others are named.

    Raises:
        CheckpointMissing: none are bundled.
    """
    spec = system_spec(system)
    try:
        return bundled_weights(system, spec.default_preset)
    except CheckpointMissing as error:
        if not spec.foreign:
            raise
        makers = f"vosapp train {system} or vosapp models import --system {system}"
        hint = f"Name a file with --weights; {makers} makes one."
        raise CheckpointMissing(error.message, hint) from error


def has_default(system: str) -> bool:
    """Return whether weights are bundled for a system."""
    if not system_spec(system).needs_weights:
        return False
    try:
        default_weights(system)
    except CheckpointMissing:
        return False
    return True


def are_default(identity: str, system: str) -> bool:
    """Return whether a name and hash, as projects keep them, are those of the usual weights."""
    try:
        return identity == bundled_identity(system, system_spec(system).default_preset)
    except CheckpointMissing:
        return False


@contextmanager
def tuned_file(project: Project) -> Iterator[Path]:
    """Write a project's tuned weights to a file for a moment.

    They are checked like anything in a project: it may be a stranger's.

    Raises:
        CheckpointMismatch: there are none, or they are damaged, hostile, or of another system.
        ProjectFileError: the project is damaged where they lie.
        OutputError: no temporary file can be written.
    """
    from core.train.finetune.untrusted import require_sound

    data = project.tuned_data()
    with scratch_folder() as folder:
        path = folder / FILE_NAME
        try:
            path.write_bytes(data)
        except OSError as error:
            msg = f"The fine-tuned weights cannot be written to {folder}: {error.strerror}."
            raise OutputError(msg, "Free some space for temporary files.") from error
        try:
            require_sound(path, recipe_of(finetuned_system()))
        except CheckpointMismatch as error:
            msg = f"The weights in {project.path} that were fine-tuned on its video cannot be used."
            raise CheckpointMismatch(f"{msg} {error.message}", error.hint) from error
        yield path
