"""`vosapp doctor`: what is installed, what is missing, and the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.engine.registry import default_system
from core.errors import CheckpointMissing, VosError
from core.nn.lite0_file import find_backbone, require_backbone
from vosapp import __version__, assets
from vosapp.cli import probes
from vosapp.cli.backbone_option import add_backbone_argument
from vosapp.services.weights import default_weights

if TYPE_CHECKING:
    import argparse

    from vosapp.cli.console import Console

NAME = "doctor"
HELP = "show what is installed and what is missing"

LOW_DISK_BYTES = 1_000_000_000
WITHOUT_BACKBONE = "Without it masks are made by a network that is less accurate."


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        name: what was looked at.
        state: `ok`, `note` (worth knowing) or `missing` (the main job cannot run).
        detail: what was found.
        remedy: a command or an advice that mends it; may be empty.
    """

    name: str
    state: str
    detail: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the backbone may lie; all else is looked for where it is installed."""
    add_backbone_argument(parser)
    parser.epilog = "Exit code 0: `vosapp propagate` can run here. 2: something is missing."


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:  # noqa: ARG001
    """Look at packages, devices, weights, libraries and disk, and report.

    Returns:
        `ready` (the main job can run), `python`, `packages`, `devices`, `weights`, `backbone` (the
        file of ImageNet weights; null where it is missing or damaged), `libraries`,
        `disk_free_bytes` and `findings`, the lines that people see.
    """
    console.say("Looking at what is installed; this takes a few seconds.")
    packages = probes.probe_packages()
    libraries = probes.probe_libraries()
    disk = shutil.disk_usage(Path.cwd()).free
    backbone = _backbone_finding()
    findings = [
        _python_finding(),
        *(_package_finding(package, packages[package.module]) for package in probes.PACKAGES),
        *_device_findings(packages["torch"]),
        _weights_finding(),
        backbone,
        *_library_findings(libraries),
        _disk_finding(disk),
    ]
    ready = all(finding.state != "missing" for finding in findings)
    _report(findings, console, ready=ready)
    console.exit_code = 0 if ready else 2
    return {
        "ready": ready,
        "vosapp": __version__,
        "python": platform.python_version(),
        "packages": packages,
        "devices": _devices(packages["torch"]),
        "weights": _weights(),
        "backbone": backbone.detail if backbone.state == "ok" else None,
        "libraries": libraries,
        "disk_free_bytes": disk,
        "findings": findings,
    }


def _python_finding() -> Finding:
    detail = f"{platform.python_version()} on {platform.platform()}, {sys.executable}"
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("python", "ok", detail)
    return Finding("python", "note", detail, "vosapp is tested with Python 3.11 to 3.13.")


def _package_finding(package: probes.Package, found: dict[str, object]) -> Finding:
    error = cast("str", found.get("error", ""))
    if not error:
        detail = " ".join(str(found[key]) for key in ("version", "extra") if found.get(key))
        return Finding(package.distribution, "ok", detail)
    if not package.needed:
        return Finding(package.distribution, "note", _without_type(error), package.purpose)
    return Finding(
        package.distribution, "missing", _without_type(error), probes.remedy(package, error)
    )


def _without_type(error: str) -> str:
    return "not installed" if error.startswith("ModuleNotFoundError") else error


def _devices(torch: dict[str, object]) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", torch.get("devices", []))


def _device_findings(torch: dict[str, object]) -> list[Finding]:
    findings = []
    for device in _devices(torch):
        gigabytes = cast("int", device["memory_bytes"]) / 1e9
        memory = f", {gigabytes:.1f} GB" if gigabytes else ""
        findings.append(Finding(f"device {device['name']}", "ok", f"{device['text']}{memory}"))
    if findings and len(findings) == 1 and shutil.which("nvidia-smi"):
        detail = "an NVIDIA driver is here, but torch does not use it"
        advice = "The README says how to install a torch that does."
        findings.append(Finding("cuda", "note", detail, advice))
    return findings


def _weights() -> list[dict[str, object]]:
    paths = sorted(assets.weights_dir().glob("*.safetensors"))
    return [{"file": path.name, "bytes": path.stat().st_size} for path in paths]


def _weights_finding() -> Finding:
    try:
        default_weights(default_system().name)
    except CheckpointMissing as error:
        return Finding("weights", "missing", error.message, error.hint)
    return Finding("weights", "ok", ", ".join(str(weights["file"]) for weights in _weights()))


def _backbone_finding() -> Finding:
    name = "ImageNet backbone"
    try:
        return Finding(name, "ok", str(require_backbone(find_backbone())))
    except VosError as error:
        return Finding(name, "note", error.message, f"{WITHOUT_BACKBONE} {error.hint}")


def _library_findings(libraries: dict[str, bool]) -> list[Finding]:
    missing = [name for name, found in libraries.items() if not found]
    if not missing:
        return []
    packages = " ".join(probes.LIBRARIES[name] for name in missing)
    detail = f"{', '.join(missing)} not found; only a window needs them"
    return [Finding("system libraries", "note", detail, f"sudo apt-get install {packages}")]


def _disk_finding(free: int) -> Finding:
    detail = f"{free / 1e9:.1f} GB free in {Path.cwd()}"
    if free < LOW_DISK_BYTES:
        return Finding("disk", "note", detail, "Results of a long video may not fit.")
    if not os.access(Path.cwd(), os.W_OK):
        return Finding("disk", "note", f"{detail}, not writable", "Give -o a folder elsewhere.")
    return Finding("disk", "ok", detail)


def _report(findings: list[Finding], console: Console, *, ready: bool) -> None:
    console.report(f"vosapp {__version__}")
    for finding in findings:
        console.report(f"{finding.state:8}{finding.name}: {finding.detail}")
        if finding.remedy:
            console.report(f"{'':8}-> {finding.remedy}")
    missing = sum(finding.state == "missing" for finding in findings)
    console.report("The main job can run." if ready else f"Missing for the main job: {missing}.")
