"""The options that let a system learn the video it works on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from core.engine.adapted import LEARNING
from core.engine.registry import require_adapting, require_targets
from core.errors import UsageError
from core.jobs import Progress
from core.types import FrameResult

if TYPE_CHECKING:
    import argparse

    from core.tracking.contract import Adaptation, TrackerRequest


UNET, TARGET = "unet", "target"


def add_adapt_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--adapt` and `--paper-mode`; `--adapt` alone means `--adapt unet`."""
    parser.add_argument(
        "--adapt",
        nargs="?",
        const=UNET,
        choices=(UNET, TARGET),
        help="learn each video. unet, which --adapt alone means: from its keyframes and the first "
        "masks, then all masks are made anew (takes one to two minutes more on a processor). "
        "target: a small model of each object goes along with it, in one pass (needs weights that "
        "see the ImageNet backbone)",
    )
    parser.add_argument(
        "--paper-mode",
        action="store_true",
        help="with --adapt unet: what was learned decides alone, instead of together with "
        "propagation",
    )


def adaptation_of(args: argparse.Namespace) -> Adaptation | None:
    """Return how a run adapts between two passes; None where it does not.

    Raises:
        UsageError: the system cannot adapt, or `--paper-mode` without `--adapt unet`.
    """
    from core.tracking.contract import Adaptation

    if args.adapt != UNET:
        if args.paper_mode and args.adapt:
            raise UsageError(
                f"--paper-mode does not go with --adapt {args.adapt}: a target model never decides"
                " alone.",
                "Leave --paper-mode out, or give --adapt unet.",
            )
        if args.paper_mode:
            raise UsageError("--paper-mode says how a run adapts.", "Give --adapt, too.")
        return None
    require_adapting(args.system)
    return Adaptation(paper_mode=args.paper_mode)


def with_target(request: TrackerRequest, args: argparse.Namespace) -> TrackerRequest:
    """Return what builds the tracker, with target models where `--adapt target` asks for them.

    Raises:
        UsageError: the system learns none.
    """
    if args.adapt != TARGET:
        return request
    require_targets(request.system)
    return replace(request, target=True)


def adaptation_name(adaptation: Adaptation | None, request: TrackerRequest) -> str | None:
    """How a run adapts, as results tell it: none, fused, paper or target."""
    if adaptation is None:
        return TARGET if request.target else None
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
