"""The application: the command line and the window. Importing it loads neither torch nor Qt."""

from __future__ import annotations

from core import __version__ as __version__
