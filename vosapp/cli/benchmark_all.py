"""`vosapp benchmark --all-systems`: every system at every quality, in one table that goes on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CheckpointMissing, UsageError
from vosapp import assets
from vosapp.cli.following import finish_job
from vosapp.cli.given_options import given_names
from vosapp.cli.modes import check_mode
from vosapp.cli.options import check_file, sequence_names
from vosapp.cli.quality_options import add_qualities_argument, qualities_of
from vosapp.cli.told import command_line

if TYPE_CHECKING:
    import argparse

    from core.eval.leaderboard import Contestant
    from core.tracking.spec import SystemSpec
    from core.types import Quality
    from vosapp.cli.console import Console

NO_WEIGHTS = "no weights for it come with this installation."


def add_all_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what belongs to `--all-systems`."""
    parser.add_argument(
        "--all-systems",
        action="store_true",
        help="compare all systems with the weights that ship, and with --weights; rows that --csv "
        "has are kept",
    )
    add_qualities_argument(parser, default="with --all-systems: all of a system")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="with --all-systems: write the table"
    )


def check_all(args: argparse.Namespace) -> None:
    """Refuse options that do not go together, and files that cannot be written.

    Raises:
        UsageError: an option of `--all-systems` without it, or one of the others with it.
        OutputError: a file that cannot be written.
    """
    own = {"--qualities": args.qualities is not None, "--markdown": args.markdown is not None}
    others = {
        "--system": args.system is not None,
        "--quality": args.quality is not None,
        "--adapt": args.adapt is not None or args.paper_mode,
        "--interactive": args.interactive or args.pick is not None,
        "--prompts": args.prompts or args.prompt_methods is not None or args.boxes_only,
        "--confidence": args.confidence,
        "--out": args.out is not None,
        "--curve": args.curve,
        "--scores": args.scores is not None,
        "--clean": args.clean is not None,
    }
    why = "It runs each system plainly; --qualities says at which ones."
    check_mode("--all-systems", chosen=args.all_systems, own=own, others=others, why=why)
    if args.all_systems and args.rounds and args.back_and_forth:
        raise UsageError("--rounds does not go with --back-and-forth.", "Leave one of them out.")
    for option in ("csv", "markdown"):
        if args.all_systems and getattr(args, option) is not None:
            check_file(getattr(args, option), option=f"--{option}")


def run_all(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Compare, print the table and return it (`core.eval.leaderboard_report.to_dict`).

    Raises:
        VosError: of the kinds that `core.eval.leaderboard.compare` names.
        Cancelled: by the console's token.
    """
    from core.eval.benchmark_plan import BenchmarkRequest
    from core.eval.leaderboard import compare
    from core.eval.leaderboard_report import to_dict, to_markdown
    from core.eval.starts import Start
    from core.media.atomic import write_atomic
    from core.tracking.contract import TrackerRequest
    from core.types import Quality

    found = contestants(qualities_of(args.qualities), args.weights)
    _use_threads(args, found)
    request = BenchmarkRequest(
        args.davis,
        TrackerRequest("", Quality.FAST, args.device),
        sequence_names(args.sequences),
        args.keyframes,
        args.late_entries,
        back_and_forth=args.back_and_forth,
        seen=args.allow_seen,
    )
    starts = tuple(Start(name) for name in given_names(args.given))
    if args.csv is not None:
        console.kept = f"Finished rows are in {args.csv}: give the same command to go on."
    job = compare(
        request,
        found,
        console.token,
        table=args.csv,
        starts=starts,
        corrections=args.rounds or 0,
    )
    board = finish_job(job, console, unit="frames")
    text = to_markdown(board, _command(args))
    console.report(*text.rstrip().splitlines())
    if args.markdown is not None:
        write_atomic(args.markdown, text.encode())
        console.say(f"Wrote {args.markdown}.")
    return to_dict(board)


def contestants(asked: tuple[Quality, ...], further: Path | None = None) -> list[Contestant]:
    """All systems, each with all weights that ship for it.

    Args:
        asked: qualities at which they are run; none takes all that a system has.
        further: weights that take part, too.

    Raises:
        CheckpointMissing, CheckpointMismatch: the further weights cannot be read.
    """
    from core.engine.registry import trackers
    from core.eval.leaderboard import Contestant

    owner = "" if further is None else _owner(further)
    found = []
    for spec in trackers().values():
        qualities, missing = _qualities(spec, asked)
        files = [*_bundled(spec), *([further] if further and spec.name == owner else [])]
        if spec.needs_weights and not files:
            missing = missing or NO_WEIGHTS
        taken: list[Path | None] = [*files] if files and not missing else [None]
        found += [Contestant(spec.name, weights, qualities, missing) for weights in taken]
    return found


def _owner(weights: Path) -> str:
    """The system that weights belong to, by their header, or as it is known to the system."""
    from core.engine.registry import systems
    from core.eval.leaderboard import is_foreign
    from core.nn.checkpoints import read_info

    if weights.is_file() and weights.suffix != ".safetensors":
        for name in systems():
            if is_foreign(name, weights):
                return name
    return read_info(weights).system


def _qualities(spec: SystemSpec, asked: tuple[Quality, ...]) -> tuple[tuple[Quality, ...], str]:
    """The qualities at which a system is run, and why there are none."""
    offered = tuple(offer.quality for offer in spec.qualities)
    wanted = tuple(quality for quality in offered if not asked or quality in asked)
    if offered and not wanted:
        return (), f"it has the qualities {', '.join(one.value for one in offered)} alone."
    return wanted, ""


def _bundled(spec: SystemSpec) -> list[Path]:
    """The weights that ship for a system, the default preset first."""
    found = []
    for preset in spec.presets:
        with suppress(CheckpointMissing):
            found.append(assets.bundled_weights(spec.name, preset))
    return found


def _use_threads(args: argparse.Namespace, found: list[Contestant]) -> None:
    from core.engine.run import use_threads

    if args.threads is not None:
        for system in {contestant.system for contestant in found}:
            use_threads(args.threads, system=system)


def _command(args: argparse.Namespace) -> str:
    options = {
        "--davis": args.davis,
        "--all-systems": True,
        "--weights": args.weights,
        "--qualities": args.qualities,
        "--sequences": args.sequences,
        "--keyframes": args.keyframes if args.keyframes > 1 else None,
        "--late-entries": args.late_entries,
        "--given": args.given,
        "--rounds": args.rounds,
        "--back-and-forth": args.back_and_forth,
        "--allow-seen": args.allow_seen,
        "--threads": args.threads,
    }
    return command_line("benchmark", options)
