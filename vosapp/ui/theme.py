"""Light and dark: palettes, one small style sheet, and icons in the colors of the moment.

Widgets take colors from their palette or from `tones()`; no other module names a gray.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum

import qtawesome
from PySide6.QtCore import QDir, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QStyleFactory

from vosapp.assets import widget_images
from vosapp.ui.drawn_icons import drawn
from vosapp.ui.style import IMAGES, SHEET, WITH_IMAGES

ICON_SIZE = QSize(20, 20)
OWN = "own."
"""Before the names of icons that we draw."""


class Theme(Enum):
    """Which colors the user wants."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Tones:
    """The colors of a theme, as "#rrggbb".

    Attributes:
        window: panels, bars and dialogs.
        base: lists, fields.
        alternate: every other row; hovered things.
        canvas: around the picture.
        raised: buttons.
        border: lines between areas.
        text, muted: text, and text of less weight.
        accent, on_accent: what is selected, and text upon it.
        danger, warning, success, info: states; good on `window` and on `base`.
    """

    window: str
    base: str
    alternate: str
    canvas: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    warning: str
    success: str
    info: str


LIGHT = Tones(
    window="#f4f5f7",
    base="#ffffff",
    alternate="#eceef2",
    canvas="#dfe2e7",
    raised="#ffffff",
    border="#d3d7de",
    text="#1c2128",
    muted="#5d6673",
    accent="#0b63ce",
    on_accent="#ffffff",
    danger="#c0262d",
    warning="#9a5b00",
    success="#1a7f37",
    info="#0b63ce",
)
DARK = Tones(
    window="#23262b",
    base="#1b1d21",
    alternate="#2c3037",
    canvas="#131518",
    raised="#31353c",
    border="#3a3f47",
    text="#e6e9ee",
    muted="#98a1ae",
    accent="#4c9bff",
    on_accent="#0b1320",
    danger="#ff6b6b",
    warning="#f2b84b",
    success="#5ccb7f",
    info="#6cb0ff",
)


_dark: dict[int, bool] = {}


def is_dark() -> bool:
    """True while the application shows dark colors."""
    shown = QGuiApplication.palette()
    # Asked some hundred times while a window is painted.
    key = shown.cacheKey()
    if key not in _dark:
        _dark.clear()
        _dark[key] = shown.window().color().lightness() < 128
    return _dark[key]


def tones() -> Tones:
    """Return the colors that the application shows now."""
    return DARK if is_dark() else LIGHT


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Show a theme at once; `Theme.SYSTEM` takes what the system says now."""
    if app.style().objectName() != "fusion" and not app.styleSheet():
        app.setStyle(QStyleFactory.create("Fusion"))
    chosen = DARK if _wants_dark(app, theme) else LIGHT
    qtawesome.reset_cache()
    app.setPalette(palette(chosen))
    app.setStyleSheet(style_sheet(chosen))


def _wants_dark(app: QApplication, theme: Theme) -> bool:
    if theme is Theme.SYSTEM:
        return app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return theme is Theme.DARK


def palette(chosen: Tones) -> QPalette:
    """Return the palette of a theme."""
    made, role = QPalette(), QPalette.ColorRole
    for name, color in (
        (role.Window, chosen.window),
        (role.WindowText, chosen.text),
        (role.Base, chosen.base),
        (role.AlternateBase, chosen.alternate),
        (role.Text, chosen.text),
        (role.Button, chosen.raised),
        (role.ButtonText, chosen.text),
        (role.BrightText, chosen.danger),
        (role.ToolTipBase, chosen.raised),
        (role.ToolTipText, chosen.text),
        (role.PlaceholderText, chosen.muted),
        (role.Highlight, chosen.accent),
        (role.HighlightedText, chosen.on_accent),
        (role.Link, chosen.accent),
        (role.LinkVisited, chosen.accent),
        (role.Mid, chosen.border),
        (role.Midlight, chosen.alternate),
        (role.Accent, chosen.accent),
    ):
        made.setColor(name, QColor(color))
    faded = QColor(chosen.muted)
    faded.setAlpha(130)
    for name in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, name, faded)
    made.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(chosen.border))
    return made


def icon(name: str, tone: str = "text") -> QIcon:
    """Return an icon in a color of the theme; make it anew after the theme has changed.

    Args:
        name: of qtawesome's Material set, as "brush"; or of ours, as "own.in".
        tone: a field of `Tones`.
    """
    shown = tones()
    if name.startswith(OWN):
        return drawn(name.removeprefix(OWN), QColor(getattr(shown, tone)), _disabled())
    made: QIcon = qtawesome.icon(
        f"mdi6.{name}",
        color=getattr(shown, tone),
        color_disabled=_disabled(),
    )
    return made


def toggle_icon(name: str) -> QIcon:
    """Return an icon that stays readable on the accent color while its button is checked."""
    shown = tones()
    made: QIcon = qtawesome.icon(
        f"mdi6.{name}",
        color=shown.text,
        # What is not said for a state that is off, qtawesome takes from the one that is on.
        color_off_active=shown.text,
        color_off_selected=shown.text,
        color_on=shown.on_accent,
        color_on_active=shown.on_accent,
        color_disabled=_disabled(),
    )
    return made


def _disabled() -> QColor:
    return QColor(tones().muted).darker(130) if is_dark() else QColor("#b3b9c2")


def set_tone(label: QLabel, tone: str) -> None:
    """Write a label in "danger", "warning", "success", "muted" or "text"; it follows the theme."""
    if label.property("tone") == tone:
        return
    label.setProperty("tone", tone)
    label.style().unpolish(label)
    label.style().polish(label)


def style_sheet(chosen: Tones) -> str:
    """Return the style sheet of a theme."""
    sheet, folder = SHEET.substitute(asdict(chosen)), widget_images()
    if not folder.is_dir():
        # An incomplete installation: the style of the toolkit is better than no check marks.
        return sheet
    QDir.setSearchPaths(IMAGES, [str(folder)])
    name = "dark" if chosen is DARK else "light"
    return sheet + WITH_IMAGES.substitute(asdict(chosen), theme=name)
