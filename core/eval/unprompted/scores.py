"""Means of contenders, kept beside their weights for the card (`core.eval.cards`)."""

from __future__ import annotations

from collections.abc import Sequence

from core.eval.provenance import code_commit, file_mark, today
from core.eval.scores_file import Score, keep_score, scores_path
from core.eval.unprompted.contenders import Contender
from core.eval.unprompted.job import ContenderMeans, UnpromptedRequest

GIVEN = "nothing"
"""What is given to what finds objects."""
ONE_SIZE = "-"
"""Discovery has no qualities."""


def keep_scores(request: UnpromptedRequest, found: Sequence[ContenderMeans], command: str) -> None:
    """Add the means of all contenders with weights of their own to the scores of these.

    Args:
        request: what was compared.
        found: its means, in the order of its contenders.
        command: that made them.

    Raises:
        UsageError: a file of scores is none.
        OutputError: it cannot be written.
    """
    for one, means in zip(request.contenders, found, strict=True):
        if one.weights is not None and not one.train:
            keep_score(scores_path(one.weights), _score(request, one, means, command))


def _score(
    request: UnpromptedRequest, one: Contender, means: ContenderMeans, command: str
) -> Score:
    both = (means.j + means.f) / 2
    return Score(
        data=request.root.resolve().name,
        given=_given(one),
        quality=ONE_SIZE,
        sequences=means.sequences,
        objects=means.sequences,
        j_and_f=both,
        j=means.j,
        f=means.f,
        by_object=both,
        seconds=means.seconds,
        weights=file_mark(one.weights),
        commit=code_commit(),
        date=today(),
        command=command,
    )


def _given(one: Contender) -> str:
    learned = f"; {one.adapt_steps} steps on each video" if one.adapt_steps else ""
    return f"{GIVEN}; all objects as one{learned}" + ("; votes" if one.vote else "")
