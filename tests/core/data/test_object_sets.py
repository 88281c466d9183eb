"""SegTrack v2, FBMS and DUTS: folders laid out as they are."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.data.object_sets import find_masks, read_duts, read_object_set
from core.errors import DatasetError
from core.media.label_map import write_label_map


def save(path, value=0, box=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((6, 8), value, np.uint8)
    if box:
        pixels[box] = 255
    Image.fromarray(pixels).save(path)


def left():
    return np.s_[:, :3]


def right():
    return np.s_[:, 6:]


def test_segtrack_unites_the_masks_of_its_objects(tmp_path):
    for index in (1, 2):
        save(tmp_path / f"JPEGImages/frog/{index:05d}.png", 90)
        save(tmp_path / f"JPEGImages/birds/{index:05d}.bmp", 90)
        save(tmp_path / f"GroundTruth/frog/{index:05d}.png", box=left())
        save(tmp_path / f"GroundTruth/birds/1/{index:05d}.png", box=left())
        save(tmp_path / f"GroundTruth/birds/2/{index:05d}.png", box=right())
    birds, frog = read_object_set(tmp_path)
    assert (birds.name, frog.name) == ("birds", "frog")
    assert list(frog.truths) == [0, 1]
    assert len(birds.truths[0]) == 2
    truth, void = birds.truth(0)
    assert truth[:, :3].all() and truth[:, 6:].all() and not truth[:, 3:6].any()
    assert not void.any()


def test_fbms_has_masks_on_few_frames(tmp_path):
    for part, name in (("Testset", "cats01"), ("Trainingset", "dogs01")):
        for index in range(1, 6):
            save(tmp_path / part / name / f"{name}_{index:03d}.jpg", 90)
        save(tmp_path / part / name / "GroundTruth" / f"{name}_001_gt.png", box=left())
        save(tmp_path / part / name / "GroundTruth" / f"{name}_005.pgm", box=right())
    cats, dogs = read_object_set(tmp_path)
    assert (cats.name, dogs.name) == ("cats01", "dogs01")
    assert list(cats.truths) == [0, 4]
    assert cats.truth(4)[0][:, 6:].all()
    assert [one.name for one in read_object_set(tmp_path / "Testset")] == ["cats01"]


def test_davis_layouts_are_read_with_their_void(tmp_path):
    labels = np.zeros((6, 8), np.uint8)
    labels[:, :3], labels[:, 6:] = 2, 255
    for index in range(2):
        save(tmp_path / f"JPEGImages/480p/bear/{index:05d}.png", 90)
        (tmp_path / "Annotations/480p/bear").mkdir(parents=True, exist_ok=True)
        write_label_map(tmp_path / f"Annotations/480p/bear/{index:05d}.png", labels)
    (bear,) = read_object_set(tmp_path)
    truth, void = bear.truth(1)
    assert truth[:, :3].all() and truth.sum() == 18
    assert void[:, 6:].all() and void.sum() == 12


def test_duts_pairs_images_with_masks(tmp_path):
    for name in ("a", "b"):
        save(tmp_path / f"DUTS-TE/DUTS-TE-Image/{name}.jpg", 90)
        save(tmp_path / f"DUTS-TE/DUTS-TE-Mask/{name}.png", box=left())
    for root in (tmp_path, tmp_path / "DUTS-TE"):
        pairs = read_duts(root)
        assert sorted(pairs) == ["a", "b"]
        assert pairs["a"][1].name == "a.png"
    assert find_masks(tmp_path) == {n: p[1] for n, p in read_duts(tmp_path).items()}
    (tmp_path / "DUTS-TE/DUTS-TE-Mask/b.png").unlink()
    with pytest.raises(DatasetError, match="lacks masks of 1 of 2"):
        read_duts(tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ((), "holds no folders"),
        (("GroundTruth/x/1.png", "JPEGImages/y/1.png"), "holds no frames of x"),
        (("GroundTruth/x/1.png", "JPEGImages/x/2.png"), "carries the name of a frame"),
        (("Testset/x/1.jpg",), "no sequence with masks"),
    ],
)
def test_what_is_missing_is_told(tmp_path, files, message):
    for name in files:
        save(tmp_path / name, 90)
    with pytest.raises(DatasetError, match=message):
        read_object_set(tmp_path)
    with pytest.raises(DatasetError, match="no folders NAME-Image"):
        find_masks(tmp_path)
