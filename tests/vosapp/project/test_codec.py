"""Label maps and lanes as bytes."""

from __future__ import annotations

import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vosapp.project import codec
from vosapp.project.model import Unreadable

SIDES = st.tuples(st.integers(1, 24), st.integers(1, 24))
MAPS = SIDES.flatmap(
    lambda size: hnp.arrays(np.uint8, size, elements=st.sampled_from([0, 0, 0, 1, 2, 254, 255]))
)


@given(MAPS)
def test_round_trip(label_map):
    data = codec.encode_map(label_map)
    found = codec.decode_map(data, *label_map.shape)
    assert (found == label_map).all() and not found.flags.writeable
    assert codec.encode_map(label_map.copy()) == data


def test_both_codings_occur():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (50, 50)).astype(np.uint8)
    block = np.zeros((50, 50), np.uint8)
    block[10:40, 10:40] = 3
    assert codec.encode_map(noise)[0] == codec.PIXELS
    assert codec.encode_map(block)[0] == codec.RUNS
    assert (codec.decode_map(codec.encode_map(noise), 50, 50) == noise).all()


def test_ragged_maps_are_small():
    y, x = np.mgrid[:1080, :1920]
    radius = 300 + 20 * np.sin(9 * np.arctan2(y - 500, x - 900))
    label_map = ((y - 500) ** 2 + (x - 900) ** 2 < radius**2).astype(np.uint8)
    assert len(codec.encode_map(label_map)) < 4_000


@given(st.binary(max_size=200))
def test_noise_is_refused(data):
    with pytest.raises(Unreadable):
        codec.decode_map(data, 20, 30)


@given(MAPS, st.data())
def test_damage_is_refused_or_gives_a_map(label_map, data):
    encoded = bytearray(codec.encode_map(label_map))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        found = codec.decode_map(bytes(encoded), *label_map.shape)
    except Unreadable:
        return
    assert found.shape == label_map.shape


@pytest.mark.parametrize("coding", [codec.PIXELS, codec.RUNS])
def test_bombs_are_not_inflated(coding):
    bomb = zlib.compress(bytes(50_000_000), 9)
    head = codec._HEADER.pack(coding, 10, 10, 0, 0, 10, 10)
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match="more than"):
            codec.decode_map(head + bomb, 10, 10)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_runs_must_add_up():
    head = codec._HEADER.pack(codec.RUNS, 10, 10, 0, 0, 10, 10)
    long_run = zlib.compress(b"\xff\xff\xff\xff\x01")
    with pytest.raises(Unreadable, match="add up"):
        codec.decode_map(head + long_run, 10, 10)


@pytest.mark.parametrize("size", [(11, 10), (10, 11), (10, 10)])
def test_size_and_place_are_checked(size):
    head = codec._HEADER.pack(codec.PIXELS, 10, 10, 5, 5, 6, 5)
    with pytest.raises(Unreadable):
        codec.decode_map(head + zlib.compress(bytes(30)), *size)


@given(st.integers(0, 2**32 - 1))
def test_lanes_round_trip(seed):
    rng = np.random.default_rng(seed)
    piece = codec.LanePiece(
        rng.integers(0, 4, codec.LANE_FRAMES).astype(np.uint8),
        rng.integers(0, 256, codec.LANE_FRAMES).astype(np.uint8),
        rng.integers(0, 2**16, codec.LANE_FRAMES).astype(np.uint16),
        rng.random(codec.LANE_FRAMES) < 0.3,
        rng.random(codec.LANE_FRAMES) < 0.3,
        rng.integers(0, 256, codec.LANE_FRAMES).astype(np.uint8),
    )
    found = codec.decode_piece(codec.encode_piece(piece))
    assert (found.states == piece.states).all()
    assert (found.confidence == piece.confidence).all()
    assert (found.runs == piece.runs).all()
    assert (found.gone == piece.gone).all()
    assert (found.needs_work == piece.needs_work).all()
    assert (found.disagreement == piece.disagreement).all()


def test_a_lane_of_file_version_4_is_read():
    """It has no disagreement, and nothing that needs work."""
    rng = np.random.default_rng(4)
    planes = rng.integers(0, 4, (4, codec.LANE_FRAMES)).astype(np.uint8)
    planes[0, 7] |= 0x80
    found = codec.decode_piece(zlib.compress(planes.tobytes()))
    assert found.gone[7] and not found.gone[:7].any() and not found.needs_work.any()
    assert (found.disagreement == codec.NO_CONFIDENCE).all()
    assert (found.confidence == planes[1]).all()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        "text",
        None,
        zlib.compress(bytes(2047)),
        zlib.compress(b"\x04" * 2048),
        zlib.compress(bytes(3072)),
    ],
    ids=repr,
)
def test_no_lane(data):
    with pytest.raises(Unreadable):
        codec.decode_piece(data)
