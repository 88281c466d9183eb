"""Sizes of the `appearance_motion` networks. No torch here: the registry reads presets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import Enum

from core.losses.photometric_kind import Photometric
from core.nn.header_config import config_of, number_in, refuse
from core.train.recipe import Values

MAX_WIDTH, MAX_DEPTH, MAX_SEGMENTS, MAX_REACH = 4096, 12, 32, 9
"""What a checkpoint's header may ask for, so that a hostile one does not fill the memory."""
SEGMENTS = 5
"""c of the paper: fewer make training unstable, more cut objects into parts."""
RESNET50 = "resnet50"
LITE0 = "lite0"
UNET = "unet"
APPEARANCES = (UNET, LITE0, RESNET50)
"""What segments single frames: a small U-Net, a decoder on the frozen ImageNet backbone, or a
dilated ResNet-50 as in the paper."""
FLOW = "flow"
"""Name of the loss that explains the optical flow."""
LOSSES = (*(kind.value for kind in Photometric), FLOW)
"""What is learned by: comparing pictures, or explaining the optical flow."""


class Pairing(Enum):
    """Whose segments a synthesized frame is put together from."""

    TARGET = "target"
    """Of the frame that is synthesized, as in the authors' program: masks and flow lie on the
    pixels that are filled, so that edges are where they are seen."""
    SOURCE = "source"
    """Of the frame that is sampled, as the paper's equations 1, 6 and 7 have it: edges are off by
    what moved."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of both networks; the defaults are those of the paper."""

    appearance: str = RESNET50
    segments: int = SEGMENTS
    """Soft masks that a frame is taken apart into."""
    widths: tuple[int, ...] = (256,)
    """Of a U-Net the channels of its levels; else the channels of the decoder or head."""
    pyramid: tuple[int, ...] = (16, 32, 64, 96, 128, 192)
    """Channels of the motion network's features, from stride 2 on; flow begins at the last level
    and ends at the second."""
    reach: int = 4
    """Largest displacement that is looked at on each level, in cells."""
    squeezed: int = 32
    """Channels of the features that the estimator is told."""
    estimator: tuple[int, int, int, int, int] = (128, 128, 96, 64, 32)
    """Channels of its five convolutions."""
    hidden: int = 64
    """Values between the two layers that turn a segment's motion feature into its flow."""
    order: int = 0
    """Of the polynomial that a segment's flow is: 0 as in the paper, 1 affine, 2 quadratic."""
    cosine: bool = False
    """Cells are compared by the angle between features, not by PWC-Net's mean of products."""
    matched: bool = False
    """A level begins at the displacement that fits a segment best, and learns what to add to it;
    else, as in PWC-Net, all of it is learned."""
    dense_flow: bool = False
    """The motion network begins at the mean of a dense flow on each segment, not at rest."""

    def __post_init__(self) -> None:
        if self.appearance not in APPEARANCES:
            msg = f"There is no appearance network {self.appearance!r}."
            raise ValueError(msg)
        if self.appearance == UNET and (len(self.widths) < 2 or any(n % 8 for n in self.widths)):
            msg = "A U-Net has two levels or more, of multiples of 8 channels."
            raise ValueError(msg)
        if self.order not in (0, 1, 2) or len(self.estimator) != 5 or len(self.pyramid) < 2:
            msg = "This is no shape of the motion network."
            raise ValueError(msg)

    @property
    def stride(self) -> int:
        """The sides of pictures are multiples of it."""
        own = {UNET: 1 << len(self.widths), LITE0: 16, RESNET50: 8}[self.appearance]
        return max(own, 1 << len(self.pyramid))

    @property
    def needs_backbone(self) -> bool:
        """Whether the installed EfficientNet-Lite0 is part of the network (ADR 0032)."""
        return self.appearance == LITE0

    def shaped(self, options: Values) -> NetworkConfig:
        """The same with what options of training say of the shape."""
        segments, order = int(options["segments"]), int(options["order"])
        return replace(self, segments=segments, order=order, dense_flow=bool(options["dis"]))

    def to_dict(self) -> dict[str, object]:
        """The config as plain values, for a checkpoint's header."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> NetworkConfig:
        """The config in a checkpoint's header.

        Raises:
            CheckpointMismatch: a field is missing, unknown, of a wrong kind or too large.
        """
        return config_of(cls, values, read=_read)


_MOST = {"segments": MAX_SEGMENTS, "reach": MAX_REACH, "order": 2}


def _read(name: str, value: object) -> object:
    if name == "appearance":
        return value if isinstance(value, str) else refuse()
    if name in ("cosine", "matched", "dense_flow"):
        return value if isinstance(value, bool) else refuse()
    if name in ("widths", "pyramid", "estimator"):
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_DEPTH:
            return refuse()
        return tuple(number_in(n, most=MAX_WIDTH) for n in value)
    least, most = 0 if name == "order" else 1, _MOST.get(name, MAX_WIDTH)
    return number_in(value, least=least, most=most)


_NARROW = NetworkConfig(
    appearance=UNET,
    widths=(24, 32, 48, 64),
    pyramid=(12, 24, 32, 48),
    squeezed=16,
    estimator=(48, 48, 32, 32, 16),
    hidden=32,
    cosine=True,
    matched=True,
)
PRESETS: dict[str, NetworkConfig] = {
    "small": _NARROW,
    "lite": replace(_NARROW, appearance=LITE0, widths=(48,)),
    "paper": NetworkConfig(),
    "tiny": NetworkConfig(UNET, 5, (8, 16), (8, 8, 8), 3, 8, (16, 16, 8, 8, 8), 16, 0, True, True),
}
"""`small` for CPUs, `lite` on the ImageNet backbone, `paper` the paper's, `tiny` for tests."""
