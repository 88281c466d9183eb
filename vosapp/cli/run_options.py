"""The options that say which system runs and how; shared by `propagate` and `benchmark`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.device import DEVICES
from core.engine.registry import default_system, require_quality, system_spec, trackers
from core.errors import UsageError
from core.types import Quality
from vosapp.cli.backbone_option import add_backbone_argument
from vosapp.services.models.store import weights_named
from vosapp.services.weights import default_weights

if TYPE_CHECKING:
    from core.tracking.contract import TrackerRequest

DEFAULT_SYSTEM = default_system().name


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare system, weights, quality, device and threads (`add_compute_arguments`)."""
    parser.add_argument(
        "--system",
        choices=tuple(trackers()),
        default=DEFAULT_SYSTEM,
        help=f"method; flow and copy are baselines without learning (default: {DEFAULT_SYSTEM})",
    )
    parser.add_argument(
        "--weights",
        type=weights_named,
        metavar="FILE",
        help="weights of the system, or the name of a model (default: the bundled)",
    )
    parser.add_argument(
        "--quality",
        choices=tuple(quality.value for quality in Quality),
        default=Quality.BALANCED.value,
        help="working resolution; results are always full size (default: balanced)",
    )
    add_compute_arguments(parser)


def add_compute_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare device, threads and backbone."""
    add_backbone_argument(parser)
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where to compute (default: auto)"
    )
    parser.add_argument(
        "--threads", type=positive, metavar="N", help="processor threads (default: the system's)"
    )


def choose_threads(args: argparse.Namespace, *, goes_on: Path | None) -> None:
    """Compute with as many threads as are asked for, else as a run that goes on has begun with.

    Args:
        args: with `system` and `threads`.
        goes_on: folder with the results of that run; None for a new one.
    """
    from core.engine.run import use_threads
    from core.engine.run_record import begun_threads

    threads = args.threads
    if threads is None and goes_on is not None:
        threads = begun_threads(goes_on)
    if threads is not None:
        use_threads(threads, system=args.system)


def tracker_request(args: argparse.Namespace) -> TrackerRequest:
    """Return what is needed to build the tracker, with the weights' header looked at.

    Raises:
        UsageError: weights for a system that has none; a quality that it does not offer.
        CheckpointMissing: the weights are not there.
        CheckpointMismatch: they are damaged, hostile or of another system.
    """
    from core.tracking.contract import TrackerRequest

    weights = args.weights
    require_quality(system_spec(args.system), Quality(args.quality))
    if system_spec(args.system).needs_weights:
        weights = weights or default_weights(args.system)
        _check_weights(weights, args.system)
    elif weights is not None:
        raise UsageError(f"The system {args.system} has no weights.", "Leave --weights out.")
    return TrackerRequest(args.system, Quality(args.quality), args.device, weights)


def _check_weights(path: Path, system: str) -> None:
    from core.nn.checkpoints import read_info, require_system
    from core.tracking.spec import load

    foreign = system_spec(system).foreign
    if not (foreign and load(foreign)(path)):
        require_system(read_info(path), system, path)


def positive(text: str) -> int:
    """Read a whole number of 1 or more, for argparse."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return number
