"""Youtube-Objects: J of all objects of a frame as one, averaged by category (MuG, table 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from core.data.object_sequence import ObjectSequence
from core.data.youtube_objects import is_youtube_objects, read_youtube_objects
from core.errors import DatasetError, MaskMismatch
from core.eval.jf import region_similarity
from core.eval.label_files import LabelReader
from core.eval.report import markdown_table
from core.jobs import CancelToken, Job, Progress


@dataclass(frozen=True, slots=True)
class CategoryReport:
    """Scores of the set.

    Attributes:
        sequences: J of each shot, the mean over its frames with masks.
        categories: J of each category, the mean over its shots.
        frames: how many were scored.
    """

    sequences: Mapping[str, float]
    categories: Mapping[str, float]
    frames: int

    @property
    def j(self) -> float:
        """The mean of the categories."""
        return mean_of_categories(self.categories)

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return {
            "protocol": "youtube-objects",
            "j": self.j,
            "categories": dict(self.categories),
            "sequences": dict(self.sequences),
            "frames": self.frames,
        }

    def to_table(self) -> list[str]:
        """Lines for people."""
        rows = [[name, f"{value:.3f}"] for name, value in self.categories.items()]
        return markdown_table(("category", "J"), [*rows, ["mean", f"{self.j:.3f}"]], numbers=1)


def j_by_category(scores: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Mean J of each category, in the order in which they come.

    Args:
        scores: category and J of each sequence.
    """
    by_name: dict[str, list[float]] = {}
    for name, value in scores:
        by_name.setdefault(name, []).append(value)
    return {name: fmean(values) for name, values in by_name.items()}


def mean_of_categories(categories: Mapping[str, float]) -> float:
    """What is reported of the set: each category counts as much as any other."""
    return fmean(categories.values())


def evaluate_youtube_objects(gt: Path, results: Path, *, token: CancelToken) -> Job[CategoryReport]:
    """Score results; all objects of a frame are one.

    Args:
        gt: the set (`core.data.youtube_objects`).
        results: folder with `<category>/<video>/<shot>/<frame>.png`, label maps named as the
            frames; such as `vosapp discover` writes of a shot into OUT/<category>/<video>.
        token: is looked at before each shot.

    Yields:
        A `Progress` after each shot.

    Raises:
        DatasetError: it is no such set, or results are missing.
        MaskReadError: a file is no mask.
        MaskMismatch: a result has another size than the mask.
        Cancelled: by the token.
    """
    if not is_youtube_objects(gt):
        msg = f"{gt} is not laid out as Youtube-Objects."
        raise DatasetError(msg, "It has a folder v1 with frames, and youtube_masks.")
    shots = read_youtube_objects(gt)
    found, frames = dict[str, float](), 0
    for done, shot in enumerate(shots):
        token.check()
        found[shot.name] = _score(shot, results)
        frames += len(shot.truths)
        yield Progress(done + 1, len(shots), shot.name)
    categories = j_by_category([(shot.category, found[shot.name]) for shot in shots])
    return CategoryReport(found, categories, frames)


def _score(shot: ObjectSequence, results: Path) -> float:
    """Mean J over the frames with masks."""
    reader, scores = LabelReader(), list[float]()
    place = shot.frames[0].parent
    folder = results / shot.category / place.parent.parent.name / place.name
    for index in sorted(shot.truths):
        path = folder / f"{shot.frames[index].stem}.png"
        if not path.is_file():
            msg = f"There is no result {path}."
            raise DatasetError(msg, "Every frame with a mask needs a result of its name.")
        mask, (truth, _) = reader.read(path) > 0, shot.truth(index)
        if mask.shape != truth.shape:
            msg = f"{path} has another size than the mask of the frame."
            raise MaskMismatch(msg, "Results have to be at the size of the ground truth.")
        scores.append(region_similarity(mask, truth))
    return fmean(scores)
