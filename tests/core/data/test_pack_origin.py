"""Where packed frames are from, as it is written beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.data.frame_pack import PackConfig, pack_folder
from core.data.pack_origin import PackOrigin, Wanted
from core.jobs import CancelToken, result_of

FILM = PackOrigin("a.mp4", (96, 64), (0, 4, 9))
FOLDER = PackOrigin("bear", (96, 64), (0, 4, 9), ("00010", "x", "\udcff"))


@pytest.mark.parametrize("origin", [FILM, FOLDER])
def test_what_is_written_is_read(origin):
    text = json.dumps(origin.to_dict())
    assert PackOrigin.from_dict(json.loads(text)) == origin
    assert ("names" in text) == bool(origin.names)


@pytest.mark.parametrize(
    "change", [{"names": ["a"]}, {"names": 3}, {"size": [1]}, {"indices": ["x"]}]
)
def test_what_makes_no_sense_is_refused(change):
    with pytest.raises((LookupError, TypeError, ValueError)):
        PackOrigin.from_dict(FOLDER.to_dict() | change)


def test_a_video_is_called_with_or_without_its_suffix():
    assert FILM.is_called("a") and FILM.is_called("a.mp4") and not FILM.is_called("b")
    wanted = Wanted({"a": frozenset({3}), "b.mp4": frozenset({4})})
    assert wanted.of(Path("x/a.mp4")) == {3}
    assert wanted.of(Path("b.mp4")) == {4}
    assert wanted.of(Path("b.avi")) == frozenset()


def test_packs_of_folders_keep_the_names_of_their_images(tmp_path, write_davis):
    root = write_davis(tmp_path / "davis")
    for path in sorted((root / "JPEGImages/480p/bear").iterdir()):
        path.rename(path.with_name(f"{2 * int(path.stem) + 7}.jpg"))
    job = pack_folder(
        root, tmp_path / "cache", PackConfig(min_change=0, max_fps=1000), CancelToken()
    )
    packs = {pack.origin.video: pack for pack in result_of(job)}
    assert set(packs) == {"bear", "boat"}, "masks are no videos"
    bear = packs["bear"].origin
    assert bear.names == tuple(str(2 * index + 7) for index in bear.indices)
    assert len(bear.names) == 5


def test_folders_that_are_videos_by_their_ending_keep_no_names(tmp_path, write_davis):
    """Label maps of these are named by index, whatever their images are called."""
    images = write_davis(tmp_path / "davis") / "JPEGImages/480p/bear"
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/bear.images").symlink_to(images, target_is_directory=True)
    for path in sorted(images.iterdir()):
        path.rename(path.with_name(f"{2 * int(path.stem) + 7}.jpg"))
    wanted = Wanted({"bear": frozenset({0, 3})})
    config = PackConfig(min_change=0, max_fps=1000)
    job = pack_folder(tmp_path / "videos", tmp_path / "cache", config, CancelToken(), wanted=wanted)
    (pack,) = result_of(job)
    assert pack.origin.video == "bear.images" and pack.origin.is_called("bear")
    assert {0, 3} <= set(pack.origin.indices)
    assert pack.origin.names == ()
