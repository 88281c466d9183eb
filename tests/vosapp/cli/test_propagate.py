"""Options of `vosapp propagate`; whole runs are in tests/e2e."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.device import DEVICES
from core.engine.registry import default_system, trackers
from core.errors import CheckpointMissing, UsageError
from core.media.label_map import write_label_map
from core.types import Quality
from vosapp.cli import frame_range, propagate, run_options
from vosapp.cli.main import main
from vosapp.cli.parser import Parser


def parse(*given):
    parser = Parser(prog="vosapp")
    propagate.add_arguments(parser)
    return parser.parse_args(["film.mp4", "--masks", "m.png", "-o", "out", *given])


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        (None, (None, None)),
        ("3:7", (3, 7)),
        (" 3:7 ", (3, 7)),
        ("3:", (3, None)),
        (":7", (None, 7)),
        ("-2:", (-2, None)),
    ],
)
def test_range_is_read(text, bounds):
    assert frame_range.parse_range(text) == bounds


@pytest.mark.parametrize("text", ["", ":", "3", "a:", "1:2:3", "1.0:2", "٣:", "--1:", "1 : 2"])
def test_range_of_another_form_is_refused(text):
    with pytest.raises(UsageError, match="no range"):
        frame_range.parse_range(text)


@pytest.mark.parametrize(
    ("bounds", "frames"),
    [((None, None), (0, 10)), ((3, None), (3, 10)), ((None, 10), (0, 10)), ((9, 10), (9, 10))],
)
def test_range_is_fitted_to_the_video(bounds, frames):
    assert frame_range.check_range(bounds, 10) == frames


@pytest.mark.parametrize("bounds", [(-1, None), (10, None), (None, 11), (None, -1), (None, 0)])
def test_range_out_of_the_video_is_refused(bounds):
    with pytest.raises(UsageError, match=r"10 frames|no frame"):
        frame_range.check_range(bounds, 10)


def test_defaults():
    args = parse()
    assert (args.system, args.quality, args.device) == ("self_supervised", "balanced", "auto")
    assert (args.weights, args.threads, args.range) == (None, None, None)


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--system", trackers()),
        ("--quality", [quality.value for quality in Quality]),
        ("--device", DEVICES),
    ],
)
def test_choices_are_those_of_the_engine(option, values):
    for value in values:
        assert getattr(parse(option, value), option[2:]) == value
    with pytest.raises(UsageError):
        parse(option, "best")


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_threads_are_a_number_of_1_or_more(text):
    assert parse("--threads", "3").threads == 3
    with pytest.raises(UsageError, match="threads"):
        parse(f"--threads={text}")


def test_bundled_weights_are_the_default(tmp_path, monkeypatch):
    asked = []

    def bundled(*names):
        asked.append(names)
        return tmp_path / "none.safetensors"

    monkeypatch.setattr("vosapp.services.weights.bundled_weights", bundled)
    with pytest.raises(CheckpointMissing, match="none"):
        run_options.tracker_request(parse())
    assert asked == [("self_supervised", default_system().default_preset)]
    assert run_options.tracker_request(parse("--system", "flow")).weights is None


def test_everything_cheap_is_checked_before_torch_loads(tmp_path):
    script = (
        "import sys\n"
        "from vosapp.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "sys.exit(code if 'torch' not in sys.modules else 99)"
    )
    (tmp_path / "film.mp4").write_bytes(b"no film")
    (tmp_path / "weights.safetensors").write_bytes(b"no weights")
    for options in ([], ["--system", "copy"], ["--weights", str(tmp_path / "weights.safetensors")]):
        given = ["propagate", str(tmp_path / "film.mp4"), "--masks", "m.png", "-o", "out", *options]
        done = subprocess.run([sys.executable, "-c", script, *given], check=False)
        assert done.returncode == 2


def test_comments_tell_what_is_going_on(tmp_path, capsys):
    import cv2
    import numpy as np

    frames = tmp_path / "frames"
    frames.mkdir()
    for index in range(3):
        cv2.imwrite(str(frames / f"{index}.png"), np.zeros((8, 12, 3), np.uint8))
    write_label_map(tmp_path / "2.png", np.ones((8, 12), np.uint8))
    given = ["propagate", str(frames), "--masks", str(tmp_path / "2.png"), "--system", "copy"]
    given += ["-o", str(tmp_path / "out"), "--range", ":1"]
    assert main(given) == main(given) == 0
    out = capsys.readouterr().out
    assert "2.png: taken for frame 2" in out
    assert "2 steps for 1 frames" in out
    assert "holds 1 masks of an earlier run" in out
    assert f"Wrote 1 mask to {tmp_path / 'out/frames'}" in out
    assert main([*given, "--quiet"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
