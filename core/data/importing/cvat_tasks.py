"""CVAT files of several tasks: what of them is of this video."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from core.data.importing.matching import folder_names
from core.errors import MaskMismatch

if TYPE_CHECKING:
    from core.data.importing.collect import Collection

_SHOWN = 5
_SIZE = "meta//original_size"


def of_this_task(
    root: Element, collection: Collection
) -> tuple[list[Element], list[Element], Element | None]:
    """Return the tracks and images of this video, and the size that its task states.

    A file of one task is this video's. Of several, as a project of CVAT is dumped, the one is
    taken whose name or source is the video's, or that `--only` names.

    Raises:
        MaskMismatch: none, or more than one, is called so.
    """
    tracks, images = root.findall("track"), root.findall("image")
    elements = [*tracks, *images]
    tasks = _tasks(root)
    stated = dict.fromkeys(task for element in elements if (task := _task_of(element)))
    ids = list(dict.fromkeys([*tasks, *stated])) or [""]
    only = collection.options.only
    if len(ids) > 1 and not stated and elements:
        raise MaskMismatch(
            f"The file holds {len(ids)} tasks and does not say whose its shapes are.",
            "Export each task by itself.",
        )
    if len(ids) == 1 and not only:
        return tracks, images, root.find(_SIZE)
    chosen = _chosen(tasks, ids, collection)
    head = tasks.get(chosen)
    if len(ids) > 1:
        own = [element for element in elements if _task_of(element) == chosen]
        collection.notes.append(f"Only the task {_title(head, chosen)[:80]} is read.")
        if len(own) < len(elements):
            text = "Tracks and images left out, since they are of another task"
            collection.notes.append(f"{text}: {len(elements) - len(own)}.")
        tracks = [element for element in own if element.tag == "track"]
        images = [element for element in own if element.tag == "image"]
    return tracks, images, root.find(_SIZE) if head is None else head.find("original_size")


def track_label(number: str, seen: Counter[str]) -> tuple[str, int | None]:
    """Return the label of a track and the id it asks for; a number that comes again is another."""
    seen[number] += 1
    if seen[number] > 1:
        return f"track {number} #{seen[number]}", None
    known = number.isascii() and number.isdecimal() and len(number) < 9
    return f"track {number}", int(number) + 1 if known else None


def _tasks(root: Element) -> dict[str, Element]:
    return {(task.findtext("id") or "").strip(): task for task in root.findall("meta//task")}


def _task_of(element: Element) -> str:
    return element.get("task_id", "").strip()


def _title(head: Element | None, key: str) -> str:
    return (head.findtext("name") if head is not None else "") or key or "without a name"


def _names(head: Element | None, key: str) -> set[str]:
    """Return what a task is called: its id, name and source, with and without ending."""
    texts = [key]
    if head is not None:
        texts += [head.findtext("name") or "", head.findtext("source") or ""]
    paths = [PurePosixPath(text.strip().replace("\\", "/")) for text in texts if text.strip()]
    return {path.name for path in paths} | {path.stem for path in paths}


def _chosen(tasks: dict[str, Element], ids: list[str], collection: Collection) -> str:
    only = collection.options.only
    wanted = {only} if only else set(folder_names(collection.info))
    found = [key for key in ids if wanted & _names(tasks.get(key), key)]
    if len(found) != 1:
        shown = ", ".join(_title(tasks.get(key), key)[:80] for key in ids[:_SHOWN])
        count = "1 task" if len(ids) == 1 else f"{len(ids)} tasks"
        raise MaskMismatch(
            f"The file holds {count}, {len(found)} of them called {only or collection.info.name}.",
            f"Say which is this one with --only NAME: {shown}.",
        )
    return found[0]
