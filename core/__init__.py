"""The engine: propagation, learning and measuring. Knows no Qt and importing it loads no torch."""

__version__ = "0.1.0"
