"""Cues: planes that each say something about whether a pixel belongs to the object.

Each cue is weak. `core.prompts.evidence` adds them up with weights that were learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.prompts.grabcut import cut
from core.prompts.measures import ColorGrid, Paths, discriminant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.view import View

    Cues = dict[str, NDArray[np.float32]]
    Click = tuple[int, int, bool]
    """Row and column in a view, and whether it is positive."""

FILLED = 0.55
"""Share of a box that its object covers, in the mean."""
PLACES = 6
"""Side of the grid of places in which colors are counted apart."""
NEAR = 8.0
"""Pixels of the view around a click whose look is taken for that of what was clicked on."""
FAR = 30.0
"""Pixels from a click at which nothing is known any more."""
NOWHERE = 400.0
"""Distance to clicks of a kind of which there is none."""


def logit(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log of the odds of probabilities, which are held to 0.01..0.99."""
    held = np.clip(probabilities, 0.01, 0.99)
    return np.asarray(np.log(held / (1 - held)), np.float32)


def box_cues(view: View, inside: NDArray[np.bool_]) -> Cues:
    """What a box says.

    Colors that are rarer outside than in the box are the object's; so is what is far from the
    outside along any path, what resembles the box's middle, and what GrabCut finds.

    Args:
        view: around the box.
        inside: h x w, the box; at least one pixel.
    """
    outside = ~inside if not inside.all() else rim(view.shape)
    ins, out = inside.astype(np.float32), outside.astype(np.float32)
    across, down = box_places(inside)
    away = Paths(view.lab).distance(outside)
    found = cut(view.image, np.where(inside, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8))
    covered = np.full(view.shape, found[inside].mean(), np.float32)
    blurred = cv2.GaussianBlur(found, (0, 0), 1.0)
    cues = {
        "color": _surplus(view, ins, out),
        "local": _local_ratio(view, ins, out),
        "path": np.log1p(away),
        "path ratio": away / (away[inside].mean() + np.float32(1e-6)),
        "middle": across**2 + down**2,
        "across": np.abs(across),
        "down": np.abs(down),
        "across4": across**4,
        "down4": down**4,
        "cut": blurred,
        "cut area": covered,
        "cut by area": blurred * covered,
    }
    if view.patch is not None:
        cues["keys"] = _resemblance(view, ins * np.exp(-cues["middle"]), out)
    return cues


def click_cues(
    view: View,
    clicks: tuple[Click, ...],
    previous: NDArray[np.float32] | None,
) -> Cues:
    """What clicks say: how near and how alike a pixel is to those of either kind.

    Args:
        view: around the mask to refine, or of the whole frame.
        clicks: row and column in the view, and whether positive; one at least.
        previous: h x w, coverage by the mask to refine, or None.
    """
    paths = Paths(view.lab)
    (away_yes, far_yes), (away_no, far_no) = (
        _distances(view, paths, [c[:2] for c in clicks if c[2] is kind]) for kind in (True, False)
    )
    ours = np.exp(-(far_yes**2) / (2 * NEAR**2) - away_yes / 60) * (far_yes <= far_no)
    others = np.exp(-(far_no**2) / (2 * NEAR**2)) * (far_no < far_yes)
    theirs = np.maximum(1 - np.exp(-(far_yes**2) / (2 * FAR**2)), others)
    cues = {
        "path to yes": np.log1p(away_yes),
        "path to no": np.log1p(np.minimum(away_no, NOWHERE)),
        "far from yes": np.minimum(far_yes, 100) / 20,
        "far from no": np.minimum(far_no, 100) / 20,
        "nearer": np.log1p(far_yes) - np.log1p(np.minimum(far_no, 100)),
        "border": np.minimum(_from_border(view.shape), 20) / 20,
        "color": _log_ratio(view, ours, theirs, floor=1e-4),
        "local": _local_ratio(view, ours, theirs),
    }
    cues |= _previous_cues(view.shape, previous)
    if view.patch is not None:
        cues["keys"] = _resemblance(view, ours, theirs)
        cues["like yes"] = _likeness(view, [c[:2] for c in clicks if c[2]])
        cues["like no"] = _likeness(view, [c[:2] for c in clicks if not c[2]])
    return {name: np.asarray(plane, np.float32) for name, plane in cues.items()}


def second_cues(view: View, first: NDArray[np.float32]) -> Cues:
    """What a first answer says in its turn: its colors, its keys, its place.

    Args:
        view: as for the first cues.
        first: h x w probabilities, the first answer.
    """
    rest = 1 - first
    blurred = np.asarray(cv2.GaussianBlur(first, (0, 0), 6.0), np.float32)
    cues = {
        "first": logit(first),
        "color again": _log_ratio(view, first, rest, floor=1e-5),
        "local again": _local_ratio(view, first, rest),
        "place": logit(blurred),
    }
    if view.patch is not None:
        cues["keys again"] = _resemblance(view, first, rest)
    return cues


def rim(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The outermost pixels of a view."""
    return np.asarray(_from_border(shape) == 0)


def box_places(inside: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel lies across and down the box: -1 and 1 at its edges, 0 in the middle."""
    places = []
    for axis in (0, 1):
        covered = np.flatnonzero(inside.any(axis))
        center, half = (covered[0] + covered[-1]) / 2, (covered[-1] - covered[0] + 1) / 2
        places.append(((np.arange(inside.shape[1 - axis]) - center) / half).astype(np.float32))
    across, down = np.meshgrid(*places)
    return across, down


def _surplus(view: View, ins: NDArray[np.float32], out: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of a color's pixels in the box that the background cannot account for, as odds."""
    grid = ColorGrid(view.lab, places=1)
    inner = grid.density(ins) / max(1.0, float(ins.sum()))
    outer = grid.density(out) / max(1.0, float(out.sum()))
    return logit(1 - (1 - FILLED) * outer / (inner + np.float32(1e-9)))


def _log_ratio(
    view: View, ours: NDArray[np.float32], theirs: NDArray[np.float32], *, floor: float
) -> NDArray[np.float32]:
    grid = ColorGrid(view.lab, places=1)
    shares = [grid.density(w) / (float(w.sum()) + 1e-9) + floor for w in (ours, theirs)]
    return np.asarray(np.clip(np.log(shares[0] / shares[1]), -5, 5), np.float32)


def _local_ratio(
    view: View, ours: NDArray[np.float32], theirs: NDArray[np.float32]
) -> NDArray[np.float32]:
    grid = ColorGrid(view.lab, places=PLACES)
    return np.asarray(np.log((grid.density(ours) + 0.5) / (grid.density(theirs) + 0.5)))


def _resemblance(
    view: View, ours: NDArray[np.float32], theirs: NDArray[np.float32]
) -> NDArray[np.float32]:
    patch = view.patch
    if patch is None:
        return np.zeros(view.shape, np.float32)
    weights = (patch.total(ours) + np.float32(1e-6), patch.total(theirs) + np.float32(1e-6))
    return patch.plane(discriminant(patch.keys, *weights))


def _likeness(view: View, places: list[tuple[int, int]]) -> NDArray[np.float32]:
    """Largest cosine similarity of keys to those of places; 0 where there are none."""
    patch = view.patch
    if patch is None or not places:
        return np.zeros(view.shape, np.float32)
    unit = patch.keys / (np.linalg.norm(patch.keys, axis=0) + np.float32(1e-6))
    chosen = unit[:, sorted({patch.cell(*place) for place in places})]
    return patch.plane((chosen.T @ unit).max(0))


def _distances(
    view: View, paths: Paths, places: list[tuple[int, int]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Geodesic and straight distance to the nearest of some places."""
    if not places:
        nowhere = np.full(view.shape, NOWHERE, np.float32)
        return nowhere, nowhere
    marked = np.zeros(view.shape, bool)
    marked[tuple(np.array(places).T)] = True
    straight = cv2.distanceTransform((~marked).astype(np.uint8), cv2.DIST_L2, 5)
    return paths.distance(marked), np.asarray(straight, np.float32)


def _previous_cues(shape: tuple[int, int], previous: NDArray[np.float32] | None) -> Cues:
    if previous is None:
        nothing = np.zeros(shape, np.float32)
        return {"previous": nothing, "previous, blurred": nothing}
    blurred = np.asarray(cv2.GaussianBlur(previous, (0, 0), 4.0), np.float32)
    return {"previous": previous * 2 - 1, "previous, blurred": blurred * 2 - 1}


def _from_border(shape: tuple[int, int]) -> NDArray[np.float32]:
    rows, columns = (np.minimum(np.arange(n), n - 1 - np.arange(n)) for n in shape)
    return np.minimum(rows[:, None], columns[None]).astype(np.float32)
