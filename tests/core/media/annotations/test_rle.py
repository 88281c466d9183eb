"""Run lengths: the same as COCO's own coder, row-wise ones for CVAT, and strict reading."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco_mask

from core.media.annotations.rle import (
    BadRuns,
    decode_coco,
    decode_cvat,
    encode_coco,
    encode_cvat,
)


def plain_counts(mask):
    """Uncompressed counts of COCO: runs of equal pixels, column by column, background first."""
    runs = [(inside, len(list(run))) for inside, run in itertools.groupby(mask.T.ravel().tolist())]
    return [0] * runs[0][0] + [length for _, length in runs]


masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(masks)
def test_coco_round_trip(mask):
    height, width = mask.shape
    assert np.array_equal(decode_coco(encode_coco(mask), height=height, width=width), mask)
    assert np.array_equal(decode_coco(plain_counts(mask), height=height, width=width), mask)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@given(masks)
def test_the_reference_coder_agrees(mask):
    size = list(mask.shape)
    packed = {"size": size, "counts": encode_coco(mask).encode()}
    assert np.array_equal(coco_mask.decode(packed), mask)
    plain = coco_mask.frPyObjects({"size": size, "counts": plain_counts(mask)}, *size)
    assert np.array_equal(coco_mask.decode(plain), mask)


@given(masks)
def test_cvat_round_trip(mask):
    height, width = mask.shape
    assert np.array_equal(decode_cvat(encode_cvat(mask), height=height, width=width), mask)


def test_cvat_counts_row_by_row_from_background():
    mask = np.array([[1, 1, 0], [0, 1, 0]], bool)
    assert encode_cvat(mask) == [0, 2, 2, 1, 1]
    assert plain_counts(mask) == [0, 1, 1, 2, 2]


@given(masks, st.binary(max_size=20))
def test_damaged_text_never_gives_a_mask_of_another_size(mask, noise):
    text = encode_coco(mask) + noise.decode("latin-1")
    try:
        found = decode_coco(text, height=mask.shape[0], width=mask.shape[1])
    except BadRuns:
        return
    assert found.shape == mask.shape


@pytest.mark.parametrize(
    "counts",
    ["", "o" * 3, "ooooooooooooo1", "é", "0" * 1000, [7], [-1, 13], [10**30], [12, 1], [2**62] * 9],
    ids=str,
)
def test_counts_that_make_no_sense_are_refused(counts):
    with pytest.raises(BadRuns):
        decode_coco(counts, height=3, width=4)


def test_large_masks_are_exact():
    mask = np.random.default_rng(1).random((700, 900)) < 0.5
    assert np.array_equal(decode_coco(encode_coco(mask), height=700, width=900), mask)
    assert np.array_equal(decode_cvat(encode_cvat(mask), height=700, width=900), mask)
