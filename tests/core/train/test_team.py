"""Two processes that share a batch learn what one does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
import torch
from safetensors.torch import load_file

from core.data.synthetic import moving_shapes
from core.nn.synced_norm import SyncedBatchNorm2d, sync_batch_norm
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.model import KeyEncoder
from core.train.team import Team, joined, team_rank, team_size
from vosapp.cli.main import main

STEPS = 5


@pytest.fixture(scope="module")
def videos(tmp_path_factory, write_mpeg4):
    folder = tmp_path_factory.mktemp("videos")
    write_mpeg4(folder / "a.mp4", moving_shapes(seed=3, frame_count=8)[0], rate=12)
    return folder


def command(videos, out, *options):
    given = ["train", "self_supervised", "--videos", str(videos), "--out", str(out)]
    small = ["--preset", "tiny", "--batch", "4", "--crop", "32", "--steps", str(STEPS)]
    return [*given, *small, "--workers", "0", "--device", "cpu", "--json", *options]


def losses(out, name="color"):
    lines = (out / "log.jsonl").read_text().splitlines()
    return [json.loads(line)["losses"][name] for line in lines]


@pytest.fixture(scope="module")
def first(videos, tmp_path_factory):
    """Weights of the first stage."""
    out = tmp_path_factory.mktemp("first") / "run"
    assert main(command(videos, out)) == 0
    return out / "weights.safetensors"


def test_two_processes_learn_what_one_does(forked, videos, tmp_path, capsys):
    """Two pairs in each of two processes, four in one."""
    assert main(command(videos, tmp_path / "one")) == 0
    answers = forked.in_two(command(videos, tmp_path / "two"))
    assert [code for code, *_ in answers] == [0, 0], answers
    assert json.loads(answers[0][1])["steps"] == STEPS
    assert [answers[0][2], *answers[1][1:]] == ["", "", ""], "the first one speaks, of the outcome"
    assert len(losses(tmp_path / "two")) == STEPS
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=2e-4)
    one, two = (
        torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("one", "two")
    )
    assert one["module"].keys() == two["module"].keys()
    for name, tensor in one["module"].items():
        torch.testing.assert_close(two["module"][name], tensor, atol=1e-3, rtol=1e-2)


def require_alike(one, two, *names):
    """Losses of all steps, and weights that two runs keep, but for the order of sums."""
    for name in names:
        assert len(losses(two, name)) == STEPS
        assert losses(two, name) == pytest.approx(losses(one, name), rel=2e-4)
    for kept in sorted(one.glob("*.safetensors")):
        other = load_file(two / kept.name)
        for name, tensor in load_file(kept).items():
            torch.testing.assert_close(other[name], tensor, atol=1e-3, rtol=1e-2)


@pytest.mark.slow
def test_labels_in_two_processes(forked, first, videos, tmp_path, capsys):
    """Two pairs and two clips, one of each in a process."""
    labels = ["--stage", "labels", "--init", str(first)]
    assert main(command(videos, tmp_path / "one", *labels)) == 0
    answers = forked.in_two(command(videos, tmp_path / "two", *labels))
    assert [code for code, *_ in answers] == [0, 0], answers
    require_alike(tmp_path / "one", tmp_path / "two", "color", "labels")


@pytest.mark.slow
def test_memory_stage_in_two_processes(forked, first, videos, tmp_path, capsys):
    """Both encoders: the one that learns, and the one that follows it."""
    memory = ["--stage", "memory", "--init", str(first)]
    assert main(command(videos, tmp_path / "one", *memory)) == 0
    answers = forked.in_two(command(videos, tmp_path / "two", *memory))
    assert [code for code, *_ in answers] == [0, 0], answers
    require_alike(tmp_path / "one", tmp_path / "two", "color")
    assert (tmp_path / "two/averaged.safetensors").exists()


@pytest.mark.slow
def test_memory_stage_goes_on_in_two_processes(forked, first, videos, tmp_path, capsys):
    memory = ["--stage", "memory", "--init", str(first)]
    short = command(videos, tmp_path / "two", *memory)
    short[short.index("--steps") + 1] = "3"
    answers = forked.in_two(short)
    assert [code for code, *_ in answers] == [0, 0], answers
    answers = forked.in_two([*command(videos, tmp_path / "two", *memory), "--resume"])
    assert [code for code, *_ in answers] == [0, 0], answers
    assert len(losses(tmp_path / "two")) == STEPS
    assert (tmp_path / "two/averaged.safetensors").exists()


@pytest.mark.slow
def test_torchrun(processes, videos, tmp_path):
    words = ["-m", "torch.distributed.run", "--nproc-per-node=2"]
    place = ["--master-addr", "127.0.0.1", "--master-port", processes.free_port()]
    out = tmp_path / "run"
    line = [sys.executable, *words, *place, "-m", "vosapp", *command(videos, out)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    own = {**os.environ, **processes.ALONE}
    with subprocess.Popen(line, env=own, text=True, start_new_session=True, **pipes) as team:
        try:
            _, said = team.communicate(timeout=240)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(team.pid, signal.SIGKILL)
    assert team.returncode == 0, said
    assert len(losses(out)) == STEPS
    assert (out / "weights.safetensors").exists()


@pytest.mark.slow
def test_batch_that_cannot_be_divided(forked, videos, tmp_path):
    """Both processes say so, and none waits for the other."""
    answers = forked.in_two(command(videos, tmp_path / "run", "--batch", "3"))
    assert [code for code, *_ in answers] == [2, 2]
    assert "3 cannot be divided among 2" in answers[0][2]


THREADS = """
from pathlib import Path
import torch
from core.train.team import joined

def threads():
    return sorted(p.read_text().strip() for p in Path("/proc/self/task").glob("*/comm"))

def work(team):
    module = team.parallel(torch.nn.Linear(2, 1))
    module(torch.ones(1, 2)).sum().backward()

with joined(torch.device("cpu")) as team:
    work(team)
    assert any("gloo" in name for name in threads()), threads()
    team.wait()
left = [name for name in threads() if "gloo" in name or "tcpstore" in name]
assert not left, left
"""


def test_no_thread_of_the_group_is_left_when_python_shuts_down(processes):
    """One that is would end the process with SIGABRT now and then."""
    line = [sys.executable, "-c", THREADS]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environments = [{**os.environ, **own} for own in processes.members()]
    both = [subprocess.Popen(line, env=own, text=True, **pipes) for own in environments]
    said = [one.communicate(timeout=300) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert said == [("", "")] * 2


def test_alone_nothing_is_shared():
    with joined(torch.device("cpu")) as team:
        assert (team.rank, team.size, team.leads) == (0, 1, True)
        assert team.agree(0.25, stop=True) == (0.25, True)
        value = torch.tensor([1.0, 3.0], requires_grad=True)
        assert torch.equal(team.mean(value), value.detach())
        assert not team.mean(value).requires_grad
        module = torch.nn.Linear(1, 1)
        assert team.parallel(module) is module
        team.wait()


def test_what_torchrun_says(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert (team_rank(), team_size()) == (0, 1)
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert (team_rank(), team_size()) == (3, 4)
    assert not Team(3, 4).leads


def test_synced_norms_have_the_names_and_values_of_plain_ones():
    torch.manual_seed(0)
    plain = KeyEncoder(PRESETS["tiny"]).train()
    synced = KeyEncoder(PRESETS["tiny"]).train()
    synced.load_state_dict(plain.state_dict())
    sync_batch_norm(synced)
    norms = [m for m in synced.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms and all(isinstance(norm, SyncedBatchNorm2d) for norm in norms)
    assert synced.state_dict().keys() == plain.state_dict().keys()
    image = torch.randn(2, 3, 16, 16)
    assert torch.equal(synced(image), plain(image))
