"""Masks that belong together: one value is one object in all of them, however small it is."""

from __future__ import annotations

from itertools import permutations

import cv2
import numpy as np
import pytest
from PIL import Image

from core.media.keyframes import load_keyframes
from core.media.label_map import ColorIds, read_label_map, survey_label_map

H, W = 40, 60
BOXES = (np.s_[5:15, 5:15], np.s_[20:35, 20:30], np.s_[5:15, 40:50])
RED, GREEN, DOG, WHITE = 0xFF0000, 0x008000, 0x24B353, 0xFFFFFF


def drawn(shown, values, dtype=np.int64, back=0):
    """The boxes of the numbers in `shown`, each in its value."""
    image = np.full((H, W), back, dtype)
    for number in shown:
        image[BOXES[number]] = values[number]
    return image


def rgb(codes):
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=2).astype(np.uint8)


def read_all(folder, images):
    """The label maps of images, saved and read as one set."""
    paths = []
    for number, image in enumerate(images):
        paths.append(folder / f"{number:05d}.png")
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(paths[-1])
    ids = ColorIds()
    for path in paths:
        survey_label_map(path, ids)
    return [read_label_map(path, color_ids=ids).label_map for path in paths]


def box_ids(maps, shown):
    """The id of each box; fails where it changes, is shared, or is not that box alone."""
    ids = {}
    for label_map, numbers in zip(maps, shown, strict=True):
        expected = np.zeros((H, W), np.uint8)
        for number in numbers:
            ids.setdefault(number, int(label_map[BOXES[number]][0, 0]))
            expected[BOXES[number]] = ids[number]
        assert np.array_equal(label_map, expected)
    assert len(set(ids.values())) == len(ids) and 0 not in ids.values()
    return [ids[number] for number in sorted(ids)]


ORDERS = [
    *permutations([(0,), (1,), (0, 1)]),
    ((1,), (0, 1, 2), (2,)),
    ((2,), (), (0, 1)),
]


@pytest.mark.parametrize("shown", ORDERS)
@pytest.mark.parametrize(
    ("values", "dtype", "ids"),
    [
        ((128, 255, 60), np.uint8, None),
        ((255, 128, 200), np.uint8, None),
        ((1, 2, 40), np.uint8, [1, 2, 40]),
        ((7, 200, 8), np.uint8, [7, 200, 8]),
        ((100, 101, 9), np.uint8, [100, 101, 9]),
        ((1000, 65535, 2000), np.uint16, None),
        ((1, 2, 99), np.uint16, [1, 2, 99]),
    ],
)
def test_a_gray_value_is_one_object(shown, values, dtype, ids, tmp_path):
    maps = read_all(tmp_path, [drawn(s, values, dtype) for s in shown])
    found = box_ids(maps, shown)
    present = sorted({number for s in shown for number in s})
    if ids is not None and len(present) == 3:
        assert found == ids


@pytest.mark.parametrize("shown", ORDERS)
@pytest.mark.parametrize(
    "values", [(GREEN, RED, DOG), (WHITE, RED, 0x808080), (0x800000, GREEN, DOG)]
)
def test_a_color_is_one_object_even_where_a_file_holds_grays_only(shown, values, tmp_path):
    maps = read_all(tmp_path, [rgb(drawn(s, values)) for s in shown])
    box_ids(maps, shown)


def test_davis_colors_keep_their_numbers_in_a_set(tmp_path):
    shown = [(0,), (1,), (0, 1, 2)]
    maps = read_all(tmp_path, [rgb(drawn(s, (GREEN, 0x800000, 0x808000))) for s in shown])
    assert box_ids(maps, shown) == [2, 1, 3]


def test_files_that_a_tool_made_smaller_mean_the_same(tmp_path):
    """Optimizers store an image of few colors as gray, palette or one bit."""
    shown = [(0, 1), (1,), (0,), (1,)]
    images = [Image.fromarray(rgb(drawn(s, (RED, WHITE)))) for s in shown]
    images[1] = images[1].convert("L")
    images[2] = images[2].convert("P", palette=Image.Palette.ADAPTIVE)
    images[3] = images[3].convert("1")
    box_ids(read_all(tmp_path, images), shown)


def test_one_bit_and_gray_are_the_same_white(tmp_path):
    shown = [(0, 1), (1,)]
    images = [Image.fromarray(drawn(s, (128, 255), np.uint8)) for s in shown]
    images[1] = images[1].convert("1")
    box_ids(read_all(tmp_path, images), shown)


def paletted(shown, order, colors):
    image = Image.fromarray(drawn(shown, [order.index(n) + 1 for n in range(3)], np.uint8))
    image.putpalette(bytes([0, 0, 0, *(part for n in order for part in colors[n])]))
    return image


def test_palettes_in_another_order(tmp_path):
    colors = ((255, 0, 0), (0, 255, 0), (90, 90, 255))
    shown = [(0, 1, 2), (0, 2), (1,)]
    orders = [(0, 1, 2), (2, 0, 1), (1, 2, 0)]
    images = [paletted(s, o, colors) for s, o in zip(shown, orders, strict=True)]
    box_ids(read_all(tmp_path, images), shown)


def test_palettes_that_list_what_is_in_their_file_only(tmp_path):
    images = [Image.fromarray(drawn((n,), (1, 1, 1), np.uint8)) for n in (0, 1)]
    images[0].putpalette(bytes([0, 0, 0, 255, 0, 0]))
    images[1].putpalette(bytes([0, 0, 0, 0, 255, 0]))
    box_ids(read_all(tmp_path, images), [(0,), (1,)])


def test_whole_palettes_of_other_looks_stay_indices(tmp_path):
    images = [Image.fromarray(drawn((0, 1, 2), (1, 2, 9), np.uint8)) for _ in range(3)]
    images[0].putpalette(bytes(range(256)) * 3)
    images[1].putpalette(bytes(768))
    maps = read_all(tmp_path, images[:2])
    assert box_ids(maps, [(0, 1, 2)] * 2) == [1, 2, 9]


def test_void_beside_ids_stays_void_and_white_alone_does_not(tmp_path):
    maps = read_all(tmp_path, [drawn((0, 1), (1, 255), np.uint8), drawn((1,), (1, 255), np.uint8)])
    assert maps[0][25, 25] == maps[1][25, 25] == 255
    maps = read_all(tmp_path, [drawn((0,), (1, 255), np.uint8), drawn((1,), (1, 255), np.uint8)])
    assert box_ids(maps, [(0,), (1,)]) == [1, 2]


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_noise_of_lossy_files_is_one_object(quality, tmp_path):
    maps = []
    ids, paths = ColorIds(), []
    for number, values in enumerate([(255, 120), (252, 123), (254, 118)]):
        paths.append(tmp_path / f"{number}.jpg")
        image = np.kron(drawn((0, 1), values, np.uint8), np.ones((4, 4), np.uint8))
        Image.fromarray(image).save(paths[-1], quality=quality)
        survey_label_map(paths[-1], ids)
    for path in paths:
        maps.append(read_label_map(path, color_ids=ids).label_map)
    assert {int(m[40, 40]) for m in maps} == {2} and {int(m[100, 100]) for m in maps} == {1}


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("place", [(0, 0), (20, 30), (39, 59), (7, 16)])
@pytest.mark.parametrize("small", [100, 255, 30000])
def test_small_objects_stay(size, place, small, tmp_path):
    image = drawn((0, 1), (200, 40), np.uint16)
    image[place[0] : place[0] + size, place[1] : place[1] + size] = small
    (found,) = read_all(tmp_path, [image])
    assert len(set(found[image == small].tolist())) == 1
    assert np.array_equal(found == found[image == small][0], image == small)


@pytest.mark.parametrize("points", [((2, 2), (57, 2)), ((2, 2), (57, 37)), ((30, 0), (30, 39))])
def test_thin_lines_stay(points, tmp_path):
    image = rgb(drawn((0, 1), (0x0000FF, 0x00FF00)))
    cv2.line(image, *points, (255, 0, 0), 1)
    (found,) = read_all(tmp_path, [image])
    red = (image == (255, 0, 0)).all(axis=2)
    assert np.array_equal(found == found[red][0], red)


def test_what_is_large_elsewhere_stays_where_it_is_small_even_beside_another(tmp_path):
    second = drawn((1,), (100, 200), np.uint8)
    second[19, 22] = 100
    first, small = read_all(tmp_path, [drawn((0, 1), (100, 200), np.uint8), second])
    assert small[19, 22] == first[5, 5] != 0


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("levels", [(128, 255), (255, 255)])
def test_smoothed_edges_are_no_objects(scale, levels, tmp_path):
    images = []
    for shift in (0, 3):
        large = np.zeros((H * scale, W * scale), np.uint8)
        for center, level in zip(((15, 20), (42, 20)), levels, strict=True):
            middle = ((center[0] + shift) * scale, center[1] * scale)
            cv2.circle(large, middle, 10 * scale, level, -1)
        images.append(cv2.resize(large, (W, H), interpolation=cv2.INTER_AREA))
    for found in read_all(tmp_path, images):
        assert found.max() == len(set(levels))


@pytest.mark.parametrize("top", [200, 250])
def test_a_smoothed_drawing_in_gray_is_no_list_of_ids(top, tmp_path):
    image = np.zeros((120, 160), np.uint8)
    cv2.circle(image, (60, 60), 45, top, -1)
    cv2.circle(image, (120, 40), 25, top, -1)
    (found,) = read_all(tmp_path, [cv2.GaussianBlur(image, (0, 0), 1)])
    assert set(np.unique(found)) == {0, 1}


def test_shares_of_white_from_a_network(tmp_path):
    path = tmp_path / "0.tif"
    image = drawn((0, 1), (0.5, 1.0), np.float32)
    Image.fromarray(image).save(path)
    box_ids([read_label_map(path).label_map], [(0, 1)])
    Image.fromarray(cv2.GaussianBlur(drawn((1,), (0, 1.0), np.float32), (0, 0), 1)).save(path)
    assert read_label_map(path).object_ids == (1,)


@pytest.mark.parametrize("top", [1, 255, 1023, 4095])
def test_two_values_whatever_they_are(top, tmp_path):
    maps = read_all(tmp_path, [drawn((0,), (top,), np.uint16), drawn((1,), (0, top), np.uint16)])
    assert [int(m.max()) for m in maps] == [1, 1]


def test_pages_and_folders_are_read_as_a_whole(tmp_path, video_info):
    images = [drawn((n,), (128, 255), np.uint8) for n in (1, 0)]
    pages = [Image.fromarray(image) for image in images]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    folder = tmp_path / "masks"
    folder.mkdir()
    for number, page in enumerate(pages):
        page.save(folder / f"{number:05d}.png")
    for path in (tmp_path / "stack.tif", folder):
        found = load_keyframes(path, video_info).keyframes
        assert [int(k.label_map.max()) for k in found] == [2, 1]


@pytest.fixture
def video_info(tmp_path):
    from fractions import Fraction

    from core.types import VideoInfo

    return VideoInfo(tmp_path / "film.mp4", 2, W, H, Fraction(25))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_is_the_same_share_in_all_files(order, tmp_path):
    ids, shown = ColorIds(), [((0, 1), (1,))[i] for i in order]
    paths = [tmp_path / f"{i}.tif" for i in range(2)]
    for path, numbers in zip(paths, shown, strict=True):
        Image.fromarray(drawn(numbers, (0.5, 1.0), np.float32)).save(path)
        survey_label_map(path, ids)
    box_ids([read_label_map(path, color_ids=ids).label_map for path in paths], shown)
