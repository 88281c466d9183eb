"""Each kind of mistake is found, named, and found once."""

from __future__ import annotations

import numpy as np
import pytest

from core.review import reasons
from core.review.ranking import WEIGHTS, Weights, rank, spread
from core.review.reasons import REASONS, Reason, cues_of
from core.review.track import Measured
from core.review.words import SENTENCES, told

COUNT = 60


class Maker:
    """An object that is the same on all frames; tests change some of them."""

    def __init__(self, count=COUNT):
        self.facts = Measured(count)
        self.facts.area[:], self.facts.x[:], self.facts.y[:] = 400, np.arange(count), 9
        self.facts.islands[:], self.facts.contact[:] = 0, 0
        self.confidence = np.full(count, 0.9, np.float32)
        self.disagreement = np.full(count, np.nan, np.float32)
        self.known = np.ones(count, np.bool_)
        self.looked = np.zeros(count, np.bool_)
        self.sure, self.gone = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        self.sure[0] = True

    def make(self):
        return self.facts.track(
            known=self.known,
            open_=self.known & ~self.sure & ~self.looked,
            looked=self.looked,
            sure=self.sure,
            gone=self.gone,
            confidence=self.confidence,
            disagreement=self.disagreement,
        )


def cue(track, reason):
    return cues_of(track)[REASONS.index(reason)]


def lose(m):
    m.facts.put(30, None)
    m.confidence[30] = 0


def drop(m):
    m.confidence[30] = 0.3


def shrink(m):
    m.facts.area[30:] = 180


def move(m):
    m.facts.x[30] += 15


def scatter(m):
    m.facts.islands[30] = 0.8


def touch(m):
    m.facts.contact[30] = 0.9


def disagree(m):
    m.disagreement[:] = 0.02
    m.disagreement[30] = 0.8


CASES = [
    (lose, Reason.LOST),
    (drop, Reason.DROP),
    (shrink, Reason.AREA),
    (move, Reason.PLACE),
    (scatter, Reason.ISLANDS),
    (touch, Reason.CONTACT),
    (disagree, Reason.DISAGREE),
]
EVEN = Weights(reasons=(1.0,) * len(REASONS))


@pytest.mark.parametrize(("spoil", "reason"), CASES, ids=[r.value for _, r in CASES])
def test_a_mistake_is_found_and_named(spoil, reason):
    made = Maker()
    spoil(made)
    track = made.make()
    values = cue(track, reason)
    assert values[30] == values.max() > 0.25
    entries = rank({7: track}, count=5, weights=EVEN)
    assert entries[0].object_id == 7 and abs(entries[0].frame_index - 30) <= 1
    assert reason in entries[0].reasons


def test_a_calm_object_gives_no_reason_but_doubt_and_distance():
    cues = cues_of(Maker().make())
    calm = {REASONS[i] for i in np.flatnonzero(cues.max(axis=1) > 1e-6)}
    assert calm == {Reason.DOUBT, Reason.FAR}


def test_what_is_usual_for_an_object_is_no_reason():
    """It lies in parts and touches another on its keyframe, too; it grows steadily."""
    made = Maker()
    made.facts.islands[:], made.facts.contact[:] = 0.4, 0.5
    made.facts.area[:] = 400 * 1.03 ** np.arange(COUNT)
    track = made.make()
    for reason in (Reason.ISLANDS, Reason.CONTACT, Reason.AREA):
        assert cue(track, reason)[2:-2].max() < 0.02


def test_a_lower_level_of_confidence_is_no_drop():
    made = Maker()
    made.confidence[:] = 0.4
    assert cue(made.make(), Reason.DROP).max() == 0


def test_size_is_compared_with_the_nearest_sure_frame():
    made = Maker()
    made.facts.area[40:] = 200
    made.sure[59] = True
    sizes = cue(made.make(), Reason.SIZE)
    assert sizes[29] == 0 and sizes[32] == pytest.approx(0.5) and sizes[50] == 0


@pytest.mark.parametrize("kind", ["sure", "gone", "unknown"])
def test_what_was_looked_at_or_is_not_there_is_never_listed(kind):
    made = Maker()
    drop(made)
    made.sure[30] |= kind == "sure"
    made.gone[30] |= kind == "gone"
    made.known[30] &= kind != "unknown"
    assert cues_of(made.make())[:, 30].max() == 0
    assert 30 not in {entry.frame_index for entry in rank({1: made.make()}, count=50)}


def test_the_worst_object_gives_the_reason_and_others_are_named():
    one, two, three = Maker(), Maker(), Maker()
    drop(one)
    two.confidence[30] = 0.45
    entry = rank({1: one.make(), 2: two.make(), 3: three.make()}, count=1)[0]
    assert (entry.frame_index, entry.object_id, entry.others) == (30, 1, (2,))
    assert entry.reasons[0] is Reason.DOUBT


def test_a_drift_fills_one_entry():
    made = Maker(200)
    made.confidence[100:140] = np.linspace(0.9, 0.2, 40)
    drop(made)
    frames = [entry.frame_index for entry in rank({1: made.make()}, count=2)]
    assert 30 in frames and sum(100 <= frame < 141 for frame in frames) == 1


def test_who_has_looked_at_a_frame_is_not_sent_to_its_neighbor():
    made = Maker(200)
    made.confidence[100:120] = 0.2
    made.looked[110] = True
    frames = [entry.frame_index for entry in rank({1: made.make()}, count=1)]
    assert 6 <= abs(frames[0] - 110) <= 10
    for frame in (102, 118):
        made.looked[frame] = True
    frames = [entry.frame_index for entry in rank({1: made.make()}, count=1)]
    assert not 95 < frames[0] < 125


def test_usual_is_the_median_of_what_is_known():
    rng = np.random.default_rng(5)
    values = rng.random(80).astype(np.float32)
    values[rng.random(80) < 0.4] = np.nan
    values[30:60] = np.nan
    got = reasons._usual(values)
    for frame in range(80):
        window = values[max(0, frame - reasons.AROUND) : frame + reasons.AROUND + 1]
        known = window[np.isfinite(window)]
        wanted = np.median(known) if known.size else np.nan
        assert got[frame] == pytest.approx(wanted, nan_ok=True)


def test_entries_are_apart_and_sorted_by_what_is_left():
    severity = np.zeros(100, np.float32)
    severity[[10, 12, 50, 52]] = 0.9, 0.8, 0.5, 0.6
    weights = Weights(apart=6, reach=0.02)
    assert spread(severity, count=5, weights=weights) == (10, 52)
    assert spread(severity, count=1, weights=weights) == (10,)
    assert spread(np.zeros(0, np.float32), count=5) == ()
    assert spread(np.full(9, 0.01, np.float32), count=5) == ()


def test_there_is_a_weight_and_a_sentence_for_every_reason():
    assert len(WEIGHTS.reasons) == len(REASONS) == len(SENTENCES)
    assert min(WEIGHTS.reasons) >= 0
    assert told((Reason.AREA, Reason.ISLANDS)) == "Size jumps, stray islands"


def test_no_objects_no_list():
    assert rank({}, count=5) == ()
