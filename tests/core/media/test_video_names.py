"""Names that FFmpeg would read as addresses, patterns or options; files that name other files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import VideoOpenError
from core.jobs import result_of
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.media.export.overlay import AlphaMatte, OverlayVideo
from core.media.video import open_video

NAMES = (
    "rec:1.mp4",
    "a:b.mp4",
    "file:other.mp4",
    "concat:other.mp4",
    "concat:other.mp4|other.mp4",
    "http:other.mp4",
    "pipe:0",
    "data:other.mp4",
    "cache:other.mp4",
    "subfile,,start,0,end,0,,:other.mp4",
    "-other.mp4",
    "other%d.mp4",
    "other%03d.mp4",
    "other*.mp4",
    "other?.mp4",
    "[other].mp4",
    "~other.mp4",
    "2024-01-12T10:30:00.mp4",
    "C:other.mp4",
    "other\n.mp4",
    "other.mp4;x",
    "-",
)


@pytest.fixture
def here(tmp_path, monkeypatch, make):
    """The current folder, with files that a name must not lead to; they hold other numbers."""
    monkeypatch.chdir(tmp_path)
    for name in ("other.mp4", "other1.mp4", "other000.mp4", "other001.mp4"):
        make(name, numbers=(99,) * 3)
    return tmp_path


def numbers(path: Path, read_number) -> list[int]:
    with open_video(path) as video:
        return [read_number(f) for f in video.frames(0, video.info.frame_count)]


@pytest.mark.parametrize("name", NAMES)
def test_names_simply_work(name, here, make, read_number):
    made = make("made.mp4", numbers=range(3)).rename(here / name)
    for path in (Path(name), Path() / name, made, Path("..") / here.name / name):
        assert numbers(path, read_number) == [0, 1, 2]
        with open_video(path) as video:
            assert video.info.path == path


@pytest.mark.parametrize("folder", ["http:", "concat:x", "a%03d", "file:"])
def test_so_do_names_of_folders(folder, here, make, read_number):
    (here / folder).mkdir()
    make("made.mp4", numbers=range(3)).rename(here / folder / "clip.mp4")
    assert numbers(Path(folder) / "clip.mp4", read_number) == [0, 1, 2]


@pytest.mark.parametrize("name", ["x%03d.gif", "x%d.png", "x*.gif", "http:x.gif"])
def test_moving_images_are_no_pattern_of_names(name, here, read_number, video_tools):
    pictures = [Image.fromarray(video_tools["numbered_frame"](n)) for n in range(3)]
    pictures[2].save(here / "x001.gif")
    pictures[2].save(here / "x1.png")
    pictures[0].save(here / name, save_all=True, append_images=pictures[1:], duration=100)
    assert numbers(Path(name), read_number) == [0, 1, 2]


@pytest.mark.parametrize("folder", ["http:", "concat:x", "a%03d"])
def test_videos_are_written_where_they_should(folder, here, make):
    with open_video(make(numbers=range(3))) as video:
        shape = (video.info.height, video.info.width)
        ones = np.ones(shape, np.uint8)
        source = AnnotationSource(video.info, (ObjectInfo(1),), lambda _: ones, video.frame)
        result_of(OverlayVideo().export(source, Path(folder)))
        result_of(AlphaMatte().export(source, Path(folder)))
    written = sorted(path.name for path in (here / folder).iterdir())
    assert written == ["a_matte.mov", "a_overlay.mp4"]


LISTS = {
    "concat": "ffconcat version 1.0\nfile other.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\nother.ts\n#EXT-X-ENDLIST\n",
    "hls of the network": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\nhttp://127.0.0.1/a.ts\n",
    "dash": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
    ' mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4">'
    '<Representation id="0" bandwidth="1"><BaseURL>other.mp4</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
}


@pytest.mark.parametrize("ending", ["mp4", "ts", "m3u8", "mkv", "txt", "ffconcat", "mpd", "sdp"])
@pytest.mark.parametrize("kind", LISTS)
def test_lists_of_other_files_are_not_followed(kind, ending, here, make):
    make("other.ts", numbers=range(3))
    (here / f"list.{ending}").write_text(LISTS[kind])
    with pytest.raises(VideoOpenError, match=rf"list\.{ending} cannot be opened as a video"):
        open_video(Path(f"list.{ending}"))
