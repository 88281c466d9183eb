"""The process of a run: `python -m vosapp.services.training.child FOLDER`.

It is started by `runs`, lives on when whoever started it ends, and says all that happens in the
run's folder. What it prints goes to the run's log.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

import psutil

from core.errors import VosError, mendable
from core.jobs import Cancelled, CancelToken, Job, Progress, Result, mapped, result_of
from core.media.plain_file import open_plain, try_lock
from core.text import visible
from vosapp.services.training.control import Control
from vosapp.services.training.data import require_trainable, survey_labels
from vosapp.services.training.folder import (
    RunFolder,
    read_request,
    touch,
    write_process,
)
from vosapp.services.training.offers import needs_labels, needs_masks
from vosapp.services.training.protocol import Speaker
from vosapp.services.training.run_values import RunRequest, RunState, minutes_between_scores
from vosapp.services.training.staging import DataFolder, stage
from vosapp.services.training.trainer import ENDED, NOTHING

NICE = 10
BEAT_SECONDS = 1.0


def main(arguments: list[str]) -> int:
    """Run the run in a folder; return 0 however it ends, 2 where there is none, 1 for a bug."""
    folder = RunFolder(Path(arguments[0]))
    try:
        request = read_request(folder)
        held = _locked(folder)
    except (VosError, OSError) as error:
        _print(str(mendable(error) or error))
        return 2
    if held is None:
        _print("Another process runs this run.")
        return 2
    write_process(folder, os.getpid())
    _be_modest()
    token = CancelToken()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: token.cancel())
    ended = threading.Event()
    threading.Thread(target=_beat, args=(folder, ended), daemon=True).start()
    try:
        _run(request, folder, token)
        return 0
    except Exception as error:
        traceback.print_exc()
        text = f"The training ended by a mistake of the program: {visible(repr(error))[:300]}"
        with suppress(VosError):
            Speaker(folder).state(RunState.FAILED, f"{text}. See its log.")
        return 1
    finally:
        ended.set()
        os.close(held)


def _locked(folder: RunFolder) -> int | None:
    """Hold the run; None where another process does."""
    opened = open_plain(folder.lock, os.O_RDWR | os.O_CREAT)
    if try_lock(opened) is False:
        os.close(opened)
        return None
    return opened


def _be_modest() -> None:
    """Give way to everything else that the user does."""
    with suppress(psutil.Error, OSError):
        low = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICE)
        psutil.Process().nice(low if sys.platform == "win32" else NICE)


def _beat(folder: RunFolder, ended: threading.Event) -> None:
    """Say that the run is alive while a video is read or a network is loaded."""
    while not ended.wait(BEAT_SECONDS):
        with suppress(OSError):
            touch(folder.progress)


def _run(request: RunRequest, folder: RunFolder, token: CancelToken) -> None:
    speaker = Speaker(folder)
    speaker.state(RunState.PREPARING, "Looking at the data.")
    try:
        data = _data(request, folder, token)
        _train(request, folder, data, token)
    except Cancelled:
        speaker.state(RunState.LOST, ENDED)
    except _Stopped:
        Control(folder.path).clear()
        speaker.state(RunState.STOPPED, NOTHING)
    except (VosError, OSError) as error:
        known = mendable(error)
        if known is None:
            raise
        speaker.state(RunState.FAILED, str(known))


class _Stopped(Exception):
    """The user has stopped the run before it trained."""


def _data(request: RunRequest, folder: RunFolder, token: CancelToken) -> DataFolder:
    """The data of the run; they are laid out once."""
    data = DataFolder(folder.data)
    if data.is_whole:
        return data
    found = _unless_stopped(folder, survey_labels(request.sources, token))
    asked = request.system, request.stage
    labels, masks = needs_labels(*asked), needs_masks(*asked)
    require_trainable(found.survey, needs_labels=labels, needs_masks=masks)
    for item in found.survey.unusable:
        Speaker(folder).log(f"Not used: {item.text} {item.hint}")
    return _unless_stopped(folder, stage(found, folder.data, token))


def _unless_stopped(folder: RunFolder, job: Job[Result]) -> Result:
    control = Control(folder.path)

    def looked(item: Progress) -> Progress:
        if control.wants_stop:
            raise _Stopped
        return item

    return result_of(mapped(job, looked))


def _train(request: RunRequest, folder: RunFolder, data: DataFolder, token: CancelToken) -> None:
    import torch

    from core.device import choose_device
    from vosapp.services.training.core_trainer import CoreTrainer
    from vosapp.services.training.scoring import HeldOutScorer
    from vosapp.services.training.worker import Worker

    torch.set_num_threads(request.threads)
    device = choose_device(request.device).type
    scorer = HeldOutScorer(request.system, device, folder, data=data)
    every = minutes_between_scores(request.minutes)
    worker = Worker(folder, CoreTrainer(request, folder, data), scorer, every, token)
    for _ in worker.run():
        pass


def _print(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {visible(text)}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
