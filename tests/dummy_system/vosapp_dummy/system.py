"""Its network, how it learns, and its tracker."""

from functools import partial

import torch
from torch import nn

from core.data.pairs import PairConfig, PairDataset
from core.device import choose_device
from core.nn.checkpoints import load_weights, read_info, require_system
from core.ops.attention import windowed_readout
from core.ops.color import lab_tensor
from core.tracking.matching import MatchingTracker
from core.tracking.weights import calibration_of
from core.train.method import Stage, Weights
from core.train.terms import LossTerms
from vosapp_dummy.spec import CALIBRATION, TRACKING, WIDTHS

STRIDE = 4


class Keys(nn.Module):
    """One convolution."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 7, STRIDE, 3)

    def forward(self, image):
        return self.conv(image)


class Dummy:
    """See `core.train.method.Method`."""

    def network(self, preset):
        return Keys(WIDTHS[preset])

    def start_from(self, network, preset, weights):
        load_weights(weights, network)

    def require_possible(self, stage, preset, options):
        pairs_of(options)

    def stage(self, name, network, options, team):
        step = partial(read_color, team.parallel(network), sharpness=options["sharpness"])
        samples = partial(PairDataset, config=pairs_of(options))
        config = {"width": network.conv.out_channels}
        said = {"sharpness": options["sharpness"]}
        kept = Weights("weights", network, "dummy", config, said)
        return Stage(network, samples, step, lambda: (kept,))


def pairs_of(options):
    return PairConfig(batch=options["batch"], crop=options["crop"])


def read_color(network, batch, *, sharpness):
    """Mean square of the second frame's colors against those read from the first."""
    first, second = (sharpness * network(batch.inputs[:, i]) for i in (0, 1))
    colors = nn.functional.avg_pool2d(batch.colors.flatten(0, 1), STRIDE)
    colors = colors.unflatten(0, batch.colors.shape[:2])
    found = windowed_readout(second, first[:, None], colors[:, :1], radius=3)
    return LossTerms({"square": ((found - colors[:, 1]).square().mean(), 1.0)})


def build(request, *, config=None):
    """A tracker with the weights of a request."""
    info, device = read_info(request.weights), choose_device(request.device)
    require_system(info, "dummy", request.weights)
    network = Keys(info.config["width"])
    load_weights(request.weights, network)
    network.eval().to(device)

    @torch.inference_mode()
    def encode(small):
        return network(lab_tensor(small).to(device))[0].contiguous()

    return MatchingTracker(
        encode,
        config or TRACKING[request.quality],
        device,
        stride=STRIDE,
        calibration=calibration_of(request.weights, CALIBRATION),
    )
