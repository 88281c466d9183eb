"""Draw the small images of check boxes and lists anew: `python packaging/widget_images.py`.

Style sheets take images from files only.
"""

from __future__ import annotations

import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication

from vosapp import assets
from vosapp.ui.drawn_icons import write_widget_images
from vosapp.ui.theme import DARK, LIGHT


def main() -> int:
    """Write all images of both themes."""
    app = QApplication(sys.argv)
    folder = assets.widget_images()
    folder.mkdir(exist_ok=True)
    for name, tones in (("light", LIGHT), ("dark", DARK)):
        write_widget_images(folder, name, line=tones.muted, on_accent=tones.on_accent)
    app.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
