"""Packs and tables of boxes come together, by names and by exact frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.box_lists import ClipBoxes
from core.data.clips.films import boxed_films, odds_of_films, origin_of
from core.data.splits import HELD_OUT
from core.errors import TrainingError
from core.media.label_map import write_label_map


@pytest.mark.parametrize("clip", ["film", "film.mp4"])
def test_places_of_frames(pack, boxes, clip):
    (film,) = boxed_films([pack], {clip: boxes}, None)
    assert [origin_of(film.pack).indices[place] for place in film.drawn] == [3, 12, 24]
    assert film.starts == film.drawn == film.told
    assert odds_of_films([film, film]).tolist() == [0.5, 0.5]


def test_absent_objects_begin_nothing(pack):
    places = {(3, 1): (0.0, 0, 0, 0), (12, 1): (4.0, 4, 10, 10)}
    (film,) = boxed_films([pack], {"film": ClipBoxes(places)}, None)
    assert [origin_of(film.pack).indices[place] for place in film.starts] == [12]
    assert len(film.drawn) == 2


def test_held_out_clips_are_left_out(pack, boxes):
    held = min(HELD_OUT)
    other = replace(pack, origin=replace(pack.origin, video=f"{held}.mp4"))
    films = boxed_films([pack, other], {"film": boxes, f"{held}.mp4": boxes}, None)
    assert [film.pack.origin.video for film in films] == ["film.mp4"]
    with pytest.raises(TrainingError, match="None of the 1 clips"):
        boxed_films([other], {held: boxes}, None)


def test_what_cannot_train_is_told(pack, boxes):
    with pytest.raises(TrainingError, match="None of the 1 clips"):
        boxed_films([pack], {"other": boxes}, None)
    with pytest.raises(TrainingError, match="None of the 1 clips"):
        boxed_films([pack], {"film": ClipBoxes({(3, 1): (1.0, 1, 5, 5)})}, None)
    with pytest.raises(TrainingError, match="2 videos are called film"):
        boxed_films([pack, pack], {"film": boxes}, None)
    late = ClipBoxes({**boxes.places, (99, 1): (1.0, 1, 5, 5)})
    with pytest.raises(TrainingError, match="film has labels on frame 99"):
        boxed_films([pack], {"film": late}, None)
    with pytest.raises(TrainingError, match="None"):
        boxed_films([replace(pack, origin=None)], {"film": boxes}, None)


def test_label_maps_of_packed_frames(pack, boxes, shapes, tmp_path):
    folder = tmp_path / "dense/Annotations/480p/film"
    folder.mkdir(parents=True)
    for index in range(3, 25):
        write_label_map(folder / f"{index:05d}.png", np.asarray(shapes[1])[index])
    (folder / "notes.txt").write_text("no mask")
    (film,) = boxed_films([pack], {"film.mp4": boxes}, tmp_path / "dense")
    wanted = {f"{i:05d}.png" for i in range(3, 25) if i % 2 == 0 or i == 3}
    assert {path.name for path in film.masks.values()} == wanted
    assert all(
        origin_of(film.pack).indices[place] == int(path.stem) for place, path in film.masks.items()
    )


def test_label_maps_of_a_folder_of_images_are_found_by_name(pack, boxes, shapes, tmp_path):
    """Whatever numbers the images of a data set have."""
    folder = tmp_path / "Annotations/480p/film"
    folder.mkdir(parents=True)
    names = tuple(f"f{5 + 3 * index:03d}" for index in pack.origin.indices)
    for name in names[::2]:
        write_label_map(folder / f"{name}.png", np.asarray(shapes[1])[0])
    write_label_map(folder / "00003.png", np.asarray(shapes[1])[0])
    named = replace(pack, origin=replace(pack.origin, video="film", names=names))
    (film,) = boxed_films([named], {"film": boxes}, tmp_path)
    assert {place: path.stem for place, path in film.masks.items()} == {
        place: name for place, name in enumerate(names) if place % 2 == 0
    }
    # Those of `vosapp densify` are numbered by indices, whatever names the images have.
    (tmp_path / "densify.json").write_text("{}")
    (film,) = boxed_films([named], {"film": boxes}, tmp_path)
    assert {place: path.stem for place, path in film.masks.items()} == {
        place: "00003" for place, index in enumerate(pack.origin.indices) if index == 3
    }
    (tmp_path / "JPEGImages").mkdir()
    (film,) = boxed_films([named], {"film": boxes}, tmp_path)
    assert len(film.masks) == len(names[::2]), "it wrote frames of these names"


def test_films_of_which_most_frames_are_known_are_dense(pack, boxes, shapes):
    (sparse,) = boxed_films([pack], {"film": boxes}, None)
    assert not sparse.is_dense
    every = ClipBoxes({(index, 1): (1.0, 1, 5, 5) for index in pack.origin.indices})
    (film,) = boxed_films([pack], {"film": every}, None)
    assert film.is_dense
