"""Learning how much each cue says, from frames with true masks: `python -m` writes the table.

    python -m core.eval.prompt_learning DAVIS OUT.py
    python -m core.eval.prompt_learning DAVIS OUT.py --system NAME --weights FILE

DAVIS is a dataset to train on (never one that is reported on). OUT.py gets the table of
`core.prompts.learned`, which is for frames without features; with a system and the weights of its
encoder the table that its `FrameFeatures` bring along (`prompts.py` in the system's folder).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from core.data.layouts import read_tree
from core.eval.prompt_robot import click_until, jittered, next_click, tight_prompt
from core.media.atomic import write_atomic
from core.media.image_file import read_rgb
from core.media.label_map import read_label_map
from core.prompts import answers
from core.prompts.cues import box_cues, click_cues, second_cues
from core.prompts.evidence import weigh
from core.prompts.request import FrameFeatures, PointPrompt, SegmentRequest
from core.prompts.weights import Passes, PromptWeights, Weights
from core.types import VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.cues import Cues
    from core.prompts.view import View
    from core.types import Frame

    Describe = Callable[[Frame], FrameFeatures]
    """From a frame to its features."""

PIXELS = 1200
"""Pixels of each example that are looked at."""
DECAY = 1e-4
"""Weight of the squared weights in the loss."""
JITTER = 0.03
"""Largest shift of a box's edges, as a share of its side."""
FRAMES = 3
"""Evenly spaced frames of each sequence."""
CLICKS = 5
"""Clicks of the robot on each example."""
TARGET = 0.9
"""Overlap at which the robot is content."""
ROUNDS = 1
"""How often the robot's clicks are learned from."""
SMALLEST = 400
"""Pixels of the smallest object that is learned from."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One object on one frame.

    Attributes:
        frame: H x W x 3 uint8.
        truth: H x W bool.
        features: of the frame.
    """

    frame: Frame
    truth: NDArray[np.bool_]
    features: FrameFeatures | None


@dataclass(frozen=True, slots=True)
class Example:
    """Cues of one prompt, and what they should come to.

    Attributes:
        view: what was looked at.
        cues: first cues.
        allowed: h x w bool, where the object may be.
        truth: h x w bool.
    """

    view: View
    cues: Cues
    allowed: NDArray[np.bool_]
    truth: NDArray[np.bool_]


def learn_passes(examples: list[Example], seed: int = 0) -> Passes:
    """Fit the first pass, then the second one on what the first one says."""
    rng = np.random.default_rng(seed)
    first = _fit(examples, [example.cues for example in examples], rng)
    cues = []
    for example in examples:
        probabilities = weigh(example.cues, first) * example.allowed
        cues.append(example.cues | second_cues(example.view, probabilities))
    return first, _fit(examples, cues, rng)


def box_example(sample: Sample, rng: np.random.Generator) -> Example:
    """A box that is not quite tight."""
    box = jittered(tight_prompt(sample.truth), JITTER, rng)
    request = SegmentRequest(sample.frame, box=box, features=sample.features)
    view, inside = answers.box_view(request)
    return Example(view, box_cues(view, inside), inside, view.crop.mask(sample.truth) > 0.5)


def click_example(
    sample: Sample, points: tuple[PointPrompt, ...], previous: NDArray[np.bool_] | None
) -> Example:
    """Clicks, the last of them new, and the mask before it."""
    request = SegmentRequest(sample.frame, points=points, features=sample.features)
    view, clicks = answers.click_view(request, previous)
    cues = click_cues(view, clicks, None if previous is None else view.crop.mask(previous))
    return Example(view, cues, np.ones(view.shape, bool), view.crop.mask(sample.truth) > 0.5)


def learn_all(samples: list[Sample]) -> Iterator[PromptWeights]:
    """Learn all kinds of prompts from samples with features of one system, or all without.

    Later clicks are learned from what a robot met with the weights so far, twice over.

    Yields:
        The table so far, after each part; its last form last.
    """
    rng = np.random.default_rng(0)
    table: dict[str, Passes] = {}
    table["box"] = learn_passes([box_example(sample, rng) for sample in samples])
    yield table
    starts = [click_example(sample, *_start(sample)) for sample in samples]
    table["first clicks"] = learn_passes(starts)
    table["clicks"] = table["first clicks"]
    yield table
    for _ in range(ROUNDS):
        later = [click_example(s, *state) for s in samples for state in _met(s, table)]
        table["clicks"] = learn_passes(later)
        yield table


def table_text(table: PromptWeights) -> str:
    """The table as the text of a Python module's constant."""
    lines = ["LEARNED: PromptWeights = {"]
    for key, passes in sorted(table.items()):
        lines.append(f'    "{key}": (')
        for weights in passes:
            lines += [f"        Weights({weights.bias:.3f}, {{"]
            lines += [f'            "{n}": {value:.3f},' for n, value in weights.cues.items()]
            lines += ["        }),"]
        lines.append("    ),")
    return "\n".join([*lines, "}", ""])


def read_samples(root: Path, describe: Describe | None) -> list[Sample]:
    """Objects on evenly spaced frames of a dataset's sequences, with features if asked for.

    Raises:
        VosError: of the kinds that `read_tree`, `read_rgb` and `read_label_map` name.
    """
    samples: list[Sample] = []
    for sequence in read_tree(root):
        places = np.unique(np.linspace(0, len(sequence.masks) - 1, FRAMES).round().astype(int))
        for mask in (sequence.masks[place] for place in places):
            shown = next(frame for frame in sequence.frames if frame.stem == mask.stem)
            samples += _samples_of(shown, mask, describe)
    return samples


def _samples_of(path: Path, mask: Path, describe: Describe | None) -> Iterator[Sample]:
    frame, label_map = read_rgb(path), read_label_map(mask).label_map
    features = None if describe is None else describe(frame)
    for object_id in sorted(set(np.unique(label_map)) - {0, VOID}):
        truth = label_map == object_id
        if truth.sum() >= SMALLEST:
            yield Sample(frame, truth, features)


def _start(sample: Sample) -> tuple[tuple[PointPrompt, ...], None]:
    click = next_click(np.zeros_like(sample.truth), sample.truth)
    return ((click,) if click is not None else ()), None


def _met(
    sample: Sample, table: PromptWeights
) -> list[tuple[tuple[PointPrompt, ...], NDArray[np.bool_]]]:
    """What the robot's later clicks found, and the first one looked at again from near."""
    met = []

    def clicker(
        points: tuple[PointPrompt, ...], previous: NDArray[np.bool_] | None
    ) -> NDArray[np.bool_]:
        request = SegmentRequest(
            sample.frame, points=points, previous=previous, features=sample.features
        )
        if previous is None:
            previous = answers.first_mask(request, table)
        met.append((points, previous))
        return answers.by_evidence(request, table)

    click_until(clicker, sample.truth, target=TARGET, most=CLICKS)
    return met


def _fit(examples: list[Example], cues: list[Cues], rng: np.random.Generator) -> Weights:
    """Logistic regression over pixels drawn evenly, each example with the same weight."""
    names, rows, labels = list(cues[0]), [], []
    for example, planes in zip(examples, cues, strict=True):
        chosen = rng.choice(np.flatnonzero(example.allowed), PIXELS)
        rows.append(np.stack([planes[name].ravel()[chosen] for name in names], axis=1))
        labels.append(example.truth.ravel()[chosen])
    x, y = np.concatenate(rows).astype(np.float64), np.concatenate(labels).astype(np.float64)
    center, scale = x.mean(0), x.std(0)
    scale[scale < 1e-4] = 1e6
    scaled = np.column_stack([(x - center) / scale, np.ones(len(x))])
    start = np.zeros(scaled.shape[1])
    found = minimize(_loss, start, args=(scaled, y), jac=True, method="L-BFGS-B").x
    weights = found[:-1] / scale
    bias = float(found[-1] - weights @ center)
    return Weights(bias, dict(zip(names, map(float, weights), strict=True)))


def _loss(
    weights: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Mean cross-entropy with decay, and its gradient."""
    score = x @ weights
    decay = np.append(weights[:-1], 0) * DECAY
    loss = float((np.logaddexp(0, score) - y * score).mean() + decay @ weights)
    gradient = x.T @ (1 / (1 + np.exp(-score)) - y) / len(y) + 2 * decay
    return loss, gradient


def main(arguments: list[str]) -> None:
    """See the module."""
    parser = argparse.ArgumentParser("prompt_learning", description=__doc__)
    parser.add_argument("davis", type=Path, help="dataset to learn from")
    parser.add_argument("out", type=Path, help="gets the table")
    parser.add_argument("--system", help="whose features are used (default: none)")
    parser.add_argument("--weights", type=Path, help="of the system's encoder")
    args = parser.parse_args(arguments)
    if (args.system is None) != (args.weights is None):
        parser.error("give --system and --weights together, or neither")
    describe = None if args.system is None else _reader(args.system, args.weights)
    for table in learn_all(read_samples(args.davis, describe)):
        write_atomic(args.out, table_text(table).encode())


def _reader(system: str, weights: Path) -> Describe:
    import torch

    from core.engine.registry import system_spec
    from core.tracking.spec import load

    reader: Describe = load(system_spec(system).features)(weights, torch.device("cpu"))
    return reader


if __name__ == "__main__":
    main(sys.argv[1:])
