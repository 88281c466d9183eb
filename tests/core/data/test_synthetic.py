from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from core.data.synthetic import MULTI_OBJECT_SET, SAMPLE, Scene, moving_shapes, render, scaled
from core.data.synthetic.rendering import Renderer
from core.data.synthetic.scene import Actor, Camera, Key
from core.data.synthetic.skins import BAY, WOOL
from core.data.synthetic.species import HORSE, SHEEP
from core.media.label_map import read_label_map

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"


def _tiny(scene: Scene, *, height: int = 80) -> Scene:
    return scaled(scene, height / scene.height)


def _areas(scene: Scene, *, step: int = 3) -> np.ndarray:
    """Visible pixels, frames x objects."""
    renderer = Renderer(_tiny(scene))
    count = len(scene.objects) + 1
    return np.array(
        [
            np.bincount(renderer.label_map(index).ravel(), minlength=count)[1:]
            for index in range(0, scene.frame_count, step)
        ]
    )


@pytest.fixture(scope="module")
def areas() -> dict[str, np.ndarray]:
    return {scene.name: _areas(scene) for scene in MULTI_OBJECT_SET}


def test_moving_shapes_have_the_stated_shape_and_ids():
    frames, label_maps = moving_shapes(width=80, height=48, frame_count=5, objects=3)
    assert frames.shape == (5, 48, 80, 3)
    assert label_maps.shape == (5, 48, 80)
    assert frames.dtype == label_maps.dtype == np.uint8
    for label_map in label_maps:
        assert np.unique(label_map).tolist() == [0, 1, 2, 3]


def test_moving_shapes_move_and_depend_on_the_seed_only():
    first, maps = moving_shapes(seed=4)
    again, same_maps = moving_shapes(seed=4)
    other, _ = moving_shapes(seed=5)
    assert np.array_equal(first, again)
    assert np.array_equal(maps, same_maps)
    assert not np.array_equal(first, other)
    assert not np.array_equal(maps[0], maps[1])


def test_moving_shapes_masks_are_exact():
    """Outside the union of two masks nothing changes; inside, everything is repainted."""
    frames, label_maps = moving_shapes(seed=1)
    still = (label_maps[0] == 0) & (label_maps[1] == 0)
    assert np.array_equal(frames[0][still], frames[1][still])
    moved = (label_maps[0] == 0) & (label_maps[1] != 0)
    assert (frames[0][moved] != frames[1][moved]).any(axis=-1).mean() > 0.95


def test_render_is_deterministic():
    scene = replace(_tiny(SAMPLE), frame_count=2)
    first, second = list(render(scene)), list(render(scene))
    for (frame, label_map), (again, same_map) in zip(first, second, strict=True):
        assert np.array_equal(frame, again)
        assert np.array_equal(label_map, same_map)
    other = next(render(replace(scene, seed=scene.seed + 1)))[0]
    assert not np.array_equal(first[0][0], other)


def test_render_gives_every_frame_with_ids_in_range():
    scene = replace(_tiny(SAMPLE), frame_count=3)
    results = list(render(scene))
    assert len(results) == 3
    for frame, label_map in results:
        assert frame.shape == (scene.height, scene.width, 3)
        assert label_map.shape == (scene.height, scene.width)
        assert frame.dtype == label_map.dtype == np.uint8
        assert set(np.unique(label_map)) <= {0, *scene.object_ids}


def test_render_is_lazy():
    endless = replace(_tiny(SAMPLE), frame_count=10**5)
    frame, _ = next(render(endless))
    assert frame.shape[0] == endless.height


def _pair(*, rear_y: float, front_y: float) -> Scene:
    rear = Actor(SHEEP, WOOL, (Key(0, 0.8, rear_y, 0.6),))
    front = Actor(HORSE, BAY, (Key(0, 0.8, front_y, 0.6),))
    return Scene("pair", 160, 90, 2, 1, (rear, front), camera=Camera(shake=0.0))


def _alone(scene: Scene, object_id: int) -> Scene:
    """The scene with all other objects far outside the frame."""
    objects = [
        actor if index == object_id else replace(actor, path=(Key(0, -9.0, 0.9),))
        for index, actor in enumerate(scene.objects, 1)
    ]
    return replace(scene, objects=tuple(objects))


def test_a_rear_object_never_wins_where_the_front_one_is():
    scene = _pair(rear_y=0.8, front_y=0.9)
    both = Renderer(scene).label_map(0)
    sheep = Renderer(_alone(scene, 1)).label_map(0) == 1
    horse = Renderer(_alone(scene, 2)).label_map(0) == 2
    assert (sheep & horse).sum() > 100
    assert np.array_equal(both == 2, horse)
    assert np.array_equal(both == 1, sheep & ~horse)


def test_nearer_feet_lie_in_front():
    swapped = _pair(rear_y=0.95, front_y=0.85)
    both = Renderer(swapped).label_map(0)
    sheep = Renderer(_alone(swapped, 1)).label_map(0) == 1
    assert np.array_equal(both == 1, sheep)


def test_the_mask_is_where_the_object_changes_the_picture():
    """Noise, shake, blur and shadow aside, pixels differ from the empty scene on the mask."""
    camera = Camera(shake=0.0, noise=0.0, blur=0.0)
    scene = replace(_pair(rear_y=0.9, front_y=0.9), camera=camera)
    scene = replace(scene, objects=scene.objects[1:])
    with_horse, label_map = Renderer(scene).frame(0)
    without, empty = Renderer(replace(scene, objects=())).frame(0)
    changed = np.abs(with_horse.astype(int) - without).max(axis=-1) > 6
    assert not empty.any()
    assert changed[label_map == 1].mean() > 0.95
    above = np.arange(scene.height)[:, None] < 0.6 * scene.height  # no shadow up there
    assert (changed & (label_map == 0) & above).sum() < 0.15 * (label_map == 1).sum()


def test_frame_and_label_map_agree():
    scene = _tiny(MULTI_OBJECT_SET[9])
    renderer = Renderer(scene)
    assert np.array_equal(renderer.frame(7)[1], renderer.label_map(7))


def test_a_fast_object_is_blurred_across_its_mask():
    scene = _pair(rear_y=0.9, front_y=0.9)
    fast = Actor(HORSE, BAY, (Key(0, 0.6, 0.9, 0.6), Key(1, 1.6, 0.9, 0.6)))
    camera = Camera(shake=0.0, noise=0.0, blur=0.0)
    scene = replace(scene, objects=(fast,), frame_count=9, camera=camera)
    sharp = replace(scene, camera=replace(camera, shutter=0.0))
    blurred, mask = Renderer(scene).frame(4)
    still, same_mask = Renderer(sharp).frame(4)
    assert np.array_equal(mask, same_mask)
    edges = [np.abs(np.diff(f.astype(float), axis=1))[mask[:, 1:] == 1].mean() for f in
             (blurred, still)]  # fmt: skip
    assert edges[0] < 0.8 * edges[1]


def test_scaled_keeps_the_scene_and_makes_even_sizes():
    small = scaled(SAMPLE, 0.25)
    assert (small.width, small.height) == (214, 120)
    assert small.objects == SAMPLE.objects


def test_the_set_has_twelve_clips_of_two_to_six_objects():
    assert len(MULTI_OBJECT_SET) == 12
    assert len({scene.name for scene in MULTI_OBJECT_SET}) == 12
    for scene in MULTI_OBJECT_SET:
        assert 2 <= len(scene.objects) <= 6
        assert 48 <= scene.frame_count <= 60
    assert {2, 6} <= {len(scene.objects) for scene in MULTI_OBJECT_SET}


def test_the_set_holds_every_kind_of_difficulty():
    traits = {trait for scene in MULTI_OBJECT_SET for trait in scene.traits}
    assert {"crossing", "similar objects", "camera motion", "scale change", "deformation",
            "fast motion", "blur"} <= traits  # fmt: skip
    for kind in ("late_ids", "hidden_ids", "returning_ids"):
        assert sum(bool(getattr(scene, kind)) for scene in MULTI_OBJECT_SET) >= 2


@pytest.mark.parametrize("scene", MULTI_OBJECT_SET, ids=lambda scene: scene.name)
def test_exactly_the_late_objects_miss_the_first_frame(scene, areas):
    first = areas[scene.name][0]
    absent = tuple(int(index) + 1 for index in np.flatnonzero(first == 0))
    assert absent == scene.late_ids
    assert (areas[scene.name].max(axis=0) > 40).all()


@pytest.mark.parametrize("scene", MULTI_OBJECT_SET, ids=lambda scene: scene.name)
def test_exactly_the_stated_objects_vanish_and_come_back(scene, areas):
    away = []
    for object_id in scene.object_ids:
        seen = np.flatnonzero(areas[scene.name][:, object_id - 1] > 0)
        if len(seen) < seen[-1] - seen[0] + 1:
            away.append(object_id)
    assert tuple(away) == tuple(sorted(scene.hidden_ids + scene.returning_ids))


def test_hidden_objects_are_in_the_frame_and_returning_ones_are_not():
    for scene in MULTI_OBJECT_SET:
        for object_id in scene.hidden_ids + scene.returning_ids:
            alone = replace(scene, objects=(scene.objects[object_id - 1],), props=())
            gone = (_areas(alone) == 0).any()
            assert gone == (object_id in scene.returning_ids)


def test_bundled_film_and_masks_belong_together():
    masks = sorted((SAMPLES / "masks").glob("*.png"))
    with av.open(str(SAMPLES / f"{SAMPLE.name}.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        size = (stream.height, stream.width)
        decoded = sum(1 for _ in container.decode(stream))
    assert decoded == len(masks) == SAMPLE.frame_count
    assert size == (SAMPLE.height, SAMPLE.width)
    for path in (masks[0], masks[-1]):
        label_map = read_label_map(path)
        label_map = getattr(label_map, "label_map", label_map)
        assert label_map.shape == size
        assert set(np.unique(label_map)) == {0, *SAMPLE.object_ids}
    total = sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file())
    assert total < 4_000_000


def test_nothing_here_imports_torch():
    code = (
        "import sys, core.data.synthetic, core.data.synthetic.export; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
