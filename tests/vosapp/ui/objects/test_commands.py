from __future__ import annotations

import pytest
from vosapp_fakes import FRAMES, mask_of

from vosapp.project.edits import AddObject, Group
from vosapp.project.model import FrameState
from vosapp.ui.objects import commands
from vosapp.ui.view_state import ViewState


class Desk:
    """A workspace whose commands are awaited."""

    def __init__(self, qtbot, workspace):
        self.qtbot, self.workspace, self.session = qtbot, workspace, workspace.session
        self.view_state = ViewState()

    def do(self, command, *args):
        """Carry a command out and wait for its edit."""
        with self.qtbot.waitSignal(self.session.edited):
            command(self.workspace, self.view_state, *args)

    def now(self, command, *args):
        command(self.workspace, self.view_state, *args)

    @property
    def names(self):
        return [item.name for item in self.session.objects]

    def states(self, object_id):
        return self.session.lane(object_id).states.tolist()


@pytest.fixture
def desk(qtbot, tracked):
    return Desk(qtbot, tracked)


@pytest.fixture
def full(qtbot, desk):
    """Both objects propagated to the end."""
    with qtbot.waitSignal(desk.workspace.propagation.finished, timeout=15_000):
        desk.workspace.propagation.start()
    qtbot.waitUntil(lambda: all(desk.states(1)))
    return desk


def test_a_new_object_on_any_frame_becomes_the_current_one(qtbot, desk):
    desk.session.go_to(13)
    desk.do(commands.new_object)
    assert desk.names == ["Box 1", "Box 2", "Object 3"]
    qtbot.waitUntil(lambda: desk.session.object_id == 3)
    desk.now(commands.new_object, "Owl")
    desk.now(commands.new_object, "Hen")
    qtbot.waitUntil(lambda: len(desk.names) == 5)
    assert desk.names[3:] == ["Owl", "Hen"]
    assert desk.session.object_id == 5


def test_a_254th_object_and_no_more(qtbot, desk):
    desk.session.do(Group((AddObject(),) * 251))
    qtbot.waitUntil(lambda: len(desk.names) == 253, timeout=20_000)
    desk.do(commands.new_object)
    assert commands.is_full(desk.workspace)
    with qtbot.waitSignal(desk.session.failed):
        desk.now(commands.new_object)
    assert len(desk.names) == 254
    desk.now(commands.select_by_digit, 1)
    desk.do(commands.delete_everywhere)
    assert not commands.is_full(desk.workspace)


def test_rename_and_recolor(qtbot, desk):
    desk.do(commands.rename, "Bear")
    with qtbot.waitSignal(desk.session.objectsChanged):
        commands.recolor(desk.workspace, desk.session.object_id, (9, 8, 7))
    item = desk.session.current_object
    assert (item.name, item.color) == ("Bear", (9, 8, 7))
    desk.now(commands.rename, "  ")
    desk.now(commands.rename, "Bear")
    desk.session.drain()
    assert desk.session.update.undo == "Recolor Bear"


def test_flags(desk):
    desk.do(commands.toggle_visible)
    desk.do(commands.toggle_lock)
    assert not desk.session.current_object.visible
    assert desk.session.current_object.locked
    desk.do(commands.toggle_lock)
    desk.do(commands.toggle_visible)
    assert desk.session.current_object.visible
    assert not desk.session.current_object.locked


def test_solo_follows_the_selection(desk):
    desk.now(commands.toggle_solo)
    assert desk.view_state.solo == 1
    desk.now(commands.next_object)
    assert (desk.session.object_id, desk.view_state.solo) == (2, 2)
    desk.now(commands.toggle_solo)
    assert desk.view_state.solo == 0


def test_merge_selects_the_target(full):
    full.do(commands.merge, 2)
    assert full.names == ["Box 2"]
    assert full.session.object_id == 2
    shown = full.session.project.label_map(5)
    assert (shown == 2).sum() == (mask_of(5, 1) | mask_of(5, 2)).sum()
    full.now(commands.merge, 2)
    full.session.drain()
    assert full.names == ["Box 2"]


def test_split_here_selects_the_new_part(qtbot, full):
    full.session.go_to(10)
    full.do(commands.split_here)
    qtbot.waitUntil(lambda: full.session.object_id == 3)
    assert not any(full.states(1)[10:])
    assert all(full.states(1)[:10])
    assert all(full.states(3)[10:])
    assert not any(full.states(3)[:10])


def test_delete_on_this_frame_in_the_range_and_everywhere(qtbot, full):
    full.session.go_to(4)
    full.do(commands.delete_on_frame)
    assert [i for i, s in enumerate(full.states(1)) if not s] == [4]
    full.session.set_range(8, 12)
    full.do(commands.delete_in_range)
    assert [i for i, s in enumerate(full.states(1)) if not s] == [4, 8, 9, 10, 11]
    assert all(full.states(2))
    full.do(commands.delete_everywhere)
    assert full.names == ["Box 2"]
    assert full.session.object_id == 2
    with qtbot.waitSignal(full.session.objectsChanged):
        full.session.undo()
    assert full.names == ["Box 1", "Box 2"]
    assert [i for i, s in enumerate(full.states(1)) if not s] == [4, 8, 9, 10, 11]


def test_absent_here_is_no_deletion(full):
    full.session.go_to(FRAMES - 1)
    full.do(commands.mark_absent)
    assert full.states(1)[-1] == FrameState.ABSENT
    assert full.states(2)[-1] != FrameState.ABSENT


def test_checking_a_frame_checks_all_its_results_and_back(full):
    full.session.go_to(6)
    full.do(commands.check_frame)
    assert full.states(1)[6] == full.states(2)[6] == FrameState.CHECKED
    full.do(commands.check_frame)
    assert full.states(1)[6] == full.states(2)[6] == FrameState.PROPAGATED
    full.session.go_to(0)
    full.now(commands.check_frame)
    full.session.drain()
    assert full.states(1)[0] == FrameState.KEYFRAME


def test_references_are_toggled_and_need_a_keyframe(qtbot, desk):
    desk.do(commands.toggle_reference)
    assert [(r.frame_index, r.object_id) for r in desk.session.update.references] == [
        (0, 1),
        (0, 2),
    ]
    desk.do(commands.toggle_reference)
    assert desk.session.update.references == ()
    desk.session.go_to(5)
    with qtbot.waitSignal(desk.session.failed):
        desk.now(commands.toggle_reference)


def test_cycling_and_digits(desk):
    session = desk.session
    desk.now(commands.next_object)
    assert session.object_id == 2
    desk.now(commands.next_object)
    assert session.object_id == 1
    desk.now(commands.previous_object)
    assert session.object_id == 2
    desk.now(commands.select_by_digit, 1)
    assert session.object_id == 1
    desk.now(commands.select_by_digit, 7)
    assert session.object_id == 1
    desk.now(commands.select_by_digit, 0)
    assert session.object_id == 0
    desk.now(commands.previous_object)
    assert session.object_id == 2


def test_a_digit_is_the_objects_number_not_its_place(desk):
    desk.do(commands.new_object)
    desk.now(commands.select_by_digit, 2)
    desk.do(commands.delete_everywhere)
    desk.now(commands.select_by_digit, 1)
    desk.now(commands.select_by_digit, 2)
    assert desk.session.object_id == 1
    desk.now(commands.select_by_digit, 3)
    assert desk.session.object_id == 3


@pytest.mark.parametrize(
    ("moved", "place", "order"),
    [(1, 3, [2, 3, 1]), (3, 0, [3, 1, 2]), (2, 1, None), (2, 2, None), (1, 2, [2, 1, 3])],
)
def test_reordering(qtbot, desk, moved, place, order):
    desk.do(commands.new_object)
    desk.session.drain()
    if order is None:
        commands.reorder(desk.workspace, moved, place)
        desk.session.drain()
        order = [1, 2, 3]
    else:
        with qtbot.waitSignal(desk.session.objectsChanged):
            commands.reorder(desk.workspace, moved, place)
    assert [item.object_id for item in desk.session.objects] == order


def test_locked_objects_are_not_changed(qtbot, desk):
    desk.do(commands.toggle_lock)
    for command in (commands.mark_absent, commands.delete_everywhere, commands.delete_on_frame):
        desk.session.select_object(1)
        with qtbot.waitSignal(desk.session.failed):
            desk.now(command)
    assert desk.names == ["Box 1", "Box 2"]


def test_without_an_object_nothing_happens(qtbot, workspace):
    desk = Desk(qtbot, workspace)
    names = ["toggle_visible", "toggle_lock", "split_here", "delete_on_frame", "mark_absent"]
    names += ["delete_in_range", "delete_everywhere", "check_frame", "next_object"]
    for name in names:
        desk.now(getattr(commands, name))
    desk.now(commands.rename, "Bear")
    desk.now(commands.recolor, (1, 2, 3))
    desk.now(commands.merge, 2)
    desk.session.drain()
    assert desk.session.project.history() == ()
