"""`vosapp calibrate`: from sequences with masks to weights that say what their cues are worth."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.media.label_map import write_label_map
from core.nn.checkpoints import CheckpointInfo, read_info, save_weights
from core.systems.self_supervised.config import CALIBRATION, PRESETS, TRACKING
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.config import Calibration, TrackingConfig
from core.tracking.contract import TrackerRequest
from core.types import Quality
from vosapp.cli.console import Console
from vosapp.cli.main import main

COUNT = 14
STOPPED = 130


def write_sequence(root, name, *, gone=()):
    """A film of two shapes; frames of `gone` show the ground alone."""
    frames, label_maps = (np.array(x) for x in moving_shapes(frame_count=COUNT, seed=len(name)))
    ground = np.median(frames, axis=0).astype(np.uint8)
    for index in gone:
        frames[index], label_maps[index] = ground, 0
    for folder in ("JPEGImages", "Annotations"):
        (root / folder / "480p" / name).mkdir(parents=True)
    for index, (frame, label_map) in enumerate(zip(frames, label_maps, strict=True)):
        cv2.imwrite(str(root / f"JPEGImages/480p/{name}/{index:05d}.jpg"), frame)
        write_label_map(root / f"Annotations/480p/{name}/{index:05d}.png", label_map)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """As small as the films are: the network has learned nothing anyway."""
    monkeypatch.setitem(TRACKING, Quality.FAST, TrackingConfig(short_side=48, radius=3))
    monkeypatch.setitem(TRACKING, Quality.BALANCED, TrackingConfig(short_side=48, radius=3))


@pytest.fixture(scope="module")
def davis(tmp_path_factory):
    root = tmp_path_factory.mktemp("davis")
    write_sequence(root, "bear", gone=range(5, 11))
    write_sequence(root, "boats", gone=range(6, 9))
    write_sequence(root, "camels", gone=range(4, 9))
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Of the old header: no calibration in it."""
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    torch.manual_seed(0)
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict(), {"steps": 3})
    save_weights(path, KeyEncoder(PRESETS["tiny"]), info)
    return path


@pytest.fixture
def command(davis, weights, tmp_path):
    out = ["-o", str(tmp_path / "out.safetensors")]
    return [
        "calibrate",
        "--davis",
        str(davis),
        "--weights",
        str(weights),
        "--quality",
        "fast",
        *out,
    ]


def calibration_of(path):
    return build_tracker(
        TrackerRequest("self_supervised", Quality.FAST, "cpu", path)
    ).cues.calibration


def test_weights_are_calibrated(command, weights, tmp_path, capsys):
    assert calibration_of(weights) == CALIBRATION
    assert main([*command, "--json"]) == 0
    out, _err = capsys.readouterr()
    result, made = json.loads(out), tmp_path / "out.safetensors"
    assert (result["fitted"], result["held_out"]) == (["bear", "camels"], ["boats"])
    info = read_info(made)
    assert info.training == {"steps": 3}
    assert info.metrics["calibration"]["sequences"] == 2
    found = Calibration.from_dict(info.calibration)
    assert calibration_of(made) == found != CALIBRATION
    assert result["after"]["confidence"] == list(found.confidence)
    before, after = (result[key]["figures"] for key in ("before", "after"))
    assert before["cells"] > 0 and before["absent"] == 6
    assert after["error"] is not None and after["absent"] == 6
    assert [path.name for path in tmp_path.iterdir()] == [made.name]


def test_a_stopped_run_goes_on_to_the_same_bytes(command, tmp_path, capsys, monkeypatch):
    made = tmp_path / "out.safetensors"
    assert main(command) == 0
    table = capsys.readouterr().out
    assert "Fitted to bear, camels; tried on boats." in table and "spearman" in table
    wanted = made.read_bytes()
    made.unlink()
    follow, steps = Console.follow, []

    def stop_in_the_second(self, job, *, unit="steps"):
        for progress in follow(self, job, unit=unit):
            steps.append(progress)
            if progress.text == "camels" and progress.done == COUNT + 3:
                self.token.cancel()
            yield progress

    with monkeypatch.context() as patch:
        patch.setattr(Console, "follow", stop_in_the_second)
        assert main(command) == STOPPED
    assert "give the same command to go on" in capsys.readouterr().err
    assert not made.exists()
    stopped, steps[:] = len(steps), []

    def watch(self, job, *, unit="steps"):
        for progress in follow(self, job, unit=unit):
            steps.append(progress)
            yield progress

    monkeypatch.setattr(Console, "follow", watch)
    assert main(command) == 0
    assert capsys.readouterr().out == table
    assert made.read_bytes() == wanted
    assert steps[0].done == COUNT and "bear" not in {step.text for step in steps}
    assert stopped > COUNT


def test_without_absences_their_thresholds_stay(weights, tmp_path, capsys):
    root = tmp_path / "always"
    for name in ("bear", "boats"):
        write_sequence(root, name)
    out = tmp_path / "out.safetensors"
    words = ["--weights", str(weights), "--quality", "fast", "-o", str(out)]
    assert main(["calibrate", "--davis", str(root), *words]) == 0
    assert "thresholds of absence stay" in capsys.readouterr().out
    found = calibration_of(out)
    assert (found.faint, found.back, found.patience) == (0.48, 0.5, 2)
    assert found.confidence != CALIBRATION.confidence


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "{root}/out.pth"], "is no name for weights"),
        (["-o", "{root}/none/w.safetensors"], "does not exist"),
        (["-o", "{weights}"], "Name another file"),
        (["--weights", "{root}/none.safetensors"], "no weights at"),
        (["--weights", "{weights}", "--system", "copy"], "has no weights"),
        (["--system", "flow"], "nothing to calibrate"),
        (["--davis", "{root}/none"], "does not exist"),
    ],
)
def test_bad_input(davis, weights, tmp_path, capsys, options, message):
    options = [o.format(root=tmp_path, weights=weights) for o in options]
    default = [] if "--system" in options else ["--weights", str(weights)]
    out = ["-o", str(tmp_path / "out.safetensors")]
    assert main(["calibrate", "--davis", str(davis), *default, *out, *options]) == 2
    assert message in capsys.readouterr().err


def test_one_sequence_is_not_enough(weights, tmp_path, capsys):
    write_sequence(tmp_path / "one", "bear")
    out = ["-o", str(tmp_path / "out.safetensors"), "--weights", str(weights)]
    assert main(["calibrate", "--davis", str(tmp_path / "one"), *out]) == 2
    assert "only one sequence" in capsys.readouterr().err


@pytest.fixture
def memory_network(tmp_path, monkeypatch):
    """Weights of the memory network as `vosapp train` writes them, without calibration."""
    from core.systems.box_supervised import config
    from core.systems.box_supervised.model import MemoryNetwork

    small = {Quality.FAST: config.MemoryTrackingConfig(48)}
    monkeypatch.setattr("core.systems.box_supervised.build.TRACKING", small)
    torch.manual_seed(0)
    network = MemoryNetwork(config.PRESETS["tiny"])
    training, metrics = {"steps": 3, "sequences": ["elsewhere"]}, {"validation": {"J&F": 0.5}}
    info = CheckpointInfo("box_supervised", "tiny", network.config.to_dict(), training, metrics)
    save_weights(tmp_path / "w.safetensors", network, info)
    return tmp_path / "w.safetensors"


def test_the_memory_network_takes_part(davis, tmp_path, memory_network, capsys):
    """Its cues are its own, and the file that comes out is tracked with by them."""
    from core.systems.box_supervised import config

    words = ["calibrate", "--davis", str(davis), "--weights", str(memory_network)]
    options = ["-o", str(tmp_path / "out.safetensors"), "--system", "box_supervised"]
    assert main([*words, *options, "--quality", "fast", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    info = read_info(tmp_path / "out.safetensors")
    known = Calibration.from_dict(info.calibration)
    assert known.confidence != config.CALIBRATION.confidence
    assert info.training == {"steps": 3, "sequences": ["elsewhere"]}
    assert info.metrics["validation"] == {"J&F": 0.5} and info.metrics["calibration"]
    request = TrackerRequest("box_supervised", Quality.FAST, "cpu", tmp_path / "out.safetensors")
    assert build_tracker(request).cues.calibration == known
    before, after = (result[name]["figures"] for name in ("before", "after"))
    assert min(before["cells"], after["cells"]) > 0
    assert before["absent_reported"] == 0, "uncalibrated weights call nothing absent"
    assert after["error"] < before["error"], "confidence is nearer to the true J"


def test_what_was_calibrated_is_measured_by_the_benchmark(davis, tmp_path, memory_network, capsys):
    """Confidence of the copy is that of its calibration."""
    options = ["--system", "box_supervised", "--quality", "fast", "--json"]
    out = tmp_path / "out.safetensors"
    words = ["calibrate", "--davis", str(davis), "--weights", str(memory_network)]
    assert main([*words, *options, "-o", str(out)]) == 0
    errors = []
    for path in (memory_network, out):
        capsys.readouterr()
        bench = ["benchmark", "--davis", str(davis), "--weights", str(path), "--confidence"]
        assert main([*bench, *options, "--sequences", "boats", "--late-entries"]) == 0
        errors.append(json.loads(capsys.readouterr().out)["confidence"])
    assert errors[0] != errors[1]


def test_weights_are_not_calibrated_on_what_they_learned(davis, memory_network, tmp_path, capsys):
    from safetensors.torch import save_file

    from core.nn.checkpoints import load_tensors

    info = read_info(memory_network)
    header = {
        "format": 1, "system": info.system, "preset": info.preset, "config": info.config,
        "training": {"sequences": ["bear"]}, "metrics": {}, "license": "",
    }  # fmt: skip
    save_file(load_tensors(memory_network), memory_network, {"vosapp": json.dumps(header)})
    words = ["calibrate", "--davis", str(davis), "--weights", str(memory_network)]
    options = ["-o", str(tmp_path / "out.safetensors"), "--system", "box_supervised"]
    assert main([*words, *options, "--quality", "fast"]) == 2
    assert "trained on bear" in capsys.readouterr().err
