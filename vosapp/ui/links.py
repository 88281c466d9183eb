"""Connections that end together, as when a window shows another project."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import SignalInstance


class Links:
    """Signals connected to slots until `cut`."""

    def __init__(self) -> None:
        self._links: list[tuple[SignalInstance, Callable[..., object]]] = []

    def add(self, signal: SignalInstance, slot: Callable[..., object]) -> None:
        """Connect a signal."""
        signal.connect(slot)
        self._links.append((signal, slot))

    def cut(self) -> None:
        """End all connections; their senders may be gone already."""
        for signal, slot in self._links:
            try:
                signal.disconnect(slot)
            except RuntimeError:
                # The sender was deleted, and its connections with it.
                continue
        self._links.clear()
