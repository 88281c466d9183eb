"""What FFmpeg may open: the one file that is meant and no other.

FFmpeg reads names as addresses ("http:...", "concat:a|b"), as patterns ("%03d.png"), and follows
names that stand inside playlists. Here it is given a whole path, may read files only, and knows
only formats that hold their pictures themselves. Needs no PyAV.
"""

from __future__ import annotations

from pathlib import Path

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


def named_format(path: Path) -> str | None:
    """Return the format of moving pictures whose name FFmpeg would take for that of an image.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] == b"GIF8":
        return "gif"
    return "apng" if head == b"\x89PNG\r\n\x1a\n" else None
