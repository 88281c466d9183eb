"""Options of `vosapp export` that only some formats have."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast

from core.errors import UsageError
from core.media.export.formats import EXPORTERS
from vosapp.cli.run_options import positive

if TYPE_CHECKING:
    from core.media.export.base import Exporter

FIELDS = {
    "resize_480p": "--resize-480p",
    "every": "--every",
    "polygons": "--polygons",
    "images": "--images and --no-images",
    "void": "--void",
    "unsupervised": "--unsupervised",
    "split": "--split",
    "crop": "--crop",
    "by_object": "--by-object",
}
"""Fields of exporters that can be chosen, and the options that do."""


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; all are None where they are not given."""
    group = parser.add_argument_group("options of some formats")
    flag = {"action": "store_const", "const": True}
    for name, text in (
        ("--resize-480p", "DAVIS 2017: resize to 480 lines"),
        ("--polygons", "COCO: outlines instead of exact masks"),
        ("--void", "DAVIS 2017, masks: keep void (255) of imported masks"),
        ("--unsupervised", "DAVIS 2017: write to Annotations_unsupervised"),
        ("--by-object", "YOLO: each object is a class of its own, whatever its category"),
        ("--crop", "cut-outs: cut to the box around the object"),
    ):
        group.add_argument(name, help=text, **cast("Any", flag))
    group.add_argument(
        "--every", type=positive, metavar="N", help="YouTube-VOS: only every Nth frame"
    )
    group.add_argument("--split", metavar="NAME", help="DAVIS: the list that names the sequence")
    group.add_argument(
        "--images",
        action=argparse.BooleanOptionalAction,
        help="write the video's frames beside the masks, or not",
    )


def with_options(exporter: Exporter, args: argparse.Namespace) -> Exporter:
    """Return an exporter with the options that were given.

    Raises:
        UsageError: the format has no such option.
    """
    given = {name: value for name in FIELDS if (value := getattr(args, name)) is not None}
    own = _field_names(exporter)
    for name in given:
        if name not in own:
            having = ", ".join(e.name for e in EXPORTERS if name in _field_names(e))
            raise UsageError(
                f"The format {exporter.name} has no option {FIELDS[name]}.", f"It is for {having}."
            )
    return cast("Exporter", replace(cast("Any", exporter), **given)) if given else exporter


def object_ids(text: str | None) -> tuple[int, ...]:
    """Read `--objects 1,2`; None is none, which stands for all.

    Raises:
        UsageError: anything else than ids with commas.
    """
    if text is None:
        return ()
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(p.isascii() and p.isdecimal() and len(p) <= 9 for p in parts):
        raise UsageError(f"--objects {text} names no objects.", "Write it as --objects 1,2.")
    return tuple(sorted({int(part) for part in parts}))


def _field_names(exporter: Exporter) -> set[str]:
    return {field.name for field in fields(cast("Any", exporter))}
