"""What kind of disk a project lies on, and whether there is room on it."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from core.media.scratch import scratch_file

FULL = frozenset(
    code for name in ("ENOSPC", "EDQUOT") if (code := getattr(errno, name, None)) is not None
)
"""Numbers of the system's errors where there is no room, on the disk or for this user."""
LEAST_BYTES = 1 << 20
"""With less room than this a disk counts as full, once something could not be written."""
_PROBE_BYTES = 64 << 10

NETWORK_TYPES = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "smb2", "9p", "afs", "ncpfs", "coda", "davfs"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "gfs2", "pvfs2", "orangefs"),
        *("vboxsf", "vmhgfs", "prl_fs", "drvfs", "virtiofs", "fuse.sshfs", "fuse.vmhgfs-fuse"),
        *("fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.s3fs", "fuse.davfs2", "fuse.juicefs"),
    }
)
"""Types of file systems without the shared memory that a write-ahead log needs."""
MOUNTS = Path("/proc/mounts")
_REMOTE_DRIVE = 4


def is_network(path: Path, *, mounts: Path = MOUNTS) -> bool:
    """True where a file lies on another machine, as far as the system tells.

    Args:
        path: the file; it need not exist.
        mounts: the system's table of mounts.
    """
    folder = path.absolute().parent
    if sys.platform == "win32":
        return _is_remote_drive(folder)
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    return _type_of(Path(os.path.realpath(folder)), lines) in NETWORK_TYPES


def _type_of(folder: Path, lines: list[str]) -> str:
    best, found = -1, ""
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        mount = Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), parts[1]))
        # The last of equal mounts covers the ones before it.
        if folder.is_relative_to(mount) and len(mount.parts) >= best:
            best, found = len(mount.parts), parts[2]
    return found


def _is_remote_drive(folder: Path) -> bool:
    if folder.drive.startswith("\\\\"):
        return True
    import ctypes

    drive_type = getattr(ctypes, "windll").kernel32.GetDriveTypeW  # noqa: B009
    return bool(drive_type(folder.anchor) == _REMOTE_DRIVE)


def is_writable(folder: Path) -> bool:
    """True where files can be made in a folder: not on read-only media, and with the right."""
    try:
        if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
            return False
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def sync_folder(folder: Path) -> None:
    """Make a new name last through a loss of power, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network disks cannot
            os.fsync(fd)
    finally:
        os.close(fd)


def is_full(folder: Path) -> bool:
    """True where hardly anything can be written any more; for when something could not be."""
    try:
        if shutil.disk_usage(folder).free < LEAST_BYTES:
            return True
        # There may be a limit for this user, or no room for names.
        with scratch_file(folder / "probe") as probe, probe.open("wb", buffering=0) as file:
            file.write(bytes(_PROBE_BYTES))
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno in FULL
    return False


def rename_new(temporary: Path, path: Path) -> None:
    """Give a finished file its name, if there is nothing under that yet.

    Raises:
        FileExistsError: there is.
        OSError: it cannot be done; the file is still under its old name.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # disks without hard links
        if path.exists():
            raise FileExistsError(path) from None
        temporary.rename(path)
    else:
        temporary.unlink()
    sync_folder(path.parent)
