"""What TensorBoard is told, and that it is asked for before anything is written."""

from __future__ import annotations

import sys
import types
from typing import ClassVar

import pytest

from core.errors import OutputError, UsageError
from core.train.board import Board, require_board
from core.train.loop import TrainProgress

STEP = TrainProgress(3, 0.5, {"dice": 0.25, "pairwise": 0.5}, 1e-3, 2.0)


class Writer:
    """Stands for torch's SummaryWriter."""

    made: ClassVar[list] = []

    def __init__(self, folder, purge_step=None):
        if "nowhere" in folder:
            raise PermissionError(13, "Permission denied", folder)
        self.folder, self.purge_step, self.scalars, self.closed = folder, purge_step, [], False
        Writer.made.append(self)

    def add_scalar(self, name, value, step):
        self.scalars.append((name, value, step))

    def close(self):
        self.closed = True


@pytest.fixture
def writer(monkeypatch):
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    Writer.made = []


def test_losses_and_scores(writer, tmp_path):
    board = Board(tmp_path / "board", step=2)
    board.add(STEP)
    board.add_score("J&F", 0.7, 3)
    board.close()
    (made,) = Writer.made
    assert made.folder == str(tmp_path / "board")
    assert made.purge_step == 3, "what a resumed run makes again is hidden"
    assert made.scalars == [
        ("losses/dice", 0.25, 3),
        ("losses/pairwise", 0.5, 3),
        ("losses/total", 0.75, 3),
        ("learning_rate", 1e-3, 3),
        ("scores/J&F", 0.7, 3),
    ]
    assert made.closed


def test_a_folder_that_cannot_be_written(writer, tmp_path):
    with pytest.raises(OutputError, match="Permission denied"):
        Board(tmp_path / "nowhere")


def test_without_the_package_the_command_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UsageError, match=r"pip install 'vosapp\[train\]'"):
        require_board()


def test_files_that_tensorboard_reads(tmp_path):
    pytest.importorskip("tensorboard", reason="comes with vosapp[train]")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = Board(tmp_path)
    board.add(STEP)
    board.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in events.Scalars("losses/dice")] == [(3, 0.25)]
