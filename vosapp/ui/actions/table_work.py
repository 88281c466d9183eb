"""Tools, and actions on objects."""

from __future__ import annotations

from dataclasses import replace

from vosapp.ui.actions.spec import ActionSpec, Bar, Scope, When
from vosapp.ui.actions.table_boxes import LABEL_TOOL

TOOLS, OBJECT = ("&Tools",), ("&Object",)
FIND = "Look for objects without drawing any; you accept what you want."


def _tool(name: str, text: str, icon: str, keys: str, *, tip: str) -> ActionSpec:
    return ActionSpec(
        f"tools.{name}",
        text,
        icon,
        tuple(keys.split()),
        TOOLS,
        tip,
        checkable=True,
        group="tool",
        scope=Scope.CANVAS,
        bar=Bar.TOOLS,
        exclusive=True,
    )


def _state(
    name: str, text: str, icon: str, keys: str, *, tip: str, scope: Scope = Scope.CANVAS
) -> ActionSpec:
    return ActionSpec(
        f"tools.{name}",
        text,
        icon,
        tuple(keys.split()),
        TOOLS if scope is not Scope.HELD else (),
        tip,
        enabled_when=When.ALWAYS if name == "cancel" else When.OPEN,
        group="state",
        scope=scope,
    )


def _object(
    name: str,
    text: str,
    icon: str,
    keys: str,
    *,
    tip: str,
    group: str,
    when: When = When.OBJECT,
    scope: Scope = Scope.CANVAS,
) -> ActionSpec:
    bar = Bar.MAIN if name == "new" else Bar.NONE
    return ActionSpec(
        f"objects.{name}",
        text,
        icon,
        tuple(keys.split()),
        OBJECT,
        tip,
        enabled_when=when,
        group=group,
        scope=scope,
        bar=bar,
    )


def _digit(number: int) -> ActionSpec:
    return ActionSpec(
        f"objects.select-{number}",
        f"Select Object {number}" if number else "Select Nothing",
        "",
        (str(number),),
        ("&Object", "Select"),
        "Make it the current object." if number else "No object is the current one.",
        group="digits",
        scope=Scope.CANVAS,
    )


WORK_ACTIONS: tuple[ActionSpec, ...] = (
    _tool(
        "select",
        "Select and Pan",
        "cursor-default-outline",
        "V",
        tip="Click an object to select it; drag to move the view.",
    ),
    _tool(
        "box",
        "Box",
        "selection-drag",
        "B",
        tip="Drag a box around the selected object to get its mask; with none selected, a new one.",
    ),
    LABEL_TOOL,
    _tool(
        "points",
        "Points",
        "plus-circle-outline",
        "P",
        tip="Click on the object; right-click on what does not belong to it.",
    ),
    _tool("brush", "Brush", "brush", "W", tip="Paint the current object."),
    _tool("eraser", "Eraser", "eraser", "E", tip="Take away from the current object."),
    _tool("lasso", "Lasso", "lasso", "L", tip="Draw around an area freely."),
    _tool("polygon", "Polygon", "vector-polygon", "Y", tip="Click corner after corner."),
    _tool("fill", "Fill", "format-color-fill", "F", tip="Fill an area of one color."),
    _tool(
        "erase-area",
        "Erase Area in Range",
        "selection-remove",
        "",
        tip="Draw around what goes from the selected object on all frames from in to out.",
    ),
    _tool(
        "pick",
        "Pick Object",
        "eyedropper",
        "U",
        tip="Make the object under the pointer the current one.",
    ),
    _state("brush-smaller", "Smaller Brush", "", "[", tip="Paint with a smaller brush."),
    _state("brush-bigger", "Bigger Brush", "", "]", tip="Paint with a bigger brush."),
    _state(
        "sign",
        "Add / Take Away",
        "plus-minus-variant",
        "X",
        tip="What tools do: add to the object or take away from it.",
    ),
    replace(
        _state(
            "other-answer",
            "GrabCut",
            "swap-horizontal",
            "Shift+B",
            tip="Answer boxes and clicks with GrabCut instead of learned cues.",
        ),
        checkable=True,
    ),
    _state(
        "apply",
        "Apply",
        "check",
        "Return Enter",
        tip="Take what the tool proposes.",
        scope=Scope.PICTURE,
    ),
    _state(
        "cancel",
        "Cancel",
        "close",
        "Esc",
        scope=Scope.WINDOW,
        tip="Drop what the tool proposes; else stop the propagation; else select no object.",
    ),
    _state(
        "preview",
        "Preview While Held",
        "",
        "Shift",
        scope=Scope.HELD,
        tip="Show what the tool would do; nothing changes.",
    ),
    _object(
        "new",
        "New Object",
        "plus-box-outline",
        "N",
        group="new",
        when=When.OPEN,
        tip="Add an object; it can begin on any frame.",
    ),
    _object(
        "find", "Find Objects\u2026", "shape-outline", "", group="new", when=When.OPEN, tip=FIND
    ),
    _object(
        "rename",
        "Rename\u2026",
        "rename-outline",
        "F2",
        group="new",
        scope=Scope.PANELS,
        tip="Give the current object another name.",
    ),
    _object(
        "recolor",
        "Change Color\u2026",
        "palette-outline",
        "",
        group="new",
        tip="Give the current object another color.",
    ),
    _object(
        "next",
        "Next Object",
        "",
        "Tab",
        group="select",
        when=When.OPEN,
        scope=Scope.PICTURE,
        tip="Make the next object the current one.",
    ),
    _object(
        "previous",
        "Previous Object",
        "",
        "Shift+Tab",
        group="select",
        when=When.OPEN,
        scope=Scope.PICTURE,
        tip="Make the object before the current one.",
    ),
    *(_digit(number) for number in (*range(1, 10), 0)),
    _object(
        "hide",
        "Hide / Show",
        "eye-outline",
        "H",
        group="flags",
        tip="Hide or show the current object; nothing else changes.",
    ),
    _object(
        "solo",
        "Solo",
        "alpha-s-box-outline",
        "Shift+H",
        group="flags",
        tip="Show the current object only.",
    ),
    _object(
        "show-all",
        "Show All",
        "eye-check-outline",
        "Ctrl+A",
        group="flags",
        when=When.OPEN,
        scope=Scope.PANELS,
        tip="Show all objects again: none hidden, no solo.",
    ),
    _object(
        "lock",
        "Lock / Unlock",
        "lock-outline",
        "Q",
        group="flags",
        tip="A locked object is changed by no tool and no propagation.",
    ),
    _object(
        "merge",
        "Merge\u2026",
        "merge",
        "M",
        group="identity",
        when=When.SEVERAL,
        tip="Make two objects one.",
    ),
    _object(
        "split",
        "Split from Here On",
        "call-split",
        "Alt+M",
        group="identity",
        tip="From this frame on it is another object.",
    ),
    _object(
        "reference",
        "Reference Frame",
        "star-outline",
        "C",
        group="assert",
        tip="The engine always keeps this frame\u2019s mask in mind, or no longer.",
    ),
    _object(
        "check",
        "Checked",
        "check-decagram-outline",
        "K",
        group="assert",
        tip="This mask is right: nothing overwrites it, or again may.",
    ),
    _object(
        "absent",
        "Absent Here",
        "account-off-outline",
        "",
        group="assert",
        tip="The object is not in the picture on this frame.",
    ),
    _object(
        "clean",
        "Clean Up\u2026",
        "auto-fix",
        "Shift+C",
        group="clean",
        tip="Remove islands, fill holes, smooth and move edges of propagated masks.",
    ),
    _object(
        "clear",
        "Clear on This Frame",
        "eraser-variant",
        "Del",
        group="delete",
        scope=Scope.PANELS,
        tip="Remove the current object\u2019s mask on this frame; with Box Label in hand, its box.",
    ),
    _object(
        "clear-range",
        "Clear in Range",
        "",
        "Shift+Del",
        group="delete",
        scope=Scope.PANELS,
        tip="Remove its masks between in and out points.",
    ),
    _object(
        "delete",
        "Delete Everywhere",
        "delete-outline",
        "Ctrl+Del",
        group="delete",
        scope=Scope.PANELS,
        tip="Remove the object from the whole project; can be undone.",
    ),
)
"""In the order of the menus."""
