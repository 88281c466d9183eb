"""What each cue says of frames without features, by the kind of prompt.

Learned, not written: `python -m core.eval.prompt_learning DAVIS OUT.py`, on three frames
of each of 39 generated films: the scenes of `core.data.synthetic` (`MULTI_OBJECT_SET`, `SAMPLE`)
with three other seeds each, nine frames long. No mask that a person drew was used.
"""

from __future__ import annotations

from core.prompts.weights import PromptWeights, Weights

LEARNED: PromptWeights = {
    "box": (
        Weights(
            -4.974,
            {
                "color": 0.379,
                "local": 0.469,
                "path": 0.369,
                "path ratio": 1.584,
                "middle": -0.217,
                "across": 2.111,
                "down": -1.062,
                "across4": 0.423,
                "down4": 2.043,
                "cut": 0.161,
                "cut area": -1.927,
                "cut by area": 2.739,
            },
        ),
        Weights(
            -0.416,
            {
                "color": -0.285,
                "local": -0.593,
                "path": 0.012,
                "path ratio": 1.326,
                "middle": 0.171,
                "across": 1.586,
                "down": -1.163,
                "across4": -1.268,
                "down4": 0.591,
                "cut": -0.149,
                "cut area": -0.712,
                "cut by area": 1.696,
                "first": -0.141,
                "color again": 0.452,
                "local again": 1.677,
                "place": -0.165,
            },
        ),
    ),
    "clicks": (
        Weights(
            0.796,
            {
                "path to yes": -0.839,
                "path to no": 0.026,
                "far from yes": 0.896,
                "far from no": 0.139,
                "nearer": -0.564,
                "border": 1.100,
                "color": 0.850,
                "local": 1.037,
                "previous": 0.127,
                "previous, blurred": 1.139,
            },
        ),
        Weights(
            1.798,
            {
                "path to yes": -0.415,
                "path to no": -0.174,
                "far from yes": 0.790,
                "far from no": -0.157,
                "nearer": -0.762,
                "border": 0.159,
                "color": 0.397,
                "local": 0.012,
                "previous": 0.306,
                "previous, blurred": -0.097,
                "first": 0.040,
                "color again": -0.112,
                "local again": 0.871,
                "place": 0.608,
            },
        ),
    ),
    "first clicks": (
        Weights(
            9.291,
            {
                "path to yes": -2.543,
                "path to no": 0.000,
                "far from yes": 0.243,
                "far from no": 0.000,
                "nearer": 0.356,
                "border": 1.217,
                "color": 0.558,
                "local": 1.472,
                "previous": 0.000,
                "previous, blurred": 0.000,
            },
        ),
        Weights(
            9.630,
            {
                "path to yes": -2.785,
                "path to no": 0.000,
                "far from yes": 0.160,
                "far from no": 0.000,
                "nearer": -0.482,
                "border": 1.187,
                "color": 0.368,
                "local": -0.159,
                "previous": 0.000,
                "previous, blurred": 0.000,
                "first": -0.514,
                "color again": -0.020,
                "local again": 1.878,
                "place": 0.139,
            },
        ),
    ),
}
