"""Zips that are small and inflate to 400 MB, and how much memory a script takes."""

from __future__ import annotations

import base64
import json
import lzma
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest

SIZE = 400 << 20
CRC = 1126952877
METHODS = {
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
# 400 MB of zeros, packed by the method, and that packed again, or the file would be long.
_BZIP2 = (
    "c-nJ{%CIzaj8qGb<l}sFpE17Af#CoH1BU{GL4&WG(*o6%Tn*Dl<w5eD5ublE7<457<(VKV&ai4OQ&HHa(jwlyQ)!Ndh"
    "k^JeX9fVlA!U3"
)
_LZMA = (
    "T>t<81poj4|NsC0{{R4CymSZE<w%%B9CYG*<rz1A`gUYgh9{El;5o3=Wq2>Coxla{G<d0d9dutA>ok#&y7E38vy{y!xf"
    "0;&BdA~a_(eXp48w9Z_s#8l5nx2^uMI4YcrM^=+0{}z9WF4~i4Gjhjo=3>nWK1{KtoTBf~>f!uq?aLyd||ut4_qcO@8Z"
    ">0G1TExUm?p9`x}Z2p1Bw@1c*Ls`nbR4iH_tk96c_F^6;f1opwgw8God1BPm{vuQUeIMcYejW72`EF$rf>ns-wCVN`vh"
    "(ybERRfjW)@vgY(`Vi6Al>^$b=E;WMVLMg%V!sCqEkUUD6r!>Q(S1fyCqcu_IIO16*8-k6mb+Y`jiGeFlFa~4PaEyLY"
    "o?-(3FWz5{=}Iz=PBo#`vso3`{{3qyBjO4uoeqSf>^G&{>OLwESTl{L8TopTfI9smcbQQ)@za3DnPeMSkbu6cbKv5ljS"
    "V)j{@97~}RRurMw@{oN6(XVR^Y18bv%=AXyi|NgtM00"
)
_DEFLATE = (
    "T>t<81poj4|NsC0{{VI{JU9T*LLuhXS<`6k83feMoli!^Nf#ni8{JhORGy9vI-;EEfy@Z=rTzR<P%<mGQYoFjGZ%e_y_"
    "Y&lqr>CN;p2~kF|1HbPD}s2qtTub$TKp!sR)lBPyV^p1SsX4EDOaeU4aF0jd#<Wj~wq7=_<u5(xp8;cGd`^(8Np|ZOTL"
    "zqgj7)y_gS%V@HxOwE%KIU<c20{@tMcb$)@)3Muf3N@Y{WE~M>eazIj8zUg+XS>)wg1qk`a+O7QiQY&=L9$O#)ejnps&"
    "GR}p=LiquU8$iBnLNfizcmp5|JSO(00"
)


def packed(method: str) -> bytes:
    """400 MB of zeros as a member of a zip holds them."""
    if method == "bzip2":
        return zlib.decompress(base64.b85decode(_BZIP2))
    if method == "lzma":
        return b"\x09\x04\x05\0\x5d\0\0\x10\0" + lzma.decompress(base64.b85decode(_LZMA))
    return lzma.decompress(base64.b85decode(_DEFLATE))


def bomb(name: str, method: str, *, said: int = SIZE) -> bytes:
    """A zip with one member, which says that it holds so many bytes."""
    return one_member(name, packed(method), method=METHODS[method], said=said)


def one_member(name: str, data: bytes, *, method: int, said: int, crc: int = CRC) -> bytes:
    """A zip of one member, with any numbers in its heads."""
    return zip_of([(name, data, method, said, crc)])


def zip_of(members: list[tuple[str, bytes, int, int, int]]) -> bytes:
    """A zip of members: name, packed data, method, bytes and checksum that they say they have."""
    body, listed = zip_parts(members, 0)
    end = struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, *[len(members)] * 2, len(listed), len(body), 0
    )
    return body + listed + end


def zip_parts(members: list[tuple[str, bytes, int, int, int]], start: int) -> tuple[bytes, bytes]:
    """The members of a zip that begin at a byte of a file, and the list of them."""
    body = listed = b""
    for name, data, method, said, crc in members:
        fields = (20, 0, method, 0, 0x21, crc, len(data), said, len(name), 0)
        place = start + len(body)
        head = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, place)
        listed += head + name.encode()
        body += struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields) + name.encode() + data
    return body, listed


_MEASURE = """
import json
from pathlib import Path

def _peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) << 10

def measured(action):
    "Bytes that an action takes at its peak, and what it says."
    Path("/proc/self/clear_refs").write_text("5")
    before, said = _peak(), ""
    try:
        action()
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    return _peak() - before, said
"""


def run_measured(script: str, *given: object) -> object:
    """Run a script in a process of its own, with `measured` and the arguments in `given`.

    Returns what it leaves under the name `found`, as JSON.
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("measures memory as Linux tells it")
    told = f"{_MEASURE}\ngiven = json.loads({json.dumps([str(x) for x in given])!r})\n{script}"
    done = subprocess.run(
        [sys.executable, "-c", f"{told}\nprint(json.dumps(found))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout.splitlines()[-1])
