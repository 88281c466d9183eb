"""A folder within a budget, for one process an entry."""

from __future__ import annotations

import os

import pytest

from core.engine.kept_room import KeptRoom


@pytest.fixture
def room(tmp_path):
    return KeptRoom(tmp_path / "kept", 1000)


def fill(room, name, *files):
    """Write files of some sizes into an entry; which of them were kept."""
    with room.entry({"name": name}) as entry:
        return [entry.write(f"{number}", bytes(size)) for number, size in enumerate(files)]


def there(room, name, count):
    with room.entry({"name": name}) as entry:
        return [entry.read(f"{number}") is not None for number in range(count)]


def test_what_is_written_is_read_by_the_next(room):
    with room.entry({"name": "a", "other": "b"}) as entry:
        assert entry.write("x", b"data") and entry.write("x", b"newer")
    with room.entry({"other": "b", "name": "a"}) as entry:
        assert entry.read("x") == b"newer" and entry.read("y") is None
    with room.entry({"name": "a"}) as entry:
        assert entry.read("x") is None
    assert room.used() == 5


def test_what_is_unused_for_longest_goes_first(room):
    for name in ("old", "used"):
        fill(room, name, 300)
        for folder in room.folder.iterdir():
            os.utime(folder / "lock", (1, 1))
    there(room, "used", 1)
    assert fill(room, "new", 300, 300) == [True, True]
    assert there(room, "used", 1) == [True] and there(room, "old", 1) == [False]
    assert room.used() <= 1000


def test_of_an_entry_what_was_not_used_goes_before_nothing_is_kept(room):
    fill(room, "a", 300, 300, 300)
    with room.entry({"name": "a"}) as entry:
        entry.read("0")
        assert entry.write("new", bytes(600))
        assert not entry.write("more", bytes(600)), "what is in use is not dropped"
        assert entry.read("0") is not None
    assert room.used() <= 1000


def test_what_is_worth_less_leaves_room(room):
    with room.entry({"name": "a"}) as entry:
        assert [entry.write(f"{i}", bytes(300), spare=0.25) for i in range(3)] == [
            True,
            True,
            False,
        ]
        assert entry.write("walk", bytes(300)) and not entry.write("more", bytes(200))


def test_another_process_has_it(room):
    with room.entry({"name": "a"}) as entry:
        entry.write("x", bytes(900))
        with room.entry({"name": "a"}) as second:
            assert second is None
        with room.entry({"name": "b"}) as other:
            assert not other.write("y", bytes(900)), "what others use does not make room"
    room.clear()
    assert room.used() == 0


def test_without_a_budget_nothing_is_made(tmp_path):
    with KeptRoom(tmp_path / "kept", 0).entry({}) as entry:
        assert entry is None
    assert not (tmp_path / "kept").exists()


def test_what_cannot_be_made_is_not_kept(tmp_path):
    (tmp_path / "kept").write_text("a file")
    with KeptRoom(tmp_path / "kept", 1000).entry({}) as entry:
        assert entry is None


def test_links_in_the_folder_are_not_followed(room, tmp_path):
    """Nobody else should have made one there; if so, nothing happens to what it points at."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    with room.entry({"name": "a"}) as entry:
        (entry.folder / "x").symlink_to(outside)
        (entry.folder / "y.tmp").symlink_to(outside)
        assert entry.read("x") is None
        assert not entry.write("y", b"theirs")
    assert outside.read_bytes() == b"mine"
    room.clear()
    assert outside.read_bytes() == b"mine"


def test_a_full_disk_keeps_nothing(room, monkeypatch):
    with room.entry({"name": "a"}) as entry:

        def full(*_args):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "replace", full)
        assert not entry.write("x", b"data")
        monkeypatch.undo()
        assert [path.name for path in entry.folder.iterdir()] == ["lock"]
        assert entry.write("x", bytes(1000)), "what was not written takes no room"
