"""Youtube-Objects: the layout, masks that JPEG has blurred, and mean J by category."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.data.object_sets import read_object_set
from core.errors import DatasetError, MaskMismatch
from core.eval.unprompted.contenders import Contender
from core.eval.unprompted.job import UnpromptedRequest, compare_unprompted, to_table
from core.eval.youtube_objects import evaluate_youtube_objects
from core.jobs import CancelToken, result_of
from core.media.label_map import write_label_map
from core.tracking.contract import TrackerRequest
from core.types import Quality

SIZE = (32, 48)
SHOTS = {"aeroplane": (("0001", "001"), ("0001", "002")), "dog": (("0007", "001"),)}


def left(columns):
    """A mask of so many columns."""
    mask = np.zeros(SIZE, bool)
    mask[:, :columns] = True
    return mask


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=90)


@pytest.fixture
def root(tmp_path):
    """Four frames a shot, of which the second and fourth have masks of 16 columns."""
    for category, shots in SHOTS.items():
        for video, shot in shots:
            inside = f"{category}/data/{video}/shots/{shot}"
            for number in range(1, 5):
                frame = np.full((*SIZE, 3), 40 * number, np.uint8)
                save(tmp_path / f"set/v1/{inside}/frame{number:04d}.jpg", frame)
            for number in (2, 4):
                pixels = 255 * left(16).astype(np.uint8)
                save(tmp_path / f"set/youtube_masks/{inside}/labels/{number:05d}.jpg", pixels)
    return tmp_path / "set"


def write_results(folder, columns):
    """Results of so many columns, by category and shot."""
    for (category, video, shot), count in columns.items():
        for number in (2, 4):
            path = folder / category / video / shot / f"frame{number:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_label_map(path, 3 * left(count).astype(np.uint8))


def test_shots_have_categories_and_masks_on_frames_of_their_numbers(root):
    found = read_object_set(root)
    assert [one.name for one in found] == [
        "aeroplane-0001-001", "aeroplane-0001-002", "dog-0007-001",
    ]  # fmt: skip
    assert [one.category for one in found] == ["aeroplane", "aeroplane", "dog"]
    assert list(found[0].truths) == [1, 3]
    truth, void = found[0].truth(1)
    np.testing.assert_array_equal(truth, left(16))
    assert not void.any()


def test_each_category_counts_as_much_as_any_other(root, tmp_path):
    columns = {
        ("aeroplane", "0001", "001"): 16,
        ("aeroplane", "0001", "002"): 8,
        ("dog", "0007", "001"): 32,
    }
    write_results(tmp_path / "out", columns)
    report = result_of(evaluate_youtube_objects(root, tmp_path / "out", token=CancelToken()))
    assert report.sequences == pytest.approx(
        {"aeroplane-0001-001": 1, "aeroplane-0001-002": 0.5, "dog-0007-001": 0.5}
    )
    assert report.categories == pytest.approx({"aeroplane": 0.75, "dog": 0.5})
    assert report.j == pytest.approx(0.625)
    assert report.frames == 6
    assert report.to_table()[-1].split("|")[-2].strip() == "0.625"
    assert report.to_dict()["categories"] == report.categories


def test_what_is_missing_or_of_another_size_is_told(root, tmp_path):
    job = evaluate_youtube_objects(root, tmp_path / "out", token=CancelToken())
    with pytest.raises(DatasetError, match=r"frame0002\.png"):
        result_of(job)
    path = tmp_path / "out/aeroplane/0001/001/frame0002.png"
    path.parent.mkdir(parents=True)
    write_label_map(path, np.zeros((5, 5), np.uint8))
    with pytest.raises(MaskMismatch, match="another size"):
        result_of(evaluate_youtube_objects(root, tmp_path / "out", token=CancelToken()))
    with pytest.raises(DatasetError, match="not laid out"):
        result_of(evaluate_youtube_objects(tmp_path, tmp_path / "out", token=CancelToken()))
    (root / "v1/dog/data/0007/shots/001/frame0004.jpg").unlink()
    with pytest.raises(DatasetError, match=r"00004\.jpg"):
        read_object_set(root)


def test_what_finds_objects_is_compared_by_category(root, tmp_path):
    tracker = TrackerRequest("flow", Quality.FAST)
    asked = UnpromptedRequest(
        root, (Contender("center-box", "center-box"),), tmp_path / "t.csv", tracker
    )
    found = result_of(compare_unprompted(asked, CancelToken()))
    assert found[0].by_category.keys() == {"aeroplane", "dog"}
    shown = to_table(found)
    assert "aeroplane" in shown[-3] and "mean" in shown[-3]


def test_the_command_scores_it(root, tmp_path, capsys):
    from vosapp.cli.main import main

    write_results(tmp_path / "out", {(c, v, s): 16 for c, all_ in SHOTS.items() for v, s in all_})
    words = ["evaluate", "--protocol", "youtube-objects", "--gt", str(root)]
    assert main([*words, "--results", str(tmp_path / "out")]) == 0
    assert "aeroplane" in capsys.readouterr().out
    assert main([*words, "--results", str(tmp_path / "out"), "--stability"]) == 2
    assert "--stability has no meaning" in capsys.readouterr().err
