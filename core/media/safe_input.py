"""What FFmpeg may open: the one file that is meant and no other.

FFmpeg reads names as addresses ("http:...", "concat:a|b"), as patterns ("%03d.png"), and follows
names that stand inside playlists. Here it is given a whole path, may read files only, and knows
only formats that hold their pictures themselves. Needs no PyAV.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 100
_FORMATS = (
    "4xm,amv,anm,apng,apv,asf,asf_o,av1,avi,avs,avs2,avs3,bethsoftvid,bfi,bink,bmv,c93,cavsvideo,"
    "cdg,cdxl,cine,dfa,dhav,dirac,dnxhd,dsicin,dv,dxa,ea,evc,film_cpk,filmstrip,flic,flv,gdv,gif,"
    "gxf,h261,h263,h264,hevc,hnm,idcin,ifv,ipmovie,ipu,iv8,ivf,ivr,jpegxl_anim,jv,kux,live_flv,"
    "lmlm4,lvf,lxf,m4v,matroska,mgsts,mjpeg,mjpeg_2000,mm,moflex,mov,mpeg,mpegts,mpegvideo,"
    "mpjpeg,msnwctcp,mtv,mv,mvi,mxf,mxg,nsv,nut,nuv,obu,ogg,paf,pmp,psxstr,pva,r3d,rl2,rm,roq,rpl,"
    "ser,sga,siff,smjpeg,smk,swf,thp,tiertexseq,tmv,ty,usm,vc1,vc1test,vividas,vivo,vmd,vvc,"
    "wc3movie,wtv,xmv,yop,yuv4mpegpipe,"
    "bmp_pipe,dpx_pipe,j2k_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,pam_pipe,pbm_pipe,pcx_pipe,"
    "pgm_pipe,png_pipe,ppm_pipe,qoi_pipe"
)
"""Demuxers of files that hold their own pictures, all of them. Left out are those that follow names
(concat, hls, dash, imf, sdp, image2, mlv, vobsub, ...), run scripts, record screens, draw text, or
see the first page only (tiff_pipe, webp_pipe, ...)."""
SAFE_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
"""Options of FFmpeg for every file that is opened for reading."""


def whole_path(path: Path) -> str:
    """Return a path as FFmpeg cannot misread it: from the root, so that no name is an address."""
    return str(path.absolute())


def animation_format(path: Path) -> str | None:
    """Return FFmpeg's name of the format of a GIF or an animated PNG, None for all else.

    Told by content: FFmpeg takes their names for those of images, or for patterns of names.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_PNG))
            if head[:4] == b"GIF8":
                return "gif"
            return "apng" if head == _PNG and _is_animated_png(file) else None
    except OSError:
        return None


def _is_animated_png(file: BinaryIO) -> bool:
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if head[4:] in (b"acTL", b"IDAT", b""):
            return head[4:] == b"acTL"
        file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)
    return False
