"""Ctrl-C in the middle: what is finished stays, and every file is whole."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from core.media.label_map import read_label_map

COUNT = 3000
STOPPED = 130
PATIENCE_SECONDS = 60


@pytest.fixture
def frames(tmp_path, shapes):
    """A folder of many frames; links, so that it costs nothing."""
    folder = tmp_path / "frames"
    folder.mkdir()
    first = folder / "00000.png"
    cv2.imwrite(str(first), shapes[0][0])
    for index in range(1, COUNT):
        (folder / f"{index:05d}.png").hardlink_to(first)
    return folder


def wait_for(folder, process):
    end = time.monotonic() + PATIENCE_SECONDS
    while not any(folder.glob("*.png")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "no frame was written"
        time.sleep(0.01)


def start(frames, mask, out, *options):
    command = [sys.executable, "-m", "vosapp", "propagate", str(frames), "--masks", str(mask)]
    return subprocess.Popen(
        [*command, "-o", str(out), "--system", "flow", "--quality", "fine", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_finished_frames_are_kept(options, frames, mask, tmp_path):
    out = tmp_path / "out"
    process = start(frames, mask, out, *options)
    wait_for(out / "frames", process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == STOPPED
    written = sorted((out / "frames").iterdir())
    assert 1 <= len(written) < COUNT
    assert [path.name for path in written] == [f"{i:05d}.png" for i in range(len(written))]
    assert all(np.any(read_label_map(path).label_map) for path in written)
    assert f"{len(written)} finished frames are in {out / 'frames'}." in stderr
    if options:
        assert json.loads(stdout)["error"]["code"] == "cancelled"


def test_stopped_before_the_first_frame_leaves_nothing(frames, mask, tmp_path, monkeypatch):
    from vosapp.cli.console import Console
    from vosapp.cli.main import main

    made = Console.__init__

    def stop_at_once(self, **settings):
        made(self, **settings)
        self.token.cancel()

    monkeypatch.setattr(Console, "__init__", stop_at_once)
    out = tmp_path / "new/out"
    given = ["propagate", str(frames), "--masks", str(mask), "-o", str(out), "--system", "copy"]
    assert main(given) == STOPPED
    assert not (tmp_path / "new").exists()
