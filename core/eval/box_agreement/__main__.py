"""Agreement of tracked masks with drawn boxes, on the clips that are held out from training.

python -m core.eval.box_agreement --boxes FILE --videos DIR --weights FILE
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.data.box_tables import read_box_table
from core.data.splits import Split, in_split
from core.errors import AnnotationReadError, UsageError, VosError
from core.eval.box_agreement.measure import box_agreement
from core.jobs import CancelToken, Progress, mapped, result_of
from core.nn.checkpoints import read_info
from core.text import visible
from core.tracking.contract import TrackerRequest
from core.types import Quality


def main(arguments: list[str] | None = None) -> int:
    """Print a line a clip and the mean; return 0, or 2 with one line on stderr."""
    parser = argparse.ArgumentParser("python -m core.eval.box_agreement", description=__doc__)
    parser.add_argument("--boxes", type=Path, required=True, help="table of boxes")
    parser.add_argument("--videos", type=Path, required=True, help="folder with the clips")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--system", help="default: that of the weights")
    parser.add_argument("--quality", type=Quality, default=Quality.FAST, help="default: fast")
    parser.add_argument("--split", type=Split, default=Split.HELD_OUT, help="default: held-out")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(arguments)
    try:
        every = read_box_table(args.boxes)
        boxes = {clip: every[clip] for clip in in_split(every, args.split)}
        if not boxes:
            msg = f"{args.boxes} has no clip of the split {args.split.value}."
            raise AnnotationReadError(msg, "Choose another with --split.")
        if not (args.system or args.weights):
            raise UsageError("Nothing says what is to be measured.", "Give --weights FILE.")
        system = args.system or read_info(args.weights).system
        tracker = TrackerRequest(system, args.quality, args.device, args.weights)
        found = result_of(mapped(box_agreement(boxes, args.videos, tracker, CancelToken()), _tell))
        print("\n".join(visible(line) for line in found.table().splitlines()))  # noqa: T201
    except VosError as error:
        print(visible(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _tell(progress: Progress) -> None:
    print(visible(progress.text), file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
