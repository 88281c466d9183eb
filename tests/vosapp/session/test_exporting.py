"""Exports and learning take pictures of the project's own video only."""

from __future__ import annotations

import pytest
from vosapp_fakes import FRAMES

from core.errors import VideoMismatch
from core.jobs import CancelToken, result_of
from core.media.annotations.values import ObjectInfo
from core.media.export.formats import exporter_named
from core.media.video import open_video
from vosapp.assets import bundled_weights
from vosapp.project.edits import AddObject
from vosapp.project.file import Options
from vosapp.project.opening import open_project
from vosapp.services.export_source import export_source
from vosapp.services.finetune import FinetuneOrder, finetune_project
from vosapp.session.exporting import ExportOrder, write


@pytest.fixture
def exchanged(monkeypatch):
    """Exchange the video's content after a project was opened."""

    def exchange():
        for place in ("relink", "video_ref"):
            name = f"vosapp.project.{place}.content_hash"
            monkeypatch.setattr(name, lambda _path: (1, "another"))

    return exchange


@pytest.mark.parametrize("name", ["overlay", "masks"])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_video_that_was_exchanged_meanwhile(
    film_project, film, tmp_path, exchanged, name, read_only
):
    with open_project(film_project, Options(read_only=read_only)) as project:
        exchanged()
        order = ExportOrder(project, film, exporter_named(name), tmp_path / "out", range(3))
        if name == "overlay" and not read_only:
            with pytest.raises(VideoMismatch):
                result_of(write(order)(CancelToken()))
            assert not (tmp_path / "out").exists()
        else:
            result_of(write(order)(CancelToken()))


def test_the_overlay_has_the_colors_of_the_window_and_files_those_of_their_palette(
    film_project, film
):
    with open_project(film_project) as project, open_video(film) as video:
        project.do(AddObject(name="Box"))
        (shown,) = project.objects()
        for name, wanted in (("overlay", shown.color), ("masks", ObjectInfo.plain(1).color)):
            source = export_source(
                project, exporter_named(name), video, frames=lambda info: range(info.frame_count)
            )
            assert [info.color for info in source.objects] == [wanted]


def test_it_is_not_learned_from(film_project, film, exchanged):
    with open_project(film_project) as project:
        exchanged()
        base = bundled_weights("self_supervised", "thin")
        order = FinetuneOrder(project, film, base, 0, FRAMES, steps=1)
        with pytest.raises(VideoMismatch):
            next(finetune_project(order, None, CancelToken()))
