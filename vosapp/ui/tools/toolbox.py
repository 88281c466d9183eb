"""All tools by their ids."""

from __future__ import annotations

from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.box import BoxTool
from vosapp.ui.tools.box_label import BoxLabelTool
from vosapp.ui.tools.brush import BrushTool, EraserTool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.erase_area import EraseAreaTool
from vosapp.ui.tools.fill import FillTool
from vosapp.ui.tools.lasso import LassoTool
from vosapp.ui.tools.points import PointsTool
from vosapp.ui.tools.polygon import PolygonTool
from vosapp.ui.tools.select import PickTool, SelectTool
from vosapp.ui.view_state import ToolId

TOOLS: tuple[type[Tool], ...] = (
    SelectTool,
    BoxTool,
    BoxLabelTool,
    PointsTool,
    BrushTool,
    EraserTool,
    LassoTool,
    PolygonTool,
    FillTool,
    EraseAreaTool,
    PickTool,
)


def make_tools(context: ToolContext) -> dict[ToolId, Tool]:
    """Return one tool of each kind, all working on the same frame."""
    return {kind.tool_id: kind(context) for kind in TOOLS}
