"""Actions on files, on the history, on where one is in the video, and help."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec, Bar, Scope, When

FILE, EDIT, GO, HELP = ("&File",), ("&Edit",), ("&Go",), ("&Help",)


def _file(name: str, text: str, icon: str, keys: str, *, tip: str, group: str) -> ActionSpec:
    free = {"open-video", "open-folder", "open-project", "open-sample", "quit"}
    return ActionSpec(
        f"file.{name}",
        text,
        icon,
        tuple(keys.split()),
        FILE,
        tip,
        enabled_when=When.ALWAYS if name in free else When.OPEN,
        group=group,
        bar=Bar.MAIN if name in ("open-video", "export") else Bar.NONE,
    )


def _edit(name: str, text: str, icon: str, keys: str, *, tip: str, group: str) -> ActionSpec:
    window = name in ("undo", "redo", "settings", "shortcuts")
    whens = {"undo": When.UNDO, "redo": When.REDO}
    whens |= dict.fromkeys(("settings", "shortcuts"), When.ALWAYS)
    return ActionSpec(
        f"edit.{name}",
        text,
        icon,
        tuple(keys.split()),
        EDIT,
        tip,
        enabled_when=whens.get(name, When.OPEN),
        group=group,
        scope=Scope.WINDOW if window else Scope.PANELS,
        bar=Bar.MAIN if name in ("undo", "redo") else Bar.NONE,
    )


def _go(name: str, text: str, icon: str, keys: str, *, tip: str, group: str) -> ActionSpec:
    return ActionSpec(
        f"navigate.{name}",
        text,
        icon,
        tuple(keys.split()),
        GO,
        tip,
        group=group,
        scope=Scope.CANVAS if name != "range-clear" else Scope.WINDOW,
    )


def _speed(name: str, text: str) -> ActionSpec:
    return ActionSpec(
        f"navigate.speed-{name}",
        text,
        "",
        (),
        (*GO, "Playback &Speed"),
        "Play faster or slower; frames are left out where there is no time for them.",
        checkable=True,
        group="speed",
        exclusive=True,
    )


def _help(name: str, text: str, icon: str, keys: str, *, tip: str) -> ActionSpec:
    return ActionSpec(
        f"help.{name}",
        text,
        icon,
        tuple(keys.split()),
        HELP,
        tip,
        enabled_when=When.ALWAYS,
        group="about" if name == "about" else "help",
    )


APP_ACTIONS: tuple[ActionSpec, ...] = (
    _file(
        "open-video",
        "Open Video\u2026",
        "movie-open-outline",
        "Ctrl+O",
        group="open",
        tip="Open a video file; its project is kept beside it.",
    ),
    _file(
        "open-folder",
        "Open Image Folder\u2026",
        "folder-image",
        "Ctrl+Shift+O",
        group="open",
        tip="Open a folder of images as a video.",
    ),
    _file(
        "open-project",
        "Open Project\u2026",
        "folder-open-outline",
        "",
        group="open",
        tip="Open a .vosapp project file.",
    ),
    _file(
        "open-sample",
        "Open Sample",
        "star-outline",
        "",
        group="open",
        tip="Try everything on the film that comes with vosapp.",
    ),
    _file(
        "save",
        "Save Now",
        "content-save-outline",
        "Ctrl+S",
        group="save",
        tip="Work is saved as it happens; this waits until all of it is on the disk.",
    ),
    _file(
        "save-as",
        "Save a Copy\u2026",
        "content-save-edit-outline",
        "Ctrl+Shift+S",
        group="save",
        tip="Write the project under another name; you go on in this one.",
    ),
    _file(
        "import",
        "Import\u2026",
        "import",
        "",
        group="exchange",
        tip="Take over masks and boxes from other programs.",
    ),
    _file(
        "export",
        "Export\u2026",
        "export",
        "Ctrl+E",
        group="exchange",
        tip="Write the masks for other programs, checked first.",
    ),
    _file(
        "export-frame",
        "Export Current Frame\u2026",
        "image-outline",
        "Ctrl+Shift+E",
        group="exchange",
        tip="Write the masks of this frame only.",
    ),
    _file(
        "close",
        "Close Project",
        "close",
        "Ctrl+W",
        group="quit",
        tip="Close the project; everything is saved.",
    ),
    _file(
        "quit",
        "Quit",
        "exit-to-app",
        "Ctrl+Q",
        group="quit",
        tip="Close the window; everything is saved.",
    ),
    _edit("undo", "Undo", "undo", "Ctrl+Z", group="history", tip="Take back the last step."),
    _edit(
        "redo",
        "Redo",
        "redo",
        "Ctrl+Shift+Z Ctrl+Y",
        group="history",
        tip="Do the last undone step again.",
    ),
    _edit(
        "copy-mask",
        "Copy Mask",
        "content-copy",
        "Ctrl+C",
        group="clipboard",
        tip="Copy the current object\u2019s mask on this frame.",
    ),
    _edit(
        "paste-mask",
        "Paste Mask",
        "content-paste",
        "Ctrl+V",
        group="clipboard",
        tip="Make the copied mask the current object\u2019s mask on this frame.",
    ),
    _edit(
        "paste-prompt",
        "Paste as Prompt",
        "selection-ellipse",
        "Ctrl+Shift+V",
        group="clipboard",
        tip="Look for the object here within the copied mask\u2019s box.",
    ),
    _edit(
        "shortcuts",
        "Keyboard Shortcuts\u2026",
        "keyboard-settings-outline",
        "",
        group="settings",
        tip="Give actions other keys.",
    ),
    _edit(
        "settings",
        "Settings\u2026",
        "cog-outline",
        "Ctrl+,",
        group="settings",
        tip="Theme, threads, memory, default quality.",
    ),
    _go(
        "play",
        "Play / Pause",
        "play",
        "Space",
        group="play",
        tip="Play the video at its own rate, within in and out points.",
    ),
    _speed("quarter", "A Quarter"),
    _speed("half", "Half"),
    _speed("normal", "Normal"),
    _speed("double", "Double"),
    _speed("fourfold", "Fourfold"),
    _go("next", "Next Frame", "step-forward", "Right D .", group="step", tip="Go one frame on."),
    _go(
        "previous",
        "Previous Frame",
        "step-backward",
        "Left A ,",
        group="step",
        tip="Go one frame back.",
    ),
    _go(
        "forward-10",
        "10 Frames On",
        "chevron-double-right",
        "Shift+Right",
        group="step",
        tip="Go ten frames on.",
    ),
    _go(
        "back-10",
        "10 Frames Back",
        "chevron-double-left",
        "Shift+Left",
        group="step",
        tip="Go ten frames back.",
    ),
    _go(
        "first",
        "First Frame",
        "skip-backward",
        "Home Alt+Left",
        group="step",
        tip="Go to the first frame.",
    ),
    _go(
        "last",
        "Last Frame",
        "skip-forward",
        "End Alt+Right",
        group="step",
        tip="Go to the last frame.",
    ),
    _go(
        "next-keyframe",
        "Next Keyframe",
        "skip-next",
        "PgDown",
        group="jump",
        tip="Go to the next frame on which you said something.",
    ),
    _go(
        "previous-keyframe",
        "Previous Keyframe",
        "skip-previous",
        "PgUp",
        group="jump",
        tip="Go to the last frame before this one on which you said something.",
    ),
    _go(
        "next-doubtful",
        "Next Doubtful Frame",
        "alert-decagram-outline",
        "Shift+PgDown",
        group="jump",
        tip="Go to the next frame that needs a look: stale or unsure.",
    ),
    _go(
        "previous-doubtful",
        "Previous Doubtful Frame",
        "alert-decagram-outline",
        "Shift+PgUp",
        group="jump",
        tip="Go back to a frame that needs a look: stale or unsure.",
    ),
    _go(
        "next-stale",
        "Next Stale Frame",
        "texture",
        "",
        group="jump",
        tip="Go to the next frame whose keyframes have changed since.",
    ),
    _go(
        "previous-stale",
        "Previous Stale Frame",
        "texture",
        "",
        group="jump",
        tip="Go back to a frame whose keyframes have changed since.",
    ),
    _go(
        "frame",
        "Go to Frame\u2026",
        "arrow-right-bold-box-outline",
        "G",
        group="jump",
        tip="Type a frame number.",
    ),
    _go(
        "range-in",
        "Set In Point",
        "own.in",
        "I",
        group="range",
        tip="Propagation and playback begin here.",
    ),
    _go(
        "range-out",
        "Set Out Point",
        "own.out",
        "O",
        group="range",
        tip="Propagation and playback end here.",
    ),
    _go(
        "range-clear",
        "Clear In and Out",
        "own.no-range",
        "Ctrl+Shift+X",
        group="range",
        tip="Use the whole video again.",
    ),
    _help(
        "guide",
        "First Steps",
        "school-outline",
        "F1",
        tip="How to get from a video to masks, step by step.",
    ),
    _help(
        "palette",
        "All Commands\u2026",
        "magnify",
        "Ctrl+K",
        tip="Find a command by typing a part of its name.",
    ),
    _help("shortcuts", "Shortcut Sheet", "keyboard-outline", "Ctrl+/", tip="All keys at a glance."),
    _help(
        "about",
        "About vosapp",
        "information-outline",
        "",
        tip="Version, licenses, where files are kept.",
    ),
)
"""In the order of the menus."""
