"""The installed PySide6 counts references right.

6.12.0 on Python 3.11 takes one away from None or a truth value with every call that returns it;
after some thousand calls the process aborts. pyproject.toml excludes it.
"""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
from PySide6.QtGui import QImage, QPainter
image = QImage(4, 4, QImage.Format.Format_ARGB32)
painter = QPainter(image)
for _ in range(50_000):
    painter.setOpacity(1.0)
    painter.isActive()
    image.isNull()
painter.end()
print("alive", None, True, False)
"""


def test_python_outlives_many_calls_of_qt():
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["alive", "None", "True", "False"]
