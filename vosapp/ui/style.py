"""The little that palettes cannot say, as a style sheet: spacing, rounding, lines."""

from __future__ import annotations

from string import Template

SHEET = Template("""
QToolTip { color: $text; background: $raised; border: 1px solid $border;
    padding: 4px 6px; }
QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMenuBar { background: $window; border-bottom: 1px solid $border; padding: 1px 4px; }
QMenuBar::item { padding: 4px 9px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $alternate; }
QWidget#places QToolButton { border: none; border-bottom: 2px solid transparent;
    padding: 2px 10px 3px 10px; color: $muted; font-weight: 600; background: transparent; }
QWidget#places QToolButton:hover { color: $text; }
QWidget#places QToolButton:checked { color: $text; border-bottom-color: $accent; }
QMenu { background: $base; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 26px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $alternate; color: $text; }
QMenu::item:disabled { color: $muted; background: transparent; }
QMenu::icon { margin-left: 6px; padding: 2px; }
QMenu::icon:checked { background: $accent; border-radius: 4px; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QToolBar { background: $window; border: none; spacing: 2px; padding: 3px 5px; }
QToolBar#tools { border-right: 1px solid $border; }
QToolBar#main { border-bottom: 1px solid $border; }
QToolBar::separator { background: $border; width: 1px; height: 1px; margin: 5px; }
QToolBar QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 4px;
    color: $text; }
QToolBar QToolButton:hover { background: $alternate; border-color: $border; }
QToolBar QToolButton:pressed { background: $border; }
QToolBar QToolButton:checked { background: $accent; border-color: $accent;
    color: $on_accent; }
QToolBar QToolButton[popupMode="1"] { padding-right: 18px; }
QToolBar QToolButton[popupMode="2"] { padding-right: 16px; }
QToolBar QToolButton::menu-indicator { subcontrol-position: right center;
    subcontrol-origin: padding; right: 3px; }
QToolBar QToolButton::menu-button { border: none; width: 16px; }
QToolBar QToolButton:disabled { color: $muted; }
QToolBar > QToolButton#qt_toolbar_ext_button { padding: 0; border: none; }
QFrame#drawer { background: $window; border: 1px solid $border; }
QFrame#drawer QToolButton { border: 1px solid transparent; border-radius: 5px; padding: 4px;
    color: $text; }
QFrame#drawer QToolButton[popupMode="2"] { padding-right: 18px; }
QFrame#drawer QToolButton::menu-indicator { subcontrol-position: right center;
    subcontrol-origin: padding; right: 3px; }
QFrame#drawer QToolButton:hover { background: $alternate; border-color: $border; }
QDockWidget { font-weight: 600; }
QDockWidget::title { background: $window; padding: 6px 8px; text-align: left;
    border-bottom: 1px solid $border; }
QStatusBar { background: $window; border-top: 1px solid $border; color: $muted; }
QStatusBar::item { border: none; }
QPushButton { background: $raised; border: 1px solid $border; border-radius: 5px;
    padding: 5px 14px; min-height: 18px; }
QPushButton:hover { border-color: $accent; }
QPushButton:pressed { background: $alternate; }
QPushButton:focus { border-color: $accent; }
QPushButton:default { background: $accent; color: $on_accent;
    border-color: $accent; }
QCheckBox:disabled, QRadioButton:disabled { color: $muted; }
QPushButton:disabled { color: $muted; background: $window; border-color: $border; }
QLineEdit, QKeySequenceEdit, QPlainTextEdit {
    background: $base; border: 1px solid $border; border-radius: 4px;
    padding: 2px 6px; selection-background-color: $accent;
    selection-color: $on_accent; }
QLineEdit, QKeySequenceEdit { min-height: 20px; }
QLineEdit:disabled, QPlainTextEdit:disabled { color: $muted; background: $window; }
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit, QComboBox QLineEdit { border: none;
    padding: 0; min-height: 0; background: transparent; }
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit { padding: 0 5px; }
QLineEdit:focus, QKeySequenceEdit:focus, QPlainTextEdit:focus { border-color: $accent; }
QComboBox, QSpinBox, QDoubleSpinBox { min-height: 24px; }
QSpinBox#frame-number { background: $base; border: 1px solid $border; border-radius: 4px; }
QSpinBox#frame-number:focus { border-color: $accent; }
QSpinBox#frame-number::up-button, QSpinBox#frame-number::down-button { width: 0; height: 0;
    border: none; }
QToolButton#speed { padding-right: 18px; }
QToolButton#speed::menu-indicator { subcontrol-position: right center;
    subcontrol-origin: padding; right: 2px; }
QGroupBox { font-weight: 600; border: 1px solid $border; border-radius: 6px;
    margin-top: 10px; padding-top: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 10px; padding: 0 4px; }
QListView, QTreeView, QTableView { border: 1px solid $border; border-radius: 4px;
    background: $base; }
QHeaderView::section { background: $window; border: none; padding: 4px 5px;
    border-bottom: 1px solid $border; }
QProgressBar { border: none; border-radius: 3px; background: $border; height: 6px;
    text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $border; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -5px 0; border-radius: 7px;
    background: $raised; border: 1px solid $muted; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:pressed { border-color: $accent; }
QSlider::sub-page:horizontal:disabled { background: $muted; }
QSlider[twoWays="true"]::sub-page:horizontal { background: $border; }
QTabBar { qproperty-drawBase: 0; }
QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabBar::tab { padding: 6px 12px; border: none; color: $muted;
    border-bottom: 2px solid transparent; background: transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabWidget#steps QTabBar::tab { padding: 10px 14px; }
QListView#choices { outline: none; selection-background-color: transparent; }
QListView#choices::item { padding: 4px 8px; border-radius: 4px; }
QListView#choices::item:selected { background: $accent; color: $on_accent; }
QListView#choices::item:hover:!selected { background: $alternate; }
QTreeView#roomy::item { padding: 3px 2px; }
QCheckBox::indicator:unchecked, QListView::indicator:unchecked,
QRadioButton::indicator:unchecked { width: 12px; height: 12px; background: $base;
    border: 1px solid $muted; }
QCheckBox::indicator:unchecked, QListView::indicator:unchecked { border-radius: 3px; }
QRadioButton::indicator:unchecked { border-radius: 7px; }
QLabel[tone="muted"] { color: $muted; }
QLabel[tone="danger"] { color: $danger; }
QLabel[tone="warning"] { color: $warning; }
QLabel[tone="success"] { color: $success; }
QLabel#qt_msgbox_informativelabel { min-width: 380px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 11px; }
QScrollBar:horizontal { height: 11px; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")
"""Placeholders are the fields of `vosapp.ui.theme.Tones`."""

IMAGES = "vosappimages"
"""Prefix under which Qt finds the images of `WITH_IMAGES`."""
WITH_IMAGES = Template("""
QComboBox { background: $raised; border: 1px solid $border; border-radius: 5px;
    padding: 1px 8px; combobox-popup: 0; }
QComboBox:hover, QComboBox:focus, QComboBox:on { border-color: $accent; }
QComboBox:disabled { color: $muted; background: $window; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url(vosappimages:down-$theme.png); width: 10px; height: 10px; }
QComboBox QAbstractItemView { qproperty-verticalScrollBarPolicy: ScrollBarAsNeeded;
    background: $base; border: 1px solid $border; padding: 3px;
    selection-background-color: $accent; selection-color: $on_accent; outline: none; }
QComboBox QAbstractItemView::item { padding: 3px 6px; min-height: 18px; border-radius: 4px; }
QComboBox QAbstractItemView::item:selected { background: $accent; color: $on_accent; }
QSpinBox, QDoubleSpinBox { background: $base; border: 1px solid $border; border-radius: 4px;
    padding: 0; }
QSpinBox:focus, QDoubleSpinBox:focus { border-color: $accent; }
QSpinBox:disabled, QDoubleSpinBox:disabled { color: $muted; background: $window; }
QSpinBox::up-button, QDoubleSpinBox::up-button { border: none; width: 18px;
    subcontrol-origin: border; subcontrol-position: top right; }
QSpinBox::down-button, QDoubleSpinBox::down-button { border: none; width: 18px;
    subcontrol-origin: border; subcontrol-position: bottom right; }
QSpinBox::up-button:hover, QSpinBox::down-button:hover, QDoubleSpinBox::up-button:hover,
QDoubleSpinBox::down-button:hover { background: $alternate; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { width: 8px; height: 8px;
    image: url(vosappimages:up-$theme.png); }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { width: 8px; height: 8px;
    image: url(vosappimages:down-$theme.png); }
QSpinBox#frame-number::up-button, QSpinBox#frame-number::down-button { width: 0; height: 0; }
QSpinBox#frame-number::up-arrow, QSpinBox#frame-number::down-arrow { image: none; width: 0;
    height: 0; }
QCheckBox::indicator:checked, QListView::indicator:checked { width: 12px; height: 12px;
    background: $accent; border: 1px solid $accent; border-radius: 3px;
    image: url(vosappimages:check-$theme.png); }
QRadioButton::indicator:checked { width: 12px; height: 12px; background: $accent;
    border: 1px solid $accent; border-radius: 7px;
    image: url(vosappimages:dot-$theme.png); }
QCheckBox::indicator:checked:disabled, QRadioButton::indicator:checked:disabled {
    background: $muted; border-color: $muted; }
""")
"""What needs images, in a sheet of its own: without them a check mark would not be seen."""
