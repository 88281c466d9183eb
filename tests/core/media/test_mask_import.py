from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.errors import MaskReadError
from core.media.label_map import ColorIds, read_label_map
from core.media.palette import DAVIS_COLORS, DAVIS_PALETTE

H, W = 60, 90


def blocks(*values, dtype=np.uint8, back=0) -> np.ndarray:
    """Vertical stripes of the values, with background above and below."""
    image = np.full((H, W), back, dtype)
    for place, value in enumerate(values):
        image[15:45, place * W // len(values) : (place + 1) * W // len(values)] = value
    return image


def colored(index_map: np.ndarray, colors) -> np.ndarray:
    return np.array(colors, np.uint8)[index_map]


def read(tmp_path, image, name="0.png", **options):
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(tmp_path / name, **options)
    return read_label_map(tmp_path / name)


@pytest.mark.parametrize("palette", [DAVIS_PALETTE, bytes(range(256)) * 3, bytes(768)])
def test_palette_by_index_whatever_the_colors(palette, tmp_path):
    image = Image.fromarray(blocks(1, 7, 254, 255))
    image.putpalette(palette)
    found = read(tmp_path, image)
    assert found.exact and np.array_equal(found.label_map, blocks(1, 7, 254, 255))
    assert found.object_ids == (1, 7, 254)
    assert "3 object ids" in found.notes[0]


@pytest.mark.parametrize("entries", [2, 4, 16])
def test_palette_of_fewer_bits(entries, tmp_path):
    image = Image.fromarray(blocks(*range(entries)))
    image.putpalette(DAVIS_PALETTE[: 3 * entries])
    found = read(tmp_path, image, bits={2: 1, 4: 2, 16: 4}[entries])
    assert np.array_equal(found.label_map, blocks(*range(entries)))


def test_palette_with_smoothed_looks_is_not_touched(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (H, W)).astype(np.uint8)
    image = Image.fromarray(noise)
    image.putpalette(DAVIS_PALETTE)
    assert np.array_equal(read(tmp_path, image).label_map, noise)


@pytest.mark.parametrize(
    "ids", [(1,), (1, 2, 3), (3,), (2, 5, 9), (1, 2, 255), tuple(range(1, 61))]
)
def test_small_gray_values_are_ids(ids, tmp_path):
    found = read(tmp_path, blocks(*ids))
    assert found.exact and np.array_equal(found.label_map, blocks(*ids))


def test_thin_gray_ids_are_kept(tmp_path):
    values = blocks(1, 2)
    values[50, 3], values[:, 40] = 3, 4
    assert np.array_equal(read(tmp_path, values).label_map, values)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_gray_0_and_255_is_object_1(mode, tmp_path):
    found = read(tmp_path, Image.fromarray(blocks(255)).convert(mode))
    assert np.array_equal(found.label_map, blocks(1)) and not found.exact
    assert "255 is object 1" in found.notes[0]


def test_all_white_is_object_1(tmp_path):
    assert read(tmp_path, np.full((H, W), 255, np.uint8)).object_ids == (1,)


def test_one_bit(tmp_path):
    found = read(tmp_path, Image.fromarray(blocks(255)).convert("1"))
    assert np.array_equal(found.label_map, blocks(1))


def test_other_gray_levels_in_ascending_order(tmp_path):
    found = read(tmp_path, blocks(255, 85, 170))
    assert np.array_equal(found.label_map, blocks(3, 1, 2))
    assert "4 gray levels found" in found.notes[0] and "85 is object 1" in found.notes[0]


@pytest.mark.parametrize("level", [128, 200])
def test_one_other_gray_level(level, tmp_path):
    assert np.array_equal(read(tmp_path, blocks(level)).label_map, blocks(1))


@pytest.mark.parametrize("name", ["0.png", "0.tif"])
def test_16_bit_ids(name, tmp_path):
    found = read(tmp_path, blocks(1, 2, 30, dtype=np.uint16), name)
    assert found.exact and np.array_equal(found.label_map, blocks(1, 2, 30))


def test_16_bit_binary_and_levels(tmp_path):
    assert np.array_equal(read(tmp_path, blocks(65535, dtype=np.uint16)).label_map, blocks(1))
    found = read(tmp_path, blocks(1001, 2001, dtype=np.uint16))
    assert np.array_equal(found.label_map, blocks(1, 2))


@pytest.mark.parametrize("alpha", [None, 255])
def test_rgb_in_davis_colors(alpha, tmp_path):
    ids = blocks(1, 5, 22, 255)
    image = Image.fromarray(colored(ids, DAVIS_COLORS))
    found = read(tmp_path, image if alpha is None else image.convert("RGBA"))
    assert np.array_equal(found.label_map, ids)
    assert "DAVIS" in found.notes[0]


def test_thin_davis_colors_are_kept(tmp_path):
    ids = blocks(1, 5)
    ids[2, 3] = 9
    assert np.array_equal(read(tmp_path, colored(ids, DAVIS_COLORS)).label_map, ids)


RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def test_flat_colors_in_ascending_order(tmp_path):
    found = read(tmp_path, colored(blocks(1, 2, 3), [(0, 0, 0), RED, GREEN, BLUE]))
    assert np.array_equal(found.label_map, blocks(3, 2, 1))
    assert "4 colors found" in found.notes[0] and "#ff0000 is object 3" in found.notes[0]


def test_without_black_the_most_frequent_is_background(tmp_path):
    found = read(tmp_path, colored(blocks(0, 1, 2), [(255, 255, 255), RED, GREEN]))
    assert np.array_equal(found.label_map, blocks(0, 2, 1))


def test_colors_keep_their_ids_over_several_files(tmp_path):
    ids = ColorIds()
    for name, values in (("0.png", (2,)), ("1.png", (1, 2, 3))):
        Image.fromarray(colored(blocks(*values), [(0, 0, 0), RED, GREEN, BLUE])).save(
            tmp_path / name
        )
    first = read_label_map(tmp_path / "0.png", color_ids=ids)
    second = read_label_map(tmp_path / "1.png", color_ids=ids)
    assert np.array_equal(first.label_map, blocks(1))
    assert np.array_equal(second.label_map, blocks(3, 1, 2))


def disks(colors, *, scale: int) -> Image.Image:
    image = Image.new("RGB", (W * scale, H * scale))
    draw = ImageDraw.Draw(image)
    for place, color in enumerate(colors):
        box = [20 + 25 * place, 15, 40 + 25 * place, 45]
        draw.ellipse([value * scale for value in box], fill=color)
    return image


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_smoothed_white_on_black(mode, tmp_path):
    smooth = disks([(255, 255, 255)], scale=8).resize((W, H), Image.Resampling.BOX).convert(mode)
    found = read(tmp_path, smooth)
    level = np.asarray(smooth.convert("L"))
    assert len(np.unique(level)) > 5
    assert np.array_equal(found.label_map, (level > 127).astype(np.uint8))
    assert "nearest flat" in found.notes[0] and not found.exact


def test_smoothed_edges_with_nearly_all_gray_levels_are_no_ids(tmp_path):
    image = Image.new("L", (700, 600))
    draw = ImageDraw.Draw(image)
    draw.polygon([(50, 40), (640, 213), (377, 561), (120, 437)], fill=255)
    draw.ellipse([440, 400, 640, 570], fill=255)
    level = cv2.GaussianBlur(np.asarray(image), (0, 0), 1.7)
    assert len(np.unique(level)) > 200
    found = read(tmp_path, level)
    assert np.array_equal(found.label_map, (level > 127).astype(np.uint8))


def test_smoothed_colors(tmp_path):
    colors = [RED, GREEN]
    smooth = disks(colors, scale=8).resize((W, H), Image.Resampling.BOX)
    found = read(tmp_path, smooth)
    assert found.object_ids == (1, 2)
    pixels = np.asarray(smooth).astype(int)
    distance = [np.abs(pixels - np.array(c)).sum(axis=2) for c in [(0, 0, 0), GREEN, RED]]
    assert (np.argmin(distance, axis=0) == found.label_map).mean() > 0.999


def test_smoothed_davis_colors_keep_their_index(tmp_path):
    smooth = disks([DAVIS_COLORS[3], DAVIS_COLORS[6]], scale=8).resize((W, H), Image.Resampling.BOX)
    found = read(tmp_path, smooth)
    assert found.object_ids == (3, 6)
    assert "DAVIS" in found.notes[0] and "nearest flat" in found.notes[0]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_mask(mode, tmp_path):
    sharp = disks([(255, 255, 255)], scale=1).convert(mode)
    found = read(tmp_path, sharp, "0.jpg", quality=85)
    truth = np.asarray(sharp.convert("L")) > 127
    assert found.object_ids == (1,)
    assert ((found.label_map == 1) == truth).mean() > 0.995


def test_alpha_only(tmp_path):
    image = Image.new("RGBA", (W, H), (255, 255, 255, 0))
    image.putalpha(Image.fromarray(blocks(255)))
    found = read(tmp_path, image)
    assert np.array_equal(found.label_map, blocks(1))
    assert any("transparency is the mask" in note for note in found.notes)


def test_transparent_is_background(tmp_path):
    drawn = colored(blocks(1, 2), [(250, 250, 250), RED, GREEN])
    drawn[:15] = BLUE
    image = Image.fromarray(drawn).convert("RGBA")
    image.putalpha(Image.fromarray(blocks(255, 255)))
    assert np.array_equal(read(tmp_path, image).label_map, blocks(2, 1))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_all_zero_is_valid(dtype, tmp_path):
    found = read(tmp_path, np.zeros((H, W), dtype))
    assert found.object_ids == () and "no object" in " ".join(found.notes)


def test_300_ids_in_16_bit(tmp_path):
    ids = np.kron(np.arange(1, 301).reshape(15, 20), np.ones((4, 4), int)).astype(np.uint16)
    with pytest.raises(MaskReadError, match="300 gray levels"):
        read(tmp_path, ids)


def test_300_colors(tmp_path):
    ids = np.kron(np.arange(1, 301).reshape(15, 20), np.ones((4, 4), int))
    image = np.dstack([ids % 7 * 30, ids // 7 * 5, ids * 0 + 9]).astype(np.uint8)
    with pytest.raises(MaskReadError, match="300 colors"):
        read(tmp_path, image)


def test_300_single_pixels(tmp_path):
    with pytest.raises(MaskReadError, match="300 gray levels"):
        read(tmp_path, np.arange(300, dtype=np.uint16).reshape(15, 20))


def test_picture_is_no_mask(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (H, W, 3)).astype(np.uint8)
    picture = cv2.GaussianBlur(noise, (0, 0), 3)
    with pytest.raises(MaskReadError, match="picture"):
        read(tmp_path, picture)


def test_picture_with_a_flat_sky_is_no_mask(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (H, W, 3)).astype(np.uint8)
    picture[:25] = (120, 160, 250)
    with pytest.raises(MaskReadError, match="picture"):
        read(tmp_path, picture)


def test_fractions_are_no_ids(tmp_path):
    with pytest.raises(MaskReadError, match="fractions"):
        read(tmp_path, np.full((H, W), 0.5, np.float32), "0.tif")


def test_full_set_of_254_gray_ids(tmp_path):
    ids = np.kron(np.arange(256).reshape(16, 16), np.ones((4, 4), int)).astype(np.uint8)
    found = read(tmp_path, ids)
    assert found.exact and np.array_equal(found.label_map, ids)
