"""The picture of a run's course."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from core.errors import OutputError
from core.train import curve
from core.train.curve import draw_curve, read_log

BLUE, ORANGE = (0, 0x72, 0xB2), (0xD5, 0x5E, 0)


@pytest.fixture
def write(tmp_path):
    def run(lines):
        text = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
        (tmp_path / "log.jsonl").write_text(text)
        return tmp_path / "log.jsonl"

    return run


def falling(count, **more):
    return [{"step": s, "losses": {"color": 1 / s}, "seconds": s, **more}
            for s in range(1, count + 1)]  # fmt: skip


def places(image, color):
    """(x, y) of pixels of a color below the legend."""
    found = np.argwhere((np.asarray(image) == color).all(axis=2))
    return [(x, y) for y, x in found if y % curve.HEIGHT > curve.TOP]


def test_a_falling_loss_falls(write, tmp_path):
    assert draw_curve(write(falling(300)), tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as image:
        assert image.size == (curve.WIDTH, curve.HEIGHT)
        points = places(image.convert("RGB"), BLUE)
    left, right = min(points)[0], max(points)[0]
    assert left == pytest.approx(curve.LEFT, abs=4)
    assert right == pytest.approx(curve.WIDTH - curve.RIGHT, abs=4)
    heights = [np.mean([y for x, y in points if abs(x - at) < 3]) for at in (left, 300, right)]
    assert heights[0] < heights[1] < heights[2], "y grows downward"


def test_scores_have_a_panel_of_their_own(write, tmp_path):
    lines = [*falling(10), {"step": 10, "scores": {"J&F": 0.6}}, {"step": 5, "scores": {"J": 0.5}}]
    draw_curve(write(lines), tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as image:
        assert image.size[1] == 2 * curve.HEIGHT
        lower = image.convert("RGB").crop((0, curve.HEIGHT, curve.WIDTH, 2 * curve.HEIGHT))
    assert places(lower, BLUE) and places(lower, ORANGE)


def test_what_is_read(write):
    lines = [
        {"step": 1, "losses": {"color": 2.0, "other": 1.0}},
        "half a li",
        {"losses": {"color": 5.0}},
        {"step": 2, "losses": {"color": float("nan")}},
        {"step": 3, "losses": 7},
        [1],
        {"step": 4, "losses": {"color": 1.0}, "scores": {"J": 0.5}},
    ]
    panels = read_log(write(lines))
    assert panels["losses"]["color"] == curve.Series([1, 4], [2.0, 1.0])
    assert panels["losses"]["other"] == curve.Series([1], [1.0])
    assert panels["scores"]["J"] == curve.Series([4], [0.5])


@pytest.mark.parametrize("lines", [[], ["no json"], [{"step": 1}]])
def test_nothing_to_draw(write, tmp_path, lines):
    assert not draw_curve(write(lines), tmp_path / "curve.png")
    assert not (tmp_path / "curve.png").exists()


def test_no_log(tmp_path):
    assert not draw_curve(tmp_path / "none.jsonl", tmp_path / "curve.png")


@pytest.mark.parametrize("value", [0.0, 3.0, -2.0, 1e-12, 1e12])
@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_equal_values(write, tmp_path, value, count):
    lines = [{"step": 7 + i, "losses": {"a": value}} for i in range(count)]
    assert draw_curve(write(lines), tmp_path / "curve.png")


def test_one_value_far_off_does_not_flatten_the_rest(write, tmp_path):
    lines = falling(1000)
    lines[0]["losses"]["color"] = 1e6
    draw_curve(write(lines), tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as image:
        heights = [y for _, y in places(image.convert("RGB"), BLUE)]
    assert max(heights) - min(heights) > 0.5 * (curve.HEIGHT - curve.TOP - curve.BOTTOM)


def test_long_logs_are_averaged(write):
    series = read_log(write(falling(5000)))["losses"]["color"]
    thinned = curve._thinned(series)
    assert len(thinned) == curve.POINTS
    assert np.mean([v for _, v in thinned]) == pytest.approx(np.mean(series.values), rel=0.1)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0.93, 1.12, [0.95, 1.0, 1.05, 1.1]),
     (1, 5000, [1000, 2000, 3000, 4000, 5000]), (-1, 1, [-1, -0.5, 0, 0.5, 1])],
)  # fmt: skip
def test_ticks_are_round(low, high, wanted):
    assert curve._ticks(low, high) == pytest.approx(wanted)


def test_picture_that_cannot_be_written(write, tmp_path):
    with pytest.raises(OutputError, match="nowhere"):
        draw_curve(write(falling(3)), tmp_path / "nowhere/curve.png")


def test_steps_that_are_made_again_replace_those_of_before(write):
    lines = falling(4) + [{"step": s, "losses": {"color": 9.0}} for s in (3, 4, 5)]
    assert read_log(write(lines))["losses"]["color"] == curve.Series(
        [1, 2, 3, 4, 5], [1.0, 0.5, 9.0, 9.0, 9.0]
    )


def test_a_noisy_loss_is_drawn_with_its_running_mean(write, tmp_path):
    """Values jump between 0 and 1; the bold line stays near the middle."""
    lines = [{"step": s, "losses": {"color": float(s % 2)}} for s in range(1, 301)]
    draw_curve(write(lines), tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as image:
        points = places(image.convert("RGB"), BLUE)
    late = [y for x, y in points if x > curve.WIDTH // 2]
    middle = (curve.TOP + curve.HEIGHT - curve.BOTTOM) / 2
    assert max(abs(y - middle) for y in late) < 0.1 * curve.HEIGHT
