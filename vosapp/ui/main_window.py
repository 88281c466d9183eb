"""The main window: where everything stands. What it does is in `vosapp.ui.shell`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.ui.actions.binding import Actions
from vosapp.ui.actions.spec import Bar
from vosapp.ui.dock_sizes import DockSizes
from vosapp.ui.drop_veil import DropVeil
from vosapp.ui.message_place import MessagePlace
from vosapp.ui.notice import NoticeBar
from vosapp.ui.panels import Panels
from vosapp.ui.place_bar import Place, PlaceBar
from vosapp.ui.plain import local_path
from vosapp.ui.status import StatusBar
from vosapp.ui.theme import ICON_SIZE, icon
from vosapp.ui.welcome import WelcomePage

STATE_VERSION = 1
"""Of saved layouts; raise it when docks or bars are added."""
USUAL = QSize(1360, 860)
NARROW = 1160
"""Pixels of width below which not every button of the main bar has its text."""
PANELS = {"objects": 300, "timeline": 256}
"""Pixels that panels have at first: width at a side, height below."""
NARROWEST = 240
"""Pixels of the list of objects at which names and the titles of tabs are still read."""


class MainWindow(QMainWindow):
    """Canvas in the middle, objects at the right, timeline below, bars around.

    That is one of its places; the others have the whole window below the menus.

    Attributes:
        may_close: asked before the window is closed; where it returns False it stays open, and
            `close_now` may follow.
        place: which of its places is shown.

    Signals:
        closing: the window is about to close; work has to be put away now.
        dropped: a file or folder was dropped on the canvas's place (`Path`).
        themed: the palette has changed.
        placeChanged: another place is shown (`Place`).
    """

    closing = Signal()
    dropped = Signal(object)
    themed = Signal()
    placeChanged = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.may_close: Callable[[], bool] = lambda: True
        self.setObjectName("main-window")
        self.setWindowTitle("vosapp")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(False)
        self.welcome = WelcomePage(self)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.welcome)
        center = QWidget(self)
        column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.setCentralWidget(center)
        self.notice = NoticeBar(self)
        self._message = MessagePlace(self, self.notice, center)
        self._veil = DropVeil(self)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self.main_bar = self._bar("main", self.tr("Main bar"), Qt.ToolBarArea.TopToolBarArea)
        self.tools_bar = self._bar("tools", self.tr("Tools"), Qt.ToolBarArea.LeftToolBarArea)
        self.place = Place.ANNOTATE
        self.place_bar = PlaceBar(self)
        self._pages: dict[Place, QWidget] = {}
        self._work, self._shown_docks = False, frozenset[str]()
        self._layout_left: QByteArray | None = None
        self.docks: dict[str, QDockWidget] = {}
        self._sizes = DockSizes(self, {}, {})
        self.menus: dict[str, QMenu] = {}
        self.choose_button = QToolButton(self)
        self._texts: dict[str, QToolButton] = {}

    def build(self, panels: Panels, actions: Actions, options: QWidget) -> None:
        """Put panels, actions, and the options of tools in their places."""
        self._canvas_page = QWidget(self)
        column = QVBoxLayout(self._canvas_page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(panels.canvas)
        self.stack.addWidget(self._canvas_page)
        right, bottom = _RIGHT, Qt.DockWidgetArea.BottomDockWidgetArea
        tabs = QTabWidget(self)
        tabs.setDocumentMode(True)
        tabs.addTab(panels.objects, self.tr("Objects"))
        tabs.addTab(panels.references, self.tr("References"))
        tabs.addTab(panels.review, self.tr("To Check"))
        tabs.setTabToolTip(0, self.tr("All objects of the project"))
        tabs.setTabToolTip(1, self.tr("Frames that the engine always keeps in mind"))
        tabs.setTabToolTip(2, self.tr("Frames that may be wrong, the worst first"))
        tabs.setAccessibleName(self.tr("Objects, references and frames to check"))
        tabs.setMinimumWidth(NARROWEST)
        self._dock("objects", self.tr("Objects"), tabs, right)
        self._dock("timeline", self.tr("Timeline"), panels.timeline, bottom)
        # The objects reach down to the status bar: lists are long, the timeline is wide anyway.
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.menus = actions.fill_menus(self.menuBar())
        self.place_bar.set_actions(actions)
        self.menuBar().setCornerWidget(self.place_bar, Qt.Corner.TopLeftCorner)
        actions.fill_bar(self.main_bar, Bar.MAIN)
        actions.fill_bar(self.tools_bar, Bar.TOOLS)
        self._dress_main_bar(actions)
        options.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.main_bar.addWidget(options)
        self.resize(USUAL)
        self._message.follow(self.docks["timeline"])
        self._sizes = DockSizes(self, self.docks, PANELS)
        self._dress_overflow()
        self._sizes.fit()

    def show_page(self, *, work: bool) -> None:
        """Annotate shows the canvas with its panels, or the welcome page alone."""
        self._work = work
        self._shown_docks = frozenset(self.docks if work else ())
        self._layout_left = None
        self._arrange()

    def add_place(self, place: Place, page: QWidget) -> None:
        """Give a place its page; Annotate has one from the beginning."""
        self._pages[place] = page
        self.stack.addWidget(page)

    def show_place(self, place: Place) -> None:
        """Show a place that has a page; panels come back as they were when they were left."""
        if place is self.place:
            return
        if self.place is Place.ANNOTATE:
            names = (name for name, dock in self.docks.items() if not dock.isHidden())
            self._shown_docks = frozenset(names)
            self._layout_left = self.saveState(STATE_VERSION)
        self.place = place
        self._arrange()
        self.placeChanged.emit(place)

    def show_objects(self) -> None:
        """Bring the list of objects to the front."""
        tabs = self.docks["objects"].widget()
        panel = tabs.widget(0) if isinstance(tabs, QTabWidget) else None
        if panel is not None:
            self.show_tab(panel)

    def show_tab(self, panel: QWidget) -> None:
        """Bring one of the panels at the right to the front."""
        dock = self.docks["objects"]
        dock.show()
        tabs = dock.widget()
        if isinstance(tabs, QTabWidget):
            tabs.setCurrentWidget(panel)

    @property
    def docks_movable(self) -> bool:
        """True while panels have title bars to be dragged by."""
        return any(dock.titleBarWidget() is None for dock in self.docks.values())

    def set_docks_movable(self, *, movable: bool) -> None:
        """Show title bars of panels, or keep the panels where they are."""
        for dock in self.docks.values():
            _hold(dock, held=not movable)

    def layout_state(self) -> dict[str, str | dict[str, int]]:
        """Return geometry and layout as text, for the settings."""
        left = None if self.place is Place.ANNOTATE else self._layout_left
        return {
            "geometry": _text(self.saveGeometry()),
            "layout": _text(self.saveState(STATE_VERSION) if left is None else left),
            "panels": self._sizes.state(),
        }

    def restore_layout(self, state: object) -> None:
        """Take what `layout_state` gave, as far as it makes sense on this screen."""
        if not isinstance(state, dict):
            return
        geometry, layout = state.get("geometry"), state.get("layout")
        if isinstance(geometry, str):
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))
        if isinstance(layout, str):
            data = QByteArray.fromBase64(layout.encode("ascii", "ignore"))
            self.restoreState(data, STATE_VERSION)
        self._sizes.restore(state.get("panels"))
        self._sizes.fit()

    # Events

    def close_now(self) -> None:
        """Close without a question: it was answered, or there is nobody to answer it."""
        self.may_close = lambda: True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Put work away, then close."""
        if not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        """Tell when the colors have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.themed.emit()
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            # Later: the style gives these buttons icons of its own.
            QTimer.singleShot(0, self, self._dress_overflow)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the bar within the window, and panels as large as they are wanted."""
        super().resizeEvent(event)
        self._dress_buttons()
        self._sizes.fit()
        self._message.place()

    def showEvent(self, event: QShowEvent) -> None:
        """Give panels their sizes: before, there was no room to be shared."""
        super().showEvent(event)
        self._sizes.fit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders of this machine, and show that they will be."""
        path = _dropped_path(event)
        if path is not None:
            event.acceptProposedAction()
            self._veil.show_for(self.tr("Drop to open {0}").format(visible(path.name)))

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        path = _dropped_path(event)
        if path is not None:
            event.acceptProposedAction()
            self.dropped.emit(path)

    # Inside

    def _bar(self, name: str, title: str, area: Qt.ToolBarArea) -> QToolBar:
        bar = QToolBar(title, self)
        bar.setObjectName(name)
        bar.setAccessibleName(title)
        bar.setIconSize(ICON_SIZE)
        bar.setMovable(False)
        bar.toggleViewAction().setEnabled(False)
        self.addToolBar(area, bar)
        return bar

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock-{name}")
        dock.setAccessibleName(title)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        self.docks[name] = dock
        _hold(dock, held=True)

    def _dress_main_bar(self, actions: Actions) -> None:
        bar = self.main_bar
        beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for name in ("file.open-video", "file.export", "objects.new", "propagate.open"):
            button = bar.widgetForAction(actions[name])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(beside)
                self._texts[name] = button
        run = bar.widgetForAction(actions["propagate.open"])
        if isinstance(run, QToolButton):
            run.setMenu(self.menus["&Propagate"])
            run.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button = self.choose_button
        button.setToolButtonStyle(beside)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setAccessibleName(self.tr("System and quality"))
        button.clicked.connect(actions["propagate.choose"].trigger)
        bar.addWidget(button)
        for name in ("edit.undo", "objects.new", "propagate.open"):
            bar.insertSeparator(actions[name])

    def _dress_overflow(self) -> None:
        """Give the buttons for what has no room an icon that is seen on dark ground, too."""
        for bar, name in ((self.main_bar, "chevron-double-right"), (self.tools_bar, _DOWN)):
            for button in bar.findChildren(QToolButton, "qt_toolbar_ext_button"):
                button.setIcon(icon(name))
                button.setToolTip(self.tr("What has no room here"))
                button.setAccessibleName(self.tr("More"))

    def _dress_buttons(self) -> None:
        """In a narrow window the first buttons have no text: options of tools need the room."""
        styles = Qt.ToolButtonStyle
        text = self.width() >= NARROW
        style = styles.ToolButtonTextBesideIcon if text else styles.ToolButtonIconOnly
        for name in ("file.open-video", "file.export"):
            if name in self._texts and self._texts[name].toolButtonStyle() != style:
                self._texts[name].setToolButtonStyle(style)

    def _show_in_middle(self, page: QWidget) -> None:
        """Show a page; the others ask for no room, which panels and small windows would lack."""
        policy = QSizePolicy.Policy
        for one in (self.welcome, self._canvas_page, *self._pages.values()):
            how = policy.Expanding if one is page else policy.Ignored
            one.setSizePolicy(how, how)
        self.stack.setCurrentWidget(page)

    def _arrange(self) -> None:
        here = self.place is Place.ANNOTATE
        annotate = self._canvas_page if self._work else self.welcome
        self._show_in_middle(annotate if here else self._pages[self.place])
        for name, dock in self.docks.items():
            dock.setVisible(here and name in self._shown_docks)
        self.tools_bar.setVisible(here and self._work)
        self.main_bar.setVisible(here and self._work)
        self.status.show_canvas(shown=here)
        self._sizes.fit_soon()
        self._message.place()


_DOWN = "chevron-double-down"
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea


def _hold(dock: QDockWidget, *, held: bool) -> None:
    # Held: tabs and rulers say what it is; the View menu shows and hides it.
    features = QDockWidget.DockWidgetFeature
    old = dock.titleBarWidget()
    dock.setTitleBarWidget(QWidget(dock) if held else None)  # type: ignore[arg-type]
    if old is not None:
        old.deleteLater()
    free = features.DockWidgetMovable | features.DockWidgetFloatable | features.DockWidgetClosable
    dock.setFeatures(features.NoDockWidgetFeatures if held else free)


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode("ascii")


def _dropped_path(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    if not urls or not urls[0].isLocalFile():
        return None
    return local_path(urls[0])
