"""Whether a window grows with what it has opened: memory and threads after each round.

    python tests/benchmarks/bench_rounds.py --rounds 12

A round opens a project, propagates both of its objects over all frames, looks at some of them and
closes the project. Resident memory swings by what the C library has not given back.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from bench_window import say, until, write_video

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent

from core.media.video import open_video
from vosapp.app import make_application, make_shell
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref
from vosapp.session.places import Places

FRAMES = 40
LOOKS = 5


def make_project(folder):
    """A project of a film at 1080p with two objects on its first frame."""
    film, path = write_video(folder / "film.mp4", FRAMES), folder / "film.vosapp"
    with open_video(film, cache_bytes=0) as video:
        info = video.info
        project = create_project(path, video_ref(info, path))
    with project:
        for object_id in (1, 2):
            mask = np.zeros((info.height, info.width), bool)
            mask[100 * object_id : 100 * object_id + 80, 100:400] = True
            project.do(AddObject())
            project.do(SetMask(0, object_id, mask))
    return path


def one_round(shell, path):
    shell.opener.open(path)
    until(lambda: shell.workspace is not None and shell.workspace.session.view is not None)
    workspace, outcomes = shell.workspace, []
    control, session = workspace.propagation, workspace.session
    control.set_choice(replace(control.choice, system="copy"))
    control.finished.connect(outcomes.append)
    control.start_over(0, session.frame_count)
    until(lambda: outcomes)
    for index in range(0, FRAMES, FRAMES // LOOKS):
        session.go_to(index)
        until(lambda i=index: session.view.frame_index == i and session.view.exact)
    shell.leave()
    time.sleep(0.1)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main():
    """Print memory and threads after each round."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    wanted = parser.parse_args()
    app, process = make_application(sys.argv[:1]), psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        path = make_project(Path(folder))
        shell = make_shell(app, Places(Path(folder) / "config", Path(folder) / "data"))
        shell.window.show()
        for count in range(1, wanted.rounds + 1):
            one_round(shell, path)
            megabytes, threads = process.memory_info().rss / 1e6, process.num_threads()
            say(f"round {count:>3}: {megabytes:7.1f} MB, {threads} threads")
        shell.window.close_now()


if __name__ == "__main__":
    main()
