"""`vosapp import-weights`: takes weights that the user owns from other programs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import system_spec, systems
from core.errors import CheckpointMismatch, UsageError, VosError

if TYPE_CHECKING:
    import argparse

    from core.nn.foreign import ImportReport
    from vosapp.cli.console import Console

NAME = "import-weights"
HELP = "take over weights that other programs have trained"
SHOWN = 4
"""Names given for each reason; `--json` gives all."""

EPILOG = (
    "Known are MAST, MAMP, CRW, ResNet-18 and ResNet-50 of torchvision or timm, and DINO's "
    "ResNet-50; for the memory network XMem, STCN and ResNet-50. The kind is seen from the names "
    "in the file; MAMP has to be named. Pickles are opened by torch's restricted loader, and "
    "refused when they hold anything but weights."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("input", type=Path, metavar="FILE", help="a .pt, .pth or .safetensors file")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="the new .safetensors file"
    )
    able = [spec.name for spec in systems().values() if spec.importer]
    parser.add_argument(
        "--system",
        choices=able,
        help=f"whose weights they become (default: the first that knows them: {', '.join(able)})",
    )
    parser.add_argument(
        "--kind", metavar="K", help="mast, mamp, crw, resnet or dino; xmem, stcn or resnet"
    )
    parser.add_argument(
        "--preset", metavar="P", help="network to fill (default: the one that fits)"
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Import and say what was taken, what was not, and why.

    Returns:
        `weights` (file), `kind`, `system`, `preset`, `taken` (names), `left` (name to reason),
        `unfilled` (names in our network) and `notes`.
    """
    report = _import(args)
    _tell(report, args.out, console)
    return {
        "weights": args.out,
        "kind": report.kind,
        "system": report.system,
        "preset": report.preset,
        "taken": report.taken,
        "left": report.left,
        "unfilled": report.unfilled,
        "notes": report.notes,
    }


def _import(args: argparse.Namespace) -> ImportReport:
    """Import for the system that is named, or for the first that knows the file.

    Raises:
        VosError: what the first system says of it, where none knows it.
    """
    from core.tracking.spec import load

    able = [spec for spec in systems().values() if spec.importer]
    if args.system is not None:
        able = [system_spec(args.system)]
    refused = list[VosError]()
    for spec in able:
        try:
            report: ImportReport = load(spec.importer)(
                args.input, args.out, kind=args.kind, preset=args.preset
            )
        except (CheckpointMismatch, UsageError) as error:
            refused.append(error)
        else:
            return report
    raise refused[0]


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
