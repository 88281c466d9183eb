"""The application around the engine: the command line. Importing it loads no torch."""

from __future__ import annotations

from core import __version__ as __version__
from vosapp.none_guard import guard_singletons

guard_singletons()
