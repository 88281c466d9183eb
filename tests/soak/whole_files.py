"""What the soak workers do besides editing: exports, migrations, new projects on small disks."""

from __future__ import annotations

import ctypes
import itertools
import os
import random
import shutil
import sqlite3
import zipfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from core.errors import OutputError
from core.jobs import result_of
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.media.export.formats import EXPORTERS
from core.media.image_file import read_rgb
from core.types import VideoInfo
from vosapp.project.edits import AddObject
from vosapp.project.file import Options
from vosapp.project.model import VideoRef
from vosapp.project.opening import create_project, open_project

COUNT, HEIGHT, WIDTH = 12, 54, 96
VIDEO = VideoRef("film.mp4", "film.mp4", 1, "00", COUNT, WIDTH, HEIGHT, Fraction(25))
VIDEOS = frozenset({".mp4", ".mov", ".webm"})
VERSION_1 = Path(__file__).parents[1] / "vosapp" / "project" / "version_1.sql"
OLD, BACKUP = "old.vosapp", "old.vosapp.bak-v1"
NOT_ALLOWED = 77


def source(seed=0):
    """What is exported: two objects that move over noise, which no encoder makes small."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 256, (COUNT, HEIGHT, WIDTH, 3), dtype=np.uint8)
    maps = np.zeros((COUNT, HEIGHT, WIDTH), np.uint8)
    for index in range(COUNT):
        maps[index, 4:20, 2 + index : 30 + index], maps[index, 25:50, 10:40] = 1, 2
    video = VideoInfo(Path("film"), COUNT, WIDTH, HEIGHT, Fraction(25))
    objects = (ObjectInfo.plain(1, name="Bear"), ObjectInfo.plain(2, name="Fox"))
    return AnnotationSource(video, objects, maps.__getitem__, frames.__getitem__)


def export(folder, seed, say):
    """Export in one format after the other until killed, each time into the same folder."""
    rng = random.Random(seed)
    what = source()
    while True:
        exporter = rng.choice(EXPORTERS)
        say(f"export {exporter.name}")
        result_of(exporter.export(what, folder / "out" / exporter.name))
        say(f"exported {exporter.name}")
        if rng.random() < 0.5:
            shutil.rmtree(folder / "out" / exporter.name)


def migrate(folder, _seed, say):
    """Bring an old project up to date until killed."""
    begun = sum(1 for place in folder.iterdir() if place.is_dir())
    for number in itertools.count(max(0, begun - 1)):
        place = folder / f"{number:05d}"
        if not (place / OLD).exists():
            place.mkdir(exist_ok=True)
            make_old(place / OLD)
        say(f"open {place.name}")
        open_project(place / OLD).close()
        say(f"opened {place.name}")


def make_old(path):
    """Write a project as the first version of vosapp did, whole or not at all."""
    temporary = path.with_suffix(".making")
    temporary.unlink(missing_ok=True)
    with sqlite3.connect(temporary) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
    connection.close()
    temporary.rename(path)


def mount_small(folder, size):
    """Put a disk of its own on a folder, seen by this process alone; ends it where it may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, new_users, private, recursive = 0x20000, 0x10000000, 1 << 18, 0x4000
    flags = new_mounts if os.getuid() == 0 else new_mounts | new_users
    if not _mounted and (
        libc.unshare(flags) or libc.mount(b"none", b"/", None, private | recursive, None)
    ):
        os._exit(NOT_ALLOWED)
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={size}".encode()):
        os._exit(NOT_ALLOWED)
    _mounted.append(folder)


_mounted = []


def new_on_small_disks(folder, seed, say):
    """Make projects on disks of all sizes around what one takes: each is there, or nothing is."""
    rng = random.Random(seed)
    for number in range(12):
        disk = folder / f"disk-{number}"
        disk.mkdir()
        mount_small(disk, 4096 * rng.randrange(1, 45))
        path = disk / "p.vosapp"
        try:
            with create_project(path, VIDEO) as project:
                project.do(AddObject(name="Bear"))
        except OutputError as error:
            if "full" not in str(error) and "space" not in str(error):
                raise RuntimeError(f"it is not said that the disk is full: {error}") from error
            if not path.exists() and list(disk.iterdir()):
                raise RuntimeError(f"left behind: {sorted(disk.iterdir())}") from error
            say("refused")
        if path.exists():
            # It was made; only the edit found no room.
            open_project(path, Options(read_only=True)).close()
            say("made")


def export_to_small_disks(folder, seed, say):
    """Export in every format to disks that are a little too small: each is whole, or told."""
    what, rng = source(), random.Random(seed)
    for exporter in EXPORTERS:
        whole = folder / "whole" / exporter.name
        report = result_of(exporter.export(what, whole))
        if report.written != sum(path.is_file() for path in whole.rglob("*")):
            raise RuntimeError(f"{exporter.name} has counted other files than there are")
        size = sum(path.stat().st_size for path in whole.rglob("*"))
        disk = folder / "disk" / exporter.name
        disk.mkdir(parents=True)
        mount_small(disk, 4096 + rng.randrange(size))
        try:
            result_of(exporter.export(what, disk / "out"))
        except OutputError as error:
            said = str(error)
            if "space" not in said:
                raise RuntimeError(f"{exporter.name} does not say why: {said}") from error
        else:
            same_tree(whole, disk / "out")
            said = "done"
        check_files(disk)
        if leftovers(disk):
            raise RuntimeError(f"{exporter.name} has left {leftovers(disk)}")
        say(f"{exporter.name} {said}")


def same_tree(one, other):
    """Raise unless two folders hold files of the same names."""
    if {p.relative_to(one) for p in one.rglob("*")} != {
        p.relative_to(other) for p in other.rglob("*")
    }:
        raise RuntimeError(f"{other} does not hold what {one} does")


def check_files(root):
    """Raise unless every file under its final name is whole."""
    for path in root.rglob("*"):
        if not path.is_file() or path.name.startswith("."):
            continue
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                broken = archive.testzip()
            if broken is not None or not archive.namelist():
                raise RuntimeError(f"{path} is broken at {broken}")
        elif path.suffix in VIDEOS:
            check_video(path)
        elif path.suffix in (".png", ".jpg"):
            read_rgb(path)
        elif path.stat().st_size == 0 and path.suffix != ".txt":
            raise RuntimeError(f"{path} is empty")


def check_video(path):
    with av.open(str(path)) as container:
        count = sum(1 for _ in container.decode(video=0))
    if count != COUNT:
        raise RuntimeError(f"{path} has {count} frames")


def leftovers(root):
    """Hidden files: they are not whole yet."""
    return sorted(p.name for p in root.rglob("*") if p.name.startswith("."))
