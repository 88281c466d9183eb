"""How files of others are to be understood where they do not say it: one table of options.

The command line and the import dialog take words and values from here, and notes name them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import UsageError

OPEN, ABSENT = "open", "absent"
"""What a frame without any shape is: to be propagated, or without any object."""
_MAX_NUMBER = 10**9
_MAX_SIZE = 1 << 16


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user says of the files.

    Attributes:
        unlabelled: `OPEN` or `ABSENT`; empty is as the format has it, `OPEN` where it says nothing.
        first_frame: number that names and lists give to the first frame; None is found out.
        image_size: (width, height) that the annotations were made at; None is the video's own.
        only: the task, job, sequence or folder that is read where a file holds several.
        boxes_to_masks: make a mask of each box that has none.
    """

    unlabelled: str = ""
    first_frame: int | None = None
    image_size: tuple[int, int] | None = None
    only: str = ""
    boxes_to_masks: bool = False


AS_USUAL = ImportOptions()


@dataclass(frozen=True, slots=True)
class ImportOption:
    """One option, for people.

    Attributes:
        field: of `ImportOptions`.
        flag: on the command line.
        title: in the dialog.
        text: what it does.
        metavar: placeholder of its value; empty for yes and no.
        choices: the values there are; empty for any.
        masks: goes with a file or folder of masks, too; else with annotations only.
    """

    field: str
    flag: str
    title: str
    text: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    masks: bool = False


IMPORT_OPTIONS: tuple[ImportOption, ...] = (
    ImportOption(
        "unlabelled",
        "--unlabelled",
        "Unlabeled frames",
        "frames without any shape are open (to be propagated) or absent (no object is there);"
        " default: what the format says, else open",
        choices=(OPEN, ABSENT),
        masks=True,
    ),
    ImportOption(
        "first_frame",
        "--first-frame",
        "First frame",
        "number of the first frame in names and lists;"
        " default: 0 where there is a 0, else the counting that fits the video",
        metavar="N",
        masks=True,
    ),
    ImportOption(
        "image_size",
        "--image-size",
        "Image size",
        "size that the annotations were made at; they are scaled to the video's own",
        metavar="WxH",
        masks=True,
    ),
    ImportOption(
        "only",
        "--only",
        "Only",
        "task, job, sequence or folder that is read where a file holds several",
        metavar="NAME",
    ),
    ImportOption(
        "boxes_to_masks",
        "--boxes-to-masks",
        "Boxes to masks",
        "make a mask of each box that has none, as the box tool does",
    ),
)
"""All of them; `ImportOptions` holds their values."""


def parse_options(values: Mapping[str, object]) -> ImportOptions:
    """Return the options that texts say; empty texts and None leave an option as usual.

    Args:
        values: field -> text, or True for a flag; other names are ignored.

    Raises:
        UsageError: a text makes no sense.
    """
    texts = {o.field: _text(values.get(o.field)) for o in IMPORT_OPTIONS}
    unlabelled = texts["unlabelled"]
    if unlabelled not in ("", OPEN, ABSENT):
        raise UsageError(f"--unlabelled {unlabelled[:40]} is neither {OPEN} nor {ABSENT}.")
    return ImportOptions(
        unlabelled,
        _first_frame(texts["first_frame"]),
        _image_size(texts["image_size"]),
        texts["only"],
        boxes_to_masks=values.get("boxes_to_masks") is True,
    )


def settle_empty(files: dict[int, Path], empty: list[int], options: ImportOptions) -> list[str]:
    """Leave out masks that show nothing, where they were said to be open, and say what they are.

    A mask that shows nothing states that nothing is there, unless `options` say otherwise.

    Args:
        files: the masks by frame; changed.
        empty: the frames of those without a pixel.
        options: what the user says.
    """
    state = options.unlabelled or ABSENT
    for index in empty if state == OPEN else ():
        del files[index]
    return unlabeled_notes(len(empty), state)


def unlabeled_notes(count: int, state: str) -> list[str]:
    """Return what is said of frames without any shape; nothing where there are none."""
    frames = "1 frame" if count == 1 else f"{count} frames"
    texts = {
        OPEN: "left open, to be propagated (--unlabelled absent: no object is there)",
        ABSENT: "objects seen before are absent there (--unlabelled open: to be propagated)",
    }
    return [f"{frames} without any shape: {texts[state]}."] if count else []


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, bool) else str(value).strip()


def _first_frame(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise UsageError(
            f"--first-frame {text[:40]} is no frame number.",
            f"It is the number of the first frame, 0 to {_MAX_NUMBER - 1}, as in --first-frame 1.",
        )
    return int(text)


def _image_size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,5})\s*[xX×]\s*(\d{1,5})", text, re.ASCII)
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (0 < size[0] <= _MAX_SIZE and 0 < size[1] <= _MAX_SIZE):
        raise UsageError(
            f"--image-size {text[:40]} is no size.", "Write width x height: --image-size 1920x1080."
        )
    return size
