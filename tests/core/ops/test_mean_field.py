"""The mean field, against a program written pixel by pixel."""

from __future__ import annotations

import math

import torch

from core.ops.mean_field import FieldConfig, mean_field


def by_pixel(p, image, config):
    labels, height, width = p.shape
    q = p.clone()
    for _ in range(config.rounds):
        new = torch.zeros_like(q)
        for y in range(height):
            for x in range(width):
                sums = torch.zeros(2, labels, dtype=p.dtype)
                totals = [0.0, 1e-6]
                for dy in range(-config.radius, config.radius + 1):
                    for dx in range(-config.radius, config.radius + 1):
                        if (dy, dx) == (0, 0):
                            continue
                        if not (0 <= y + dy < height and 0 <= x + dx < width):
                            continue
                        square = dy * dy + dx * dx
                        apart = (image[:, y + dy, x + dx] - image[:, y, x]).square().sum().item()
                        near = math.exp(-square / (2 * config.near**2))
                        far = math.exp(
                            -square / (2 * config.far**2) - apart / (2 * config.color**2)
                        )
                        for kind, weight in enumerate((near, far)):
                            sums[kind] += weight * q[:, y + dy, x + dx]
                            totals[kind] += weight
                message = config.near_weight * sums[0] / totals[0]
                message += config.color_weight * sums[1] / totals[1]
                raw = p[:, y, x].clamp(min=1e-6) * message.exp()
                new[:, y, x] = raw / raw.sum()
        q = new
    return q


def test_each_pixel_is_updated_by_its_window():
    torch.manual_seed(0)
    p = torch.rand(3, 5, 6, dtype=torch.float64)
    p /= p.sum(0)
    image = 60 * torch.rand(3, 5, 6, dtype=torch.float64)
    config = FieldConfig(radius=2, rounds=2, color=20.0)
    torch.testing.assert_close(mean_field(p, image, config), by_pixel(p, image, config))


def test_labels_follow_the_edge_of_a_color():
    image = torch.full((3, 30, 30), 20.0)
    image[:, :, 15:] = 200.0
    p = torch.full((2, 30, 30), 0.5)
    p[1, :, 12:] = 0.6  # three columns too far
    p[0] = 1 - p[1]
    p[0, :, :12], p[1, :, :12] = 0.9, 0.1
    found = mean_field(p, image)
    assert (found[1, :, 16:] > 0.5).all()
    assert (found[1, :, 12:14] < 0.5).all()
    torch.testing.assert_close(found.sum(0), torch.ones(30, 30))
