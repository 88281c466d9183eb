"""All actions of the window, in the order of its menus."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.ui.actions.spec import ActionSpec
from vosapp.ui.actions.table_app import APP_ACTIONS
from vosapp.ui.actions.table_boxes import BOX_ACTIONS
from vosapp.ui.actions.table_paint import PAINT_ACTIONS
from vosapp.ui.actions.table_place import PLACE_ACTIONS
from vosapp.ui.actions.table_review import REVIEW_ACTIONS
from vosapp.ui.actions.table_run import RUN_ACTIONS
from vosapp.ui.actions.table_train import TRAIN_ACTIONS
from vosapp.ui.actions.table_view import VIEW_ACTIONS
from vosapp.ui.actions.table_work import WORK_ACTIONS

_MENUS = ("&File", "&Edit", "&View", "&Tools", "&Object", "&Propagate", "T&rain", "&Go", "&Help")


def _rank(spec: ActionSpec) -> int:
    return _MENUS.index(spec.menu[0]) if spec.menu else len(_MENUS)


_ALL = (
    *APP_ACTIONS,
    *PLACE_ACTIONS,
    *VIEW_ACTIONS,
    *WORK_ACTIONS,
    *RUN_ACTIONS,
    *PAINT_ACTIONS,
    *BOX_ACTIONS,
    *REVIEW_ACTIONS,
    *TRAIN_ACTIONS,
)
ACTIONS: tuple[ActionSpec, ...] = tuple(sorted(_ALL, key=_rank))
BY_ID: Mapping[str, ActionSpec] = {spec.id: spec for spec in ACTIONS}
DEFAULT_KEYS: Mapping[str, tuple[str, ...]] = {spec.id: spec.shortcuts for spec in ACTIONS}
"""Keys by action, as they come."""
