"""The course of a run as a picture: losses and scores over steps, drawn from its log."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.media.atomic import write_atomic
from core.train.run_log import read_lines

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 900, 360, 70, 34, 16, 40
PICTURE = "curve.png"
"""Name of a run's picture in its folder."""
POINTS = 400
"""Most points of a curve; longer logs are averaged to as many."""
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by color-blind eyes (Okabe and Ito)."""
PALE = ("#b3d3e6", "#f5cfb3", "#b3e1d5", "#efd4e4", "#f7e2b3", "#cde9f7")
"""The same, for single values behind their running mean."""
SMOOTHED = 25
"""The running mean goes over the 25th part of a curve."""
DARK, GRID = "#222222", "#dddddd"


@dataclass(slots=True)
class Series:
    """Values of one name over steps."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, told: dict[int, float]) -> Series:
        """The values of steps, in their order."""
        return cls(sorted(told), [told[step] for step in sorted(told)])


def read_log(log: Path) -> dict[str, dict[str, Series]]:
    """The series of a log by panel ("losses", "scores") and name.

    A line is JSON with a `step` and one or both panels, each a mapping of names to numbers. Lines
    that are not (a run that was killed leaves half a line) and values that are not finite are
    left out. What is told of a step last counts: a run that was killed makes its last steps again.
    """
    panels: dict[str, dict[str, dict[int, float]]] = {"losses": {}, "scores": {}}
    for line in read_lines(log):
        try:
            step = int(line["step"])
            found = [(p, n, float(v)) for p in panels for n, v in line.get(p, {}).items()]
        except (ValueError, TypeError, LookupError, AttributeError):
            continue
        for panel, name, value in found:
            if math.isfinite(value):
                panels[panel].setdefault(name, {})[step] = value
    return {
        panel: {name: Series.of(told) for name, told in names.items()}
        for panel, names in panels.items()
        if names
    }


def draw_curve(log: Path, out: Path) -> bool:
    """Draw the log of a run as a PNG, one panel for losses and one for scores.

    Args:
        log: `log.jsonl` of a run folder.
        out: the picture, replaced as a whole.

    Returns:
        False where the log holds nothing to draw; no picture is written then.

    Raises:
        OutputError: the picture cannot be written.
    """
    panels = read_log(log)
    if not panels:
        return False
    image = Image.new("RGB", (WIDTH, HEIGHT * len(panels)), "white")
    for index, (title, series) in enumerate(panels.items()):
        image.paste(_panel(title, series), (0, HEIGHT * index))
    data = BytesIO()
    image.save(data, "PNG")
    write_atomic(out, data.getvalue())
    return True


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where steps and values lie in a panel."""

    first: int
    last: int
    low: float
    high: float

    def x(self, step: float) -> float:
        return LEFT + (step - self.first) / (self.last - self.first) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = min(1.0, (value - self.low) / (self.high - self.low))
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _panel(title: str, series: dict[str, Series]) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    axes = _axes(list(series.values()))
    _draw_grid(draw, axes, title)
    for index, (name, one) in enumerate(series.items()):
        color = COLORS[index % len(COLORS)]
        _draw_line(draw, axes, _thinned(one), color=PALE[index % len(PALE)], width=1)
        points = _thinned(_smoothed(one))
        _draw_line(draw, axes, points, color=color, width=2)
        x, y = axes.x(points[-1][0]), axes.y(points[-1][1])
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=color)
        told = f"{name} {points[-1][1]:.4g}"
        draw.text((LEFT + 90 + 150 * index, 10), told, fill=color)
    return image


def _draw_line(
    draw: ImageDraw.ImageDraw,
    axes: _Axes,
    points: list[tuple[float, float]],
    *,
    color: str,
    width: int,
) -> None:
    if len(points) > 1:
        places = [(axes.x(step), axes.y(value)) for step, value in points]
        draw.line(places, fill=color, width=width, joint="curve")


def _smoothed(series: Series) -> Series:
    """Means over the last 25th of the series up to each step; short series stay as they are."""
    window = max(1, len(series.values) // SMOOTHED)
    sums = np.cumsum([0.0, *series.values])
    ends = np.arange(1, len(sums))
    starts = np.maximum(0, ends - window)
    return Series(series.steps, ((sums[ends] - sums[starts]) / (ends - starts)).tolist())


def _axes(series: list[Series]) -> _Axes:
    """Room for all but the largest hundredth of values: a first step may be far off."""
    values = np.concatenate([one.values for one in series])
    low, high = float(values.min()), float(np.percentile(values, 99))
    high = max(high, *(_thinned(one)[-1][1] for one in series))
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    steps = [step for one in series for step in one.steps]
    first, last = min(steps), max(steps)
    return _Axes(first, max(last, first + 1), low - room, high + room)


def _thinned(series: Series) -> list[tuple[float, float]]:
    """At most `POINTS` means of neighbors."""
    parts = min(POINTS, len(series.steps))
    steps, values = (
        np.array_split(np.array(x, float), parts) for x in (series.steps, series.values)
    )
    return [(float(s.mean()), float(v.mean())) for s, v in zip(steps, values, strict=True)]


def _draw_grid(draw: ImageDraw.ImageDraw, axes: _Axes, title: str) -> None:
    draw.text((LEFT, 10), title, fill=DARK)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value in _ticks(axes.low, axes.high):
        y = axes.y(value)
        draw.line((LEFT, y, right, y), fill=GRID)
        draw.text((LEFT - 8, y), f"{value:.4g}", fill=DARK, anchor="rm")
    for step in _ticks(axes.first, axes.last):
        x = axes.x(step)
        draw.line((x, TOP, x, bottom), fill=GRID)
        draw.text((x, bottom + 8), f"{step:g}", fill=DARK, anchor="ma")
    draw.line((LEFT, TOP, LEFT, bottom, right, bottom), fill=DARK)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers, about five, from `low` to `high`."""
    raw = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(raw))
    width = next(unit * k for k in (1, 2, 5, 10) if unit * k >= raw)
    count = math.floor(high / width + 1e-9)
    first = math.ceil(low / width - 1e-9)
    return [round(k * width, 12) for k in range(first, count + 1)]
