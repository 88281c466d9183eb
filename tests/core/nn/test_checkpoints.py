"""Weights on disk: what comes back, and what is refused."""

from __future__ import annotations

import json
import os
import pickle
import random
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from core.errors import CheckpointMismatch, CheckpointMissing, OutputError
from core.nn.checkpoints import (
    CheckpointInfo,
    checked_config,
    copy_calibrated,
    load_weights,
    read_info,
    require_config,
    require_fit,
    require_system,
    save_weights,
)

INFO = CheckpointInfo(
    "self_supervised",
    "tiny",
    {"widths": [8, 8, 8, 8], "key_channels": 8},
    training={"steps": 3, "seed": 0},
    metrics={"dev": 0.7},
    license="Apache-2.0",
)


def network(seed=0, channels=4):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, channels, 3), nn.BatchNorm2d(channels))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(path, network(), INFO)
    return path


def test_round_trip_through_half_precision(saved):
    module, original = network(seed=1), network()
    load_weights(saved, module)
    for name, tensor in module.state_dict().items():
        wanted = original.state_dict()[name]
        assert tensor.dtype == wanted.dtype
        assert torch.equal(tensor, wanted.half().to(wanted.dtype)), name
    assert saved.stat().st_size < 2000


def test_running_statistics_are_kept(tmp_path):
    original = network()
    original(torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) + 2)
    save_weights(tmp_path / "w.safetensors", original, INFO)
    module = network(seed=1)
    load_weights(tmp_path / "w.safetensors", module)
    torch.testing.assert_close(module[1].running_mean, original[1].running_mean, atol=1e-3, rtol=0)
    assert module[1].num_batches_tracked == 1
    assert module[1].running_mean.abs().max() > 1e-2


def test_header_comes_back(saved):
    assert read_info(saved) == INFO


def test_header_is_read_without_torch(saved):
    script = (
        "import sys; from pathlib import Path\n"
        "from core.nn.checkpoints import read_info\n"
        f"print(read_info(Path({str(saved)!r})).preset, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["tiny", "False"]


def test_missing_file(tmp_path):
    with pytest.raises(CheckpointMissing, match=r"none\.safetensors"):
        read_info(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointMissing):
        read_info(tmp_path)


class Attack:
    """Makes a folder when unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_hostile_pickle_is_never_executed(tmp_path, writer):
    path, trap = tmp_path / "weights.safetensors", tmp_path / "trap"
    if writer == "pickle":
        path.write_bytes(pickle.dumps(Attack(trap)))
    else:
        torch.save({"module": Attack(trap)}, path)
    with pytest.raises(CheckpointMismatch, match="not a safetensors file"):
        read_info(path)
    with pytest.raises(CheckpointMismatch):
        load_weights(path, network())
    assert not trap.exists()
    if writer == "pickle":
        pickle.loads(path.read_bytes())
        assert trap.exists(), "the trap works"


@pytest.mark.parametrize("size", [0, 4, 40, -1])
def test_truncated_file(saved, size):
    data = saved.read_bytes()
    saved.write_bytes(data[:size])
    with pytest.raises(CheckpointMismatch, match=r"weights\.safetensors"):
        read_info(saved)
    with pytest.raises(CheckpointMismatch, match=r"weights\.safetensors"):
        load_weights(saved, network())


def test_wrong_system(saved):
    require_system(read_info(saved), "self_supervised", saved)
    with pytest.raises(CheckpointMismatch, match="self_supervised, not of box") as caught:
        require_system(read_info(saved), "box_supervised", saved)
    assert "--system self_supervised" in caught.value.hint


def test_another_shape_of_the_same_preset_names_what_differs():
    path = Path("old.safetensors")
    with pytest.raises(CheckpointMismatch, match="another shape: key_channels, lattice") as caught:
        wanted = {**INFO.config, "key_channels": 16, "lattice": 4}
        require_config(INFO, wanted, preset="tiny", path=path)
    assert "train it anew" in caught.value.hint
    with pytest.raises(CheckpointMismatch, match="holds the preset tiny, not small"):
        require_config(INFO, {}, preset="small", path=path)
    require_config(INFO, {"widths": (8, 8, 8, 8), "key_channels": 8}, preset="tiny", path=path)


def test_wrong_shapes_name_the_first_three(saved):
    with pytest.raises(CheckpointMismatch) as caught:
        load_weights(saved, network(channels=5))
    message = caught.value.message
    assert "0.weight is [4, 3, 3, 3], not [5, 3, 3, 3]; 0.bias is [4], not [5]" in message
    assert message.count(" is ") == 3
    assert "6 tensors" in caught.value.hint


def test_other_names(saved):
    before = nn.Conv2d(3, 4, 3)
    kept = {name: tensor.clone() for name, tensor in before.state_dict().items()}
    with pytest.raises(CheckpointMismatch, match=r"weight is missing; bias is missing; \S+ is un"):
        load_weights(saved, before)
    assert all(torch.equal(tensor, kept[name]) for name, tensor in before.state_dict().items())


def header(**changes):
    values = {"format": 1, "system": "s", "preset": "p", "config": {}} | changes
    return {"vosapp": json.dumps({k: v for k, v in values.items() if v is not None})}


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "does not say"),
        ({"other": "x"}, "does not say"),
        (header(format=2), "newer version"),
        (header(format=None), "cannot be understood"),
        (header(system=None), "cannot be understood"),
        (header(surprise=1), "cannot be understood"),
        ({"vosapp": "{"}, "cannot be understood"),
        ({"vosapp": "[1]"}, "cannot be understood"),
        ({"vosapp": "7"}, "cannot be understood"),
        ({"vosapp": "[" * 100_000}, "cannot be understood"),
    ],
)
def test_foreign_headers(tmp_path, metadata, message):
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata)
    with pytest.raises(CheckpointMismatch, match=message):
        read_info(path)


@pytest.mark.parametrize("value", [3, 1.5, True, [1], [["a", 1]], "text\n", "x" * 300, {"a": 1}])
@pytest.mark.parametrize(
    "field", ["format", "system", "preset", "config", "training", "metrics", "license"]
)
def test_fields_of_another_kind(field, value, tmp_path):
    """Those that read a checkpoint take what its header says for what it should be."""
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(1)}, path, header(**{field: value}))
    whole = {"config": dict, "training": dict, "metrics": dict, "license": str}
    if isinstance(value, whole.get(field, ())):
        assert getattr(read_info(path), field) == value
        return
    reason = "newer version" if (field, value) == ("format", 3) else f"its {field} is not a"
    with pytest.raises(CheckpointMismatch, match=reason) as caught:
        read_info(path)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "x" * 3000])
def test_names_in_a_file_are_told_in_one_short_line(name, saved):
    tensors = {name: torch.zeros(1)}
    save_file(tensors, saved, header())
    for check in (load_weights, require_fit):
        with pytest.raises(CheckpointMismatch) as caught:
            check(saved, nn.Linear(1, 1, bias=False))
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 600


def test_the_shape_in_a_header_is_that_of_the_tensors(saved):
    """A network larger than any memory is refused without being made."""
    asked = []

    def outline(channels):
        asked.append(channels)
        made = network(channels=channels)
        assert next(made.parameters()).is_meta
        return made

    def check(system, channels):
        return checked_config(saved, system, read=lambda _: channels, outline=outline)

    assert check(INFO.system, 4) == 4
    with pytest.raises(CheckpointMismatch, match="does not fit the network"):
        check(INFO.system, 1 << 40)
    with pytest.raises(CheckpointMismatch, match="holds weights of the system"):
        check("other", 4)
    assert asked == [4, 1 << 40]


@pytest.mark.parametrize("dtype", [torch.complex64, torch.bool, torch.float8_e4m3fn])
def test_numbers_of_odd_types(dtype, tmp_path):
    path = tmp_path / "w.safetensors"
    save_file({"weight": torch.zeros(1, 1).to(dtype)}, path, header())
    with pytest.raises(CheckpointMismatch, match="weight holds torch"):
        load_weights(path, nn.Linear(1, 1, bias=False))


def test_mutations_are_one_error(saved):
    """Of the header above all; thousands are tried in the soak."""
    whole, random_ = saved.read_bytes(), random.Random(15)
    head = 8 + struct.unpack("<Q", whole[:8])[0]
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(random_.choice((1, 2, 5))):
            changed[random_.randrange(head)] = random_.randrange(256)
        saved.write_bytes(changed)
        try:
            read_info(saved)
            require_fit(saved, network())
            load_weights(saved, network())
        except CheckpointMismatch as error:
            assert "\n" not in error.message and len(error.message) < 900


def test_header_that_claims_to_be_huge(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    with pytest.raises(CheckpointMismatch):
        read_info(path)


def test_saving_replaces_whole_files_or_nothing(saved, monkeypatch):
    good = saved.read_bytes()

    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OutputError, match="No space left"):
        save_weights(saved, network(seed=5), replace(INFO, preset="other"))
    assert saved.read_bytes() == good
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_saving_where_it_is_not_possible(tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        save_weights(tmp_path / "nowhere" / "w.safetensors", network(), INFO)
    (tmp_path / "w.safetensors").mkdir()
    with pytest.raises(OutputError):
        save_weights(tmp_path / "w.safetensors", network(), INFO)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files as in POSIX")
def test_files_have_the_rights_of_new_files(saved, tmp_path):
    (tmp_path / "plain").touch()
    assert saved.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_backbone_is_said_to_be_one():
    info = replace(INFO, system="backbone", preset="resnet18-rgb")
    with pytest.raises(CheckpointMismatch, match="backbone, resnet18-rgb") as error:
        require_system(info, "self_supervised", Path("b.safetensors"))
    assert "--preset resnet18-rgb --init b.safetensors" in error.value.hint


def test_saving_again_gives_the_same_bytes(saved, tmp_path):
    again = tmp_path / "again.safetensors"
    save_weights(again, network(), INFO)
    assert again.read_bytes() == saved.read_bytes()


def test_a_calibrated_copy_differs_in_its_header_alone(saved, tmp_path):
    copy, calibration = tmp_path / "copy.safetensors", {"faint": 0.5}
    copy_calibrated(saved, copy, calibration=calibration, fitted={"data": ["DEV"]})
    metrics = INFO.metrics | {"calibration": {"data": ["DEV"]}}
    assert read_info(copy) == replace(INFO, calibration=calibration, metrics=metrics)
    module, original = network(seed=1), network(seed=2)
    load_weights(copy, module)
    load_weights(saved, original)
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, original.state_dict()[name]), name
    again = tmp_path / "again.safetensors"
    copy_calibrated(copy, again, calibration=calibration, fitted={"data": ["DEV"]})
    assert again.read_bytes() == copy.read_bytes()


def test_what_is_no_checkpoint_is_not_copied(tmp_path):
    with pytest.raises(CheckpointMissing):
        copy_calibrated(tmp_path / "w", tmp_path / "copy", calibration={}, fitted={})
    save_file({"a": torch.zeros(1)}, tmp_path / "w")
    with pytest.raises(CheckpointMismatch):
        copy_calibrated(tmp_path / "w", tmp_path / "copy", calibration={}, fitted={})
    assert [path.name for path in tmp_path.iterdir()] == ["w"]
