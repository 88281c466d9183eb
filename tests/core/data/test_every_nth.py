"""Every Nth frame of a data set."""

from __future__ import annotations

import pytest

from core.data.every_nth.__main__ import main
from core.data.layouts import read_tree


@pytest.fixture
def davis(tmp_path):
    """Seven frames of which four have masks, the second of them between those that are taken."""
    for kind, suffix, numbers in (
        ("JPEGImages", "jpg", range(7)),
        ("Annotations", "png", range(4)),
    ):
        folder = tmp_path / "set" / kind / "480p" / "bear"
        folder.mkdir(parents=True)
        for number in numbers:
            (folder / f"{number:05d}.{suffix}").write_bytes(b"%d" % number)
    return tmp_path / "set"


def test_frames_and_their_masks_keep_their_names(davis, tmp_path, capsys):
    assert main([str(davis), str(tmp_path / "out"), "3"]) == 0
    (bear,) = read_tree(tmp_path / "out")
    assert [frame.name for frame in bear.frames] == ["00000.jpg", "00003.jpg", "00006.jpg"]
    assert [mask.name for mask in bear.masks] == ["00000.png", "00003.png"]
    assert bear.masks[1].read_bytes() == b"3"
    assert "Copied 3 frames" in capsys.readouterr().out


def test_what_cannot_be_done_is_told(davis, tmp_path, capsys):
    assert main([str(davis), str(davis), "2"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main([str(tmp_path / "none"), str(tmp_path / "out"), "2"]) == 2
    assert "does not exist" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit):
        main([str(davis), str(tmp_path / "out"), "0"])


def test_a_set_of_masks_alone_is_refused(davis, tmp_path, capsys):
    (davis / "JPEGImages").rename(davis / "elsewhere")
    assert main([str(davis), str(tmp_path / "out"), "2"]) == 2
    assert "masks of bear, but no frames" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_frame_that_cannot_be_read_is_named_and_nothing_is_left(
    davis, tmp_path, capsys, no_privileges
):
    frame = davis / "JPEGImages/480p/bear/00003.jpg"
    frame.chmod(0)
    assert main([str(davis), str(tmp_path / "out"), "3"]) == 2
    assert f"{frame} cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
