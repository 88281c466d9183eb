"""Cards of weights: what they are, what they learned from, what they score.

A card is made from the header of the weights, from the scores beside them (`NAME.scores.json`),
and from `NAME.notes.toml`, which people keep: what no header knows, and what headers of older
versions do not say. Nothing else goes in, so that making a card again changes nothing.

A file of notes has these entries, each of which may be left out::

    about = "..."              # the first paragraph
    text = "..."               # further sections, as Markdown
    [facts]                    # as in a header's `training`; what the header says goes first
    [[earlier]]                # a table for each stage before, the first one first
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import safe_open

from core.errors import UsageError
from core.eval.card_facts import TITLES, text_of, training_rows
from core.eval.provenance import file_mark
from core.eval.report import markdown_table
from core.eval.scores_file import Score, read_scores, scores_path
from core.media.input_file import read_input_text
from core.nn.checkpoints import CheckpointInfo, read_info

SUFFIX = ".notes.toml"
MAX_BYTES = 1 << 20
SCORE_HEAD = (
    "data",
    "given",
    "quality",
    "sequences",
    "J&F",
    "J",
    "F",
    "J&F of objects",
    "s a frame",
)
SCORE_NUMBERS = SCORE_HEAD.index("sequences")


@dataclass(frozen=True, slots=True)
class Notes:
    """What people keep about weights."""

    about: str = ""
    text: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    earlier: tuple[Mapping[str, object], ...] = ()


def notes_path(weights: Path) -> Path:
    """The file of notes that belongs to weights: NAME.notes.toml for NAME.safetensors."""
    return weights.with_name(weights.stem + SUFFIX)


def card_path(weights: Path) -> Path:
    """The card that belongs to weights: NAME.md for NAME.safetensors."""
    return weights.with_suffix(".md")


def read_notes(path: Path) -> Notes:
    """Notes of a file; none where there is no file.

    Raises:
        UsageError: the file cannot be read, or says what it may not.
    """
    if not path.exists():
        return Notes()
    try:
        values = tomllib.loads(read_input_text(path, limit=MAX_BYTES))
        values["earlier"] = tuple(dict(one) for one in values.get("earlier", ()))
        return Notes(**values)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as notes: {error}.", "Mend the file.") from error


def make_card(weights: Path) -> str:
    """The card of weights, as Markdown.

    Raises:
        CheckpointMissing, CheckpointMismatch: no weights, or none of ours.
        UsageError: notes or scores cannot be read, or nothing says which labels were seen.
    """
    info, notes = read_info(weights), read_notes(notes_path(weights))
    trained = {**notes.facts, **info.training}
    if "labels" not in trained:
        msg = f"It is not said which labels {weights.name} learned from."
        raise UsageError(msg, f'Write it to {notes_path(weights).name}: [facts] labels = "none".')
    stages = [*(training_rows(one) for one in notes.earlier), training_rows(trained)]
    parts = [
        f"# {weights.stem}",
        f"<!-- Made by `make cards`; do not change it, but {weights.stem}{SUFFIX}. -->",
        notes.about.strip(),
        _plain_table(_file_rows(weights, info)),
        "## Training",
        _stage_table(stages),
        *_scores(weights),
        notes.text.strip(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _file_rows(weights: Path, info: CheckpointInfo) -> dict[str, str]:
    shapes = _shapes(weights)
    values = sum(math.prod(shape) for shape in shapes.values())
    network = ", ".join(f"{name} {text_of(value)}" for name, value in info.config.items())
    size = weights.stat().st_size
    return {
        "file": f"`{file_mark(weights)}` (name, beginning of its SHA-256), {size / 1e6:.1f} MB",
        "system": f"`{info.system}`",
        "preset": f"`{info.preset}`: {network}",
        "values": f"{values:,} in {len(shapes)} tensors",
        "confidence and absence": _calibration(info),
        "license": info.license or "not stated",
    }


def _shapes(weights: Path) -> dict[str, list[int]]:
    with safe_open(weights, framework="numpy") as file:
        names = list(file.keys())
        return {name: file.get_slice(name).get_shape() for name in names}


def _calibration(info: CheckpointInfo) -> str:
    if not info.calibration:
        return "not fitted to these weights; the constants of the system"
    fitted = info.metrics.get("calibration")
    on = (
        ", ".join(f"{k} {text_of(v)}" for k, v in fitted.items())
        if isinstance(fitted, dict)
        else ""
    )
    values = ", ".join(f"{name} {text_of(value)}" for name, value in info.calibration.items())
    return f"fitted ({on}): {values}" if on else f"fitted: {values}"


def _plain_table(rows: Mapping[str, str]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {k} | {_cell(v)} |" for k, v in rows.items())])


def _stage_table(stages: Sequence[Mapping[str, str]]) -> str:
    """A column for each stage, a row for each thing that is known of one."""
    if len(stages) == 1:
        return _plain_table(stages[0])
    titles = [t for t in TITLES.values() if any(t in stage for stage in stages)]
    titles += dict.fromkeys(t for stage in stages for t in stage if t not in titles)
    head = ["", *(f"stage {number}" for number in range(1, len(stages) + 1))]
    rows = [[title, *(_cell(stage.get(title, "")) for stage in stages)] for title in titles]
    lines = [f"| {' | '.join(row)} |" for row in [head, *rows]]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def _scores(weights: Path) -> list[str]:
    """The section of scores; nothing where there are none."""
    scores = read_scores(scores_path(weights))
    if not scores:
        return []
    mark = file_mark(weights)
    rows = [_score_row(one) for one in scores]
    origins = [f"- {_origin(one, mark)}" for one in scores]
    note = (
        "J and F by the DAVIS definition. J&F, J, F: means of sequences; all from"
        f" `{scores_path(weights).name}`, which `--scores` of the commands below adds to."
    )
    table = "\n".join(markdown_table(SCORE_HEAD, rows, numbers=SCORE_NUMBERS))
    return ["## Scores", note, table, "\n".join(dict.fromkeys(origins))]


def _score_row(score: Score) -> list[str]:
    figures = (score.j_and_f, score.j, score.f, score.by_object)
    seconds = "-" if score.seconds is None else f"{score.seconds:.2f}"
    lead = [score.data, score.given, score.quality, str(score.sequences)]
    return [*lead, *(f"{value:.3f}" for value in figures), seconds]


def _origin(score: Score, mark: str) -> str:
    """Where a score comes from; names weights that are not those of the card."""
    code = f"code {score.commit}" if score.commit else "code not known"
    other = "" if score.weights == mark else f", **with other weights: {score.weights}**"
    return f"`{score.command}`: {code}, {score.date}{other}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
