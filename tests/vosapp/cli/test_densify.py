"""`vosapp densify`: from a table of boxes to label maps."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from core.data.splits import HELD_OUT
from core.data.synthetic import SAMPLE
from vosapp.assets import sample_film, sample_masks
from vosapp.cli.console import Console
from vosapp.cli.main import main

HELD = min(HELD_OUT)
STOPPED = 130


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """The sample film under three names, one of them held out."""
    folder = tmp_path_factory.mktemp("clips")
    for name in ("a", "b", HELD):
        (folder / f"{name}.mp4").symlink_to(sample_film())
    return folder


@pytest.fixture
def table(tmp_path):
    """Exact boxes of one object of the sample film on two near frames."""
    from core.media.label_map import read_label_map

    path = tmp_path / "boxes.csv"
    masks = sorted(Path(sample_masks()).iterdir())
    lines = [["clip", "frame", "object", "name", "x", "y", "w", "h"]]
    for clip in ("a", "b", HELD):
        for index in (0, 3):
            rows, columns = np.nonzero(read_label_map(masks[index]).label_map == 1)
            x, y = columns.min(), rows.min()
            box = [x, y, columns.max() + 1 - x, rows.max() + 1 - y]
            lines.append([f"{clip}.mp4", index, 1, "one", *box])
            lines.append([f"{clip}.mp4", index, 2, "never there", "", "", "", ""])
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    return path


@pytest.fixture
def command(table, videos, tmp_path):
    words = ["densify", "--boxes", table, "--videos", videos, "-o", tmp_path / "out"]
    return [*map(str, words), "--system", "flow"]


def clips(tmp_path):
    return sorted(path.name for path in (tmp_path / "out/Annotations/480p").iterdir())


def test_boxes_become_label_maps_and_held_out_clips_are_left_out(call, command, tmp_path):
    found = call(*command)
    assert SAMPLE.frame_count > 4
    assert clips(tmp_path) == ["a", "b"]
    names = sorted(p.name for p in (tmp_path / "out/Annotations/480p/a").iterdir())
    assert names == [f"{index:05d}.png" for index in range(4)]
    totals = found["totals"]
    assert (totals["clips"], totals["objects"], totals["boxes"]) == (2, 4, 4)
    assert totals["absent"] == 8
    assert totals["kept"] == 8 and totals["refused_share"] == 0
    assert totals["carried"] > 0.6
    assert found["problems"] == [] and found["resumed_clips"] == 0
    assert call(*command)["resumed_clips"] == 2


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--split", "held-out"], [HELD]),
        (["--split", "all"], sorted(["a", "b", HELD])),
        (["--limit", "1"], ["a"]),
        (["--clips", f"b, {HELD}.mp4"], sorted(["b", HELD])),
    ],
)
def test_which_clips(command, options, wanted, tmp_path):
    assert main([*command, *options]) == 0
    assert clips(tmp_path) == wanted


def test_crowds_are_left_out(command, tmp_path, capsys):
    (tmp_path / "notes.csv").write_text('clip,note\na.mp4,"a Crowd, and more"\nb.mp4,blurred\n')
    assert main([*command, "--notes", str(tmp_path / "notes.csv")]) == 0
    assert "Left out as crowds: 1 clips" in capsys.readouterr().out
    assert clips(tmp_path) == ["b"]


def test_text_for_people_and_frames(command, tmp_path, capsys):
    assert main([*command, "--limit", "1", "--frames", "--step", "3"]) == 0
    told = capsys.readouterr().out
    assert "1 clips, 2 objects, 2 boxes" in told
    assert "Kept: 100.0% of 2 visible frames" in told
    assert len(list((tmp_path / "out/JPEGImages/480p/a").iterdir())) == 2


def test_a_clip_that_cannot_be_done_is_told(command, table, capsys):
    table.write_text(table.read_text().replace("a.mp4,3,", "a.mp4,9000,"))
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert "warning: a is left out" in err and "only" in err
    assert "Left out: 1 clips" in out


def test_ctrl_c_keeps_what_is_finished(command, tmp_path, capsys, monkeypatch):
    follow = Console.follow

    def stop(self, job, *, unit="steps"):
        for progress in follow(self, job, unit=unit):
            if progress.text == "b":
                self.token.cancel()
            yield progress

    with monkeypatch.context() as patch:
        patch.setattr(Console, "follow", stop)
        assert main(command) == STOPPED
    assert "give the same command to go on" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out/records").iterdir()] == ["a.json"]
    assert main(command) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--clips", "c"], "'c', of which"),
        (["--clips", ","], "--clips names"),
        (["--agreement", "0"], "is no overlap"),
        (["--agreement", "much"], "is no overlap"),
        (["--step", "0"], "1 or more"),
        (["--split", "test"], "no valid"),
        (["--videos", "nowhere"], "does not exist"),
        (["--boxes", "none.csv"], "no file none.csv"),
        (["--weights", "w.safetensors"], "has no weights"),
    ],
)
def test_bad_input(command, options, message, capsys, tmp_path):
    assert main([*command, *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_left_of_a_split(command, table, capsys):
    table.write_text("\n".join(x for x in table.read_text().splitlines() if HELD not in x))
    assert main([*command, "--split", "held-out"]) == 2
    assert "no clip of the split held-out" in capsys.readouterr().err


def test_clips_from_elsewhere_are_never_opened(command, table, capsys):
    table.write_text(table.read_text().replace("a.mp4", "../a.mp4"))
    assert main(command) == 2
    assert "no name of a file" in capsys.readouterr().err
