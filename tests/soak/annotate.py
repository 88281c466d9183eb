"""A scripted annotator: how many minutes a clip takes, and how many of them are waiting.

    python tests/soak/annotate.py --clip FRAMES --masks MASKS [--objects 3] [--goal 0.90]

FRAMES are a video, MASKS its true label maps, one a frame. The annotator draws all objects on the
first frame and propagates. Then they look at every fifth frame, of those that show something new
the one nearest to what they corrected last. On the first frame whose result is bad they draw anew
every object that is not right there, and propagate again; when no frame looks bad and the run is
over, on the worst that is left, until J&F is as it should be. What is seen may be a draft: one that
looks well is as good as a result, one that looks bad is looked at again once the result is there,
others first. An action takes 1.2 s, a decision 4 s; the engine goes on meanwhile, and where there
is nothing new to look at they wait.

It drives a project and the engine's job, as Ctrl+T does, and whatever version it finds: it makes
decisions by the same rules in a checkout from before drafts and kept work
(`PYTHONPATH=OTHER python THIS`), where a run longer than a minute is asked about first.
With `--list` they go down the list of frames to check instead, the first entry of those that have
a result, until the run is over and five more look well (not in a checkout from before the list).
Two cores that others use as well make waiting long. `--processor` counts, in place of the time that
passes, what the processor computes for this process, which works with one thread: as long as it
would take on a core of its own.
For a clip without true masks, those of a careful run (`vosapp propagate --quality fine`) can stand
for them: then it says how long it takes to get there, and nothing of how right that is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np
from annotate_desk import ACTION, DECISION, SYSTEM, Account, Desk, KeptRoom, Run

from core.engine.run import use_threads
from core.eval.jf import contour_accuracy, region_similarity
from core.media.label_map import read_label_map
from vosapp.project.edit_masks import MarkAbsent, SetMask
from vosapp.project.edits import AddObject

DRAWING = 3
"""Actions that draw one object on one frame: choosing it, drawing around it, taking that."""
STRIDE = 5
"""Every so-manieth frame is looked at."""
ENTRIES = 5
"""After so many entries of the list that look well, the rest of it is trusted."""
BAD = 0.75
"""J below which a mask catches the eye."""
RIGHT = 0.9
"""J below which a mask is drawn anew while its frame is being corrected."""
ASKED = 60.0
"""Seconds from which on a run was asked about before it began, an action more."""


class Annotator:
    """Works by rules until the masks are as good as they should be."""

    def __init__(self, desk: Desk, truth: list[np.ndarray], wanted: argparse.Namespace) -> None:
        self.desk, self.truth, self.goal = desk, truth, wanted.goal
        self.most = wanted.most
        self.ids = [int(i) for i in np.unique(truth[0]) if i not in (0, 255)][: wanted.objects]
        self.run: Run | None = None
        self.pace = 0.0

    def work(self) -> Account:
        """Do all of it."""
        for object_id in self.ids:
            self.desk.project.do(AddObject(object_id=object_id) if _takes_id() else AddObject())
            self._draw(0, object_id)
        self._propagate(0)
        near = 0
        while len(self.desk.account.corrections) < self.most:
            found = self._look(near) or self._worst()
            if found is None:
                break
            near, wrong = found
            self.desk.account.corrections.append(found)
            self._busy(decisions=1)
            if self.run is not None:
                self.run.stop()
            for object_id in wrong:
                self._draw(near, object_id)
            self._propagate(near)
        assert self.run is not None
        self.run.wait_for(self.desk.account, lambda: False)
        return self.desk.account

    def quality(self) -> float:
        """J&F over all objects and frames but the first."""
        scores = []
        for index in range(1, self.desk.count):
            label_map, true = self.desk.project.label_map(index), self.truth[index]
            for i in self.ids:
                pair = label_map == i, true == i
                scores.append((region_similarity(*pair) + contour_accuracy(*pair)) / 2)
        return float(np.mean(scores))

    def _draw(self, index: int, object_id: int) -> None:
        mask = self.truth[index] == object_id
        drawn = SetMask(index, object_id, mask) if mask.any() else MarkAbsent(index, object_id)
        self.desk.project.do(drawn)
        self._busy(actions=DRAWING)

    def _propagate(self, near: int) -> None:
        account = self.desk.account
        asks = KeptRoom is None and self.pace * 2 * self.desk.count > ASKED
        account.runs += 1
        self._busy(actions=2 if asks else 1)
        self.run = Run(self.desk, near)

    def _look(self, near: int) -> tuple[int, list[int]] | None:
        """The first bad frame, of every fifth one; its objects that are not right."""
        if self.desk.book is not None:
            return self._look_down_list(near)
        run, again = self.run, set()
        assert run is not None
        left = {i for i in range(near % STRIDE, self.desk.count, STRIDE) if self._free(i)} - {near}

        def ready() -> list[int]:
            new = [i for i in left if self._has(i)]
            return [i for i in new if i not in again or i not in self.desk.drafts]

        while left:
            run.wait_for(self.desk.account, ready)
            if not ready():
                return None
            index = min(ready(), key=lambda i: (abs(i - near), i))
            self._busy(actions=1)
            if not self._below(index, BAD):
                left.remove(index)
            elif index in self.desk.drafts:
                again.add(index)
            else:
                return index, self._below(index, RIGHT)
        return None

    def _look_down_list(self, near: int) -> tuple[int, list[int]] | None:
        """The first bad frame of the list; None where the first entries look well."""
        run, desk, seen, well = self.run, self.desk, {near}, 0
        assert run is not None

        def ready() -> list[int]:
            left = (i for i in desk.listed() if i not in seen and i not in desk.drafts)
            return [i for i in left if self._has(i) and self._free(i)]

        while well < ENTRIES or not run.over:
            run.wait_for(desk.account, ready)
            if not ready():
                return None
            index = ready()[0]
            seen.add(index)
            self._busy(actions=1)
            if self._below(index, BAD):
                return index, self._below(index, RIGHT)
            well += run.over
        return None

    def _has(self, index: int) -> bool:
        """Whether a frame shows something of this run, or was up to date before."""
        desk = self.desk
        if index in desk.drafts or index in desk.fresh:
            return True
        states = [desk.project.state(index, i).name for i in self.ids]
        return not {"EMPTY", "STALE"} & set(states)

    def _free(self, index: int) -> list[int]:
        """The objects that nobody has drawn on a frame."""
        asserted = self.desk.project.assertions(index)
        return [i for i in self.ids if i not in asserted]

    def _below(self, index: int, least: float) -> list[int]:
        """Those of them whose masks have a lower J."""
        shown, true = self.desk.seen(index), self.truth[index]
        return [i for i in self._free(index) if region_similarity(shown == i, true == i) < least]

    def _worst(self) -> tuple[int, list[int]] | None:
        """Once the run is over: the worst mask where all together are not good enough."""
        assert self.run is not None
        self.run.wait_for(self.desk.account, lambda: False)
        self.pace = self.run.clock / max(1, 2 * self.desk.count)
        self._busy(decisions=1)
        self.desk.account.reached.append(round(self.quality(), 4))
        if self.desk.account.reached[-1] >= self.goal:
            return None
        scores = {
            (k, i): region_similarity(self.desk.project.label_map(k) == i, self.truth[k] == i)
            for k in range(1, self.desk.count)
            for i in self._free(k)
        }
        if not scores:
            return None
        index, object_id = min(scores, key=lambda place: scores[place])
        return index, sorted({object_id, *self._below(index, RIGHT)})

    def _busy(self, *, actions: int = 0, decisions: int = 0) -> None:
        account = self.desk.account
        account.actions += actions
        account.decisions += decisions
        if self.run is not None:
            self.run.spend(actions * ACTION + decisions * DECISION)


def _takes_id() -> bool:
    return "object_id" in {f.name for f in fields(AddObject)}


def true_masks(folder: Path) -> list[np.ndarray]:
    """The label maps that the work is measured by."""
    read = [read_label_map(path) for path in sorted(folder.glob("*.png"))]
    return [np.asarray(getattr(one, "label_map", one)) for one in read]


def main() -> None:
    """Work once, and print the account."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--masks", type=Path, required=True)
    parser.add_argument("--objects", type=int, default=3)
    parser.add_argument("--goal", type=float, default=0.90)
    parser.add_argument("--most", type=int, default=60, help="corrections at most")
    parser.add_argument("--quality", default="fast")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="use the list of frames to check")
    parser.add_argument("--processor", action="store_true", help="count processor time")
    wanted = parser.parse_args()
    load = os.getloadavg()[0]
    use_threads(wanted.threads, system=SYSTEM)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), wanted)
        annotator = Annotator(desk, true_masks(wanted.masks), wanted)
        account = annotator.work()
        score = annotator.quality()
        desk.project.close()
    first = sorted(account.first)
    told = {
        "actions": account.actions,
        "minutes": round(account.minutes, 2),
        "seconds_waited": round(account.waited, 1),
        "waiting_share": round(account.waited / 60 / account.minutes, 3),
        "runs": account.runs,
        "first_neighbor_median": round(first[len(first) // 2], 2) if first else None,
        "first_neighbor_worst": round(first[-1], 2) if first else None,
        "j_and_f": round(score, 4),
        "corrected_frames": len(account.corrections),
        "drawn_anew": sum(len(wrong) for _, wrong in account.corrections),
        "corrections": account.corrections,
        "reached": account.reached,
        "clock": "processor" if wanted.processor else "wall",
        "load_before_and_after": [round(load, 1), round(os.getloadavg()[0], 1)],
    }
    sys.stdout.write(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
