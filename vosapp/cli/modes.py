"""Options of a command that go with one of its modes only, and those that do not go with it."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import UsageError


def check_mode(
    mode: str, *, chosen: bool, own: Mapping[str, bool], others: Mapping[str, bool], why: str
) -> None:
    """Refuse options that do not go together.

    Args:
        mode: the option that chooses the mode, such as `--interactive`.
        chosen: it is given.
        own: option -> whether it is given, of options that mean something in this mode only.
        others: the same, of options that mean nothing in it.
        why: for people, why the others do not go with it.

    Raises:
        UsageError: names the first option that does not go with the rest.
    """
    for option, given in (others if chosen else own).items():
        if given and chosen:
            raise UsageError(f"{option} does not go with {mode}.", why)
        if given:
            raise UsageError(f"{option} belongs to {mode}.", f"Give {mode}, too.")
