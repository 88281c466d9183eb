"""Which networks make features of frames, as configs in headers name them. No torch here."""

from __future__ import annotations

from core.nn.header_config import number_in, refuse

STRIDE = 16
"""Pixels from one cell of the coarsest features to the next."""
MAX_CHANNELS, MAX_BLOCKS = 4096, 64
"""What a checkpoint's header may ask for, so that a hostile one does not fill the memory."""
LITE0_WIDTHS = (24, 40, 112)
"""Channels of the maps of EfficientNet-Lite0 at strides 4, 8 and 16."""
BACKBONES = ("resnet50", "basic", "lite0", "lite0-tuned")
"""What makes features of frames: a ResNet of bottlenecks or of basic blocks, or EfficientNet-Lite0
as it is installed, whose values stand in no checkpoint, or changed by training."""


def require_encoder(backbone: str, widths: tuple[int, int, int]) -> None:
    """Raise `ValueError` unless there is such a backbone, with maps of these widths."""
    if backbone not in BACKBONES:
        msg = f"There is no backbone {backbone!r}."
        raise ValueError(msg)
    if is_lite0(backbone) and widths != LITE0_WIDTHS:
        msg = f"EfficientNet-Lite0 has maps of {LITE0_WIDTHS} channels."
        raise ValueError(msg)


def is_lite0(backbone: str) -> bool:
    """Whether the frame's features come from EfficientNet-Lite0."""
    return backbone.startswith("lite0")


def needs_installed(backbone: str) -> bool:
    """Whether the installed EfficientNet-Lite0 is part of the network (ADR 0032)."""
    return backbone == "lite0"


def read_shape(name: str, value: object, *, may_be_none: frozenset[str] = frozenset()) -> object:
    """The value of a field of a config; `ValueError` or `TypeError` for what makes no sense.

    Args:
        name: of the field; `widths` and `blocks` at its end mean three numbers.
        value: as the header has it.
        may_be_none: fields whose number may be 0.
    """
    if name == "backbone":
        return value if isinstance(value, str) else refuse()
    most = MAX_BLOCKS if name.endswith("blocks") else MAX_CHANNELS
    if isinstance(value, list | tuple):
        first, second, third = (number_in(n, most=most) for n in value)
        return first, second, third
    if name.endswith(("widths", "blocks")):
        return refuse()
    return number_in(value, least=0 if name in may_be_none else 1, most=most)
