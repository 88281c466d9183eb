from __future__ import annotations

import subprocess
import sys

import numpy as np

from vosapp.jobs.features import KeyReader

SCRIPT = """
import sys
import numpy as np
from vosapp.jobs.features import KeyReader
print(KeyReader()(np.zeros((48, 64, 3), np.uint8)), "torch" in sys.modules)
"""


def test_no_keys_and_no_torch_until_the_engine_is_loaded():
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]


def test_keys_of_a_frame_once_torch_is_there():
    import torch  # noqa: F401

    frame = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    features = KeyReader()(frame)
    assert features.weights
    assert features.keys.ndim == 3
