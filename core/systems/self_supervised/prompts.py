"""What each cue says of frames with keys of this system, by the kind of prompt.

Learned, not written, on three frames of each of 39 generated films: the scenes of
`core.data.synthetic` (`MULTI_OBJECT_SET`, `SAMPLE`) with three other seeds each, nine frames long.
No mask that a person drew was used. The command is
`python -m core.eval.prompt_learning DAVIS OUT.py --system NAME --weights FILE`.
"""

from __future__ import annotations

from core.prompts.weights import PromptWeights, Weights

LEARNED: PromptWeights = {
    "box": (
        Weights(
            -7.322,
            {
                "color": 0.219,
                "local": 0.438,
                "path": 1.076,
                "path ratio": 0.984,
                "middle": -1.009,
                "across": 2.204,
                "down": -0.960,
                "across4": 1.950,
                "down4": 3.581,
                "cut": 0.459,
                "cut area": -2.382,
                "cut by area": 1.619,
                "keys": 0.630,
            },
        ),
        Weights(
            -2.212,
            {
                "color": -0.420,
                "local": -0.523,
                "path": 0.618,
                "path ratio": 0.678,
                "middle": -0.801,
                "across": 1.626,
                "down": -0.917,
                "across4": -0.043,
                "down4": 1.763,
                "cut": -0.473,
                "cut area": -0.612,
                "cut by area": 1.569,
                "keys": -0.012,
                "first": -0.021,
                "color again": 0.345,
                "local again": 1.526,
                "place": -0.416,
                "keys again": 0.488,
            },
        ),
    ),
    "clicks": (
        Weights(
            0.190,
            {
                "path to yes": -0.676,
                "path to no": -0.003,
                "far from yes": 0.905,
                "far from no": 0.086,
                "nearer": -0.380,
                "border": 1.258,
                "color": 0.578,
                "local": 1.052,
                "previous": 0.172,
                "previous, blurred": 1.189,
                "keys": 0.199,
                "like yes": 1.113,
                "like no": -0.779,
            },
        ),
        Weights(
            1.519,
            {
                "path to yes": -0.478,
                "path to no": -0.138,
                "far from yes": 0.716,
                "far from no": -0.235,
                "nearer": -0.928,
                "border": 0.329,
                "color": 0.122,
                "local": 0.132,
                "previous": 0.238,
                "previous, blurred": 0.168,
                "keys": -0.121,
                "like yes": 0.481,
                "like no": -0.439,
                "first": -0.067,
                "color again": -0.134,
                "local again": 0.923,
                "place": 0.317,
                "keys again": 0.523,
            },
        ),
    ),
    "first clicks": (
        Weights(
            6.524,
            {
                "path to yes": -2.106,
                "path to no": 0.000,
                "far from yes": 0.194,
                "far from no": 0.000,
                "nearer": 0.157,
                "border": 1.084,
                "color": 0.209,
                "local": 1.442,
                "previous": 0.000,
                "previous, blurred": 0.000,
                "keys": 0.450,
                "like yes": 1.462,
                "like no": 0.000,
            },
        ),
        Weights(
            7.051,
            {
                "path to yes": -2.462,
                "path to no": 0.000,
                "far from yes": 0.171,
                "far from no": 0.000,
                "nearer": -0.682,
                "border": 1.115,
                "color": 0.168,
                "local": 0.001,
                "previous": 0.000,
                "previous, blurred": 0.000,
                "keys": 0.616,
                "like yes": 1.551,
                "like no": 0.000,
                "first": -0.549,
                "color again": -0.168,
                "local again": 1.859,
                "place": 0.080,
                "keys again": -0.085,
            },
        ),
    ),
}

LEARNED_FUSED: PromptWeights = {
    **LEARNED,
    "box": (
        Weights(
            -6.906,
            {
                "color": 0.319,
                "local": 0.457,
                "path": 0.858,
                "path ratio": 1.168,
                "middle": -0.939,
                "across": 2.245,
                "down": -0.931,
                "across4": 1.832,
                "down4": 3.548,
                "cut": 0.138,
                "cut area": -2.624,
                "cut by area": 2.630,
                "keys": 0.323,
            },
        ),
        Weights(
            -1.641,
            {
                "color": -0.365,
                "local": -0.595,
                "path": 0.465,
                "path ratio": 0.672,
                "middle": -0.561,
                "across": 1.415,
                "down": -0.946,
                "across4": -0.210,
                "down4": 1.587,
                "cut": -0.516,
                "cut area": -0.596,
                "cut by area": 1.455,
                "keys": -0.015,
                "first": -0.091,
                "color again": 0.338,
                "local again": 1.634,
                "place": -0.364,
                "keys again": 0.484,
            },
        ),
    ),
}
"""Of keys that see the ImageNet backbone, learned from the same films. Clicks keep the weights of
keys without it: with their own they took more clicks (docs/levers.md)."""
