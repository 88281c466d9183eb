"""Checkpoints of other programs: what is read, and what is refused before it can do harm."""

from __future__ import annotations

import argparse
import os
import pickle
import random
import struct
import zipfile
import zlib
from collections import Counter, OrderedDict

import pytest
import torch
from safetensors.torch import save_file

from core.errors import CheckpointMismatch, CheckpointMissing
from core.nn import foreign
from core.nn.foreign import read_foreign

WEIGHTS = OrderedDict(a=torch.arange(3.0), b=torch.ones(2, 2))


def same(found):
    return found.keys() == WEIGHTS.keys() and all(
        torch.equal(found[name], WEIGHTS[name]) for name in found
    )


@pytest.mark.parametrize("container", ["", "state_dict", "model", "teacher"])
@pytest.mark.parametrize("zipped", [True, False])
def test_weights_are_found(tmp_path, container, zipped):
    path = tmp_path / "w.pth"
    content = {container: WEIGHTS, "epoch": 3} if container else WEIGHTS
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    read = read_foreign(path)
    assert same(read.tensors)
    assert (read.container, read.skipped) == (container, ())


def test_safetensors(tmp_path):
    save_file(dict(WEIGHTS), tmp_path / "w.safetensors")
    assert same(read_foreign(tmp_path / "w.safetensors").tensors)


def test_what_training_programs_keep_beside_the_weights(tmp_path):
    """CRW and DINO save their command line, schedulers their milestones."""
    args = argparse.Namespace(lr=1e-4, device="cuda")
    content = {"model": WEIGHTS, "args": args, "lr_scheduler": {"milestones": Counter([20])}}
    torch.save(content, tmp_path / "w.pth")
    assert same(read_foreign(tmp_path / "w.pth").tensors)


def test_entries_that_are_no_plain_tensors_are_named(tmp_path):
    odd = {
        "c": 3,
        "d": torch.zeros(2).to_sparse(),
        "e": torch.zeros(2, dtype=torch.bool),
        "f": torch.zeros(2, dtype=torch.uint16),
        "g": torch.zeros(2, dtype=torch.complex64),
        "h": torch.zeros(2).to(torch.float8_e4m3fn),
    }
    torch.save({**WEIGHTS, **odd}, tmp_path / "w.pth")
    read = read_foreign(tmp_path / "w.pth")
    assert same(read.tensors)
    assert read.skipped == tuple(odd)


class Attack:
    """Makes a folder when unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("writer", ["pickle", "torch", "old torch", "beside the weights"])
def test_hostile_pickle_is_not_executed(tmp_path, writer):
    path, trap = tmp_path / "w.pth", tmp_path / "trap"
    if writer == "pickle":
        path.write_bytes(pickle.dumps({"a": Attack(trap)}))
    else:
        content = {"model": WEIGHTS, "args": Attack(trap)} if "beside" in writer else Attack(trap)
        torch.save(content, path, _use_new_zipfile_serialization=writer != "old torch")
    with pytest.raises(CheckpointMismatch, match=r"w\.pth"):
        read_foreign(path)
    assert not trap.exists()
    if writer == "beside the weights":
        torch.load(path, weights_only=False)
        assert trap.exists(), "the trap works"


def test_what_a_hostile_file_asks_for_is_named(tmp_path):
    torch.save({"model": WEIGHTS, "x": Attack(tmp_path / "trap")}, tmp_path / "w.pth")
    with pytest.raises(CheckpointMismatch, match=r"asks for (posix|nt)\.mkdir"):
        read_foreign(tmp_path / "w.pth")


def test_the_state_of_an_allowed_class_cannot_bring_code(tmp_path):
    """A Namespace is allowed; what it holds is read by the same rules."""
    args = argparse.Namespace(inner=Attack(tmp_path / "trap"))
    torch.save({"model": WEIGHTS, "args": args}, tmp_path / "w.pth")
    with pytest.raises(CheckpointMismatch):
        read_foreign(tmp_path / "w.pth")
    assert not (tmp_path / "trap").exists()


def test_old_torch_opens_no_pickle(tmp_path, monkeypatch):
    torch.save(WEIGHTS, tmp_path / "w.pth")
    save_file(dict(WEIGHTS), tmp_path / "w.safetensors")
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(CheckpointMismatch, match=r"2\.5\.1") as caught:
        read_foreign(tmp_path / "w.pth")
    assert "2.6" in caught.value.hint
    assert same(read_foreign(tmp_path / "w.safetensors").tensors)


@pytest.mark.parametrize("size", [0, 1, 40, 100, -1])
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_truncated(tmp_path, name, size):
    path = tmp_path / name
    if name == "w.pth":
        torch.save(WEIGHTS, path)
    else:
        save_file(dict(WEIGHTS), path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointMismatch, match=name):
        read_foreign(path)


def test_a_zip_that_unpacks_to_more_than_it_has(tmp_path):
    """Whatever else it is: torch packs nothing."""
    torch.save(WEIGHTS, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as source,
        zipfile.ZipFile(tmp_path / "w.pth", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert torch.load(tmp_path / "w.pth", weights_only=True).keys() == WEIGHTS.keys()
    with pytest.raises(CheckpointMismatch, match="compressed") as caught:
        read_foreign(tmp_path / "w.pth")
    assert "safetensors" in caught.value.hint


def torch_bomb(bombs):
    """A file of torch whose pickle is 400 MB of zeros."""
    packed = bombs.packed("deflate")
    return [
        ("archive/version", b"3\n", zipfile.ZIP_STORED, 2, zlib.crc32(b"3\n")),
        ("archive/data.pkl", packed, zipfile.ZIP_DEFLATED, bombs.SIZE, bombs.CRC),
    ]


def two_faced(bombs):
    """A zip that is a bomb for torch and not for `zipfile`: it has two lists of files."""
    decoy = [
        (name, b"x", zipfile.ZIP_STORED, 1, zlib.crc32(b"x")) for name, *_ in torch_bomb(bombs)
    ]
    body, listed = bombs.zip_parts(torch_bomb(bombs), 0)
    rest = bombs.zip_parts(decoy, 0)[0]
    numbers = (0, 0, 2, 2, len(listed), len(body), 0)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", *numbers)
    # `zipfile` looks right before the end, and shifts all places by what it finds too much.
    other = bombs.zip_parts(decoy, len(body) - len(rest))[1]
    return body + listed + rest + other + end


def test_a_bomb_takes_no_memory(bombs, tmp_path):
    (tmp_path / "plain.pth").write_bytes(bombs.zip_of(torch_bomb(bombs)))
    (tmp_path / "two-faced.pth").write_bytes(two_faced(bombs))
    with zipfile.ZipFile(tmp_path / "two-faced.pth") as archive:
        assert [archive.read(name) for name in archive.namelist()] == [b"x", b"x"]
    script = """
from core.nn.foreign import read_foreign
found = [measured(lambda: read_foreign(Path(path))) for path in given]
"""
    paths = (tmp_path / "plain.pth", tmp_path / "two-faced.pth")
    for taken, said in bombs.run_measured(script, *paths):
        assert said.startswith("CheckpointMismatch")
        assert taken < 64 << 20


def test_mutations_are_one_error(tmp_path):
    """A hostile pickle hands anything to what is allowed; thousands are tried in the soak."""
    from core.nn.pickles import UnreadablePickle, load_pickle

    path, random_ = tmp_path / "w.pth", random.Random(15)
    for zipped in (True, False):
        torch.save({"state_dict": WEIGHTS}, path, _use_new_zipfile_serialization=zipped)
        whole = path.read_bytes()
        for _ in range(300):
            changed = bytearray(whole)
            for _ in range(random_.choice((1, 2, 5))):
                changed[random_.randrange(len(changed))] = random_.randrange(256)
            path.write_bytes(changed)
            try:
                load_pickle(path)
            except UnreadablePickle:
                continue


@pytest.mark.parametrize(
    "content",
    [b"\x80\x02G?", b"\x80\x02X\0", b"\x80\x02K\x01Q.", b"\x80\x02.", b"\x80\x02(t\x8a"],
    ids=["number", "text", "storage", "nothing", "long"],
)
def test_a_pickle_that_breaks_off_or_is_odd(content, tmp_path):
    torch.save(WEIGHTS, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as source,
        zipfile.ZipFile(tmp_path / "w.pth", "w") as target,
    ):
        for name in source.namelist():
            target.writestr(name, content if name.endswith("data.pkl") else source.read(name))
    with pytest.raises(CheckpointMismatch, match="damaged") as caught:
        read_foreign(tmp_path / "w.pth")
    assert "\n" not in caught.value.message


def test_names_that_are_no_names(tmp_path):
    torch.save({"model": {**WEIGHTS, 7: 3, (1, 2): 4}}, tmp_path / "w.pth")
    assert read_foreign(tmp_path / "w.pth").skipped == ("int", "tuple")


def test_a_file_that_is_too_large(tmp_path):
    with (tmp_path / "w.pth").open("wb") as file:
        file.truncate(foreign.MAX_BYTES + 1)
    with pytest.raises(CheckpointMismatch, match=r"4\.0 GiB"):
        read_foreign(tmp_path / "w.pth")


@pytest.mark.parametrize("content", [{}, [1], 7, torch.zeros(2), {"a": 3}, {1: torch.zeros(1)}])
def test_no_weights_inside(tmp_path, content):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(CheckpointMismatch, match="0 tensors"):
        read_foreign(tmp_path / "w.pth")


def test_missing(tmp_path):
    with pytest.raises(CheckpointMissing, match=r"none\.pth"):
        read_foreign(tmp_path / "none.pth")
    with pytest.raises(CheckpointMissing):
        read_foreign(tmp_path)
