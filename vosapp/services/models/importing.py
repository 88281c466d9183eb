"""Taking over weights of other programs: the one code behind `models import` and the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import system_spec, systems
from core.errors import CheckpointMismatch, UsageError, VosError
from core.media.scratch import scratch_folder
from vosapp.services.models.store import add_model, require_name
from vosapp.services.models.values import Model, Origin

if TYPE_CHECKING:
    from core.nn.foreign import ImportReport


def import_file(
    file: Path, out: Path, *, system: str | None = None, kind: str | None = None,
    preset: str | None = None,
) -> ImportReport:  # fmt: skip
    """Write weights of another program as a checkpoint of ours. Imports torch.

    Args:
        file: a safetensors file, or a pickle of torch, opened by its restricted loader alone.
        out: the new safetensors file.
        system: whose weights they become; None takes the first that knows them.
        kind: the program they are of; None looks at the names in the file.
        preset: the network to fill; None takes the one that fits.

    Raises:
        VosError: what the first system says of it, where none knows it.
    """
    from core.tracking.spec import load

    able = [spec for spec in systems().values() if spec.importer]
    if system is not None:
        able = [system_spec(system)]
        if not able[0].importer:
            names = ", ".join(spec.name for spec in systems().values() if spec.importer)
            raise UsageError(f"{system} takes no weights of others.", f"Take one of: {names}.")
    refused = list[VosError]()
    for spec in able:
        try:
            report: ImportReport = load(spec.importer)(file, out, kind=kind, preset=preset)
        except (CheckpointMismatch, UsageError) as error:
            refused.append(error)
        else:
            return report
    raise refused[0]


def import_model(
    file: Path,
    name: str,
    *,
    system: str | None = None,
    kind: str | None = None,
    preset: str | None = None,
    license: str = "",
    address: str = "",
    origin: Origin = Origin.IMPORTED,
    root: Path | None = None,
) -> tuple[Model, ImportReport | None]:
    """Put weights among the user's models: ours as they are, those of others imported.

    Args:
        file: a checkpoint of ours, or of another program.
        name: of the model.
        system: see `import_file`.
        kind: likewise.
        preset: likewise.
        license: as the source of the file states it.
        address: it was downloaded from; empty else.
        origin: imported or downloaded.
        root: folder of the user's models; None takes the usual one.

    Returns:
        The model, and what became of the weights of another program; None for ours.

    Raises:
        UsageError: the name is taken or no name.
        CheckpointMissing, CheckpointMismatch: no such file; damaged, hostile, of no known program.
        OutputError: it cannot be written.
    """
    from core.nn.checkpoints import has_header

    require_name(name, root=root)
    if has_header(file):
        _require_sound(file)
        return add_model(file, name, origin, license=license, address=address, root=root), None
    with scratch_folder() as folder:
        ours = folder / f"{name}.safetensors"
        report = import_file(file, ours, system=system, kind=kind, preset=preset)
        model = add_model(ours, name, origin, license=license, address=address, root=root)
    return model, report


def _require_sound(file: Path) -> None:
    """Load weights that have our header: they may be a stranger's."""
    from core.nn.checkpoints import read_info
    from vosapp.services.training.core_trainer import verify_weights

    info = read_info(file)
    known = systems().get(info.system)
    if known is None and info.system != "backbone":
        msg = f"{file} holds weights of {info.system}, which is no system here."
        raise CheckpointMismatch(msg, f"There are: {', '.join(systems())}.")
    if known is not None:
        verify_weights(file, info.system)
