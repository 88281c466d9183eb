"""The record of an unfinished run, on disk."""

from __future__ import annotations

import json

import pytest

from core.engine.run_record import DoneFrame, RunRecord, WalkState, begun_threads
from core.errors import OutputError, UsageError
from core.types import Direction

SETTINGS = {"system": "flow", "weights": "", "quality": "fast"}
STATE = WalkState(7, Direction.BACKWARD, b"\n\0any bytes\n{}")


@pytest.fixture
def record(tmp_path):
    """A record, or another one of the same folder."""

    def record(settings=SETTINGS):
        return RunRecord(tmp_path / "my.film", settings)

    return record


def test_comes_back(record, tmp_path):
    first = record()
    first.frames[3] = DoneFrame(0xFFFFFFFF, 0.1 + 0.2)
    first.frames[0] = DoneFrame(0, None)
    first.save()
    second = record()
    assert not second.loaded
    assert second.load() and second.loaded
    assert second.frames == first.frames
    assert [path.name for path in tmp_path.iterdir()] == ["my.film.vosapp-run.json"]


def test_nothing_there(record, tmp_path):
    empty = record()
    assert not empty.load() and not empty.loaded
    assert empty.load_state() is None
    empty.remove()
    assert not list(tmp_path.iterdir())


def test_a_run_that_names_no_threads_goes_on(record):
    """Older versions did not record them; where a number is named, another is refused."""
    record().save()
    assert record(SETTINGS | {"threads": "2"}).load()
    record(SETTINGS | {"threads": "1"}).save()
    with pytest.raises(UsageError, match="threads 1, now 2"):
        record(SETTINGS | {"threads": "2"}).load()


def test_other_settings_are_refused_and_named(record):
    record().save()
    other = record(SETTINGS | {"quality": "fine", "weights": "abc"})
    with pytest.raises(UsageError, match="quality fast, now fine") as told:
        other.load()
    assert "other weights" in str(told.value) and "system" not in str(told.value)
    assert not other.loaded and not other.frames


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "{",
        '{"format": 1}',
        '{"format": 2, "settings": {}, "frames": {}}',
        '{"format": 1, "settings": [], "frames": {}}',
        '{"format": 1, "settings": {}, "frames": {"a": [1, 2]}}',
        '{"format": 1, "settings": {}, "frames": {"1": [1]}}',
        '{"format": 1, "settings": {}, "frames": {"1": [1, "x"]}}',
        '{"format": 1, "settings": {}, "frames": {"1": null}}',
        "[" * 100_000,
        "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
    ],
)
def test_damaged(record, text):
    damaged = record()
    damaged.path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"damaged|other settings"):
        damaged.load()


def test_record_that_is_a_folder(record):
    record().path.mkdir()
    with pytest.raises(UsageError, match="Cannot read"):
        record().load()


def test_state_comes_back(record):
    record().save_state(STATE)
    assert record().load_state() == STATE


@pytest.mark.parametrize("lost", [1, 12, 10_000])
def test_half_a_state_counts_as_none(record, tmp_path, lost):
    record().save_state(STATE)
    path = tmp_path / "my.film.vosapp-run.state"
    path.write_bytes(path.read_bytes()[:-lost])
    assert record().load_state() is None


def test_state_of_another_run_counts_as_none(record):
    record().save_state(STATE)
    assert record(SETTINGS | {"system": "copy"}).load_state() is None


@pytest.mark.parametrize(
    "change", [{"way": 0}, {"frame": "x"}, {"checksum": None}, {"frame": None}]
)
def test_state_with_a_strange_head_counts_as_none(record, tmp_path, change):
    record().save_state(STATE)
    path = tmp_path / "my.film.vosapp-run.state"
    head, _, state = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps(json.loads(head) | change).encode() + b"\n" + state)
    assert record().load_state() is None


def test_removed(record, tmp_path):
    done = record()
    done.save()
    done.save_state(STATE)
    done.remove()
    assert not list(tmp_path.iterdir())


def test_folder_that_is_gone(tmp_path):
    record = RunRecord(tmp_path / "gone" / "film", SETTINGS)
    with pytest.raises(OutputError):
        record.save()
    with pytest.raises(OutputError):
        record.save_state(STATE)


def test_threads_of_an_unfinished_run(tmp_path):
    folder = tmp_path / "film"
    assert begun_threads(folder) is None
    RunRecord(folder, {"system": "flow", "threads": "3"}).save()
    assert begun_threads(folder) == 3
    for text in ("0", "many", "9" * 9, ""):
        RunRecord(folder, {"threads": text}).save()
        assert begun_threads(folder) is None
    RunRecord(folder, {}).path.write_text("no record")
    assert begun_threads(folder) is None


def test_masks_of_a_run_that_says_no_clean_up_are_raw(record):
    """Older versions knew none."""
    record().save()
    assert record(SETTINGS | {"clean": "none"}).load()
    with pytest.raises(UsageError, match="clean none, now default"):
        record(SETTINGS | {"clean": "default"}).load()
