"""Fuzzy search: which of many texts a few typed letters mean. No Qt."""

from __future__ import annotations

import unicodedata

_START, _RUN, _GAP = 8, 5, 1


def score(query: str, text: str) -> float | None:
    """Tell how well a text fits a query, higher is better; None where it does not at all.

    All letters of the query must occur in the text in their order. Letters at the beginnings of
    words and letters that follow one another count more; left-out letters cost a little.
    """
    wanted, there = _plain(query).replace(" ", ""), _plain(text)
    if not wanted:
        return 0.0
    best = None
    for start in (i for i, letter in enumerate(there) if letter == wanted[0]):
        found = _walk(wanted, there, start)
        if found is not None and (best is None or found > best):
            best = found
    return None if best is None else best - 0.01 * len(there)


def _walk(wanted: str, there: str, start: int) -> float | None:
    """Score the match that takes each letter as early as it can from one start on."""
    total, last = 0.0, start - 1
    for letter in wanted:
        place = _next(letter, there, last)
        if place < 0:
            return None
        if place == 0 or not there[place - 1].isalnum():
            total += _START
        if place == last + 1:
            total += _RUN
        total -= _GAP * min(place - last - 1, 10) * 0.3
        last = place
    return total


def _next(letter: str, there: str, last: int) -> int:
    """The letter right after the last one, else at the next beginning of a word, else anywhere."""
    if last + 1 < len(there) and there[last + 1] == letter:
        return last + 1
    for place in range(last + 1, len(there)):
        if there[place] == letter and (place == 0 or not there[place - 1].isalnum()):
            return place
    return there.find(letter, last + 1)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
