"""Tracks out of maps: linking, ranking, voting, and what is wrapped around what."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.discovery.contract import DiscoveryRequest, ObjectTrack
from core.discovery.maps import PackedMaps
from core.discovery.masks import Refinement
from core.discovery.parts import Proposal
from core.engine.finding.build import FindingRequest, build_finder
from core.engine.finding.instances import InstanceDiscoverer, ranked, sharpened
from core.engine.finding.linking import GrowingTrack, Linker, matched
from core.engine.finding.voting import VotingDiscoverer, surest
from core.engine.registry import build_tracker
from core.errors import CheckpointMissing, UsageError
from core.jobs import Cancelled, CancelToken, Progress, result_of
from core.media.annotations.rectangles import mask_overlap
from core.media.video import open_video
from core.tracking.contract import TrackerRequest
from core.types import Quality

FLOW = TrackerRequest("flow", Quality.FINE)


FILTERED = {"refinement": Refinement.GUIDED}


def make_flow():
    return build_tracker(FLOW)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A folder of frames with two shapes, and their label maps."""
    from PIL import Image

    frames, label_maps = moving_shapes(width=96, height=64, frame_count=8)
    folder = tmp_path_factory.mktemp("film")
    for index, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{index:05d}.png")
    return folder, label_maps


class Knowing:
    """Finds what it is told; on frames of `blind` nothing."""

    def __init__(self, label_maps, blind=(), score=0.9):
        self.label_maps, self.blind, self.score = label_maps, set(blind), score

    def discover(self, video, frames, token):
        maps, scores = PackedMaps(), {}
        for index in frames:
            token.check()
            if index not in self.blind:
                maps.add(index, self.score * (self.label_maps[index] > 0))
                scores[index] = self.score
            yield Progress(index, len(frames))
        return (ObjectTrack(maps, scores, self.score),)


def test_two_shapes_become_two_tracks_over_all_frames(film):
    folder, label_maps = film
    with open_video(folder) as video:
        finder = InstanceDiscoverer(Knowing(label_maps), make_flow, most=20)
        tracks = result_of(finder.discover(video, range(8), CancelToken()))
    assert len(tracks) == 2
    owners = set()
    for track in tracks:
        assert set(track.maps) == set(track.scores) == set(range(8))
        best = max((1, 2), key=lambda i: mask_overlap(track.maps[0] > 0.5, label_maps[0] == i))
        owners.add(best)
        for index in range(8):
            assert mask_overlap(track.maps[index] > 0.5, label_maps[index] == best) > 0.7
    assert owners == {1, 2}
    assert tracks[0].score >= tracks[1].score


def test_boxes_of_a_detector_tell_objects_apart(film):
    """Two shapes in one box are one object, whatever their colors; nothing else is one."""
    folder, label_maps = film
    boxes = {index: [(0.0, 0.0, 96.0, 64.0), (0.0, 0.0, 2.0, 2.0)] for index in range(8)}
    with open_video(folder) as video:
        finder = InstanceDiscoverer(Knowing(label_maps), make_flow, most=20, boxes=boxes)
        tracks = result_of(finder.discover(video, range(8), CancelToken()))
        none = InstanceDiscoverer(Knowing(label_maps), make_flow, most=20, boxes={})
        assert result_of(none.discover(video, range(8), CancelToken())) == ()
    (track,) = tracks
    # Cut as one thing, two colors on a colored ground lose some of their pixels.
    assert mask_overlap(track.maps[0] > 0.5, label_maps[0] > 0) > 0.5


def test_an_object_is_carried_over_frames_without_a_proposal(film):
    folder, label_maps = film
    with open_video(folder) as video:
        finder = InstanceDiscoverer(Knowing(label_maps, blind=(3, 4)), make_flow, most=20)
        tracks = result_of(finder.discover(video, range(8), CancelToken()))
    assert len(tracks) == 2
    for track in tracks:
        assert set(track.maps) == set(range(8))
        assert track.scores[3] < track.scores[2]


def test_what_is_only_carried_at_the_end_is_forgotten(film):
    folder, label_maps = film
    with open_video(folder) as video:
        finder = InstanceDiscoverer(Knowing(label_maps, blind=(6, 7)), make_flow, most=20)
        tracks = result_of(finder.discover(video, range(8), CancelToken()))
    assert [set(track.maps) for track in tracks] == [set(range(6))] * 2


def test_a_job_stops_between_frames(film):
    folder, label_maps = film
    token = CancelToken()
    with open_video(folder) as video:
        job = InstanceDiscoverer(Knowing(label_maps), make_flow, most=20).discover(
            video, range(8), token
        )
        for item in job:
            if item.phase:
                token.cancel()
                break
        with pytest.raises(Cancelled):
            result_of(job)


def square(left, side=8, size=(40, 60)):
    mask = np.zeros(size, bool)
    mask[10 : 10 + side, left : left + side] = True
    return mask


def grown(lefts, score=0.9, first=0):
    track = GrowingTrack(PackedMaps(), {}, square(lefts[0]))
    for index, left in enumerate(lefts):
        track.take(first + index, Proposal(square(left), score))
    return track


def test_matching_takes_the_best_pairs_and_none_that_hardly_overlap():
    found = [Proposal(square(30), 1.0), Proposal(square(2), 1.0)]
    assert matched([square(3), square(29), square(45)], found) == {0: 1, 1: 0}
    assert matched([square(8)], found) == {}
    assert matched([], found) == {}


def test_an_object_that_is_seen_in_part_goes_on():
    whole, part = np.zeros((2, 20, 40), bool)
    whole[4:16, 4:24], part[4:16, 4:10] = True, True
    assert matched([whole], [Proposal(part, 1.0)]) == {0: 0}
    assert matched([part], [Proposal(whole, 1.0)]) == {0: 0}
    # What fits better goes first, and each is one object at most.
    rest = whole & ~part
    assert matched([whole], [Proposal(part, 1.0), Proposal(rest, 1.0)]) == {0: 1}
    beside = np.roll(part, 4, axis=1) & ~whole
    assert matched([beside], [Proposal(whole, 1.0)]) == {}


def test_short_tracks_are_dropped_twins_are_one_and_there_are_no_more_than_asked():
    long, twin = grown([10] * 8), grown([10] * 6, score=0.5)
    short, other = grown([40]), grown([30] * 8, score=0.8)
    tracks = ranked([short, twin, other, long], 8, most=20)
    assert [t.score for t in tracks] == sorted((t.score for t in tracks), reverse=True)
    assert len(tracks) == 2
    assert len(ranked([short, twin, other, long], 8, most=1)) == 1


def test_central_objects_rank_before_those_in_a_corner():
    middle, corner = grown([26] * 4), grown([0] * 4)
    first, second = ranked([corner, middle], 4, most=20)
    assert (first.maps[0] > 0.5)[:, 26:34].any()
    assert first.score > second.score


def test_a_linker_never_asks_for_a_tracker_on_a_single_frame():
    def fails():
        raise AssertionError

    linker = Linker(fails)
    linker.add(0, np.zeros((40, 60, 3), np.uint8), [Proposal(square(5), 0.7)])
    (track,) = linker.finish()
    assert track.scores == {0: 0.7}


def test_sharpened_proposals_follow_colors_and_do_not_overlap():
    small = np.full((60, 90, 3), 30, np.uint8)
    small += np.random.default_rng(0).integers(0, 6, small.shape, np.uint8)
    small[15:45, 20:50] = (230, 200, 40)
    rough = np.zeros((60, 90), bool)
    rough[14:47, 19:52] = True
    truth = np.zeros((60, 90), bool)
    truth[15:45, 20:50] = True
    (one,) = sharpened([Proposal(rough, 0.6)], small)
    assert mask_overlap(one.mask, truth) > mask_overlap(rough, truth)
    assert one.score == 0.6
    wide = np.zeros((60, 90), bool)
    wide[8:52, 10:64] = True
    (one,) = sharpened([Proposal(wide, 0.6)], small)
    assert mask_overlap(wide, truth) < 0.4
    assert mask_overlap(one.mask, truth) > 0.95
    pair = sharpened([Proposal(rough, 0.6), Proposal(truth & (np.arange(90) < 30), 0.6)], small)
    assert len(pair) == 2
    assert not (pair[0].mask & pair[1].mask).any()


def test_votes_fill_frames_on_which_nothing_was_found(film):
    folder, label_maps = film
    with open_video(folder) as video:
        finder = VotingDiscoverer(
            Knowing(label_maps, blind=(4, 5)), make_flow, refinement=Refinement.GUIDED
        )
        (track,) = result_of(finder.discover(video, range(8), CancelToken()))
    assert set(track.maps) == set(range(8))
    for index in (4, 5):
        assert mask_overlap(track.maps[index] > 0.5, label_maps[index] > 0) > 0.6


def test_two_voters_that_agree_are_believed(film):
    folder, label_maps = film
    with open_video(folder) as video:
        finder = VotingDiscoverer(
            Knowing(label_maps, blind=range(2, 8)), make_flow, refinement=Refinement.GUIDED
        )
        (track,) = result_of(finder.discover(video, range(3), CancelToken()))
    assert mask_overlap(track.maps[2] > 0.5, label_maps[2] > 0) > 0.6


def test_what_no_frame_has_a_majority_for_is_dropped(film):
    """A track without a frame has no first one."""
    folder, label_maps = film
    with open_video(folder) as video:
        nothing = [np.zeros_like(label_map) for label_map in label_maps]
        finder = VotingDiscoverer(Knowing(nothing), make_flow, **FILTERED)
        assert result_of(finder.discover(video, range(8), CancelToken())) == ()


def test_voters_are_sure_and_apart():
    scores = {0: 0.5, 1: 0.9, 2: 0.89, 3: 0.4, 6: 0.8, 11: 0.6}
    assert surest(ObjectTrack({}, scores, 0.5), 3) == [1, 6, 11]
    assert surest(ObjectTrack({}, {4: 0.5}, 0.5), 3) == [4]


def test_what_a_request_asks_for_is_checked():
    def request(system, **more):
        return FindingRequest(system, DiscoveryRequest(device="cpu", **more), FLOW)

    with pytest.raises(UsageError, match="finds no objects"):
        build_finder(request("flow"))
    with pytest.raises(CheckpointMissing):
        build_finder(request("appearance_motion"))
