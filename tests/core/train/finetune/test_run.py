"""Fine-tuning to one video: from weights to weights, stopped, gone on with, thrown away."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace

import cv2
import pytest
import torch
from safetensors.torch import load_file

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.errors import CheckpointMismatch, OutputError, TrainingError, UsageError, VosError
from core.jobs import Cancelled, CancelToken, Progress
from core.nn.checkpoints import CheckpointInfo, read_info, save_weights
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.method import SelfSupervised
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import RECIPE
from core.tracking.contract import TrackerRequest
from core.train.finetune import folder as folder_module
from core.train.finetune import request as request_module
from core.train.finetune import run as run_module
from core.train.finetune.config import FinetuneConfig
from core.train.finetune.folder import discard_run
from core.train.finetune.request import FinetuneRequest, FinetuneResult
from core.train.finetune.run import finetune
from core.train.loop import TrainProgress
from core.types import Quality

FRAMES = 8


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A folder of images in which shapes move."""
    folder = tmp_path_factory.mktemp("film")
    images = moving_shapes(seed=0, width=64, height=48, frame_count=FRAMES)[0]
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index:05d}.png"), image[..., ::-1])
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("weights") / "base.safetensors"
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict(), license="CC0")
    save_weights(path, KeyEncoder(PRESETS["tiny"]), info)
    return path


@pytest.fixture
def request_(film, weights, tmp_path):
    config = FinetuneConfig(steps=4, batch=2, crop=32, rate=1e-3)
    return FinetuneRequest(
        RECIPE, film, weights, tmp_path / "tuned.safetensors", config, device="cpu"
    )


def run(request, token=None):
    """All that a run yields, and last what it returns."""
    job, items = finetune(request, token or CancelToken()), []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            return [*items, end.value]


def stopped(request, after):
    token, steps = CancelToken(), 0
    with pytest.raises(Cancelled):
        for item in finetune(request, token):
            steps += isinstance(item, TrainProgress)
            if steps == after:
                token.cancel()


def same(one, other):
    first, second = load_file(one), load_file(other)
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


def test_from_weights_to_weights(request_, weights, tmp_path):
    items = run(request_)
    steps = [item for item in items if isinstance(item, TrainProgress)]
    assert [item.step for item in steps] == [1, 2, 3, 4]
    assert [item.done for item in items if isinstance(item, Progress)] == [1, 2, 3, 4]
    result = items[-1]
    assert isinstance(result, FinetuneResult) and result.path == request_.out
    assert (result.preset, result.steps, result.frames) == ("tiny", 4, 4)
    assert result.loss == steps[-1].losses["color"]
    assert not same(result.path, weights)
    build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", result.path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tuned.safetensors"]


def test_the_header_says_how_they_came_about(request_):
    result = run(replace(request_, frames=range(2, 8)))[-1]
    info = read_info(result.path)
    assert (info.system, info.preset, info.license) == ("self_supervised", "tiny", "CC0")
    assert info.training["init_sha256"] == result.base and len(result.base) == 64
    assert (info.training["steps"], info.training["range"]) == (4, [2, 8])
    assert (info.training["frames"], info.training["seed"]) == (3, 0)
    assert info.training["tuning"]["crop"] == 32


def test_what_the_base_has_learned_from_is_passed_on(request_, tmp_path):
    torch.manual_seed(3)
    training = {"sequences": ["bear"]}
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict(), training)
    save_weights(tmp_path / "seen.safetensors", KeyEncoder(PRESETS["tiny"]), info)
    result = run(replace(request_, weights=tmp_path / "seen.safetensors"))[-1]
    assert read_info(result.path).training["sequences"] == ["bear"]
    assert "sequences" not in read_info(run(replace(request_))[-1].path).training


def test_learning_starts_from_the_weights(request_, weights):
    small = replace(request_.config, steps=1, rate=1e-9)
    result = run(replace(request_, config=small))[-1]
    first, second = load_file(weights), load_file(result.path)
    # Statistics of batches are learned whatever the rate.
    learned = [name for name in first if "running" not in name and "num_batches" not in name]
    assert all(torch.allclose(first[n], second[n], atol=1e-3) for n in learned)


def test_the_loss_falls(request_):
    config = replace(request_.config, steps=60, rate=3e-3)
    losses = [
        item.losses["color"]
        for item in finetune(replace(request_, config=config), CancelToken())
        if isinstance(item, TrainProgress)
    ]
    assert sum(losses[-10:]) < 0.97 * sum(losses[:10])


def test_equal_seeds_give_equal_weights(request_):
    outs = [request_.out.with_name(f"{name}.safetensors") for name in "abc"]
    for out, seed in zip(outs, (0, 0, 1), strict=True):
        run(replace(request_, out=out, seed=seed))
    assert same(outs[0], outs[1]) and not same(outs[0], outs[2])


def test_both_number_formats_learn_alike(request_, monkeypatch):
    """Whichever this machine takes, the other is computed with too, and the header tells."""
    outs, losses = [], []
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(request_module, "inference_dtype", lambda _, dtype=dtype: dtype)
        outs.append(request_.out.with_name(f"{dtype}.safetensors"))
        items = run(replace(request_, out=outs[-1]))
        losses.append([i.losses["color"] for i in items if isinstance(i, TrainProgress)])
        assert read_info(outs[-1]).training["bf16"] == (dtype == torch.bfloat16)
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
    assert not same(*outs)


def test_a_run_of_the_other_number_format_is_not_gone_on_with(request_, tmp_path, monkeypatch):
    monkeypatch.setattr(request_module, "inference_dtype", lambda _: torch.float32)
    kept = replace(request_, run=tmp_path / "run")
    stopped(kept, after=2)
    monkeypatch.setattr(request_module, "inference_dtype", lambda _: torch.bfloat16)
    with pytest.raises(UsageError, match="other settings"):
        run(replace(kept, resume=True))


def test_a_stopped_run_leaves_nothing(request_, tmp_path, monkeypatch):
    places = tmp_path / "temporary"
    places.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(places))
    stopped(request_, after=2)
    assert list(places.iterdir()) == [] and not request_.out.exists()


def test_a_run_that_is_resumed_gives_the_same_weights(request_, tmp_path):
    whole = request_.out.with_name("whole.safetensors")
    run(replace(request_, out=whole))
    kept = replace(request_, run=tmp_path / "run")
    stopped(kept, after=2)
    assert (tmp_path / "run" / "state.pt").is_file() and not request_.out.exists()
    items = run(replace(kept, resume=True))
    assert [i.step for i in items if isinstance(i, TrainProgress)] == [3, 4]
    assert same(request_.out, whole)
    assert (tmp_path / "run" / "state.pt").is_file(), "until its result was kept"
    discard_run(tmp_path / "run")
    discard_run(None)
    assert not (tmp_path / "run").exists()


def test_a_run_whose_result_was_not_kept_gives_it_again(request_, tmp_path):
    kept = replace(request_, run=tmp_path / "run")
    first = run(kept)[-1]
    before = first.path.read_bytes()
    first.path.unlink()
    items = run(replace(kept, resume=True))
    assert not any(isinstance(item, TrainProgress) for item in items)
    assert items[-1].path.read_bytes() == before


def test_a_run_that_only_could_not_be_written_is_written(request_, tmp_path, monkeypatch):
    kept = replace(request_, run=tmp_path / "run")

    def full(*_args):
        raise OutputError("the disk is full")

    with monkeypatch.context() as patch, pytest.raises(OutputError):
        patch.setattr(run_module, "save_weights", full)
        run(kept)
    result = run(replace(kept, resume=True))[-1]
    assert result.steps == 4 and result.loss > 0 and result.path.is_file()


def test_without_resume_an_earlier_run_is_thrown_away(request_, tmp_path):
    kept = replace(request_, run=tmp_path / "run")
    stopped(kept, after=2)
    items = run(kept)
    assert [i.step for i in items if isinstance(i, TrainProgress)] == [1, 2, 3, 4]


@pytest.mark.parametrize("change", [{"seed": 5}, {"frames": range(0, 6)}])
def test_other_settings_are_not_resumed(request_, tmp_path, change):
    kept = replace(request_, run=tmp_path / "run")
    stopped(kept, after=2)
    with pytest.raises(UsageError, match="other settings"):
        run(replace(kept, resume=True, **change))
    assert (tmp_path / "run" / "state.pt").is_file()


def test_a_folder_with_something_else_stays(request_, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "novel.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds no run"):
        run(replace(request_, run=tmp_path / "run"))
    assert (tmp_path / "run" / "novel.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"device": "gpu"}, UsageError, "'gpu'"),
        ({"seed": -1}, UsageError, "seed of -1"),
        ({"seed": 1 << 60}, UsageError, "not possible"),
        ({"threads": 0}, UsageError, "0 threads"),
        ({"config": FinetuneConfig(steps=0)}, TrainingError, "0 long"),
        ({"config": FinetuneConfig(steps=3, minutes=1)}, TrainingError, "either"),
        ({"video": "nowhere.mp4"}, VosError, "nowhere"),
        ({"weights": "nowhere.safetensors"}, VosError, "nowhere"),
        ({"out": "no/folder.safetensors"}, OutputError, "no folder"),
    ],
)
def test_requests_that_cannot_be_met(request_, tmp_path, change, error, message):
    change = {k: tmp_path / v if isinstance(v, str) and k != "device" else v
              for k, v in change.items()}  # fmt: skip
    with pytest.raises(error, match=message):
        run(replace(request_, **change))
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_system(request_, tmp_path):
    other = tmp_path / "other.safetensors"
    save_weights(other, torch.nn.Linear(2, 2), CheckpointInfo("other", "tiny", {}))
    with pytest.raises(CheckpointMismatch, match="system other"):
        run(replace(request_, weights=other))


def test_a_run_that_never_learned_leaves_no_folder(request_, tmp_path):
    with pytest.raises(TrainingError, match="no two different"):
        run(replace(request_, run=tmp_path / "run", frames=range(3, 4)))
    token = CancelToken()
    work = finetune(replace(request_, run=tmp_path / "run"), token)
    next(work)
    assert (tmp_path / "run").exists()
    token.cancel()
    with pytest.raises(Cancelled):
        next(work)
    assert list(tmp_path.iterdir()) == []


def test_the_run_folder_says_which_run_it_is(request_, tmp_path):
    stopped(replace(request_, run=tmp_path / "run"), after=1)
    settings = json.loads((tmp_path / "run" / folder_module.SETTINGS).read_text())
    assert settings["seed"] == 0 and settings["config"]["steps"] == 4


def test_statistics_are_held():
    encoder = KeyEncoder(PRESETS["tiny"]).train()
    SelfSupervised().stage_of_video(encoder, FinetuneConfig())
    before = encoder.bn1.running_mean.clone()
    encoder(torch.rand(2, 3, 16, 16))
    assert encoder.training and torch.equal(encoder.bn1.running_mean, before)


def test_a_system_that_cannot(request_):
    with pytest.raises(UsageError, match="cannot be fine-tuned"):
        run(replace(request_, recipe=replace(RECIPE, finetuning=None)))


@pytest.mark.parametrize("resume", [False, True])
def test_a_link_in_place_of_the_run_folder_is_not_followed(request_, tmp_path, resume):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / folder_module.SETTINGS).write_text("mine")
    (tmp_path / "run").symlink_to(tmp_path / "mine")
    with pytest.raises(UsageError, match="symbolic link"):
        run(replace(request_, run=tmp_path / "run", resume=resume))
    assert (tmp_path / "mine" / folder_module.SETTINGS).read_text() == "mine"


def test_a_run_goes_on_with_as_many_threads_as_it_began_with(request_, tmp_path):
    """Nothing is computed with two: with such small networks that crashes on some processors."""
    before, whole = torch.get_num_threads(), request_.out.with_name("whole.safetensors")
    kept = replace(request_, run=tmp_path / "run")
    try:
        torch.set_num_threads(1)
        run(replace(request_, out=whole))
        stopped(kept, after=2)
        torch.set_num_threads(2)
        with pytest.raises(UsageError, match="other settings"):
            run(replace(kept, resume=True, threads=2))
        run(replace(kept, resume=True))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert same(request_.out, whole)
    assert read_info(request_.out).training["threads"] == 1


def test_a_run_that_is_older_than_the_note_of_its_threads_goes_on(request_, tmp_path):
    kept = replace(request_, run=tmp_path / "run")
    stopped(kept, after=2)
    note = tmp_path / "run" / folder_module.SETTINGS
    settings = json.loads(note.read_text())
    del settings["threads"]
    note.write_text(json.dumps(settings))
    items = run(replace(kept, resume=True))
    assert [i.step for i in items if isinstance(i, TrainProgress)] == [3, 4]
