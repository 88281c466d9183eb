"""What FFmpeg may take a video file for, and what it may open besides (nothing); ADR 0022.

FFmpeg goes by content. Among what it knows are playlists and scripts, which name other files,
devices and addresses, and films of old games.
"""

from __future__ import annotations

_CONTAINERS = (
    *("mov", "matroska", "avi", "mpegts", "mpeg", "flv", "live_flv", "asf", "asf_o", "ogg", "nut"),
    *("mxf", "gxf", "mxg", "dv", "wtv", "ty", "rm", "ivf", "gif", "apng", "nsv", "nuv", "pva"),
    *("cine", "mlv", "ser", "yuv4mpegpipe", "dhav", "ifv", "iv8", "luodat", "lvf", "hxvs"),
)
_STREAMS = (
    *("mpegvideo", "m4v", "h261", "h263", "h264", "hevc", "vvc", "evc", "av1", "obu", "vc1"),
    *("vc1test", "dirac", "dnxhd", "cavsvideo", "avs2", "avs3", "mjpeg", "mjpeg_2000", "mpjpeg"),
)
_PICTURES = (
    *("image2", "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "ppm_pipe"),
    *("pgm_pipe", "pbm_pipe", "j2k_pipe", "exr_pipe", "hdr_pipe", "dpx_pipe", "jpegxl_anim"),
)
"""One picture as a video of one frame."""
OPTIONS = {
    "format_whitelist": ",".join((*_CONTAINERS, *_STREAMS, *_PICTURES)),
    "protocol_whitelist": "file",
    # A name such as %03d.png is one file, not a row of files.
    "pattern_type": "none",
}
"""Options of FFmpeg's demuxers with which every video is opened."""
