"""All systems in one table: ranked, gone on with, and none crashes it for want of weights."""

from __future__ import annotations

import csv
import itertools

import pytest
import torch

from core.errors import UsageError
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.leaderboard import COLUMNS, Contestant, Place, compare, usable
from core.eval.leaderboard_report import to_dict, to_markdown
from core.eval.starts import Start
from core.jobs import Cancelled, CancelToken, Progress
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.tracking.contract import TrackerRequest
from core.types import Quality

COUNT = 5
BOTH = (
    Contestant("copy", None, ()),
    Contestant("lost", None, (Quality.FAST,), "no weights."),
    Contestant("flow", None, (Quality.FAST, Quality.FINE)),
)


@pytest.fixture
def request_for(tmp_path, write_davis):
    root = write_davis(tmp_path / "davis")
    return BenchmarkRequest(root, TrackerRequest("", Quality.FAST))


def finish(job):
    """What a job returns, and what it yielded."""
    told: list[Progress] = []
    while True:
        try:
            told.append(next(job))
        except StopIteration as end:
            return end.value, told


def test_systems_are_ranked_and_the_missing_named(request_for):
    board, told = finish(compare(request_for, BOTH, CancelToken()))
    assert (board.data, board.given, board.sequences) == ("davis", "the first mask", 2)
    places = [(place.system, place.quality) for place in board.places]
    assert sorted(places[:3], key=str) == [
        ("copy", None),
        ("flow", Quality.FAST),
        ("flow", Quality.FINE),
    ]
    worth = [place.means.j_and_f for place in board.places[:3]]
    assert worth == sorted(worth, reverse=True)
    assert board.places[3] == Place("lost", "", missing="no weights.")
    assert told[0].done == 0 and told[-1].done == told[-1].total == 3 * 2 * COUNT
    text = to_markdown(board, "vosapp benchmark --davis davis --all-systems")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in table}) == 1 and len(table) == 2 + 4
    assert text.count("\n| flow ") == 2 and "\n| lost   | missing | -" in text
    assert "- lost was not run: no weights." in text and "`vosapp benchmark --davis" in text
    assert [place["missing"] for place in to_dict(board)["places"]][3] == "no weights."


def test_a_table_goes_on(request_for, tmp_path):
    table, token = tmp_path / "t.csv", CancelToken()
    whole, _ = finish(compare(request_for, BOTH, CancelToken()))
    job = compare(request_for, BOTH, token, table=table)
    for progress in itertools.takewhile(lambda p: p.done < COUNT + 2, job):
        assert isinstance(progress, Progress)
    token.cancel()
    with pytest.raises(Cancelled):
        finish(job)
    kept = table.read_text()
    assert len(kept.splitlines()) == 2
    board, told = finish(compare(request_for, BOTH, CancelToken(), table=table))
    assert told[0].done == COUNT and table.read_text().startswith(kept)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 6
    figures = [(p.system, p.means and p.means.j_and_f) for p in board.places]
    assert figures == [(p.system, p.means and p.means.j_and_f) for p in whole.places]
    assert finish(compare(request_for, BOTH, CancelToken(), table=table)) == (board, [])


def test_what_is_given_is_part_of_a_row(request_for, tmp_path):
    table = tmp_path / "t.csv"
    finish(compare(request_for, BOTH[:1], CancelToken(), table=table))
    late = BenchmarkRequest(request_for.root, request_for.tracker, keyframe_count=2)
    board, _ = finish(compare(late, BOTH[:1], CancelToken(), table=table))
    assert board.given == "2 masks" and len(table.read_text().splitlines()) == 5


def test_weights_that_cannot_be_used_are_missing(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"nothing of the kind")
    for name in ("w", "none"):
        one = Contestant("net", tmp_path / f"{name}.safetensors", (Quality.FAST,))
        found = usable(one)
        assert found.weights is None and name in found.missing
    assert usable(BOTH[0]) == BOTH[0]


def test_nothing_to_run(request_for):
    board, told = finish(compare(request_for, BOTH[1:2], CancelToken()))
    assert (board.sequences, told, len(board.places)) == (0, [], 1)
    assert "lost" in to_markdown(board, "vosapp benchmark")


def test_another_table_is_refused(request_for, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    with pytest.raises(UsageError, match="another table"):
        finish(compare(request_for, BOTH, CancelToken(), table=tmp_path / "t.csv"))


def test_starts_and_corrections_are_rows_and_columns_of_their_own(request_for, tmp_path):
    table = tmp_path / "t.csv"
    finish(compare(request_for, BOTH[:1], CancelToken(), table=table))
    before = table.read_text()
    both = {"starts": (Start.MASK, Start.BOX), "corrections": 2}
    board, told = finish(compare(request_for, BOTH[:2], CancelToken(), table=table, **both))
    assert table.read_text().startswith(before), "what is there is not measured again"
    with table.open(newline="") as file:
        given = [row["given"] for row in csv.DictReader(file)]
    assert {name: given.count(name) for name in given} == dict.fromkeys(
        [
            "the first mask", "the first mask; 1 corrected", "the first mask; 2 corrected",
            "the first mask, as filled boxes", "the first mask, as filled boxes; 1 corrected",
            "the first mask, as filled boxes; 2 corrected",
        ],
        2,
    )  # fmt: skip
    assert told[-1].done == told[-1].total
    assert {place.given for place in board.places[:2]} == {
        "the first mask", "the first mask, as filled boxes",
    }  # fmt: skip
    assert all(len(place.corrected) == 2 for place in board.places[:2])
    text = to_markdown(board, "vosapp")
    head = next(line for line in text.splitlines() if line.startswith("|"))
    names = [name.strip() for name in head.strip("|").split("|")]
    assert names[3] == "given" and names[-2:] == ["+1", "+2"]
    assert "corrected frames left out" in text
    assert text.count("| lost ") == 1
    assert to_dict(board)["places"][0]["corrected"] == list(board.places[0].corrected)
    assert finish(compare(request_for, BOTH[:2], CancelToken(), table=table, **both)) == (board, [])


def test_weights_that_were_trained_on_a_sequence_are_missing_there(request_for, tmp_path):
    path = tmp_path / "w.safetensors"
    training = {"sequences": ["bear", "elsewhere"]}
    info = CheckpointInfo("self_supervised", "tiny", {}, training)
    save_weights(path, torch.nn.Linear(1, 1), info)
    one = Contestant("self_supervised", path, (Quality.FAST,))
    board, _ = finish(compare(request_for, [one, BOTH[0]], CancelToken()))
    (place,) = [place for place in board.places if place.system == "self_supervised"]
    assert place.missing == "w.safetensors was trained on bear."
