"""Members of a zip: what is in them, and that no more memory is taken than they say."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import pytest

from core.errors import AnnotationReadError
from core.media.zip_directory import find_directory, require_unpacked
from core.media.zip_file import ZIP_ERRORS, open_zip, read_member

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
NAMES = ["stored", "deflate", "bzip2", "lzma"]
LIMIT = 256 << 20
MAY_TAKE = 64 << 20


def write(path, data, method, name="a/b.txt"):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("first", b"x" * 99)
        archive.writestr(name, data)
    return path


def read(path, limit=LIMIT):
    with open_zip(path) as archive:
        return read_member(archive, archive.infolist()[-1], limit=limit)


def contents():
    random_ = random.Random(3)
    yield b""
    yield b"x"
    yield random_.randbytes(400_000)
    yield bytes(900_000)
    # One piece of output, and one byte more or less.
    for size in ((1 << 18) - 1, 1 << 18, (1 << 18) + 1):
        yield bytes(random_.choices(b"abc ", k=size))


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_every_method_comes_back(method, tmp_path):
    for number, data in enumerate(contents()):
        assert read(write(tmp_path / f"{number}.zip", data, method)) == data


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_a_member_that_is_too_large_is_refused_by_what_it_says(method, tmp_path):
    path = write(tmp_path / "a.zip", bytes(3 << 20), method)
    assert len(read(path, 3 << 20)) == 3 << 20
    with pytest.raises(AnnotationReadError, match=r"a\.zip: a/b\.txt holds more than 2 MB"):
        read(path, (3 << 20) - 1)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
@pytest.mark.parametrize("said", [0, 5, 700, 99_000])
def test_a_member_of_another_length_than_it_says_is_damaged(method, said, bombs, tmp_path):
    with zipfile.ZipFile(io.BytesIO(), "w", method) as archive:
        archive.writestr("x", b"y" * 701)
        packed = archive.fp.getvalue()[31 : archive.start_dir]
    head = {"name": "x", "method": method, "crc": zlib.crc32(b"y" * 701)}
    (tmp_path / "a.zip").write_bytes(bombs.one_member(data=packed, said=said, **head))
    with pytest.raises(ZIP_ERRORS):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_damage_is_an_error_of_the_list(method, tmp_path):
    data = bytes(random.Random(1).choices(b"abcd", k=9000))
    whole = write(tmp_path / "a.zip", data, method).read_bytes()
    random_ = random.Random(method)
    for _ in range(200):
        changed = bytearray(whole)
        for _ in range(random_.choice((1, 3, 20))):
            changed[random_.randrange(len(changed))] = random_.randrange(256)
        (tmp_path / "b.zip").write_bytes(changed[: random_.randrange(len(changed) + 1)])
        try:
            read(tmp_path / "b.zip")
        except (AnnotationReadError, *ZIP_ERRORS):
            continue


@pytest.mark.parametrize("method", [1, 9, 93, 95, 98])
def test_rare_methods_are_not_known(method, bombs, tmp_path):
    """Whatever this version of Python knows: Zstandard came with 3.14."""
    (tmp_path / "a.zip").write_bytes(bombs.one_member("x", b"abc", method=method, said=3))
    with pytest.raises(NotImplementedError, match=str(method)):
        read(tmp_path / "a.zip")


def test_lzma_asks_for_no_more_than_it_needs(bombs, tmp_path):
    """A dictionary of 4 GB is not made for three bytes."""
    data = write(tmp_path / "a.zip", b"abc", zipfile.ZIP_LZMA).read_bytes()
    at = data.rindex(b"\x5d", 0, data.index(b"PK\x01\x02"))
    wide = data[: at + 1] + struct.pack("<I", 0xFFFFFFFF) + data[at + 5 :]
    (tmp_path / "a.zip").write_bytes(wide)
    assert read(tmp_path / "a.zip") == b"abc"


def test_bombs_take_no_memory(bombs, tmp_path):
    script = """
from fractions import Fraction
from core.data.importing.formats import importer_named
from core.jobs import result_of
from core.types import VideoInfo
info = VideoInfo(Path("film"), 5, 32, 24, Fraction(25))
found = {
    path: measured(lambda: result_of(importer_named(Path(path).stem).read(Path(path), info)))
    for path in given
}
"""
    paths = []
    for method in bombs.METHODS:
        for said in (bombs.SIZE, 1 << 20, 0xFFFFFFFE):
            for importer, name in (("masks", "film/00000.png"), ("cvat", "annotations.xml")):
                path = tmp_path / f"{method}-{said}" / f"{importer}.zip"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(bombs.bomb(name, method, said=said))
                paths.append(path)
    found = bombs.run_measured(script, *paths)
    for path in paths:
        taken, error = found[str(path)]
        assert error.startswith("AnnotationReadError"), path
        assert taken < MAY_TAKE, (path, taken >> 20)


# The list of files


def stored(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("limit", [zipfile.ZIP_FILECOUNT_LIMIT, 2], ids=["short", "zip64"])
def test_a_plain_zip_passes(limit, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", limit)
    data = stored({f"{i}": b"abc" for i in range(9)})
    assert find_directory(io.BytesIO(data)).plain
    require_unpacked(io.BytesIO(data))


@pytest.mark.parametrize("method", METHODS[1:], ids=NAMES[1:])
def test_a_zip_that_is_packed_is_refused(method, tmp_path):
    data = write(tmp_path / "a.zip", bytes(9999), method).read_bytes()
    with pytest.raises(ValueError, match="compressed"):
        require_unpacked(io.BytesIO(data))


def test_members_that_lie_over_each_other_are_refused():
    data = stored({"a": b"x" * 1000, "b": b"x" * 1000})
    listed = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", listed + 1)
    entries = data[listed:second] * 9
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, len(entries), listed, 0)
    with pytest.raises(ValueError, match="overlap"):
        require_unpacked(io.BytesIO(data[:listed] + entries + end))


@pytest.mark.parametrize("limit", [zipfile.ZIP_FILECOUNT_LIMIT, 2], ids=["short", "zip64"])
def test_a_second_list_of_files_is_refused(limit, monkeypatch):
    """`zipfile` goes by where the list ends, other programs by where it is said to begin."""
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", limit)
    data = b"0" * 300 + stored({f"{i}": b"abc" for i in range(9)})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.namelist()) == 9
    with pytest.raises(ValueError, match="odd"):
        require_unpacked(io.BytesIO(data))


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x05\x06" + bytes(17), b"none" * 99])
def test_no_zip(data):
    with pytest.raises(ZIP_ERRORS):
        require_unpacked(io.BytesIO(data))
