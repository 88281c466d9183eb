"""Planes that are kept beside packs: whole records, of any number of processes."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.kept_planes import KeptPlanes


@pytest.fixture
def planes():
    rng = np.random.default_rng(0)
    return {place: rng.integers(0, 255, (5, 7)).astype(np.uint8) for place in (0, 1 << 40)}


def test_what_was_kept_comes_back_in_another_process(tmp_path, planes):
    kept = KeptPlanes(tmp_path / "a.prior")
    for place, plane in planes.items():
        assert kept.get(place) is None
        kept.put(place, plane)
    other = KeptPlanes(tmp_path / "a.prior")
    other.put(7, planes[0])
    for place, plane in planes.items():
        np.testing.assert_array_equal(KeptPlanes(tmp_path / "a.prior").get(place), plane)
    np.testing.assert_array_equal(KeptPlanes(tmp_path / "a.prior").get(7), planes[0])


def test_half_a_record_is_not_read(tmp_path, planes):
    path = tmp_path / "a.prior"
    for place, plane in planes.items():
        KeptPlanes(path).put(place, plane)
    path.write_bytes(path.read_bytes()[:-3])
    kept = KeptPlanes(path)
    np.testing.assert_array_equal(kept.get(0), planes[0])
    assert kept.get(1 << 40) is None


def test_what_is_damaged_is_as_if_it_were_not_there(tmp_path, planes):
    path = tmp_path / "a.prior"
    KeptPlanes(path).put(0, planes[0])
    path.write_bytes(path.read_bytes()[:16] + b"\0" * 40)
    assert KeptPlanes(path).get(0) is None
    nowhere = KeptPlanes(tmp_path / "none" / "a.prior")
    nowhere.put(0, planes[0])
    np.testing.assert_array_equal(nowhere.get(0), planes[0])
