"""The table of actions: complete, without conflicts, and the map that was agreed on."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence

from vosapp.ui.actions.binding import missing_handlers
from vosapp.ui.actions.keymap import Keymap, portable, sequences
from vosapp.ui.actions.spec import Scope
from vosapp.ui.actions.table import ACTIONS, BY_ID, DEFAULT_KEYS
from vosapp.ui.settings import Settings
from vosapp.ui.shell import handlers_of
from vosapp.ui.theme import icon

AGREED = {
    "file.open-video": "Ctrl+O",
    "file.open-folder": "Ctrl+Shift+O",
    "file.save": "Ctrl+S",
    "file.save-as": "Ctrl+Shift+S",
    "file.export": "Ctrl+E",
    "file.export-frame": "Ctrl+Shift+E",
    "file.close": "Ctrl+W",
    "file.quit": "Ctrl+Q",
    "navigate.play": "Space",
    "navigate.next": "Right D .",
    "navigate.previous": "Left A ,",
    "navigate.forward-10": "Shift+Right",
    "navigate.back-10": "Shift+Left",
    "navigate.first": "Home Alt+Left",
    "navigate.last": "End Alt+Right",
    "navigate.previous-keyframe": "PgUp",
    "navigate.next-keyframe": "PgDown",
    "navigate.previous-doubtful": "Shift+PgUp",
    "navigate.next-doubtful": "Shift+PgDown",
    "navigate.frame": "G",
    "navigate.range-in": "I",
    "navigate.range-out": "O",
    "navigate.range-clear": "Ctrl+Shift+X",
    "tools.select": "V",
    "tools.box": "B",
    "tools.points": "P",
    "tools.brush": "W",
    "tools.eraser": "E",
    "tools.lasso": "L",
    "tools.polygon": "Y",
    "tools.fill": "F",
    "tools.pick": "U",
    "tools.brush-smaller": "[",
    "tools.brush-bigger": "]",
    "view.opacity-down": "Shift+[",
    "view.opacity-up": "Shift+]",
    "tools.sign": "X",
    "tools.paint-next": "Shift+X",
    "tools.apply": "Return Enter",
    "tools.cancel": "Esc",
    "tools.preview": "Shift",
    **{f"objects.select-{number}": str(number) for number in range(10)},
    "objects.next": "Tab",
    "objects.previous": "Shift+Tab",
    "objects.new": "N",
    "objects.rename": "F2",
    "objects.hide": "H",
    "objects.solo": "Shift+H",
    "objects.lock": "Q",
    "objects.forward": "Ctrl+Shift+Up",
    "objects.backward": "Ctrl+Shift+Down",
    "objects.merge": "M",
    "objects.split": "Alt+M",
    "objects.clear": "Del",
    "objects.clear-range": "Shift+Del",
    "objects.delete": "Ctrl+Del",
    "propagate.open": "Ctrl+T",
    "propagate.forward": "T",
    "propagate.backward": "R",
    "propagate.step-forward": "Shift+T",
    "propagate.step-backward": "Shift+R",
    "propagate.to-keyframe": "Ctrl+Shift+T",
    "propagate.stop": "Ctrl+.",
    "objects.reference": "C",
    "objects.check": "K",
    "objects.clean": "Shift+C",
    "view.fit": "Ctrl+0",
    "view.actual": "Ctrl+1",
    "view.zoom-in": "Ctrl+= Ctrl++",
    "view.zoom-out": "Ctrl+-",
    "view.zoom-object": "Z",
    "view.overlay-next": "S",
    "view.peek": "`",
    "view.onion": "J",
    "view.theme": "Ctrl+Shift+D",
    "view.next-pane": "F6",
    "edit.undo": "Ctrl+Z",
    "edit.redo": "Ctrl+Shift+Z Ctrl+Y",
    "edit.copy-mask": "Ctrl+C",
    "edit.paste-mask": "Ctrl+V",
    "edit.paste-prompt": "Ctrl+Shift+V",
    "objects.show-all": "Ctrl+A",
    "help.guide": "F1",
    "help.palette": "Ctrl+K",
    "help.shortcuts": "Ctrl+/",
    "view.full-screen": "F11",
    "edit.settings": "Ctrl+,",
    "tools.other-answer": "Shift+B",
    "tools.label": "Alt+B",
    "boxes.next": "Ctrl+B",
    "boxes.next-drawn": "Ctrl+PgDown",
    "boxes.previous-drawn": "Ctrl+PgUp",
    "boxes.unseen": "Ctrl+Shift+B",
    "review.next": "F3",
    "review.previous": "Shift+F3",
    "review.check": "F4",
    "review.needs-work": "Shift+F4",
    "review.earlier": "F7",
    "review.list": "Ctrl+Shift+K",
    "place.annotate": "Alt+1",
    "place.train": "Alt+2",
    "place.models": "Alt+3",
}


@pytest.fixture
def keymap(tmp_path):
    return Keymap(Settings(tmp_path / "settings.json"))


def test_the_usual_keys_are_the_agreed_ones():
    usual = {name: " ".join(keys) for name, keys in DEFAULT_KEYS.items() if keys}
    assert usual == AGREED


def test_no_key_has_two_actions():
    bound = Counter()
    for spec in ACTIONS:
        keys = sequences(spec.id, spec.shortcuts) or list(map(QKeySequence, spec.shortcuts))
        bound.update(key.toString() for key in keys)
    assert not [key for key, count in bound.items() if count > 1]


def test_every_key_can_be_pressed():
    """A misspelt key, such as "PageUpp", would silently be none."""
    for spec in ACTIONS:
        for key in spec.shortcuts:
            assert portable(key), (spec.id, key)


def test_single_letters_work_in_the_picture_and_the_timeline_only():
    for spec in ACTIONS:
        if any(len(key) == 1 for key in spec.shortcuts):
            assert spec.scope in (Scope.CANVAS, Scope.HELD), spec.id


def test_no_menu_takes_alt_m():
    heads = {spec.menu[0] for spec in ACTIONS if spec.menu}
    mnemonics = [head[head.index("&") + 1].upper() for head in heads]
    assert "M" not in mnemonics and len(set(mnemonics)) == len(mnemonics)


@pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.id)
def test_every_action_says_what_it_does(spec, qapp):
    assert spec.text and spec.tip.endswith((".", ".\u201d")) and BY_ID[spec.id] is spec
    assert not spec.icon or not icon(spec.icon).pixmap(16, 16).isNull()


def test_each_action_has_a_handler_and_each_handler_an_action(shell):
    assert missing_handlers(handlers_of(shell.controllers)) == (set(), set())


def test_missing_handlers_are_seen():
    missing, foreign = missing_handlers({"tools.fly": print})
    assert missing == set(BY_ID) and foreign == {"tools.fly"}


def test_each_checkable_action_says_when_it_is_on(shell):
    checkable = {spec.id for spec in ACTIONS if spec.checkable}
    assert checkable == {name for one in shell.controllers for name in one.checks()}


def test_a_key_that_is_taken_moves(keymap):
    assert keymap.conflicts("tools.box", "w") == ("tools.brush",)
    keymap.set_keys("tools.box", ["W"])
    assert keymap.keys("tools.box") == ("W",) and keymap.keys("tools.brush") == ()
    assert not keymap.is_default("tools.brush") and keymap.is_default("tools.fill")


def test_keys_are_kept_and_reset(keymap, tmp_path):
    keymap.set_keys("tools.box", ["Ctrl+B", "nonsense+"])
    again = Keymap(Settings(tmp_path / "settings.json"))
    assert again.keys("tools.box") == ("Ctrl+B",)
    again.reset("tools.box")
    assert again.keys("tools.box") == ("B",) and again.is_default("tools.box")
    again.set_keys("tools.box", [])
    again.reset()
    assert all(again.keys(spec.id) == spec.shortcuts for spec in ACTIONS)


@pytest.mark.parametrize("stored", [3, [], {"tools.box": 3}, {"tools.box": [3]}, {"no": ["B"]}])
def test_stored_nonsense_counts_as_nothing(stored, tmp_path):
    settings = Settings(tmp_path / "settings.json")
    settings.remember("shortcuts", stored)
    keymap = Keymap(settings)
    assert all(keymap.keys(spec.id) == spec.shortcuts for spec in ACTIONS)


def test_no_two_actions_are_called_the_same():
    assert max(Counter(spec.plain_text for spec in ACTIONS).values()) == 1
