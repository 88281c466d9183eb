"""The training command: from raw videos to a weights file."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import pytest
import torch
from safetensors.torch import load_file

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.errors import CheckpointMismatch, OutputError, TrainingError, UsageError, VosError
from core.jobs import Cancelled, CancelToken, Progress
from core.nn.backbone import BACKBONES, Backbone
from core.nn.checkpoints import load_weights, read_info
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.method import SelfSupervised
from core.systems.self_supervised.spec import RECIPE
from core.tracking.contract import TrackerRequest
from core.train import run as module
from core.train.config import FitConfig
from core.train.loop import TrainProgress
from core.train.request import TrainRequest
from core.train.run import make_network, train
from core.types import Quality


@pytest.fixture(scope="module")
def videos(tmp_path_factory, write_mpeg4):
    """Two tiny films and a file that is none."""
    folder = tmp_path_factory.mktemp("videos")
    for name, seed in (("a.mp4", 0), ("b.mp4", 1)):
        write_mpeg4(folder / name, moving_shapes(seed=seed, frame_count=6)[0], rate=12)
    (folder / "broken.mp4").write_text("no video")
    return folder


@pytest.fixture
def request_(videos, tmp_path):
    return TrainRequest(
        RECIPE,
        tmp_path / "run",
        FitConfig(steps=4),
        "tiny",
        options={"batch": 2, "crop": 32},
        videos=videos,
        device="cpu",
        workers=0,
    )


def run(request, token=None):
    """All that a run yields, and last what it returns."""
    job, items = train(request, token or CancelToken()), []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            return [*items, end.value]


def with_options(request, **options):
    return replace(request, options={**request.options, **options})


def tensors(folder):
    return torch.load(folder / "state.pt", weights_only=True)["module"]


def same(first, second):
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


def test_end_to_end(request_):
    items = run(request_)
    packing = [item for item in items if isinstance(item, Progress)]
    steps = [item for item in items if isinstance(item, TrainProgress)]
    assert [item.done for item in packing] == [1, 2, 3]
    assert next(item.text for item in packing if item.warning).startswith("left out broken.mp4")
    assert [item.step for item in steps] == [1, 2, 3, 4]
    assert items[-1] == request_.out / "weights.safetensors"
    assert len(items) == 8
    build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", items[-1]))
    logged = (request_.out / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in logged] == [1, 2, 3, 4]
    assert (request_.out / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_weights_say_how_they_came_about(request_):
    info = read_info(run(request_)[-1])
    assert (info.system, info.preset, info.license) == ("self_supervised", "tiny", "Apache-2.0")
    assert info.config == {k: list(v) if isinstance(v, tuple) else v
                           for k, v in PRESETS["tiny"].to_dict().items()}  # fmt: skip
    training = info.training
    assert (training["videos"], training["frames"], training["steps"]) == (2, 12, 4)
    assert training["pairs"]["crop"] == 32
    assert (training["learning_rate"], training["bf16"]) == (1e-3, False)
    assert set(training["loss"]) == {"color"}


@pytest.fixture
def trained(request_):
    """Weights of a short pairwise run."""
    return run(replace(request_, out=request_.out.with_name("first"), length=FitConfig(steps=2)))[
        -1
    ]


@pytest.mark.parametrize(
    ("workers", "stage"), [(0, "pairwise"), (1, "pairwise"), (0, "memory"), (1, "labels")]
)
def test_resumed_run_equals_an_unbroken_one(request_, workers, stage, trained):
    request_ = replace(request_, length=FitConfig(steps=6), workers=workers, stage=stage)
    if stage != "pairwise":
        request_ = replace(request_, init=trained)
    whole = replace(request_, out=request_.out.with_name("whole"), workers=0)
    run(whole)
    token = CancelToken()
    job = train(request_, token)
    seen = 0
    with pytest.raises(Cancelled):
        for item in job:
            seen += isinstance(item, TrainProgress)
            if seen == 4:
                token.cancel()
    assert not (request_.out / "weights.safetensors").exists()
    assert (request_.out / "curve.png").exists()
    resumed = run(replace(request_, resume=True, init=None))
    assert [i.step for i in resumed if isinstance(i, TrainProgress)] == [5, 6]
    results = (load_file(x.out / "weights.safetensors") for x in (request_, whole))
    assert same(*results)
    state = tensors(request_.out)
    assert same(state, tensors(whole.out))
    if stage == "memory":
        behind, ahead = state["memory.head.weight"], state["query.head.weight"]
        assert 0 < (behind - ahead).abs().max() < 0.1
    training = read_info(resumed[-1]).training
    assert training["steps"] == 6
    assert training["init"] == (None if stage == "pairwise" else trained.name)


def test_memory_stage_keeps_both_encoders(request_, trained):
    memory = replace(request_, stage="memory", init=trained)
    weights = run(memory)[-1]
    averaged = weights.with_name("averaged.safetensors")
    infos = [read_info(path) for path in (weights, averaged)]
    assert [info.training["stage"] for info in infos] == [RECIPE.stage("memory").title] * 2
    assert infos[0].training["pairs"]["references"] == 5
    assert infos[0].training["init"] == "weights.safetensors"
    assert "moving average" in infos[1].training["encoder"]
    for path in (weights, averaged):
        build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", path))
    assert weights.read_bytes() != averaged.read_bytes()
    with pytest.raises(CheckpointMismatch, match=r"state\.pt") as caught:
        run(replace(request_, resume=True))
    assert "stage" in caught.value.hint


def test_labels_stage_keeps_a_blend(request_, trained):
    weights = run(replace(request_, stage="labels", init=trained))[-1]
    end = weights.with_name("trained.safetensors")
    training = [read_info(path).training for path in (weights, end)]
    assert [x["stage"] for x in training] == [RECIPE.stage("labels").title] * 2
    assert [x["blend"] for x in training] == [pytest.approx(1 / 3), 1.0]
    assert (training[0]["steps"], training[0]["radius"]) == (4, 10)
    assert training[0]["init"] == "weights.safetensors"
    assert training[0]["pairs"]["batch"] == 1
    assert set(training[0]["loss"]) == {"color", "labels"}
    first, blend, last = (load_file(path) for path in (trained, weights, end))
    for name, tensor in blend.items():
        if tensor.is_floating_point():
            between = torch.lerp(first[name].float(), last[name].float(), 1 / 3)
            torch.testing.assert_close(tensor.float(), between, atol=1e-3, rtol=1e-3)
    assert not same(blend, first)
    assert not same(blend, last)
    build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", weights))


def test_another_blend_of_a_finished_run(request_, trained):
    labels = replace(request_, stage="labels", init=trained)
    weights = run(labels)[-1]
    run(with_options(replace(labels, init=None, resume=True), blend=1.0))
    assert same(load_file(weights), load_file(weights.with_name("trained.safetensors")))
    run(with_options(replace(labels, init=None, resume=True), blend=0.0))
    kept, start = load_file(weights), load_file(trained)
    assert all(torch.equal(x, start[n]) for n, x in kept.items() if x.is_floating_point())
    with pytest.raises(UsageError, match=r"blend of 1\.5"):
        run(with_options(replace(labels, resume=True), blend=1.5))


def test_weights_name_what_their_run_started_from(request_, trained):
    """Whatever it is resumed with, also where the run is older than the note of its start."""
    labels = replace(request_, stage="labels", init=trained)
    weights = run(labels)[-1]
    other = trained.rename(trained.with_name("other.safetensors"))
    for init in (None, other):
        run(replace(labels, init=init, resume=True))
        assert read_info(weights).training["init"] == trained.name
    (request_.out / "start.json").unlink()
    for init in (None, other):
        run(replace(labels, init=init, resume=True))
        assert read_info(weights).training["init"] == trained.name
    weights.unlink()
    run(replace(labels, init=other, resume=True))
    assert read_info(weights).training["init"] == other.name, "nothing else is known"


def test_labels_from_images_alone(request_, images, trained):
    alone = replace(request_, videos=None, images=images, stage="labels", init=trained)
    assert read_info(run(alone)[-1]).training["images"] == 2


def test_backbone_for_other_systems(request_):
    """Trained by the same command, resumed, and started from."""
    rgb = replace(request_, preset="tiny-rgb")
    weights = run(rgb)[-1]
    info = read_info(weights)
    assert (info.system, info.preset, info.training["steps"]) == ("backbone", "tiny-rgb", 4)
    load_weights(weights, Backbone(BACKBONES["tiny-rgb"]))
    items = run(replace(rgb, length=FitConfig(steps=5), resume=True))
    assert [i.step for i in items if isinstance(i, TrainProgress)] == [5]
    run(replace(rgb, init=weights, out=rgb.out.with_name("second"), length=FitConfig(steps=1)))
    with pytest.raises(CheckpointMismatch, match="holds a backbone, tiny-rgb"):
        run(replace(request_, init=weights, out=rgb.out.with_name("third")))
    for stage in ("memory", "labels"):
        with pytest.raises(UsageError, match=f"no {stage} stage"):
            run(replace(rgb, stage=stage, init=weights, out=rgb.out.with_name("third")))


@pytest.mark.parametrize("stage", ["memory", "labels"])
def test_later_stages_need_weights(request_, stage):
    with pytest.raises(UsageError, match=f"{stage} stage starts from weights of the pairwise"):
        run(replace(request_, stage=stage))
    assert not request_.out.exists()


@pytest.fixture
def images(tmp_path):
    """Two still images."""
    folder = tmp_path / "images"
    folder.mkdir()
    for seed in (0, 1):
        cv2.imwrite(str(folder / f"{seed}.png"), moving_shapes(seed=seed, frame_count=1)[0][0])
    return folder


def test_images_alone_and_beside_videos(request_, images):
    alone = replace(request_, videos=None, images=images)
    training = read_info(run(alone)[-1]).training
    assert (training["videos"], training["frames"], training["images"]) == (0, 0, 2)
    both = replace(request_, images=images, out=request_.out.with_name("both"))
    items = run(both)
    training = read_info(items[-1]).training
    assert (training["videos"], training["frames"], training["images"]) == (2, 12, 2)
    assert sum(isinstance(item, Progress) for item in items) == 5


def test_bf16_learns_about_the_same(request_):
    losses = []
    for bf16 in (False, True):
        out = request_.out.with_name(f"bf16-{bf16}")
        items = run(replace(request_, out=out, length=FitConfig(steps=3, bf16=bf16)))
        losses.append([i.losses["color"] for i in items if isinstance(i, TrainProgress)])
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_nothing_to_learn_from(request_):
    with pytest.raises(UsageError, match="nothing to learn from"):
        run(replace(request_, videos=None))


def test_longer_run_goes_on_from_a_finished_one(request_):
    run(request_)
    before = tensors(request_.out)
    items = run(replace(request_, length=FitConfig(steps=6), resume=True))
    assert [i.step for i in items if isinstance(i, TrainProgress)] == [5, 6]
    assert not same(tensors(request_.out), before)


def test_finished_run_that_is_resumed_only_writes_its_weights(request_):
    first = read_info(run(request_)[-1])
    with (request_.out / "log.jsonl").open("a") as log:
        log.write('{"step": 4, "scores": {"J&F": 0.5}}\n{"step": 5, "frac')
    items = run(replace(request_, resume=True))
    assert not any(isinstance(item, TrainProgress) for item in items)
    assert read_info(items[-1]).training == first.training


def test_resume_without_a_state_starts(request_):
    """A run that was stopped while it packed its videos."""
    assert [i.step for i in run(replace(request_, resume=True)) if isinstance(i, TrainProgress)]


def test_seed_decides(request_):
    states = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        request = replace(request_, out=request_.out / name, seed=seed)
        run(request)
        states.append(tensors(request.out))
    assert same(states[0], states[1])
    assert not same(states[0], states[2])


def test_start_from_weights(request_):
    weights = run(request_)[-1]
    again = replace(request_, out=request_.out.with_name("second"), init=weights, seed=9)
    encoder = make_network(again, SelfSupervised(), torch.device("cpu"))
    trained = tensors(request_.out)
    for name, tensor in encoder.state_dict().items():
        torch.testing.assert_close(tensor, trained[name], atol=1e-3, rtol=1e-3)
    assert encoder.training


def test_start_from_weights_of_another_preset(request_, monkeypatch):
    weights = run(request_)[-1]
    monkeypatch.setitem(PRESETS, "wider", replace(PRESETS["tiny"], key_channels=9))
    request_ = replace(request_, recipe=replace(RECIPE, presets={"wider": ""}))
    other = replace(request_, out=request_.out.with_name("second"), init=weights, preset="wider")
    with pytest.raises(CheckpointMismatch, match="preset tiny, not wider"):
        run(other)


def test_state_of_another_preset(request_, monkeypatch):
    run(request_)
    monkeypatch.setitem(PRESETS, "wider", replace(PRESETS["tiny"], key_channels=9))
    request_ = replace(request_, recipe=replace(RECIPE, presets={"wider": ""}))
    with pytest.raises(CheckpointMismatch, match=r"state\.pt"):
        run(replace(request_, preset="wider", resume=True))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"preset": "huge"}, UsageError, "'huge'"),
        ({"device": "gpu"}, UsageError, "'gpu'"),
        ({"stage": "third"}, UsageError, "'third'"),
        ({"workers": -1}, UsageError, "-1 workers"),
        ({"seed": -1}, UsageError, "seed of -1"),
        ({"seed": 1 << 32}, UsageError, "4294967296"),
        ({"videos": "nowhere"}, TrainingError, "nowhere does not exist"),
        ({"videos": "."}, TrainingError, "holds no video"),
        ({"init": "nowhere.safetensors"}, VosError, "nowhere"),
    ],
)
def test_requests_that_cannot_be_met(request_, tmp_path, change, error, message):
    change = {k: tmp_path / v if k in ("videos", "init") else v for k, v in change.items()}
    with pytest.raises(error, match=message):
        run(replace(request_, **change))
    assert not (request_.out / "state.pt").exists()


def test_device_and_weights_are_looked_at_before_videos_are_packed(request_, monkeypatch):
    monkeypatch.setattr(module, "pack_folder", lambda *given: pytest.fail("packed first"))
    with pytest.raises(UsageError):
        run(replace(request_, device="gpu"))


def test_run_folder_in_use(request_):
    run(request_)
    before = (request_.out / "state.pt").read_bytes()
    with pytest.raises(UsageError, match="holds a run already"):
        run(request_)
    assert (request_.out / "state.pt").read_bytes() == before


def test_run_folder_that_cannot_be_made(request_, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        run(replace(request_, out=tmp_path / "file" / "run"))


def test_packs_can_be_shared_by_runs(request_, tmp_path):
    shared = replace(request_, cache=tmp_path / "cache")
    run(shared)
    written = {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()}
    run(replace(shared, out=tmp_path / "second"))
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()} == written
    assert not (request_.out / "frames").exists()
