"""What weights have seen, in this training and in those that they started from. No torch."""

from __future__ import annotations

from core.nn.checkpoints import CheckpointInfo

NONE = "none"
"""What headers say of weights that have seen no label."""
IMAGENET_CLASSES = "ImageNet classes"
"""What headers say of labels that the installed backbone has seen."""
BETWEEN = "; "
"""Between kinds of labels; no kind has it within."""


def united(*seen: str) -> str:
    """What headers say of weights that have seen all of these labels.

    Args:
        seen: as headers have them: "none", "boxes", "ImageNet classes; boxes" ...; an empty one
            says nothing.

    Returns:
        Each kind once, in their order; "none" where there is no kind.
    """
    kinds = [kind for text in seen for kind in kinds_of(text) if kind != NONE]
    return BETWEEN.join(dict.fromkeys(kinds)) or NONE


def kinds_of(seen: str) -> tuple[str, ...]:
    """The kinds of labels that a header names."""
    return tuple(kind for kind in seen.split(BETWEEN) if kind)


def sequences_learned(info: CheckpointInfo) -> tuple[str, ...]:
    """Sequences that weights were trained on, as their header names them."""
    return as_names(info.training.get("sequences"))


def as_names(found: object) -> tuple[str, ...]:
    """Names that a file holds as a list; what is none is left out."""
    return tuple(x for x in found if isinstance(x, str)) if isinstance(found, list) else ()
