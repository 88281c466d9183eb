"""What moves in composite clips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.data.composites.actors import Film, draw_actors, draw_source

FILM = Film(6, (0, 4, 5), (32, 40), 0.1)
ODDS = np.array([0.5, 0.5])


def actors(packs, seed):
    return draw_actors(FILM, packs, ODDS, packs[0], rng=np.random.default_rng(seed))


def test_ids_count_up_and_some_clips_have_an_occluder(film, red):
    counts, occluders = set(), 0
    for seed in range(60):
        ids = [actor.object_id for actor in actors([film, red], seed)]
        objects = [i for i in ids if i]
        assert objects == list(range(1, len(objects) + 1))
        counts.add(len(objects))
        occluders += 0 in ids
    assert counts == {1, 2, 3}
    assert 10 < occluders < 40


def test_what_actors_are_made_of(film, red):
    for seed in range(20):
        for actor in actors([film, red], seed):
            assert actor.path.shape == (6, 2, 3)
            assert [x.shape for x in actor.textures] == [(32, 40, 3)] * 3
            assert 0 <= actor.shadow <= 0.7
            assert actor.object_id or not (actor.shadow or actor.rounded)


def test_sources(film, red):
    """Look-alikes of the object before, the background's film, and others."""
    other = replace(red)

    def shares(previous):
        rng = np.random.default_rng(0)
        drawn = [draw_source([film, red], ODDS, film, previous, rng=rng) for _ in range(6000)]
        return [sum(x is pack for x in drawn) / 6000 for pack in (film, red, other)]

    assert np.allclose(shares(None), [0.75, 0.25, 0], atol=0.03)
    assert np.allclose(shares(other), [0.4, 0.25, 0.35], atol=0.03)
