"""A tiny film, its exact masks, and tiny weights, for whole runs of the command line."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from core.data.synthetic import moving_shapes
from core.engine import resumable
from core.engine.output import ResultFolder
from core.engine.run_record import RunRecord
from core.media.label_map import write_label_map
from core.systems.self_supervised.config import TRACKING
from core.tracking import matching
from core.tracking.adaptation.learning import AdaptConfig
from core.types import Quality
from vosapp.cli.main import main

COUNT = 9
WIDTH, HEIGHT = 98, 66


def encode(
    path: Path, frames: Iterable[np.ndarray], *, codec: str = "ffv1", pixels: str = "bgr0"
) -> Path:
    """Write frames as a film; by default lossless, so that equal pixels stay equal."""
    with av.open(str(path), "w", container_options={"movflags": "faststart"}) as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def call(capfd):
    """Runs a command with --json; returns what it says, and keeps stderr as `call.stderr`."""

    def run(*words, code=0):

        status = main([*map(str, words), "--json"])
        out, run.stderr = capfd.readouterr()
        assert status == code, run.stderr
        return json.loads(out)

    return run


@pytest.fixture(scope="session")
def shapes() -> tuple[np.ndarray, np.ndarray]:
    """Frames T x H x W x 3 and label maps T x H x W with the objects 1 and 2."""
    return moving_shapes(seed=3, width=WIDTH, height=HEIGHT, frame_count=COUNT, objects=2)


@pytest.fixture
def film(tmp_path, shapes) -> Path:
    return encode(tmp_path / "film.mkv", shapes[0])


@pytest.fixture
def cut_film(tmp_path, shapes) -> Path:
    """A film of which the last part is missing: frames 0 to 3 are there."""
    path = encode(tmp_path / "cut.mov", shapes[0], codec="mjpeg", pixels="yuvj420p")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.73)])
    return path


@pytest.fixture
def save_masks(tmp_path, shapes) -> Callable[..., Path]:
    """Writes the true masks of some frames into a folder, perhaps with some ids only."""

    def save(*indices: int, folder: str = "masks", ids: tuple[int, ...] = (1, 2)) -> Path:
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        for index in indices:
            kept = np.where(np.isin(shapes[1][index], ids), shapes[1][index], 0).astype(np.uint8)
            write_label_map(path / f"{index:05d}.png", kept)
        return path

    return save


@pytest.fixture
def mask(save_masks) -> Path:
    """The exact mask of frame 0."""
    return save_masks(0) / "00000.png"


@pytest.fixture(scope="session")
def weights(tmp_path_factory, shapes) -> Path:
    """Untrained weights of the smallest network, with keys sharp enough to tell places apart."""
    import torch

    from core.nn.checkpoints import CheckpointInfo, save_weights
    from core.ops.color import lab_tensor
    from core.systems.self_supervised.config import PRESETS
    from core.systems.self_supervised.model import KeyEncoder

    torch.manual_seed(0)
    config = PRESETS["tiny"]
    encoder = KeyEncoder(config)
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        keys = encoder(lab_tensor(cv2.resize(shapes[0][0], (392, 264))))
        scale = 6 / keys.std((0, 2, 3))
        encoder.head.weight *= scale[:, None, None, None]
        encoder.head.bias.copy_(-keys.mean((0, 2, 3)) * scale)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    info = CheckpointInfo("self_supervised", "tiny", config.to_dict())
    save_weights(path, encoder, info)
    return path


@pytest.fixture(params=["copy", "flow", "self_supervised"])
def system(request, monkeypatch) -> list[str]:
    """The options that choose a system, each in turn; the network at a size that costs nothing."""
    if request.param != "self_supervised":
        return ["--system", request.param]
    small = replace(TRACKING[Quality.FAST], short_side=64)
    monkeypatch.setitem(TRACKING, Quality.FAST, small)
    weights = request.getfixturevalue("weights")
    return ["--system", request.param, "--weights", str(weights), "--quality", "fast"]


@pytest.fixture
def learner(weights, monkeypatch) -> list[str]:
    """Options of a system that learns for three steps."""
    small = replace(TRACKING[Quality.FAST], short_side=64)
    monkeypatch.setitem(TRACKING, Quality.FAST, small)
    monkeypatch.setattr(matching, "AdaptConfig", partial(AdaptConfig, iterations=3, variants=2))
    return ["--weights", str(weights), "--quality", "fast"]


@pytest.fixture
def propagate(tmp_path, capfd) -> Callable[..., dict]:
    """Runs `vosapp propagate` with JSON and returns what it prints."""

    def run(video: Path, masks: Path, *options: str) -> dict:
        given = ["propagate", str(video), "--masks", str(masks), "-o", str(tmp_path / "out")]
        code = main([*given, "--json", *options])
        out, err = capfd.readouterr()
        assert code == 0, err
        return json.loads(out)

    return run


@pytest.fixture
def read_results() -> Callable[[Path], dict[str, np.ndarray]]:
    """Reads every PNG of a folder, by stem, and checks that it is a palette image."""

    def read(folder: Path) -> dict[str, np.ndarray]:
        results = {}
        for path in sorted(folder.iterdir()):
            assert path.suffix == ".png"
            with Image.open(path) as image:
                assert image.mode == "P"
                results[path.stem] = np.asarray(image)
        return results

    return read


class Killed(BaseException):
    """Stands for SIGKILL: nothing is saved after it."""


@pytest.fixture
def kill(monkeypatch):
    """Makes a run in this process end, as by SIGKILL, after so many frames.

    `kill` expects that it comes to that; `kill.perhaps` lets `kill.error` through.
    """

    def after(count):
        write, save, save_state = ResultFolder.write, RunRecord.save, RunRecord.save_state
        dead, written = [], []

        def write_some(self, index, label_map):
            if len(written) == count:
                dead.append(True)
                (self.path / f".vosapp-{'ab' * 16}.tmp").write_bytes(b"half")
                raise Killed
            written.append(index)
            return write(self, index, label_map)

        with monkeypatch.context() as patch:
            patch.setattr(ResultFolder, "write", write_some)
            patch.setattr(RunRecord, "save", lambda self: None if dead else save(self))
            patch.setattr(RunRecord, "save_state", lambda *a: None if dead else save_state(*a))
            yield

    @contextlib.contextmanager
    def expected(count):
        with pytest.raises(Killed), contextlib.contextmanager(after)(count):
            yield

    expected.perhaps = contextlib.contextmanager(after)
    expected.error = Killed
    return expected


@pytest.fixture
def resumable_run(film, tmp_path, capfd, monkeypatch):
    """Runs `vosapp propagate`, whose walks are saved every second frame.

    The function returns exit code, result and complaint.
    """
    monkeypatch.setattr(resumable, "CHECKPOINT_FRAMES", 2)

    def start(masks, *options, out="out"):
        given = ["propagate", str(film), "--masks", str(masks), "-o", str(tmp_path / out)]
        code = main([*given, *options, "--json"])
        stdout, stderr = capfd.readouterr()
        return code, json.loads(stdout), stderr

    return start
