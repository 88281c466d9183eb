"""All controllers of the window."""

from __future__ import annotations

from vosapp.ui.controllers.base import Controller
from vosapp.ui.controllers.boxes import BoxesController
from vosapp.ui.controllers.canvas_menu import CanvasMenuController
from vosapp.ui.controllers.clean import CleanController
from vosapp.ui.controllers.discover import DiscoverController
from vosapp.ui.controllers.edit import EditController
from vosapp.ui.controllers.exchange import ExchangeController
from vosapp.ui.controllers.file import FileController
from vosapp.ui.controllers.finetune import FinetuneController
from vosapp.ui.controllers.help import HelpController
from vosapp.ui.controllers.models import ModelsController
from vosapp.ui.controllers.navigate import NavigateController
from vosapp.ui.controllers.objects import ObjectsController
from vosapp.ui.controllers.place import PlaceController
from vosapp.ui.controllers.propagate import PropagateController
from vosapp.ui.controllers.review import ReviewController
from vosapp.ui.controllers.tools import ToolsController
from vosapp.ui.controllers.train import TrainController
from vosapp.ui.controllers.view import ViewController

CONTROLLERS: tuple[type[Controller], ...] = (
    PlaceController,
    FileController,
    ExchangeController,
    EditController,
    ViewController,
    ToolsController,
    ObjectsController,
    BoxesController,
    CleanController,
    CanvasMenuController,
    DiscoverController,
    PropagateController,
    FinetuneController,
    TrainController,
    ModelsController,
    NavigateController,
    ReviewController,
    HelpController,
)
