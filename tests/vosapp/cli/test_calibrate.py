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


def test_the_memory_network_takes_part(davis, tmp_path, monkeypatch):
    """Its cues are its own, and the file that comes out is tracked with by them."""
    from core.systems.box_supervised import config
    from core.systems.box_supervised.model import MemoryNetwork

    small = {Quality.FAST: config.MemoryTrackingConfig(48)}
    monkeypatch.setattr("core.systems.box_supervised.build.TRACKING", small)
    torch.manual_seed(0)
    network = MemoryNetwork(config.PRESETS["tiny"])
    info = CheckpointInfo("box_supervised", "tiny", network.config.to_dict())
    save_weights(tmp_path / "w.safetensors", network, info)
    words = ["calibrate", "--davis", str(davis), "--weights", str(tmp_path / "w.safetensors")]
    options = ["-o", str(tmp_path / "out.safetensors"), "--system", "box_supervised"]
    assert main([*words, *options, "--quality", "fast"]) == 0
    known = Calibration.from_dict(read_info(tmp_path / "out.safetensors").calibration)
    assert known.confidence != config.CALIBRATION.confidence
    request = TrackerRequest("box_supervised", Quality.FAST, "cpu", tmp_path / "out.safetensors")
    assert build_tracker(request).cues.calibration == known
