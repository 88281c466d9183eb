"""The options that let a system learn the video it works on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.engine.adapted import LEARNING
from core.engine.registry import require_adapting
from core.errors import UsageError
from core.jobs import Progress
from core.types import FrameResult

if TYPE_CHECKING:
    import argparse

    from core.tracking.contract import Adaptation


def add_adapt_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--adapt` and `--paper-mode`."""
    parser.add_argument(
        "--adapt",
        action="store_true",
        help="learn each video from its keyframes and the first masks, then make all masks anew "
        "(takes one to two minutes more on a processor)",
    )
    parser.add_argument(
        "--paper-mode",
        action="store_true",
        help="with --adapt: what was learned decides alone, instead of together with propagation",
    )


def adaptation_of(args: argparse.Namespace) -> Adaptation | None:
    """Return how a run adapts; None where it does not.

    Raises:
        UsageError: the system cannot adapt, or `--paper-mode` without `--adapt`.
    """
    from core.tracking.contract import Adaptation

    if not args.adapt:
        if args.paper_mode:
            raise UsageError("--paper-mode says how a run adapts.", "Give --adapt, too.")
        return None
    require_adapting(args.system)
    return Adaptation(paper_mode=args.paper_mode)


def adaptation_name(adaptation: Adaptation | None) -> str | None:
    """How a run adapts, as results tell it: none, fused or paper."""
    if adaptation is None:
        return None
    return "paper" if adaptation.paper_mode else "fused"


def phases(job: Iterator[FrameResult | Progress], total: int, name: str) -> Iterator[Progress]:
    """What a run that adapts yields, as progress that names the pass.

    Steps of learning do not move the count: it is that of frames.

    Args:
        job: as `core.engine.adapted.propagate_adapted` yields.
        total: frames of both passes.
        name: of what runs.
    """
    done, text = 0, name
    yield Progress(done, total, text)
    learned = False
    for item in job:
        if isinstance(item, Progress) and item.phase == LEARNING:
            learned, text = True, f"{name}{item.text}"
        else:
            done += 1
            text = f"{name}{'second' if learned else 'first'} pass"
        yield Progress(min(done, total), total, text)
