"""new, propagate, export, import into another project: the same label maps, or what was told."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest
from PIL import Image

from core.media.label_map import read_label_map
from vosapp.project.opening import open_project

COUNT = 9
EXACT = ("davis", "youtube-vos", "coco", "ytvis", "cvat", "mots-png", "mots-txt", "object-masks")
EXACT += ("masks", "davis-zip", "youtube-vos-zip")
ONE_FILE = ("davis-zip", "youtube-vos-zip")


@pytest.fixture
def filled(call, film, save_masks, tmp_path):
    """A project whose film is propagated from two keyframes."""
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", save_masks(0, 6), "-o", path)
    told = call("propagate", path, "--system", "flow")
    assert told["frames"] == COUNT - 2 and told["left"] == []
    return path


def maps_of(path):
    with open_project(path) as project:
        return {i: project.label_map(i).copy() for i in range(project.video.frame_count)}


def imported(call, film, tmp_path, fmt, place, *options):
    fresh = tmp_path / "fresh.vosapp"
    call("new", film, "-o", fresh)
    told = call("import", fresh, place, "--format", fmt, *options)
    return fresh, told


@pytest.mark.parametrize("fmt", EXACT)
def test_label_maps_come_back(call, filled, film, tmp_path, fmt):
    out = tmp_path / "out"
    told = call("export", filled, "--format", fmt, "-o", out)
    assert told["written"] > 0 and told["missing"] == []
    assert set(told["losses"]) <= {"Not written: the colors of the objects."}
    fresh, back = imported(call, film, tmp_path, fmt, out)
    assert back["keyframes"] == list(range(COUNT))
    found, wanted = maps_of(fresh), maps_of(filled)
    assert all(np.array_equal(found[i], wanted[i]) for i in range(COUNT))
    assert len(np.unique(wanted[4])) == 3
    with open_project(fresh) as project:
        assert project.undo().name == "Import annotations"
        assert project.objects() == () and not project.keyframe_indices()
    again = call("export", filled, "--format", fmt, "-o", out)
    assert again["written"] == (1 if fmt in ONE_FILE else 0)
    assert again["written"] + again["unchanged"] == told["written"]


def test_davis_2016_comes_back_as_one_object_as_announced(call, filled, film, tmp_path):
    out = tmp_path / "out"
    told = call("export", filled, "--format", "davis2016", "-o", out, "--no-images")
    assert "2 objects become one, called 1." in told["losses"]
    assert not (out / "JPEGImages").exists()
    fresh, _ = imported(call, film, tmp_path, "davis2016", out)
    found, wanted = maps_of(fresh), maps_of(filled)
    assert all(np.array_equal(found[i], wanted[i] > 0) for i in range(COUNT))


def test_outlines_of_yolo_come_back_but_for_what_was_told(call, filled, film, tmp_path):
    out = tmp_path / "out"
    call("export", filled, "--format", "yolo-seg", "-o", out)
    fresh, _ = imported(call, film, tmp_path, "yolo-seg", out)
    found, wanted = maps_of(fresh), maps_of(filled)
    agree = [np.mean(found[i] == wanted[i]) for i in range(COUNT)]
    assert min(agree) > 0.97


@pytest.mark.parametrize("fmt", ["cut-outs", "overlay"])
def test_formats_that_only_go_out(call, filled, tmp_path, fmt):
    out = tmp_path / "out"
    assert call("export", filled, "--format", fmt, "-o", out)["written"] > 0
    assert any(path.is_file() and path.stat().st_size for path in out.rglob("*"))


def alpha_of_video(path, decoder, dtype):
    """The alpha of every frame of a file, 0..255."""
    found = []
    with av.open(str(path)) as container:
        context = av.CodecContext.create(decoder, "r")
        stream = container.streams.video[0]
        context.extradata = stream.codec_context.extradata
        context.width, context.height = stream.width, stream.height
        context.codec_tag = stream.codec_context.codec_tag
        for packet in container.demux(stream):
            for frame in context.decode(packet if packet.size else None):
                plane = frame.planes[3]
                values = np.frombuffer(bytes(plane), dtype).reshape(plane.height, -1)
                shift = frame.format.components[0].bits - 8
                found.append((values[:, : frame.width] >> shift).astype(int))
    return found


def alpha_of_pictures(folder):
    found = [np.array(Image.open(path)) for path in sorted(folder.iterdir())]
    assert all(picture.shape[2] == 4 for picture in found)
    return [picture[..., 3].astype(int) for picture in found]


@pytest.mark.parametrize(
    ("fmt", "read", "most", "mean"),
    [
        ("matte-png", lambda out: alpha_of_pictures(out / "film"), 0, 0),
        (
            "matte-prores",
            lambda out: alpha_of_video(out / "film_matte.mov", "prores", np.uint16),
            1,
            1,
        ),
        (
            "matte-vp9",
            lambda out: alpha_of_video(out / "film_matte.webm", "libvpx-vp9", np.uint8),
            255,
            3,
        ),
    ],
)
@pytest.mark.parametrize("ids", [(1, 2), (2,)])
def test_mattes_hold_the_masks_as_alpha(call, filled, tmp_path, fmt, read, most, mean, ids):
    """ProRes is exact to the last bit of 8; VP9 is lossy, so its edges may move a little."""
    out = tmp_path / "out"
    objects = ",".join(map(str, ids))
    call("export", filled, "--format", fmt, "-o", out, "--objects", objects, "--hard-edges")
    wanted = maps_of(filled)
    found = read(out)
    assert len(found) == COUNT
    for index, alpha in enumerate(found):
        off = np.abs(alpha - 255 * np.isin(wanted[index], ids))
        assert off.max() <= most and off.mean() <= mean, index
    assert any((alpha > 128).any() for alpha in found)


def test_options_reach_the_format(call, filled, tmp_path):
    told = call("export", filled, "--format", "davis", "-o", tmp_path / "a", "--resize-480p")
    assert any("resized" in loss for loss in told["losses"])
    png = tmp_path / "a/Annotations/480p/film/00000.png"
    assert read_label_map(png).label_map.shape[0] == 480
    told = call("export", filled, "--format", "youtube-vos", "-o", tmp_path / "b", "--every", "4")
    assert sorted(p.stem for p in (tmp_path / "b/Annotations/film").iterdir()) == [
        "00000",
        "00004",
        "00008",
    ]
    told = call(
        *("export", filled, "--format", "davis", "-o", tmp_path / "c"),
        *("--range", "2:5", "--objects", "2"),
    )
    assert told["object_ids"] == [2] and told["frames"] == 3
    assert told["losses"] == ["Objects left out, since they are not chosen: 1."]
    found = read_label_map(tmp_path / "c/Annotations/480p/film/00003.png").label_map
    assert np.array_equal(found, np.where(maps_of(filled)[3] == 2, 2, 0))
    told = call("export", filled, "--format", "coco", "-o", tmp_path / "d", "--polygons")
    document = json.loads((tmp_path / "d/annotations/instances_film.json").read_text())
    assert isinstance(document["annotations"][0]["segmentation"], list)


def test_frames_without_a_label_are_listed(call, film, save_masks, tmp_path):
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", save_masks(0, 6), "-o", path)
    told = call("export", path, "--format", "davis", "-o", tmp_path / "out")
    assert told["missing"] == [1, 2, 3, 4, 5, 7, 8]
    assert any("1-5, 7-8" in finding["text"] for finding in told["findings"])
    written = sorted(p.stem for p in (tmp_path / "out/Annotations/480p/film").iterdir())
    assert written == ["00000", "00006"]


def test_objects_with_gaps_in_what_is_known_are_told(call, film, save_masks, tmp_path):
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", save_masks(0), "-o", path)
    call("import", path, save_masks(4, folder="one", ids=(2,)), "--format", "masks")
    told = call("export", path, "--format", "davis", "-o", tmp_path / "out")
    assert told["losses"][:1] == [
        "Some objects have no mask yet, which looks as if they were absent: 4."
    ]


def test_a_film_that_moved_and_one_that_is_gone(call, filled, film, tmp_path):
    moved = film.rename(tmp_path / "elsewhere.mkv")
    out = tmp_path / "out"
    told = call("export", filled, "--format", "davis", "-o", out, code=2)
    assert told["error"]["code"] == "video-open" and "--video" in told["error"]["hint"]
    told = call("propagate", filled, "--system", "copy", code=2)
    assert told["error"]["code"] == "video-open"
    assert call("export", filled, "--format", "davis", "--no-images", "-o", out)["missing"] == []
    assert (out / "Annotations/480p/film/00000.png").is_file()
    told = call("export", filled, "--format", "davis", "-o", out, "--video", moved)
    assert told["written"] > COUNT
    call("propagate", filled, "--system", "copy", "--video", moved)
    assert call("export", filled, "--format", "davis", "-o", out)["written"] == 0


def mirror(film, target):
    """Write a film of the same size, length and times with other pictures."""
    with av.open(str(film)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream("ffv1", rate=25)
        source = old.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = source.width, source.height, "bgr0"
        for frame in old.decode(source):
            turned = np.ascontiguousarray(frame.to_ndarray(format="rgb24")[:, ::-1])
            picture = av.VideoFrame.from_ndarray(turned, format="rgb24")
            picture.pts, picture.time_base = frame.pts, frame.time_base
            new.mux(stream.encode(picture))
        new.mux(stream.encode(None))


def test_another_film_under_the_projects_name(call, filled, film, tmp_path):
    """Refused by all that need its pictures until it is accepted, once."""
    own = film.rename(tmp_path / "own.mkv")
    mirror(own, film)
    asked = [
        ["propagate", filled, "--system", "copy", "--all"],
        ["adapt", filled],
        ["export", filled, "--format", "overlay", "-o", tmp_path / "out"],
        ["propagate", filled, "--system", "copy", "--video", film],
    ]
    for words in asked:
        error = call(*words, code=2)["error"]
        assert error["code"] == "video-mismatch" and "may be another video" in error["message"]
        assert "--accept-video" in error["hint"]
    assert call("info", filled)["video"]["same"] is False
    call("export", filled, "--format", "overlay", "-o", tmp_path / "out", "--accept-video")
    call(*asked[0], "--accept-video")
    assert "film.mkv is not quite the video of this project" in call.stderr
    assert call("info", filled)["video"]["same"] is True
    call(*asked[0])
    call(*asked[2])
    assert "not quite" not in call.stderr
    error = call(*asked[0], "--video", own, code=2)["error"]
    assert error["code"] == "video-mismatch"


def test_accepting_a_video_goes_with_a_project_only(call, film, save_masks, tmp_path):
    words = ["propagate", film, "--masks", save_masks(0), "-o", tmp_path / "out"]
    error = call(*words, "--accept-video", code=2)["error"]
    assert error["code"] == "usage" and error["message"].startswith("--accept-video goes with")
