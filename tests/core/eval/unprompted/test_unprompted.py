"""The table of what finds objects without a prompt: baselines, rows, going on."""

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
from PIL import Image

from core.data.synthetic import two_layers
from core.errors import CheckpointMissing, UsageError
from core.eval.jf import region_similarity
from core.eval.provenance import file_mark
from core.eval.scores_file import read_scores, scores_path
from core.eval.unprompted.__main__ import main
from core.eval.unprompted.baselines import (
    BASELINES,
    WITH_BACKBONE,
    StandsOut,
    above_otsu,
    flow_magnitude,
    frame_difference,
    global_motion,
)
from core.eval.unprompted.contenders import Contender, read_contenders
from core.eval.unprompted.job import UnpromptedRequest, compare_unprompted
from core.jobs import Cancelled, CancelToken, result_of
from core.media.label_map import write_label_map
from core.media.video import open_video
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.lite0_file import use_backbone
from core.systems.appearance_motion.config import PRESETS
from core.systems.appearance_motion.model import new_network
from core.systems.appearance_motion.spec import SYSTEM
from core.tracking.contract import TrackerRequest
from core.types import Quality

COUNT = 4


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A set with a disk that moves fast in front of a ground that shifts."""
    root = tmp_path_factory.mktemp("set")
    for name, seed in (("one", 0), ("two", 1)):
        frames, masks = two_layers(side=128, frames=COUNT, speed=5.0, seed=seed)
        for kind in ("JPEGImages", "Annotations"):
            (root / kind / name).mkdir(parents=True)
        for index in range(COUNT):
            file = f"{name}/{index:05d}.png"
            Image.fromarray(frames[index]).save(root / "JPEGImages" / file)
            write_label_map(root / "Annotations" / file, masks[index].astype(np.uint8))
    return root


@pytest.mark.parametrize("name", ("center-box", "frame-difference", "flow-magnitude"))
def test_baselines_find_something_where_the_disk_is(root, name):
    _, masks = two_layers(side=128, frames=COUNT, speed=5.0)
    with open_video(root / "JPEGImages/one") as video:
        (track,) = result_of(BASELINES[name]().discover(video, range(COUNT), CancelToken()))
    assert set(track.maps) == set(range(COUNT))
    j = [region_similarity(track.maps[i] > 0.5, masks[i]) for i in range(COUNT)]
    least = {"center-box": 0.3, "frame-difference": 0.4, "flow-magnitude": 0.6}
    assert np.mean(j) > least[name]


def test_class_activation_maps_are_a_baseline_where_the_backbone_is(root, tmp_path):
    assert BASELINES.keys() > WITH_BACKBONE
    use_backbone(tmp_path / "none.pth")
    try:
        with open_video(root / "JPEGImages/one") as video, pytest.raises(CheckpointMissing):
            found = BASELINES["class-activation"]().discover(video, range(2), CancelToken())
            result_of(found)
    finally:
        use_backbone(None)


def test_a_map_of_a_frame_becomes_an_object_or_nothing(root):
    _, masks = two_layers(side=128, frames=COUNT, speed=5.0)
    shown = iter(masks.astype(np.float32))
    with open_video(root / "JPEGImages/one") as video:
        finder = StandsOut(lambda _frame: next(shown))
        (track,) = result_of(finder.discover(video, range(COUNT), CancelToken()))
        nothing = StandsOut(lambda _frame: np.zeros((8, 8), np.float32))
        assert result_of(nothing.discover(video, range(COUNT), CancelToken())) == ()
    for index in range(COUNT):
        large = cv2.resize(track.maps[index], (128, 128)) > 0.5
        assert region_similarity(large, masks[index]) > 0.7


def test_a_pan_is_global_motion_and_the_disk_is_not():
    frames, masks = two_layers(side=128, frames=4, speed=5.0)
    shifted = cv2.warpAffine(
        frames[1], np.float32([[1, 0, 3], [0, 1, 2]]), (128, 128), borderMode=cv2.BORDER_REFLECT
    )
    apart = flow_magnitude(frames[0], shifted)
    assert apart[masks[0]].mean() > 5 * np.median(apart[~masks[0]])
    flow = np.zeros((64, 64, 2), np.float32)
    flow[..., 0] = 2.5
    flow[20:30, 20:30] = 9
    np.testing.assert_allclose(global_motion(flow), 2.5 * np.float32([1, 0]) + 0 * flow, atol=0.05)


def test_otsu_parts_two_groups_at_one_half():
    measure = np.full((20, 20), 2.0, np.float32)
    measure[5:10, 5:10] = 9.0
    plane = above_otsu(measure)
    assert (plane[5:10, 5:10] > 0.5).all()
    assert (plane > 0.5).sum() == 25
    assert not above_otsu(np.zeros((4, 4), np.float32)).any()


def test_nothing_moves_nothing_is_found(tmp_path):
    for index in range(3):
        Image.fromarray(np.full((64, 64, 3), 99, np.uint8)).save(tmp_path / f"{index}.png")
    frame = np.full((64, 64, 3), 99, np.uint8)
    assert not frame_difference(frame, frame).any()
    with open_video(tmp_path) as video:
        found = BASELINES["frame-difference"]().discover(video, range(3), CancelToken())
        assert result_of(found) == ()


def request(root, table, **more):
    contenders = tuple(Contender(name, name) for name in ("center-box", "frame-difference"))
    tracker = TrackerRequest("flow", Quality.FAST)
    return UnpromptedRequest(root, more.pop("contenders", contenders), table, tracker, **more)


def test_rows_are_added_once_and_means_are_of_sequences(root, tmp_path):
    table = tmp_path / "t.csv"
    token = CancelToken()
    job = compare_unprompted(request(root, table), token)
    for progress in job:
        if progress.done == 2:
            token.cancel()
            break
    with pytest.raises(Cancelled):
        result_of(job)
    assert len(table.read_text().splitlines()) == 3
    found = result_of(compare_unprompted(request(root, table), CancelToken()))
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert {(r["contender"], r["sequence"]) for r in rows} == {
        (c, s) for c in ("center-box", "frame-difference") for s in ("one", "two")
    }
    for means in found:
        own = [float(r["j"]) for r in rows if r["contender"] == means.name]
        assert means.j == pytest.approx(np.mean(own))
        assert means.sequences == 2
    again = result_of(compare_unprompted(request(root, table), CancelToken()))
    assert again == found
    assert len(table.read_text().splitlines()) == 5


def test_other_options_make_another_row(root, tmp_path):
    table = tmp_path / "t.csv"
    for one in (Contender("a", "center-box"), Contender("a", "center-box", short_side=128)):
        asked = request(root, table, contenders=(one,), sequences=("one",))
        result_of(compare_unprompted(asked, CancelToken()))
    assert len(table.read_text().splitlines()) == 3


def test_the_command_prints_a_table_and_tells_what_is_wrong(root, tmp_path, capsys):
    words = ["--data", str(root), "--csv", str(tmp_path / "t.csv"), "--sequences", "one"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in BASELINES.keys() - WITH_BACKBONE)
    assert main([*words, "--no-baselines"]) == 2
    assert "nothing to compare" in capsys.readouterr().err
    assert main([*words[:-1], "three"]) == 2
    assert "no sequence three" in capsys.readouterr().err
    assert main([*words, "--adapt-steps", "many"]) == 2


def test_contenders_are_read_from_a_file(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[flow]\nfinder = "flow-magnitude"\nrefine = "none"\n')
    (one,) = read_contenders(path)
    assert (one.name, one.finder, one.refine.value) == ("flow", "flow-magnitude", "none")
    for text in ("", "a = 1", "[a]\nseed = true", '[a]\nrefine = "x"', "[a]\nseed = 1", "[a"):
        path.write_text(text)
        with pytest.raises(UsageError):
            read_contenders(path)
    path.write_text('[a]\nweights = "none.safetensors"\n')
    with pytest.raises(CheckpointMissing):
        read_contenders(path)
    with pytest.raises(UsageError, match="table of contenders"):
        read_contenders(tmp_path / "c.csv")


def test_contenders_that_train_share_runs_and_go_on(root, tmp_path, capsys):
    path, words = tmp_path / "c.toml", ["--data", str(root), "--sequences", "one", "--no-baselines"]
    path.write_text(
        f"""
[five]
finder = "appearance_motion"
train.preset = "tiny"
train.videos = "{root}"
train.steps = 1
train.batch = 2
train.crop = 32
train.loss = "flow"
seeds = 2

[learned]
like = "five"
adapt_steps = 1
seeds = 1

[six]
like = "learned"
train.segments = 6
"""
    )
    read = {one.name: one for one in read_contenders(path)}
    assert list(read) == ["five, seed 0", "five, seed 1", "learned", "six"]
    assert read["six"].train["segments"] == 6
    assert read["six"].adapt_steps == 1
    command = [*words, "--contenders", str(path), "--csv", str(tmp_path / "t.csv")]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "five, 2 seeds: J" in shown
    # Of seeds 0, 1 and none said, and of six segments.
    assert len(list((tmp_path / "t-runs").glob("run-*/weights.safetensors"))) == 4
    before = (tmp_path / "t.csv").read_text()
    assert main(command) == 0
    assert (tmp_path / "t.csv").read_text() == before


def test_scores_stand_beside_the_weights(root, tmp_path):
    weights = tmp_path / "own.safetensors"
    network = new_network(PRESETS["tiny"])
    save_weights(weights, network, CheckpointInfo(SYSTEM, "tiny", network.config.to_dict()))
    words = ["--data", str(root), "--csv", str(tmp_path / "t.csv"), "--sequences", "one"]
    assert main([*words, "--weights", str(weights), "--adapt-steps", "0,1", "--scores"]) == 0
    first, second = read_scores(scores_path(weights))
    assert first.given == "nothing; all objects as one"
    assert second.given == "nothing; all objects as one; 1 steps on each video"
    assert first.weights == file_mark(weights)
    assert (first.data, first.sequences) == (root.name, 1)
    assert str(tmp_path) not in first.command


@pytest.mark.parametrize(
    "text",
    [
        '[a]\nlike = "b"',
        '[a]\nfinder = "center-box"\nseeds = 2',
        '[a]\nfinder = "appearance_motion"\ntrain.steps = 1\nseeds = 0',
    ],
)
def test_trainings_that_make_no_sense_are_refused(tmp_path, text):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(UsageError):
        read_contenders(path)
