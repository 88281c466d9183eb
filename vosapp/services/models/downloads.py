"""Downloading models: resumable, with the hash that is known or becomes known. No torch until the
file is there.

A download that was broken off leaves `NAME.part` and goes on from there, as long as the server says
that it is still the same file.
"""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from core.errors import CheckpointMismatch, OutputError, UsageError
from core.jobs import CancelToken
from core.media.atomic import made_folder, write_atomic
from core.media.file_hash import sha256_of
from core.media.input_file import read_input
from core.text import visible
from vosapp import __version__
from vosapp.services.models.importing import import_model
from vosapp.services.models.known import known_model, known_models
from vosapp.services.models.store import require_name
from vosapp.services.models.values import Downloading, Model, Origin
from vosapp.services.user_folder import models_folder

CHUNK = 256 << 10
TIMEOUT_SECONDS = 30.0
MAX_BYTES = 4 << 30
"""Larger files are no weights that could be opened."""
PARTS = "downloads"
HASHES = "hashes.json"
MAX_NOTE_BYTES = 1 << 20
_SHA = re.compile(r"[0-9a-f]{64}")
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
Download = Generator[Downloading, None, Model]


@dataclass(frozen=True, slots=True)
class _Part:
    """What is there of a download.

    Attributes:
        file: the bytes.
        note: of where they are from.
    """

    file: Path
    note: Path

    @classmethod
    def of(cls, root: Path, name: str) -> _Part:
        folder = root / PARTS
        return cls(folder / f"{name}.part", folder / f"{name}.json")

    def drop(self) -> None:
        """Forget it."""
        self.file.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def mark_for(self, address: str) -> str:
        """What the server called the file that these bytes are of; empty where they are no use."""
        with suppress(OSError, ValueError, LookupError, TypeError, RecursionError):
            values = json.loads(read_input(self.note, limit=MAX_NOTE_BYTES))
            if values["address"] == address and self.file.stat().st_size:
                return str(values["mark"])
        return ""


def download(
    address: str,
    name: str,
    token: CancelToken,
    *,
    sha256: str = "",
    license: str = "",
    system: str = "",
    root: Path | None = None,
) -> Download:
    """Fetch weights and put them among the user's models.

    Args:
        address: http or https, or the name of a known model.
        name: of the model.
        token: is looked at for each piece; what is there stays for the next try.
        sha256: that the file has to have; empty takes that of the known model, else the one that
            was computed the last time, if any.
        license: as the source states it; empty takes that of the known model.
        system: whose weights they become; empty takes that of the known model, or looks.
        root: folder of the user's models; None takes the usual one.

    Yields:
        A `Downloading` for each piece.

    Raises:
        UsageError: no such address, or the name is taken or no name.
        CheckpointMismatch: another hash, damaged, hostile, of no known program.
        OutputError: the server does not answer, or the file cannot be written.
        Cancelled: by the token.
    """
    place = root or models_folder()
    row = known_model(address)
    if row is not None:
        address = row.address
        sha256, license = sha256 or row.sha256, license or row.license
        system = system or row.system
    _require_address(address)
    require_name(name, root=root)
    if sha256 and not _SHA.fullmatch(sha256.lower()):
        raise UsageError(f"{sha256!r} is no SHA-256.", "It has 64 digits of 0-9 and a-f.")
    part = _Part.of(place, name)
    made_folder(part.file.parent)
    yield from _fetch(address, part, token)
    found = sha256_of(part.file)
    _require_hash(part, found, sha256.lower(), address, place=place)
    with _whole(part) as file:
        taken: dict[str, Any] = {
            "license": license,
            "address": address,
            "origin": Origin.DOWNLOADED,
        }
        model, _ = import_model(file, name, system=system or None, root=root, **taken)
    _remember(place, address, found)
    return model


@contextmanager
def _whole(part: _Part) -> Iterator[Path]:
    """A part that is whole, under a name that says what it is; nothing of it is left."""
    with part.file.open("rb") as stream:
        first = stream.read(9)
    # Safetensors begin with the length of their header, which is JSON.
    safe = len(first) == 9 and first[8:] == b"{"
    file = part.file.with_suffix(".safetensors" if safe else ".pth")
    part.file.replace(file)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)
        part.drop()


def hash_remembered(address: str, *, root: Path | None = None) -> str:
    """The SHA-256 that a file of this address had when it was downloaded last; may be empty."""
    row = known_model(address)
    return _remembered(root or models_folder()).get(row.address if row else address, "")


def _require_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = f"{address!r} is neither a web address nor a model that is known to download."
        names = ", ".join(row.name for row in known_models())
        raise UsageError(msg, f"Give an address that begins with https://, or one of {names}.")


class _OnlyWeb(urllib.request.HTTPRedirectHandler):
    """Follows to other web addresses, and nowhere else."""

    def redirect_request(  # noqa: PLR0917
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        """See the base; from https only to https."""
        scheme = urlsplit(newurl).scheme
        if scheme != "https" and scheme != urlsplit(req.full_url).scheme:
            shown = visible(newurl)[:200]
            raise OutputError(f"The server sends to {shown}.", "Nothing is taken from there.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(address: str, part: _Part, token: CancelToken) -> Generator[Downloading]:
    mark = part.mark_for(address)
    done = part.file.stat().st_size if mark else 0
    if not mark:
        part.drop()
    with closing(_opened(address, done, mark)) as answer:
        begins, total = _place_of(answer, done)
        _keep_mark(part, address, answer.headers)
        if begins == 0:
            done = 0
        try:
            with part.file.open("r+b" if begins else "wb") as file:
                file.seek(begins)
                file.truncate()
                yield Downloading(done, total)
                while data := answer.read(CHUNK):
                    token.check()
                    file.write(data)
                    done += len(data)
                    if done > MAX_BYTES:
                        raise OutputError("The file is too large for weights.", "Look at it.")
                    yield Downloading(done, total)
        except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
            raise _broken_off(done, total) from error
        except OSError as error:
            msg = f"{part.file} cannot be written: {error.strerror or error}."
            raise OutputError(msg, "Free some space, and try again: it goes on.") from error
    if total and done < total:
        raise _broken_off(done, total)


def _broken_off(done: int, total: int) -> OutputError:
    of = f" of {total / 1e6:.1f}" if total else ""
    msg = f"The download was broken off after {done / 1e6:.1f}{of} MB."
    return OutputError(msg, "Try again: it goes on from there.")


def _opened(address: str, done: int, mark: str) -> Any:
    headers = {"User-Agent": f"vosapp/{__version__}", "Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": mark}
    request = urllib.request.Request(address, headers=headers)
    opener = urllib.request.build_opener(_OnlyWeb)
    try:
        return opener.open(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        with closing(error):
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and done:
                return _Nothing()
            msg = f"The server refuses {address}: {error.code} {visible(str(error.reason))[:80]}."
        raise OutputError(msg, "Check the address.") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = visible(str(getattr(error, "reason", error)))[:200]
        msg = f"{urlsplit(address).hostname} cannot be reached: {reason}."
        raise OutputError(msg, "Check the network and the address, and try again.") from error


class _Nothing:
    """The answer of a server that has no more bytes than are there."""

    status = http.client.PARTIAL_CONTENT
    headers = Message()

    def read(self, _size: int) -> bytes:
        return b""

    def close(self) -> None:
        pass


def _place_of(answer: Any, done: int) -> tuple[int, int]:
    """Where what is sent begins in the file, and how long the file is; 0 for not known."""
    if isinstance(answer, _Nothing):
        return done, done
    length = answer.headers.get("Content-Length", "")
    sent = int(length) if length.isascii() and length.isdigit() else 0
    if answer.status != http.client.PARTIAL_CONTENT:
        return 0, sent
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != done:
        raise OutputError("The server sends another part than was asked for.", "Try again.")
    return done, 0 if found[2] == "*" else int(found[2])


def _keep_mark(part: _Part, address: str, headers: Message) -> None:
    """Keep what the server calls this very file; without it nothing is resumed."""
    mark = headers.get("ETag", "") or headers.get("Last-Modified", "")
    if mark and not mark.startswith("W/"):
        write_atomic(part.note, json.dumps({"address": address, "mark": mark}).encode())


def _require_hash(part: _Part, found: str, asked: str, address: str, *, place: Path) -> None:
    remembered = _remembered(place).get(address, "")
    if asked and found != asked:
        part.drop()
        msg = f"The file has the SHA-256 {found}, not {asked}."
        raise CheckpointMismatch(msg, "It was removed. Do not use it; look at its source again.")
    if not asked and remembered and found != remembered:
        part.drop()
        msg = f"The file is another one than the last time: its SHA-256 is {found}."
        hint = "If it was replaced on purpose, give this SHA-256, and download it again."
        raise CheckpointMismatch(msg, hint)


def _remembered(place: Path) -> dict[str, str]:
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(read_input(place / PARTS / HASHES, limit=MAX_NOTE_BYTES))
        if isinstance(found, dict):
            return {str(name): str(value) for name, value in found.items()}
    return {}


def _remember(place: Path, address: str, found: str) -> None:
    known = _remembered(place) | {address: found}
    write_atomic(place / PARTS / HASHES, json.dumps(known, indent=1).encode())
