"""Options of `vosapp export` that only some formats have."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import UsageError
from core.media.export.formats import BOX_EXPORTERS, EXPORTERS
from vosapp.cli.run_options import positive
from vosapp.services.export import OPTIONS, options_of, with_values

if TYPE_CHECKING:
    from core.media.export.base import Exporter

IMAGES = "write the video's frames beside the masks, or not"


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; all are None where they are not given."""
    group = parser.add_argument_group("options of some formats")
    flag: dict[str, Any] = {"action": "store_const", "const": True}
    for option in OPTIONS:
        text = f"{option.formats}: {option.text}"
        if option.field == "images":
            group.add_argument("--images", action=argparse.BooleanOptionalAction, help=IMAGES)
        elif option.field == "every":
            group.add_argument(option.flags, type=positive, metavar=option.name, help=text)
        elif option.name:
            group.add_argument(option.flags, metavar=option.name, help=text)
        else:
            group.add_argument(option.flags, help=text, **flag, dest=option.field)


def with_options(exporter: Exporter, args: argparse.Namespace) -> Exporter:
    """Return an exporter with the options that were given.

    Raises:
        UsageError: the format has no such option.
    """
    given = {o.field: v for o in OPTIONS if (v := getattr(args, o.field)) is not None}
    own = options_of(exporter)
    for option in OPTIONS:
        if option.field in given and option not in own:
            every = (*EXPORTERS, *BOX_EXPORTERS)
            having = ", ".join(e.name for e in every if option in options_of(e))
            raise UsageError(
                f"The format {exporter.name} has no option {option.flags}.", f"It is for {having}."
            )
    return with_values(exporter, given)


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
