"""Some frames of a video as a video."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.media.chosen_frames import ChosenFrames
from core.media.video import open_video


def test_chosen_frames_are_numbered_anew(tmp_path):
    for index in range(6):
        shade = np.full((4, 6, 3), 10 * index, np.uint8)
        Image.fromarray(shade).save(tmp_path / f"{index:05d}.png")
    with ChosenFrames(open_video(tmp_path), (1, 2, 5)) as video:
        assert video.info.frame_count == 3
        assert video.info.stems == ("00001", "00002", "00005")
        assert video.index is None and video.notes == ()
        assert [int(f[0, 0, 0]) for f in video.frames(2, -1, -1)] == [50, 20, 10]
        for wrong in (-1, 3):
            with pytest.raises(IndexError):
                video.frame(wrong)
