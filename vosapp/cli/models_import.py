"""`vosapp models import`: takes weights that the user owns from other programs.

`vosapp import-weights` is its older name, which still works.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import systems
from core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from core.nn.foreign import ImportReport
    from vosapp.cli.console import Console

HELP = "take over weights that other programs have trained"
SHOWN = 4
"""Names given for each reason; `--json` gives all."""

EPILOG = (
    "Known are MAST, MAMP, CRW, ResNet-18 and ResNet-50 of torchvision or timm, and DINO's "
    "ResNet-50; for the memory network XMem, STCN and ResNet-50; for all objects at once "
    "ResNet-50, alone or in torchvision's Mask R-CNN. The kind is seen from the names in the file; "
    "MAMP has to be named. Pickles are opened by torch's restricted loader, and refused when they "
    "hold anything but weights."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("input", type=Path, metavar="FILE", help="a .pt, .pth or .safetensors file")
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="write the new .safetensors file here only"
    )
    target.add_argument(
        "--name", metavar="NAME", help="of the model, for --weights NAME (default: of the file)"
    )
    able = [spec.name for spec in systems().values() if spec.importer]
    parser.add_argument(
        "--system",
        choices=able,
        help=f"whose weights they become (default: the first that knows them: {', '.join(able)})",
    )
    parser.add_argument(
        "--kind",
        metavar="K",
        help="mast, mamp, crw, resnet or dino; xmem, stcn or resnet; maskrcnn or resnet",
    )
    parser.add_argument(
        "--preset", metavar="P", help="network to fill (default: the one that fits)"
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Import and say what was taken, what was not, and why.

    Returns:
        `weights` (file), `name` (of the model; None with --out), and of weights of other programs
        `kind`, `system`, `preset`, `taken` (names), `left` (name to reason), `unfilled` (names in
        our network) and `notes`.
    """
    from vosapp.services.models.importing import import_file, import_model

    chosen = {"system": args.system, "kind": args.kind, "preset": args.preset}
    report: ImportReport | None
    if args.out is not None:
        report, weights, name = import_file(args.input, args.out, **chosen), args.out, None
    else:
        name = args.name or args.input.stem
        _require_not_ours(args.input, chosen)
        model, report = import_model(args.input, name, **chosen)
        weights = model.path
    if report is None:
        console.report(f"{name} is weights of vosapp; it is kept as it is: {weights}.")
        return {"weights": weights, "name": name}
    _tell(report, weights, console)
    if name is not None:
        console.say(f"Use it by its name: --weights {name}.")
    return {
        "weights": weights,
        "name": name,
        "kind": report.kind,
        "system": report.system,
        "preset": report.preset,
        "taken": report.taken,
        "left": report.left,
        "unfilled": report.unfilled,
        "notes": report.notes,
    }


def _require_not_ours(file: Path, chosen: dict[str, str | None]) -> None:
    """Refuse options for weights that say themselves what they are."""
    from core.nn.checkpoints import has_header

    if any(chosen.values()) and has_header(file):
        msg = f"{file} says itself what it is."
        raise UsageError(msg, "Leave --system, --kind and --preset out.")


def _tell(report: ImportReport, out: Path, console: Console) -> None:
    total = len(report.taken) + len(report.left)
    console.report(f"Wrote {out}: {report.system}, preset {report.preset}, from {report.kind}.")
    console.report(f"Taken: {len(report.taken)} of {total} tensors.")
    for reason, _ in Counter(report.left.values()).most_common():
        names = [name for name, why in report.left.items() if why == reason]
        console.report(f"Left out: {_some(names)}: {reason}.")
    if report.unfilled:
        console.warn(f"Nothing in the file fits {_some(report.unfilled)}.")
    for note in report.notes:
        console.say(note)


def _some(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
