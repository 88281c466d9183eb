"""What is taken for a video file, and that opening one opens no other file."""

from __future__ import annotations

import os
import threading

import pytest
from PIL import Image

from core.data import raw_video
from core.errors import VideoOpenError
from core.media.video import open_video

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")

READERS = {
    "pyav": lambda path: open_video(path).close(),
    "opencv": lambda path: next(raw_video._with_opencv(path)),
}
SCRIPTS = {
    "concat.mp4": "ffconcat version 1.0\nfile 'other.ts'\n",
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\nother.ts\n#EXT-X-ENDLIST\n",
    "manifest.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"'
    ' type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet contentType="video">'
    '<Representation id="1" bandwidth="1"><BaseURL>other.ts</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "console.mp4": "\x1b[31mthis is text for a terminal\x1b[0m\n" * 90,
}


def answer(reader, path):
    """What a reader raises, or None; "it hangs" where it waits for somebody."""
    found = ["it hangs"]

    def read():
        try:
            found[0] = READERS[reader](path)
        except Exception as error:
            found[0] = error

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(15)
    return found[0]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_opens_nothing(reader, name, tmp_path):
    """What it names is a pipe here, which says whether anybody has opened it."""
    os.mkfifo(tmp_path / "other.ts")
    (tmp_path / name).write_text(SCRIPTS[name])
    listener = os.open(tmp_path / "other.ts", os.O_RDWR | os.O_NONBLOCK)
    os.write(listener, b"G" + bytes(187))
    try:
        error = answer(reader, tmp_path / name)
        assert isinstance(error, VideoOpenError), error
        assert name in error.message
        assert os.read(listener, 200) == b"G" + bytes(187)
    finally:
        os.close(listener)


def test_a_name_is_one_file_and_no_pattern(tmp_path):
    for name, level in (("f%03d.png", 200), ("f001.png", 10), ("f002.png", 10)):
        Image.new("RGB", (64, 48), (level,) * 3).save(tmp_path / name)
    path = tmp_path / "f%03d.png"
    with open_video(path) as video:
        assert video.info.frame_count == 1
        assert video.frame(0)[9, 9, 0] == 200


def test_the_options_of_opencv_are_as_they_were(tmp_path, monkeypatch):
    (tmp_path / "a.mp4").write_bytes(b"none")
    for value in (None, "threads;1"):
        if value is None:
            monkeypatch.delenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", raising=False)
        else:
            monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", value)
        with pytest.raises(VideoOpenError):
            next(raw_video._with_opencv(tmp_path / "a.mp4"))
        assert os.environ.get("OPENCV_FFMPEG_CAPTURE_OPTIONS") == value
