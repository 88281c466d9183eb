"""The loader of frames: whatever happens in its thread, the window hears of it."""

from __future__ import annotations

from core.errors import VideoOpenError
from core.media.video import open_video
from vosapp.session import display


def test_a_bug_while_a_frame_is_read_is_told_and_the_next_is_shown(qtbot, workspace, monkeypatch):
    session, project = workspace.session, workspace.session.project
    told = []
    session.crashed.connect(told.append)
    real = type(project).label_map

    def broken(self, frame_index):
        if frame_index == 7:
            raise ZeroDivisionError("seven")
        return real(self, frame_index)

    monkeypatch.setattr(type(project), "label_map", broken)
    session.go_to(7)
    qtbot.waitUntil(lambda: bool(told))
    assert "ZeroDivisionError: seven" in told[0]
    session.go_to(9)
    qtbot.waitUntil(lambda: session.view.frame_index == 9)
    assert len(told) == 1
    workspace.crashes.clear()


def test_a_video_that_comes_back_is_shown(qtbot, workspace, film, monkeypatch):
    real, gone = display.open_linked, [True]

    def flaky(*args, **options):
        if gone:
            raise VideoOpenError("The disk is gone.", "Plug it in.")
        return real(*args, **options)

    monkeypatch.setattr(display, "open_linked", flaky)
    loader = display.FrameLoader(film, workspace.session.project)
    try:
        with qtbot.waitSignal(loader.failed) as caught:
            loader.want(3)
        assert caught.args[0] == 3
        gone.clear()
        with qtbot.waitSignal(loader.ready) as caught:
            loader.want(3)
        assert (caught.args[0].frame_index, caught.args[0].exact) == (3, True)
    finally:
        loader.close()


class DamagedVideo:
    """Finds something wrong from frame 5 on."""

    def __init__(self, video):
        self._video, self.info, self.index, self.notes = video, video.info, video.index, ()

    def frame(self, index):
        if index >= 5:
            self.notes = (f"Frames up to {index} are damaged.",)
        return self._video.frame(index)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self._video.close()


def test_what_is_wrong_with_the_video_is_told_once(qtbot, workspace, film, monkeypatch):
    real = display.open_linked

    def damaged(*args, **options):
        video, notes = real(*args, **options)
        return DamagedVideo(video), notes

    monkeypatch.setattr(display, "open_linked", damaged)
    monkeypatch.setattr(display, "AHEAD", 0)
    told = []
    loader = display.FrameLoader(film, workspace.session.project)
    loader.noted.connect(told.append)
    try:
        for frame in (1, 7, 9, 3, 12):
            with qtbot.waitSignal(loader.ready, check_params_cb=lambda view: view.exact):
                loader.want(frame)
        qtbot.waitUntil(lambda: bool(told))
    finally:
        loader.close()
    assert told == ["Frames up to 7 are damaged."]


class LargeVideo(DamagedVideo):
    """Counts what is decoded."""

    asked = 0

    def frame(self, index):
        self.asked += 1
        return self._video.frame(index)


def test_a_frame_that_takes_all_the_memory_is_decoded_once(film):
    with open_video(film) as video:
        large = LargeVideo(video)
        frames = display._Frames(large, 1)
        assert frames.get(3) is frames.get(3) and large.asked == 1
        assert frames.get(4) is not None and 3 not in frames and 4 in frames
