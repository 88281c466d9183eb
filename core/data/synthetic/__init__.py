"""Synthetic films with exact masks: a test clip, the bundled sample, the multi-object set."""

from core.data.synthetic.layers import two_layers
from core.data.synthetic.rendering import render
from core.data.synthetic.scene import Scene, scaled
from core.data.synthetic.scenes import MULTI_OBJECT_SET, SAMPLE
from core.data.synthetic.shapes import moving_shapes

__all__ = ["MULTI_OBJECT_SET", "SAMPLE", "Scene", "moving_shapes", "render", "scaled", "two_layers"]
