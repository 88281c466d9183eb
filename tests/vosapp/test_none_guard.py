from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import vosapp
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


def test_guarding_twice_adds_once():
    from vosapp.none_guard import PLENTY, guard_singletons

    guard_singletons()
    guard_singletons()
    if sys.version_info < (3, 12):
        for single in (None, True, False):
            assert PLENTY // 2 < sys.getrefcount(single) < PLENTY + PLENTY // 2
