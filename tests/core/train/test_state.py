"""Training state on disk: what is refused, and what a failure leaves behind."""

from __future__ import annotations

import os
import random

import pytest
import torch
from torch import nn

from core.errors import CheckpointMismatch, OutputError
from core.train.state import load_state, save_state


def make(width=3):
    torch.manual_seed(0)
    module = nn.Linear(2, width)
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return module, optimizer


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "state.pt"
    save_state(path, *make(), step=7, seconds=1.5)
    return path


def test_everything_comes_back(saved):
    module, optimizer = nn.Linear(2, 3), None
    optimizer = torch.optim.AdamW(module.parameters())
    assert load_state(saved, module, optimizer) == (7, 1.5)
    wanted, wanted_optimizer = make()
    assert torch.equal(module.weight, wanted.weight)
    moments = [state["exp_avg"] for state in optimizer.state.values()]
    for got, state in zip(moments, wanted_optimizer.state.values(), strict=True):
        assert torch.equal(got, state["exp_avg"]) and got.abs().max() > 0


class Attack:
    """Makes a folder when unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_hostile_pickle_is_not_executed(tmp_path):
    path, trap = tmp_path / "state.pt", tmp_path / "trap"
    torch.save({"module": Attack(trap), "step": 1}, path)
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        load_state(path, *make())
    assert not trap.exists()
    torch.load(path, weights_only=False)
    assert trap.exists(), "the trap works"


@pytest.mark.parametrize("size", [0, 10, 300, -1])
def test_truncated_file(saved, size):
    saved.write_bytes(saved.read_bytes()[:size])
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        load_state(saved, *make())


def test_truncated_file_that_torch_cannot_seek_in(saved):
    """Depending on the name inside, torch seeks to a place before the file's beginning."""
    state, other = torch.load(saved, weights_only=True), saved.with_name(f".{'ab' * 16}.tmp")
    torch.save(state, other)
    saved.write_bytes(other.read_bytes()[:-1])
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        load_state(saved, *make())


@pytest.mark.parametrize(
    "content",
    [
        {},
        [1, 2],
        7,
        torch.zeros(3),
        {"module": 3, "optimizer": {}, "step": 1, "seconds": 1.0},
        {"module": {}, "optimizer": {}, "step": 1, "seconds": 1.0},
    ],
)
def test_files_that_are_no_state(tmp_path, content):
    path = tmp_path / "state.pt"
    torch.save(content, path)
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        load_state(path, *make())


@pytest.mark.parametrize("key", ["optimizer", "step", "seconds"])
def test_state_with_a_part_of_another_kind(saved, key):
    state = torch.load(saved, weights_only=True)
    state[key] = {"state": 3}
    torch.save(state, saved)
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        load_state(saved, *make())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_state_that_is_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "state.pt")
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        load_state(tmp_path / "state.pt", *make())


def test_mutations_are_one_error(saved):
    whole, random_ = saved.read_bytes(), random.Random(15)
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(random_.choice((1, 2, 5))):
            changed[random_.randrange(len(changed))] = random_.randrange(256)
        saved.write_bytes(changed[: random_.choice((len(changed), random_.randrange(5000)))])
        try:
            load_state(saved, *make())
        except CheckpointMismatch as error:
            assert "\n" not in error.message


def test_other_network(saved):
    with pytest.raises(CheckpointMismatch) as caught:
        load_state(saved, *make(width=4))
    assert "preset" in caught.value.hint


def test_failed_save_keeps_the_last_state(saved, monkeypatch):
    good = saved.read_bytes()

    def fail(state, stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OutputError, match="No space left"):
        save_state(saved, *make(), step=8, seconds=2)
    assert saved.read_bytes() == good
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_full_disk_is_told_in_plain_words(saved, monkeypatch):
    def fail(_state, _path):
        raise RuntimeError("[enforce fail at inline_container.cc:672]")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OutputError, match="the disk may be full") as caught:
        save_state(saved, *make(), step=8, seconds=2)
    assert "enforce" not in caught.value.message


def test_save_where_it_is_not_possible(tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        save_state(tmp_path / "nowhere/state.pt", *make(), step=1, seconds=1)


def test_nobody_knows_the_name_that_a_state_has_while_it_is_written(saved):
    """A link that lies there, in a run folder of somebody else's, is not written through."""
    precious = saved.with_name("precious")
    precious.write_bytes(b"mine")
    saved.with_suffix(".partial").symlink_to(precious)
    save_state(saved, *make(), step=8, seconds=2)
    assert precious.read_bytes() == b"mine" and load_state(saved, *make())[0] == 8
