"""Masks on some frames in, masks on every frame out, in DAVIS form."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.media.label_map import write_label_map
from core.media.palette import DAVIS_PALETTE
from core.systems.self_supervised.config import TRACKING
from core.types import Quality
from vosapp.cli.main import main
from vosapp.project.edit_ranges import SetReference
from vosapp.project.opening import open_project

COUNT = 9
NAMES = [f"{index:05d}" for index in range(COUNT)]


def overlap(result, truth, object_id):
    mine, true = result == object_id, truth == object_id
    return (mine & true).sum() / max(1, (mine | true).sum())


def test_one_mask_labels_every_frame(film, mask, shapes, system, propagate, read_results, tmp_path):
    report = propagate(film, mask, *system)
    results = read_results(tmp_path / "out/film")
    assert list(results) == NAMES
    assert {r.shape for r in results.values()} == {shapes[1][0].shape}
    assert set(np.unique(list(results.values()))) <= {0, 1, 2}
    if system[1] != "self_supervised":  # its weights are untrained here
        assert overlap(results["00001"], shapes[1][1], 1) > 0.5
        assert overlap(results["00001"], shapes[1][1], 2) > 0.5
    assert (report["frames"], report["object_ids"], report["keyframes"]) == (COUNT, [1, 2], [0])
    assert report["output"] == str(tmp_path / "out/film")
    assert report["system"] == system[1]
    assert len(report["confidence"]) == COUNT
    assert report["frames_per_second"] > 0 and report["peak_memory_mb"] > 10


def test_files_have_the_davis_palette(film, mask, propagate, tmp_path):
    propagate(film, mask, "--system", "copy")
    with Image.open(tmp_path / "out/film/00004.png") as image:
        assert bytes(image.getpalette()) == DAVIS_PALETTE


def test_flow_follows_what_moves(film, mask, shapes, propagate, read_results, tmp_path):
    propagate(film, mask, "--system", "flow", "--quality", "fine")
    flow = read_results(tmp_path / "out/film")
    propagate(film, mask, "--system", "copy")
    still = read_results(tmp_path / "out/film")
    last = shapes[1][-1]
    assert overlap(flow[NAMES[-1]], last, 1) > overlap(still[NAMES[-1]], last, 1) + 0.1


def test_keyframes_come_out_byte_for_byte(film, save_masks, system, propagate, tmp_path):
    masks = save_masks(0, 4, 8)
    report = propagate(film, masks, *system)
    assert report["keyframes"] == [0, 4, 8]
    for name in ("00000.png", "00004.png", "00008.png"):
        assert (tmp_path / "out/film" / name).read_bytes() == (masks / name).read_bytes()


def test_frames_before_the_first_mask_are_reached_backward(
    film, save_masks, shapes, system, propagate, read_results, tmp_path
):
    report = propagate(film, save_masks(5), *system)
    results = read_results(tmp_path / "out/film")
    assert report["keyframes"] == [5]
    assert list(results) == NAMES
    if system[1] != "self_supervised":
        assert overlap(results["00004"], shapes[1][4], 1) > 0.5
    assert all((result > 0).any() for result in results.values())


@pytest.mark.parametrize("direction", ["both", "forward"])
def test_late_object_is_carried_back_unless_only_forward(
    direction, film, save_masks, system, propagate, read_results, tmp_path
):
    masks = save_masks(0, ids=(1,))
    save_masks(4, ids=(1, 2))
    report = propagate(film, masks, *system, "--direction", direction)
    results = read_results(tmp_path / "out/film")
    assert report["object_ids"] == [1, 2]
    assert any((results[name] == 2).any() for name in NAMES[:4]) == (direction == "both")
    assert (results["00004"] == 2).any() and (results["00005"] == 2).any()


def test_object_asserted_absent_is_absent_there(
    film, save_masks, system, propagate, read_results, tmp_path
):
    masks = save_masks(0)
    save_masks(4, ids=(1,))
    propagate(film, masks, *system)
    result = read_results(tmp_path / "out/film")["00004"]
    assert set(np.unique(result)) == {0, 1}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("2:5", [2, 3, 4]), ("7:", [7, 8]), (":2", [0, 1]), ("0:9", list(range(9)))],
)
@pytest.mark.parametrize("keyframe", [0, 3, 8])
def test_only_the_range_is_written(
    text, wanted, keyframe, film, save_masks, propagate, read_results, tmp_path
):
    report = propagate(film, save_masks(keyframe), "--system", "copy", "--range", text)
    assert list(read_results(tmp_path / "out/film")) == [NAMES[index] for index in wanted]
    assert report["frames"] == len(wanted) == len(report["confidence"])


def test_a_range_gives_the_same_masks_as_the_whole(
    film, mask, system, propagate, read_results, tmp_path
):
    propagate(film, mask, *system)
    whole = read_results(tmp_path / "out/film")
    propagate(film, mask, *system, "--range", "5:7", "-o", str(tmp_path / "part"))
    part = read_results(tmp_path / "part/film")
    assert list(part) == ["00005", "00006"]
    assert all((part[name] == whole[name]).all() for name in part)


def test_results_of_an_image_folder_keep_its_names(
    shapes, system, propagate, read_results, tmp_path
):
    names = [f"shot.{letter}_{number}" for letter, number in itertools.product("ab", (2, 9, 10))]
    frames, masks = tmp_path / "take 1.v2", tmp_path / "masks"
    frames.mkdir()
    masks.mkdir()
    for name, frame in zip(names, shapes[0], strict=False):
        cv2.imwrite(str(frames / f"{name}.png"), frame[..., ::-1])
    write_label_map(masks / f"{names[2]}.png", shapes[1][2])
    report = propagate(frames, masks, *system)
    results = read_results(tmp_path / "out/take 1.v2")
    assert sorted(results) == sorted(names)
    assert report["keyframes"] == [2]
    assert (results[names[2]] == shapes[1][2]).all()


def test_two_runs_give_the_same_bytes(film, save_masks, system, propagate, tmp_path):
    masks = save_masks(2, 6)
    contents = []
    for out in ("one", "two"):
        propagate(film, masks, *system, "-o", str(tmp_path / out))
        folder = tmp_path / out / "film"
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == COUNT


def test_void_in_a_mask_is_no_object_in_the_result(
    film, mask, shapes, system, propagate, read_results, tmp_path
):
    with_void = shapes[1][0].copy()
    with_void[:6] = 255
    write_label_map(mask, with_void)
    propagate(film, mask, *system)
    results = read_results(tmp_path / "out/film")
    assert 255 not in np.unique(list(results.values()))
    assert not results["00000"][:6].any()


@pytest.fixture
def learned(monkeypatch, weights):
    """The options of a system that compares frames with keyframes."""
    small = replace(TRACKING[Quality.FAST], short_side=64)
    monkeypatch.setitem(TRACKING, Quality.FAST, small)
    return ["--weights", str(weights), "--quality", "fast"]


def test_reference_is_compared_with_every_frame(
    film, save_masks, learned, propagate, read_results, tmp_path
):
    masks = save_masks(0, 3, 6)
    found = []
    for options in ([], ["--reference", "0"], ["--reference", "3", "--reference", "6"]):
        propagate(film, masks, *learned, *options)
        found.append(read_results(tmp_path / "out/film"))
    equal = [[np.array_equal(found[0][n], other[n]) for n in NAMES] for other in found[1:]]
    assert all(equal[0][:2]) and equal[0][3], "the first span knows frame 0 anyway"
    assert not equal[0][2], "but frame 3 is nearer here, and only a reference is as good as that"
    assert not all(equal[0][4:])
    assert not all(equal[1][1:3]), "between 0 and 3 only 6 is new"
    assert not all(equal[1][7:]), "after 6 only 3 is new"


def test_reference_of_a_project(film, save_masks, learned, propagate, read_results, tmp_path):
    masks, path = save_masks(0, 3, 6), str(tmp_path / "p.vosapp")
    propagate(film, masks, *learned, "--reference", "3")
    assert main(["new", str(film), "--masks", str(masks), "-o", path]) == 0
    with open_project(Path(path)) as project:
        project.do(SetReference(3, (2,)))
    assert main(["propagate", path, *learned]) == 0
    with open_project(Path(path)) as project:
        for index, name in enumerate(NAMES):
            wanted = read_results(tmp_path / "out/film")[name]
            np.testing.assert_array_equal(project.label_map(index), wanted)
