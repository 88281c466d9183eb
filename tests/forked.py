"""Processes of `vosapp` without their start: importing torch takes seconds each time.

As a program it imports once what commands need, and forks a process for each that is asked for.
Each ends as any process of Python does, so that what would be left of it shows.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PRELOADED = (
    "core.engine.propagate",
    "core.train.run",
    "torch._dynamo",
    "torch.distributed.nn.functional",
    "torch.distributed.optim",
    "vosapp.cli.main",
)
LOOPBACK = "lo" if sys.platform == "linux" else "lo0"
ALONE = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": LOOPBACK}
"""Added to the environment of a team: nothing depends on what this machine is called, or on how
that name is looked up."""
PATIENCE = 280.0
"""Seconds after which commands are killed, as the test that waits for them would be."""


def free_port():
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def members():
    """What torchrun would add to the environment of each of two processes."""
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    return [{**ALONE, **shared, "RANK": rank, "LOCAL_RANK": rank} for rank in ("0", "1")]


class Forked:
    """Carries out command lines of `vosapp`, each in a process of its own.

    Args:
        folder: for what they say.
    """

    def __init__(self, folder):
        self._folder, self._count, self._server = folder, 0, None

    def run(self, *calls):
        """Run commands side by side; (exit code, stdout, stderr) of each.

        Args:
            calls: (words, what is added to the environment) of each.
        """
        if self._server is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._server = subprocess.Popen([sys.executable, __file__], text=True, **pipes)
        asked = [self._written(words, added) for words, added in calls]
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        codes = json.loads(self._server.stdout.readline())
        said = [[Path(one[name]).read_text() for name in ("out", "err")] for one in asked]
        return [(code, *texts) for code, texts in zip(codes, said, strict=True)]

    def in_two(self, words):
        """Run one command in two processes that share its batches; as `run`."""
        return self.run(*((words, own) for own in members()))

    def close(self):
        """End the process that forks."""
        if self._server is not None:
            self._server.stdin.close()
            self._server.wait(30)
            self._server.stdout.close()

    def _written(self, words, added):
        self._count += 1
        place = self._folder / str(self._count)
        environment = {**os.environ, **added}
        files = {name: f"{place}.{name}" for name in ("out", "err")}
        return {"words": [*map(str, words)], "environment": environment, **files}


def become(asked):
    """Be the process of a command, to its end."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    for place, number in ((os.devnull, 0), (asked["out"], 1), (asked["err"], 2)):
        opened = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["vosapp", *asked["words"]]
    sys.exit(sys.modules["vosapp.cli.main"].main())


def ends(children):
    """Exit codes of processes; negative for signals."""
    codes, until = {}, time.monotonic() + PATIENCE
    while len(codes) < len(children):
        for child in set(children) - set(codes):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                codes[child] = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
        time.sleep(0.005)
    return [codes[child] for child in children]


def main():
    """Fork for each line of stdin, and write the exit codes."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    for name in PRELOADED:
        importlib.import_module(name)
    # Processes that look for garbage here would copy all of it.
    gc.freeze()
    lines, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    while line := lines.readline():
        children = []
        for asked in json.loads(line):
            children.append(os.fork())
            if not children[-1]:
                become(asked)
        answers.write(json.dumps(ends(children)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
