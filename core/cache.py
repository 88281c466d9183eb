"""Values that can be made again, kept while there is room: the ones unused for longest go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class HasBytes(Protocol):
    """An array or a tensor."""

    @property
    def nbytes(self) -> int:
        """Bytes of its elements."""


Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def bytes_of(value: HasBytes) -> int:
    """Size of an array or a tensor."""
    return value.nbytes


class LruCache(Generic[Key, Value]):
    """Least-recently-used values within a budget. Safe to use from several threads.

    Args:
        budget: what the values may come to together; 0 keeps nothing.
        size: what one value counts, in the unit of the budget; the same at any time.
        form: what is kept of a value, such as a copy in memory of its own; None keeps itself.
    """

    def __init__(
        self,
        budget: int,
        size: Callable[[Value], int],
        form: Callable[[Value], Value] | None = None,
    ) -> None:
        self._budget = max(0, budget)
        self._size, self._form = size, form
        self._used = 0
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """What is held now, never above the budget."""
        return self._used

    @property
    def budget(self) -> int:
        """What may be held."""
        return self._budget

    @property
    def keys(self) -> tuple[Key, ...]:
        """Keys of what is held, the one unused for longest first."""
        with self._lock:
            return tuple(self._values)

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return key in self._values

    def __len__(self) -> int:
        with self._lock:
            return len(self._values)

    def get(self, key: Key) -> Value | None:
        """Return a value and mark it as just used, or None where it is not held."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> Value:
        """Keep a value; those unused for longest make room. One above the budget is not kept.

        Returns:
            The value as it is kept, or itself where it is not.
        """
        if self._size(value) > self._budget:
            self.drop(key)
            return value
        kept = value if self._form is None else self._form(value)
        with self._lock:
            self._drop(key)
            self._values[key] = kept
            self._used += self._size(kept)
            while self._used > self._budget:
                self._drop(next(iter(self._values)))
        return kept

    def drop(self, key: Key) -> None:
        """Forget a value, if it is held."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._values.clear()
            self._used = 0

    def _drop(self, key: Key) -> None:
        old = self._values.pop(key, None)
        if old is not None:
            self._used -= self._size(old)
