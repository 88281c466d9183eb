"""Whatever a file of weights or a training state holds: it is read, or it is one line."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import zipfile
from collections import Counter
from dataclasses import asdict

import pytest
import torch

from core.engine.registry import build_tracker
from core.errors import VosError
from core.nn.checkpoints import CheckpointInfo, load_weights, read_info, save_weights
from core.nn.foreign import read_foreign
from core.systems.self_supervised.config import CALIBRATION, PRESETS
from core.systems.self_supervised.foreign import import_weights
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import RECIPE
from core.tracking.contract import TrackerRequest
from core.train.finetune.untrusted import require_sound
from core.train.state import load_state, save_state
from core.types import Quality

CASES = 2000 if os.environ.get("VOSAPP_SOAK") else 60
VALUES = (
    *(None, True, -1, 0, 2**63, 10**30, 1e308, float("nan"), "", "x" * 5000, "a\nb", "\x1b[31m"),
    *([], {}, [[]], [8] * 4, [4096] * 4, [64] * 4, ["8"] * 4, {"a": 1}, [[[[[]]]]], "resnet18"),
)
TYPES = ("F64", "F32", "BF16", "I64", "I8", "U8", "BOOL", "C64", "F8_E4M3", "F4", "X", "")
ODD = (b"\xff\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f", bytes(3) + b"\x80")


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return KeyEncoder(PRESETS["tiny"])


@pytest.fixture(scope="module")
def pickles(encoder):
    """Files of torch in both of its layouts, with some of everything in them."""
    weights = {"a": torch.arange(3.0), "b": torch.ones(2, 2, dtype=torch.float16)}
    odd = [1, 2.5, "text", None, True, (1, 2), {3, 4}, b"bytes", Counter([2]), torch.Size([1])]
    contents = (weights, {"model": weights, "odd": odd}, encoder.state_dict())
    found = []
    for content in contents:
        for zipped in (True, False):
            out = io.BytesIO()
            torch.save(content, out, _use_new_zipfile_serialization=zipped)
            found.append(out.getvalue())
    return found


def changed(data, rng):
    """Return bytes with some damage."""
    out = bytearray(data)
    start = rng.randrange(len(out))
    kind = rng.randrange(6)
    if kind == 0:
        for _ in range(rng.choice((1, 2, 5, 30))):
            out[rng.randrange(len(out))] = rng.randrange(256)
    elif kind == 1:
        del out[start:]
    elif kind == 2:
        other = rng.randrange(len(out))
        out[start : start + 16] = out[other : other + rng.choice((1, 16, 64))]
    elif kind == 3:
        del out[start : start + rng.choice((1, 2, 8, 50))]
    elif kind == 4:
        out[start:start] = rng.randbytes(rng.choice((1, 2, 8)))
    else:
        out[start : start + 4] = rng.choice(ODD)
    return bytes(out)


def changed_pickle(data, rng):
    """Damage the pickle in a zip and leave the zip sound, or damage all."""
    if not data.startswith(b"PK") or rng.random() < 0.4:
        return changed(data, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, changed(part, rng) if name.endswith("data.pkl") else part)
    return out.getvalue()


def places(node, path=()):
    pairs = node.items() if isinstance(node, dict) else ()
    pairs = enumerate(node) if isinstance(node, list) else pairs
    for key, value in pairs:
        yield (*path, key)
        yield from places(value, (*path, key))


def put(node, rng):
    """Change, remove or rename one value somewhere in a document."""
    *way, last = rng.choice(list(places(node)))
    for key in way:
        node = node[key]
    if isinstance(node, dict) and rng.random() < 0.15:
        del node[last]
    elif isinstance(node, dict) and rng.random() < 0.1:
        node[rng.choice(("x" * 3000, "a\nb", "", "\x1b[0m"))] = node.pop(last)
    else:
        node[last] = json.loads(json.dumps(rng.choice(VALUES)))


def changed_header(data, rng):
    """Change what the header of a safetensors file says, of itself or of a tensor."""
    size = struct.unpack("<Q", data[:8])[0]
    head = json.loads(data[8 : 8 + size])
    kind = rng.randrange(3)
    if kind == 0:
        told = json.loads(head["__metadata__"]["vosapp"])
        put(told, rng)
        head["__metadata__"]["vosapp"] = json.dumps(told)
    elif kind == 1:
        tensor = head[rng.choice([name for name in head if name != "__metadata__"])]
        tensor["dtype"] = rng.choice(TYPES)
    else:
        put(head, rng)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data[8 + size :]


def tried(*actions):
    for action in actions:
        try:
            action()
        except VosError as error:
            assert error.message.isprintable(), repr(error.message)
            assert len(error.message) < 1500


@pytest.mark.parametrize("chunk", range(4))
def test_pickles_of_others(chunk, pickles, tmp_path):
    path, out = tmp_path / "w.pth", tmp_path / "o.safetensors"
    for number in range(chunk, CASES, 4):
        rng = random.Random(number)
        path.write_bytes(changed_pickle(rng.choice(pickles), rng))
        kind = rng.choice((None, "resnet", "mast", "crw", "dino"))
        tried(lambda: read_foreign(path), lambda kind=kind: import_weights(path, out, kind=kind))


@pytest.mark.parametrize("chunk", range(4))
def test_states_of_training(chunk, encoder, tmp_path):
    path = tmp_path / "state.pt"
    optimizer = torch.optim.AdamW(encoder.parameters())
    save_state(path, encoder, optimizer, step=3, seconds=1.5)
    whole = path.read_bytes()
    network = KeyEncoder(PRESETS["tiny"])
    for number in range(chunk, CASES, 4):
        path.write_bytes(changed_pickle(whole, random.Random(number)))
        tried(lambda: load_state(path, network, torch.optim.AdamW(network.parameters())))


@pytest.mark.parametrize("chunk", range(4))
def test_checkpoints(chunk, encoder, tmp_path):
    path, out = tmp_path / "w.safetensors", tmp_path / "o.safetensors"
    config, told = PRESETS["tiny"].to_dict(), asdict(CALIBRATION)
    info = CheckpointInfo("self_supervised", "tiny", config, {"steps": 3}, calibration=told)
    save_weights(path, encoder, info)
    whole = path.read_bytes()
    network = KeyEncoder(PRESETS["tiny"])
    for number in range(chunk, CASES, 4):
        rng = random.Random(number)
        change = changed_header if rng.random() < 0.8 else changed
        path.write_bytes(change(whole, rng))
        tried(
            lambda: read_info(path).training.get("init"),
            lambda: load_weights(path, network),
            lambda: build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", path)),
            lambda: require_sound(path, RECIPE),
            lambda: read_foreign(path),
            lambda: import_weights(path, out),
        )
