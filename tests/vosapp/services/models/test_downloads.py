"""Downloads from a server on this machine: whole, broken off, changed, hostile."""

from __future__ import annotations

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from core.errors import CheckpointMismatch, OutputError, UsageError
from core.jobs import Cancelled, CancelToken, result_of
from core.media.file_hash import sha256_of
from core.nn.backbone import BACKBONES, Backbone
from vosapp.assets import bundled_weights
from vosapp.services.models import downloads, store
from vosapp.services.models.downloads import download, hash_remembered
from vosapp.services.models.known import known_model, known_models
from vosapp.services.models.values import Origin


class Server(ThreadingHTTPServer):
    """Serves one file, and remembers what was asked for."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.mark, self.asked = b"", '"one"', []
        self.ends_after, self.ranges, self.target = None, True, ""

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}/w.safetensors"

    def handle_error(self, request, client_address):
        """Clients that go away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, start = self.server, 0
        server.asked.append(self.headers.get("Range"))
        if self.path == "/gone":
            self.send_error(404)
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", server.target)
            self.end_headers()
            return
        wanted = self.headers.get("Range")
        if wanted and server.ranges and self.headers.get("If-Range") == server.mark:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(server.data):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            last, total = len(server.data) - 1, len(server.data)
            self.send_header("Content-Range", f"bytes {start}-{last}/{total}")
        self.send_header("Content-Length", str(len(server.data) - start))
        if server.mark:
            self.send_header("ETag", server.mark)
        self.end_headers()
        self.wfile.write(server.data[start : server.ends_after])

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    made = Server()
    made.data = bundled_weights("self_supervised", "thin").read_bytes()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def fetch(address, name="theirs", **options):
    return result_of(download(address, name, CancelToken(), **options))


def test_a_download_becomes_a_model_with_its_hash(server):
    job = download(server.address, "theirs", CancelToken(), license="CC0")
    sizes = [(item.done, item.total) for item in job]
    assert sizes[0] == (0, len(server.data)) and sizes[-1] == (len(server.data),) * 2
    found = store.find_model("theirs")
    assert found.origin is Origin.DOWNLOADED and found.address == server.address
    assert found.license == "CC0" and found.system == "self_supervised"
    assert found.sha256 == sha256_of(bundled_weights("self_supervised", "thin"))
    assert hash_remembered(server.address) == found.sha256


def test_a_broken_download_goes_on(server):
    server.ends_after = 400_000
    with pytest.raises(OutputError, match="broken off") as caught:
        fetch(server.address)
    assert "goes on" in caught.value.hint
    server.ends_after = None
    found = fetch(server.address)
    assert server.asked == [None, "bytes=400000-"] and found.size == len(server.data)


def test_a_cancelled_download_goes_on(server, monkeypatch):
    monkeypatch.setattr(downloads, "CHUNK", 100_000)
    token = CancelToken()
    job = download(server.address, "theirs", token)
    for item in job:
        if item.done >= 300_000:
            token.cancel()
            break
    with pytest.raises(Cancelled):
        next(job)
    assert fetch(server.address).size == len(server.data)
    assert server.asked == [None, "bytes=300000-"]


def test_a_whole_part_needs_no_more_bytes(server):
    part = downloads._Part.of(store.models_folder(), "theirs")
    part.file.parent.mkdir(parents=True)
    downloads._keep_mark(part, server.address, {"ETag": server.mark})
    part.file.write_bytes(server.data)
    assert fetch(server.address).size == len(server.data)


@pytest.mark.parametrize("change", ["mark", "ranges", "no mark"])
def test_another_file_is_begun_anew(server, change):
    server.mark = "" if change == "no mark" else server.mark
    server.ends_after = 400_000
    with pytest.raises(OutputError):
        fetch(server.address)
    server.ends_after = None
    server.mark = '"two"' if change == "mark" else server.mark
    server.ranges = change != "ranges"
    assert fetch(server.address).size == len(server.data)


def test_another_hash_is_refused(server):
    with pytest.raises(CheckpointMismatch, match="SHA-256"):
        fetch(server.address, sha256="ab" * 32)
    with pytest.raises(UsageError, match="no SHA-256"):
        fetch(server.address, sha256="xyz")
    assert fetch(server.address, sha256=sha256_of(bundled_weights("self_supervised", "thin")))


def test_a_file_that_was_replaced_is_told(server):
    fetch(server.address, "one")
    server.data = bundled_weights("self_supervised", "thin-imagenet").read_bytes()
    server.mark = '"two"'
    with pytest.raises(CheckpointMismatch, match="another one than the last time"):
        fetch(server.address, "two")
    new = sha256_of(bundled_weights("self_supervised", "thin-imagenet"))
    assert fetch(server.address, "two", sha256=new).sha256 == new


class Attack:
    """Makes a folder when unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_hostile_and_foreign_files_are_refused_and_leave_nothing(server, tmp_path):
    torch.save({"model": Attack(tmp_path / "trap")}, tmp_path / "x")
    for data in ((tmp_path / "x").read_bytes(), b"<html>log in</html>", b"", b"\x08" + b"\0" * 7):
        server.data = data
        with pytest.raises(CheckpointMismatch):
            fetch(server.address)
    assert not (tmp_path / "trap").exists()
    assert all(model.origin is Origin.BUNDLED for model in store.models())
    assert {file.suffix for file in (store.models_folder() / "downloads").iterdir()} <= {".json"}


def test_weights_of_others_are_imported(server, tmp_path):
    torch.save(Backbone(BACKBONES["resnet18-rgb"]).state_dict(), tmp_path / "r.pth")
    server.data = (tmp_path / "r.pth").read_bytes()
    assert fetch(server.address, system="self_supervised").preset == "resnet18-rgb"


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_nothing_but_the_web_is_followed(server, target):
    server.target = target
    with pytest.raises(OutputError):
        fetch(server.address.replace("w.safetensors", "moved"))


def test_a_move_on_the_web_is_followed(server):
    server.target = server.address
    assert fetch(server.address.replace("w.safetensors", "moved")).size == len(server.data)


@pytest.mark.parametrize(
    "address", ["file:///etc/hostname", "w.safetensors", "http://", "ftp://a/b"]
)
def test_odd_addresses_are_refused(address):
    with pytest.raises(UsageError, match="neither a web address"):
        fetch(address)


def test_what_the_server_refuses_is_told(server):
    with pytest.raises(OutputError, match="404"):
        fetch(server.address.replace("w.safetensors", "gone"))


def test_a_server_that_is_not_there_is_told(server):
    with pytest.raises(OutputError, match="cannot be reached"):
        fetch("http://127.0.0.1:1/x")


def test_known_models_name_their_source_and_their_license():
    rows = known_models()
    assert {row.name for row in rows} >= {"XMem", "XMem-s012"}
    assert all(row.address.startswith("https://") and row.license and row.source for row in rows)
    assert known_model("XMem") == known_model(rows[0].address) and known_model("x") is None
