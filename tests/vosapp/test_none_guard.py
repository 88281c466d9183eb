from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
{guard}
from PySide6.QtGui import QImage, QPainter
image = QImage(4, 4, QImage.Format.Format_ARGB32)
painter = QPainter(image)
for _ in range(50_000):
    painter.setOpacity(1.0)
painter.end()
print("alive", sys.getrefcount(None) > 1000)
"""


def run(guard):
    command = [sys.executable, "-c", SCRIPT.format(guard=guard)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_none_outlives_fifty_thousand_calls_of_qt():
    done = run("import vosapp")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["alive", "True"]


def test_guarding_twice_adds_once():
    from vosapp.none_guard import PLENTY, guard_none

    guard_none()
    guard_none()
    if sys.version_info < (3, 12):
        assert PLENTY // 2 < sys.getrefcount(None) < 2 * PLENTY
