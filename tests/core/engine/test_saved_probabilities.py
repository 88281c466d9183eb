"""Probabilities beside the results: what comes back, and what damaged files do."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.engine.fuse import Opinion
from core.engine.saved_probabilities import SavedProbabilities
from core.engine.spool import ProbabilitySpool
from core.errors import OutputError


def opinion(seed=0):
    probabilities = np.random.default_rng(seed).dirichlet((1, 1, 1), (6, 8)).transpose(2, 0, 1)
    return Opinion(
        (2, 7),
        probabilities.astype(np.float32),
        {2: 0.5, 7: 0.25},
        {2: 3, 7: 0},
        frozenset({7}),
        {2: 0.125},
    )


@pytest.fixture
def saved(tmp_path):
    with SavedProbabilities(tmp_path / "film") as spool:
        spool.put(4, opinion(4), 0.5)
        spool.put(2, opinion(2), 0.25)
    return tmp_path / "film"


def test_another_spool_reads_what_one_has_written(saved):
    with SavedProbabilities(saved) as again, ProbabilitySpool() as plain:
        again.load()
        plain.put(4, opinion(4), 0.5)
        assert again.frames == [2, 4]
        (got, seconds), (wanted, _) = again.get(4), plain.get(4)
    assert (seconds, got.absent) == (0.5, {7})
    assert got.disagreement == {2: 0.125}
    np.testing.assert_array_equal(got.probabilities, wanted.probabilities)
    assert (got.object_ids, got.confidence, got.distance) == (
        (2, 7),
        {2: 0.5, 7: 0.25},
        {2: 3, 7: 0},
    )


def damage(data, kind):
    head, _, packed = data.partition(b"\n")
    values = json.loads(head)
    changes = {
        "too large": {"shape": [3, 1 << 20, 1 << 20]},
        "other ids": {"ids": [2]},
        "negative": {"shape": [3, -6, -8]},
        "no shape": {"shape": None},
        "other sum": {"checksum": 1},
    }
    if kind in changes:
        return json.dumps(values | changes[kind]).encode() + b"\n" + packed
    return {"cut": data[:-9], "empty": b"", "text": b"[1]\nx", "deep": b"[" * 100_000}[kind]


@pytest.mark.parametrize(
    "kind",
    ["cut", "empty", "text", "deep", "too large", "other ids", "negative", "no shape", "other sum"],
)
def test_damaged_files_are_left_out(saved, kind):
    file = saved.with_name("film.vosapp-run.shares") / "00000004.shares"
    file.write_bytes(damage(file.read_bytes(), kind))
    with SavedProbabilities(saved) as again:
        again.load()
        assert again.frames == [2]


def test_clear_removes_the_files(saved):
    with SavedProbabilities(saved) as spool:
        spool.clear()
    assert list(saved.parent.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "film.vosapp-run.shares").write_text("in the way")
    with (
        SavedProbabilities(tmp_path / "film") as spool,
        pytest.raises(OutputError, match="Cannot make"),
    ):
        spool.put(0, opinion(), 0.0)


def test_a_spool_can_be_rewound():
    with ProbabilitySpool() as spool:
        spool.put(1, opinion(1), 0.0)
        mark = spool.mark()
        spool.put(1, opinion(2), 0.0)
        spool.put(3, opinion(3), 0.0)
        spool.discard(1)
        spool.rewind(mark)
        assert spool.frames == [1]
        np.testing.assert_allclose(
            spool.get(1)[0].probabilities, opinion(1).probabilities, atol=1 / 500
        )


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    precious = tmp_path / "mine" / "00000004.shares"
    precious.write_bytes(b"mine")
    (tmp_path / "film.vosapp-run.shares").symlink_to(tmp_path / "mine")
    with SavedProbabilities(tmp_path / "film") as spool:
        spool.load()
        with pytest.raises(OutputError, match="symbolic link"):
            spool.put(4, opinion(4), 0.5)
        spool.clear()
    assert precious.read_bytes() == b"mine"
