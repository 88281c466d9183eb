"""Time from starting Python to a visible window, and to the first frame of the sample.

Run: `python tests/benchmarks/bench_startup.py [RUNS]`. Each run is a process of its own; the first
one warms the disk's cache and is left out. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

CHILD = """
import sys, tempfile, time
from pathlib import Path
from PySide6.QtCore import QEventLoop, QTimer
from vosapp import app
from vosapp.session.places import Places
began = float(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    home = Path(folder)
    application = app.make_application([])
    shell = app.make_shell(application, Places(home / "config", home / "data"))
    shell.window.show()
    application.sendPostedEvents()
    shell.window.grab()
    visible, cpu = time.time() - began, time.process_time()
    shell.opener.open_sample()
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: shell.workspace and shell.workspace.session.view and loop.quit())
    timer.start(2)
    loop.exec()
    first = time.time() - began
    print(visible, first, "torch" in sys.modules, cpu)
    shell.window.close()
"""


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    env = {"QT_QPA_PLATFORM": "offscreen"} | os.environ
    visible, first, cpu, torch = [], [], [], False
    for number in range(runs + 1):
        command = [sys.executable, "-c", CHILD, str(time.time())]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        told = done.stdout.split()
        if number:
            visible.append(float(told[0]))
            first.append(float(told[1]))
            torch |= told[2] == "True"
            cpu.append(float(told[3]))
    told = {
        "runs": runs,
        "visible_s": round(statistics.median(visible), 2),
        "visible_worst_s": round(max(visible), 2),
        "visible_cpu_s": round(statistics.median(cpu), 2),
        "sample_shown_s": round(statistics.median(first), 2),
        "torch_loaded": torch,
        "load": round(os.getloadavg()[0], 1),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
