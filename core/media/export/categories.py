"""Classes of objects for formats that number them, and what is known of an object by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import OutputError

if TYPE_CHECKING:
    from core.media.annotations.values import AnnotationSource, ObjectInfo

NO_CATEGORY = "object"
"""Category that is written for objects without one."""


class Catalog:
    """Objects by id and their classes, numbered from 1 in order of their names.

    Attributes:
        names: class names; the first is class 1.
    """

    def __init__(self, source: AnnotationSource) -> None:
        self._objects = {info.object_id: info for info in source.objects}
        self.names = sorted({info.category or NO_CATEGORY for info in source.objects})
        self._numbers = {name: number for number, name in enumerate(self.names, 1)}

    def info(self, object_id: int) -> ObjectInfo:
        """Return what is known of an object.

        Raises:
            OutputError: it is in a label map but not in the list of objects.
        """
        if object_id not in self._objects:
            raise unknown_object(object_id)
        return self._objects[object_id]

    def number(self, object_id: int) -> int:
        """Return the class of an object, from 1 up."""
        return self._numbers[self.info(object_id).category or NO_CATEGORY]


def unknown_object(object_id: int) -> OutputError:
    """The error for an object that label maps show but nobody has listed."""
    return OutputError(
        f"A label map shows object {object_id}, which is not in the list of objects.",
        "Add the object, or remove it from the masks.",
    )
