"""`vosapp models`: weights by name, bundled, trained, imported and downloaded."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import systems
from core.errors import UsageError
from core.jobs import Progress, mapped
from vosapp.cli import models_import
from vosapp.cli.following import finish_job
from vosapp.cli.parser import add_common_arguments
from vosapp.services.models.known import known_model, known_models
from vosapp.services.models.values import Model, Origin

if TYPE_CHECKING:
    import argparse

    from vosapp.cli.console import Console

NAME = "models"
HELP = "list, import, download and remove weights"
UNKNOWN = "unknown"
A_NAME = "name of a model, as vosapp models list shows it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: a subcommand for each thing to do."""
    subs = parser.add_subparsers(title="actions", metavar="action", dest="what", required=True)
    listing = subs.add_parser("list", help="show all models, and which are known to download")
    info = subs.add_parser("info", help="show what is known of one model")
    info.add_argument("name", metavar="NAME", help=A_NAME)
    imports = subs.add_parser("import", help=models_import.HELP)
    models_import.add_arguments(imports)
    download = subs.add_parser("download", help="fetch weights from an address")
    _add_download(download)
    remove = subs.add_parser("remove", help="remove one of your models for good")
    remove.add_argument("name", metavar="NAME", help=f"{A_NAME}; bundled ones stay")
    remove.add_argument("--yes", action="store_true", help="remove it; without, only say what goes")
    export = subs.add_parser("export", help="copy the weights of a model to a file")
    export.add_argument("name", metavar="NAME", help=A_NAME)
    export.add_argument("out", type=Path, metavar="FILE", help="file to write, or a folder for it")
    for sub in (listing, info, imports, download, remove, export):
        add_common_arguments(sub)


def _add_download(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(row.name for row in known_models())
    parser.epilog = "A download that was interrupted goes on where it stopped."
    parser.add_argument("address", metavar="ADDRESS", help=f"https://..., or one of {names}")
    parser.add_argument(
        "--name", metavar="NAME", help="name to keep the model under (default: that of the file)"
    )
    parser.add_argument(
        "--sha256", default="", metavar="HASH", help="refuse the file unless it has this SHA-256"
    )
    parser.add_argument(
        "--license", default="", metavar="TEXT", help="license, as the source of the file states it"
    )
    able = [spec.name for spec in systems().values() if spec.importer]
    parser.add_argument(
        "--system", choices=able, help="system that will use the weights (default: found out)"
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Do what is asked for.

    Returns:
        `list`: `models` and `known`; `info`, `download`: what is known of the model; `import`: see
        `vosapp.cli.models_import.run`; `remove`: `removed`; `export`: `weights`.
    """
    doing = {
        "list": _list,
        "info": _info,
        "import": models_import.run,
        "download": _download,
        "remove": _remove,
        "export": _export,
    }
    return doing[args.what](args, console)


def _list(_args: argparse.Namespace, console: Console) -> dict[str, object]:
    from vosapp.services.models.store import models

    found = models()
    for model in found:
        what = model.problem or f"{model.system}, {model.preset}"
        console.report(f"{model.name:32} {model.origin.value:11} {_size(model.size):>9}  {what}")
    have = {model.name for model in found} | {model.address for model in found if model.address}
    for row in (row for row in known_models() if not {row.name, row.address} & have):
        size = _size(row.size) if row.size else UNKNOWN
        console.say(f"{row.name:32} {'(download)':11} {size:>9}  {row.system}; {row.license}")
    known = [
        {
            "name": row.name, "address": row.address, "size": row.size or None,
            "sha256": row.sha256 or None, "license": row.license, "system": row.system,
            "source": row.source,
        }
        for row in known_models()
    ]  # fmt: skip
    return {"models": [_plain(model) for model in found], "known": known}


def _info(args: argparse.Namespace, console: Console) -> dict[str, object]:
    from vosapp.services.models.store import find_model, hash_of

    model = find_model(args.name)
    digest = hash_of(model)
    _show(model, digest, console)
    return _plain(model) | {"sha256": digest, "training": dict(model.training)}


def _show(model: Model, digest: str, console: Console) -> None:
    lines = {
        "Name": model.name,
        "File": str(model.path),
        "Origin": model.origin.value + (f", from {model.address}" if model.address else ""),
        "System": f"{model.system}, preset {model.preset}" if model.system else UNKNOWN,
        "Size": _size(model.size),
        "License": model.license or UNKNOWN,
        "SHA-256": digest,
        "Added": _date(model.added) if model.added else "",
        "Card": str(model.card) if model.card else "",
    }
    console.report(*(f"{name + ':':9} {text}" for name, text in lines.items() if text))
    console.report(*(f"Score on {name}: {value:.3f}" for name, value in model.scores.items()))
    if model.problem:
        console.warn(model.problem)


def _download(args: argparse.Namespace, console: Console) -> dict[str, object]:
    from vosapp.services.models.downloads import download, hash_remembered

    row = known_model(args.address)
    name = args.name or (row.name if row else Path(args.address.partition("?")[0]).stem)
    known = args.sha256 or (row.sha256 if row else "") or hash_remembered(args.address)
    console.say(f"License: {args.license or (row.license if row else UNKNOWN)}.")
    console.say(f"SHA-256: {known or UNKNOWN + ': it is computed, and remembered'}.")
    console.kept = "What is there stays, and the next try goes on from it."
    job = download(
        args.address,
        name,
        console.token,
        sha256=args.sha256,
        license=args.license,
        system=args.system or "",
    )
    shown = mapped(job, lambda part: Progress(part.done, part.total, name))
    model = finish_job(shown, console, unit="B")
    console.kept = ""
    _show(model, model.sha256, console)
    return _plain(model)


def _remove(args: argparse.Namespace, console: Console) -> dict[str, object]:
    from vosapp.services.models.store import find_model, remove_model

    model = find_model(args.name)
    if model.origin is not Origin.BUNDLED and not args.yes:
        msg = f"{model.path} ({_size(model.size)}) would be removed for good."
        raise UsageError(msg, "Add --yes to remove it.")
    remove_model(args.name)
    console.report(f"Removed {model.path}.")
    return {"removed": model.path}


def _export(args: argparse.Namespace, console: Console) -> dict[str, object]:
    from vosapp.services.models.store import export_model

    written = export_model(args.name, args.out)
    console.report(f"Wrote {written}.")
    return {"weights": written}


def _plain(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "weights": model.path,
        "origin": model.origin.value,
        "system": model.system,
        "preset": model.preset,
        "size": model.size,
        "license": model.license,
        "address": model.address,
        "sha256": model.sha256 or None,
        "scores": dict(model.scores),
        "problem": model.problem,
    }


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
