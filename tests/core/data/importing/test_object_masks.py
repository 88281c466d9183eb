"""One folder for each object: what is inside, whatever the two values of its files are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.data.importing.formats import importer_named
from core.errors import AnnotationReadError
from core.jobs import result_of

INSIDE = np.s_[2:8, 3:9]


def square(value, back=0, dtype=np.uint8):
    image = np.full((12, 20), back, dtype)
    image[INSIDE] = value
    return image


def palette(first, second):
    image = Image.fromarray(square(1))
    image.putpalette(bytes([*first, *second]))
    return image


@pytest.mark.parametrize(
    "image",
    [
        *(square(value) for value in (1, 2, 64, 127, 128, 255)),
        *(square(value, dtype=np.uint16) for value in (1, 4095, 65535)),
        Image.fromarray(square(255)).convert("1"),
        palette((0, 0, 0), (128, 0, 0)),
        palette((0, 0, 0), (0, 0, 1)),
        palette((0, 0, 0), (0, 0, 0)),
        np.stack([square(0), square(0), square(90)], axis=2),
        square(240, back=10),
    ],
)
def test_two_values_whatever_they_are(image, tmp_path, info):
    (tmp_path / "objects" / "007").mkdir(parents=True)
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(tmp_path / "objects" / "007" / "00004.png")
    Image.fromarray(np.zeros((12, 20), np.uint8)).save(tmp_path / "objects" / "007" / "00005.png")
    found = result_of(importer_named("object-masks").read(tmp_path / "objects", info))
    first, second = found.keyframes()
    assert np.array_equal(first.label_map, square(7))
    assert not second.label_map.any() and second.object_ids == (7,)


def test_values_may_differ_from_object_to_object_and_file_to_file(tmp_path, info):
    for name, number, value in (("001", 0, 1), ("001", 1, 255), ("002", 2, 2), ("002", 3, 200)):
        folder = tmp_path / "objects" / name
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(square(value)).save(folder / f"{number:05d}.png")
    found = result_of(importer_named("object-masks").read(tmp_path / "objects", info))
    expected = {0: 1, 1: 1, 2: 2, 3: 2}
    for keyframe in found.keyframes():
        assert np.array_equal(keyframe.label_map, square(expected[keyframe.frame_index]))


def test_a_damaged_file_is_named(tmp_path, info):
    (tmp_path / "objects" / "001").mkdir(parents=True)
    path = tmp_path / "objects" / "001" / "00000.png"
    Image.fromarray(square(1)).save(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(AnnotationReadError, match=r"00000\.png"):
        result_of(importer_named("object-masks").read(tmp_path / "objects", info))


@pytest.mark.parametrize("name", ["SegmentationObject", "SegmentationClass"])
def test_cvat_masks_are_found_from_their_root(name, tmp_path, info):
    for folder in {name, "SegmentationClass"}:
        (tmp_path / "set" / folder).mkdir(parents=True)
    Image.fromarray(square(5)).save(tmp_path / "set" / name / "00003.png")
    found = result_of(importer_named("masks").read(tmp_path / "set", info))
    assert found.frames == (3,) and dict(found.mapping) == {"5": 5}
