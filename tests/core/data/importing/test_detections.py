"""Boxes of a detector: which lines, frames and videos are meant."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from core.data.importing.detections import read_detections
from core.errors import AnnotationReadError, MaskMismatch
from core.types import VideoInfo

INFO = VideoInfo(Path("clips/boat.mp4"), 10, 100, 80, Fraction(25))


def read(tmp_path, text):
    (tmp_path / "det.txt").write_text(text)
    return read_detections(tmp_path / "det.txt", INFO)


def test_motchallenge_counts_from_1_and_ids_mean_nothing(tmp_path):
    text = "1,-1,10,20,30,40,0.9,-1,-1,-1\n1,-1,50,20,10,10,0.5\n3,-1,0,0,5,5,0.4\n4,-1,0,0,5,5,0\n"
    assert read(tmp_path, text) == {
        0: ((10, 20, 40, 60), (50, 20, 60, 30)),
        2: ((0, 0, 5, 5),),
    }


def test_tables_count_from_0_and_may_speak_of_several_videos(tmp_path):
    text = "clip,frame,object,x,y,w,h\nboat.mp4,0,1,1,2,3,4\nbus,0,1,9,9,9,9\nboat,9,7,5,5,1,1\n"
    assert read(tmp_path, text) == {0: ((1, 2, 4, 6),), 9: ((5, 5, 6, 6),)}


def test_swapped_corners_are_put_right(tmp_path):
    text = "frame,id,xmin,ymin,xmax,ymax\n2,1,30,40,10,20\n"
    assert read(tmp_path, text) == {2: ((10, 20, 30, 40),)}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", AnnotationReadError, "no box"),
        ("1,-1,10,20,abc,40,1\n", AnnotationReadError, "line 1"),
        ("1,-1,10,20,-5,40,1\n", AnnotationReadError, "negative"),
        ("11,-1,10,20,5,4,1\n", MaskMismatch, "frame 10"),
        ("0,-1,10,20,5,4,1\n", MaskMismatch, "counts frames from 1"),
        ("clip,frame,object,x,y,w,h\nbus,0,1,9,9,9,9\n", MaskMismatch, "no box of the video"),
        ("colour,place\n1,2\n", AnnotationReadError, "lacks columns"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, text, error, message):
    with pytest.raises(error) as caught:
        read(tmp_path, text)
    assert message in f"{caught.value.message} {caught.value.hint}"
