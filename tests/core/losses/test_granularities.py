"""The losses of multi-granularity learning against loops over their equations; invariants."""

from __future__ import annotations

import math

import pytest
import torch

from core.losses.bootstrap import bootstrapped_target, foreground_cross_entropy
from core.losses.patch_tracking import (
    resemblance,
    soft_peak,
    tracking_consistency,
    wanted_response,
)
from core.losses.semantic_matching import consistency, semantic_matching, transformed_grid
from core.losses.video_discrimination import video_discrimination, video_scores
from core.ops.attention import dense_affinity, dense_readout, windowed_readout
from core.ops.patches import cut_patches

IDENTITY = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def ties_by_hand(affine, size):
    """Equation 8's iota, m x o: the 0 and 1 of the four cells around where o leads, by bilinear
    weights; cells beyond the picture are 0."""
    height, width = size
    cells = [(row, column) for row in range(height) for column in range(width)]
    ties = torch.zeros(len(cells), len(cells), dtype=torch.float64)
    for o, (row, column) in enumerate(cells):
        place = torch.tensor([2 * column / (width - 1) - 1, 2 * row / (height - 1) - 1, 1])
        across, down = (affine.double() @ place.double()).tolist()
        x, y = (across + 1) / 2 * (width - 1), (down + 1) / 2 * (height - 1)
        for m, (v, u) in enumerate(cells):
            for near, beside in cells:
                weight = max(0, 1 - abs(x - beside)) * max(0, 1 - abs(y - near))
                ties[m, o] += weight * (math.hypot(u - beside, v - near) <= 1)
    return ties.float()


class TestFrame:
    """Equations 2 and 15."""

    def test_is_the_equation(self):
        logits, prior, predicted = (
            torch.randn(2, 3, 4),
            torch.rand(2, 3, 4) > 0.5,
            torch.rand(2, 3, 4),
        )
        target = bootstrapped_target(prior.float(), predicted, alpha=0.05)
        total = 0.0
        planes = (logits.sigmoid(), prior, predicted > 0.5)
        for p, q, bar in zip(*(x.double().flatten().tolist() for x in planes), strict=True):
            total += (0.05 * q + 0.95 * bar) * math.log(p)
            total += (0.05 * (1 - q) + 0.95 * (1 - bar)) * math.log(1 - p)
        wanted = -total / logits.numel()
        assert math.isclose(foreground_cross_entropy(logits, target), wanted, rel_tol=1e-5)

    def test_alpha_of_1_is_the_prior_and_of_0_the_network_itself(self):
        prior, predicted = torch.tensor([0.0, 1, 0, 1]), torch.tensor([0.2, 0.3, 0.7, 0.9])
        assert bootstrapped_target(prior, predicted, alpha=1).tolist() == [0, 1, 0, 1]
        assert bootstrapped_target(prior, predicted, alpha=0).tolist() == [0, 0, 1, 1]


class TestShort:
    """Equations 3 to 5."""

    @pytest.mark.parametrize("side", [(3, 3), (4, 2)])
    def test_resemblance_is_a_cross_correlation(self, side):
        height, width = side
        patch, frame = torch.randn(2, 5, height, width), torch.randn(2, 5, 6, 7)
        found = resemblance(patch, frame)
        assert found.shape == (2, 6, 7)
        for b, y, x in ((0, 0, 0), (1, 3, 4), (0, 5, 6), (1, 2, 0)):
            total = 0.0
            for v in range(height):
                for u in range(width):
                    row, column = y - height // 2 + v, x - width // 2 + u
                    if 0 <= row < 6 and 0 <= column < 7:
                        total += float(patch[b, :, v, u] @ frame[b, :, row, column])
            wanted = total / (math.sqrt(5) * height * width)
            assert math.isclose(found[b, y, x], wanted, rel_tol=1e-4, abs_tol=1e-5)

    def test_a_patch_is_found_where_it_was_cut(self):
        frame = torch.nn.functional.normalize(torch.randn(1, 16, 12, 14), dim=1)
        patch = cut_patches(frame, torch.tensor([[6.0, 3.0]]), 4)
        torch.testing.assert_close(patch, frame[..., 3:7, 6:10])
        place = soft_peak(resemblance(patch, frame), sharpness=500.0)
        assert torch.allclose(place, torch.tensor([[8.0, 5.0]]), atol=1e-2)

    def test_soft_peak_has_a_gradient(self):
        scores = torch.zeros(1, 3, 5, requires_grad=True)
        place = soft_peak(scores, sharpness=1.0)
        assert torch.allclose(place, torch.tensor([[2.0, 1.0]]))
        place[0, 0].backward()
        assert (scores.grad[..., 4] > 0).all() and (scores.grad[..., 0] < 0).all()

    def test_what_is_wanted_is_a_gaussian_and_the_loss_a_mean_of_squares(self):
        wanted = wanted_response(torch.tensor([[3.0, 2.0]]), (5, 6), 10.0)
        response, total = torch.rand(1, 5, 6), 0.0
        for y in range(5):
            for x in range(6):
                value = math.exp(-((x - 3) ** 2 + (y - 2) ** 2) / 2)
                assert math.isclose(wanted[0, y, x], value, rel_tol=1e-5)
                total += (float(response[0, y, x]) - value) ** 2
        assert math.isclose(tracking_consistency(response, wanted), total / 30, rel_tol=1e-5)

    def test_the_loss_is_least_at_the_true_place(self):
        wanted = wanted_response(torch.tensor([[3.0, 2.0]]), (5, 6), 10.0)
        losses = {
            (x, y): float(
                tracking_consistency(
                    wanted_response(torch.tensor([[float(x), float(y)]]), (5, 6), 10.0), wanted
                )
            )
            for x in range(6)
            for y in range(5)
        }
        assert min(losses, key=losses.get) == (3, 2)
        assert losses[3, 2] == 0


class TestLong:
    """Equations 6 to 8."""

    def test_affinity_is_a_softmax_over_each_column(self):
        query, keys = torch.randn(2, 4, 2, 3), torch.randn(2, 4, 5)
        found = dense_affinity(query, keys)
        for b in range(2):
            for q in range(6):
                products = [
                    math.exp(float(keys[b, :, m] @ query[b].flatten(1)[:, q]) / 2) for m in range(5)
                ]
                for m in range(5):
                    wanted = products[m] / sum(products)
                    assert math.isclose(found[b, m, q], wanted, rel_tol=1e-4)

    def test_the_identity_keeps_each_cell_with_its_neighbors(self):
        size = (4, 5)
        found = consistency(IDENTITY, size)[0]
        for m in range(20):
            for o in range(20):
                apart = math.hypot(m % 5 - o % 5, m // 5 - o // 5)
                assert math.isclose(found[m, o], float(apart <= 1), abs_tol=1e-5)

    def test_a_shift_by_a_cell_moves_what_is_consistent(self):
        size = (4, 5)
        affine = IDENTITY.clone()
        affine[0, 0, 2] = 2 / (size[1] - 1)  # x of a lattice runs over 2
        grid = transformed_grid(affine, size)
        assert math.isclose(grid[0, 1, 2, 0], 2 * 3 / 4 - 1, abs_tol=1e-6)
        found = consistency(affine, size)[0]
        for m in range(20):
            for o in range(20):
                if o % 5 == 4:
                    continue  # beyond the picture nothing is consistent
                apart = math.hypot(m % 5 - (o % 5 + 1), m // 5 - o // 5)
                assert math.isclose(found[m, o], float(apart <= 1), abs_tol=1e-4)

    def test_what_is_consistent_is_read_between_cells(self):
        size = (4, 5)
        affines = IDENTITY + 0.4 * torch.randn(3, 2, 3)
        found = consistency(affines, size)
        for affine, ties in zip(affines, found, strict=True):
            torch.testing.assert_close(ties, ties_by_hand(affine, size))
        # Some places lie between cells, and some beyond the picture.
        assert ((found > 0.1) & (found < 0.9)).any() and (found.sum(1) == 0).any()

    def test_is_the_equation(self):
        size, cells = (3, 4), 12
        there, back = (torch.rand(2, cells, cells).softmax(1) for _ in range(2))
        affines = tuple(IDENTITY + 0.2 * torch.randn(2, 2, 3) for _ in range(2))
        total = 0.0
        for affinity, affine in zip((there, back), affines, strict=True):
            for b in range(2):
                ties = ties_by_hand(affine[b], size)
                for m in range(cells):
                    for o in range(cells):
                        total -= float(affinity[b, m, o] * ties[m, o])
        found = semantic_matching(there, back, affines=affines, size=size)
        assert math.isclose(found, total / (2 * cells), rel_tol=1e-4)

    def test_equal_frames_are_as_consistent_as_can_be(self):
        size = (4, 4)
        same = torch.eye(16)[None]
        other = torch.full((1, 16, 16), 1 / 16)
        both = (IDENTITY, IDENTITY)
        assert semantic_matching(same, same, affines=both, size=size) == -2
        assert semantic_matching(other, other, affines=both, size=size) > -1

    def test_the_transformation_has_a_gradient(self):
        affine = IDENTITY.clone().requires_grad_()
        moved = torch.roll(torch.eye(16).view(16, 4, 4), 1, dims=2).view(1, 16, 16)
        semantic_matching(moved, moved, affines=(affine, affine), size=(4, 4)).backward()
        assert affine.grad.abs().sum() > 0


class TestVideo:
    """Equations 9 to 14."""

    def test_reading_from_all_cells_is_a_window_that_is_large_enough(self):
        query, keys = torch.randn(2, 4, 5, 6), torch.randn(2, 3, 4, 5, 6)
        values = torch.randn(2, 3, 2, 5, 6)
        dense = dense_readout(query, keys, values)
        torch.testing.assert_close(dense, windowed_readout(query, keys, values, radius=6))

    def test_is_the_equation(self):
        queries, instances = torch.randn(3, 4, 2, 2), torch.randn(3, 4, 2, 3)

        def product(n, i):
            a, b = queries[n].flatten(1), instances[i].flatten(1)
            return float((a.T @ b).mean()) / math.sqrt(4)

        total = 0.0
        for n in range(3):
            below = sum(math.exp(product(n, i)) for i in range(3))
            total -= math.log(math.exp(product(n, n)) / below)
            for i in range(3):
                if i != n:
                    total -= math.log(1 - math.exp(product(n, i)) / below)
        found = video_discrimination(video_scores(queries, instances))
        assert math.isclose(found, total / 3, rel_tol=1e-4)

    def test_falls_where_frames_of_one_video_match(self):
        queries = torch.randn(4, 8, 2, 2)
        other = torch.randn(4, 8, 2, 2)
        losses = [
            video_discrimination(video_scores(queries, (1 - w) * other + w * queries))
            for w in (0.0, 0.5, 1.0)
        ]
        assert losses[0] > losses[1] > losses[2]

    def test_is_finite_where_a_video_is_surely_another_one(self):
        scores = torch.tensor([[0.0, 200.0], [0.0, 0.0]], requires_grad=True)
        loss = video_discrimination(scores)
        loss.backward()
        assert torch.isfinite(loss) and torch.isfinite(scores.grad).all()
