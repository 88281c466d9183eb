"""The usual colors of objects, and what files get of them."""

from __future__ import annotations

import pytest

from core.media.palette import DAVIS_COLORS
from vosapp.project.colors import usual_color
from vosapp.project.edits import RecolorObject
from vosapp.project.source import annotation_source, stored_info


def test_all_differ_and_all_are_bright():
    colors = [usual_color(i) for i in range(1, 255)]
    assert len(set(colors)) == 254
    assert min(max(color) for color in colors) >= 200
    assert all(0 <= channel <= 255 for color in colors for channel in color)
    for wrong in (0, 255):
        with pytest.raises(ValueError, match="no object id"):
            usual_color(wrong)


def test_files_get_the_palette_of_davis_unless_a_color_was_chosen(project):
    assert [item.color for item in project.objects()] == [usual_color(1), usual_color(2)]
    project.do(RecolorObject(2, (1, 2, 3)))
    source = annotation_source(project, stored_info(project))
    assert [info.color for info in source.objects] == [DAVIS_COLORS[1], (1, 2, 3)]
