"""Files of strangers are opened in few places, each of which knows what it may open (ADR 0022)."""

from __future__ import annotations

import ast

import pytest

DOORS = {
    # Pictures and videos
    "PIL.Image.open": {"core/media/image_file.py"},
    "PIL.ImageFile.Parser": set(),
    "PIL.ImageGrab.grab": set(),
    "cv2.imread": set(),
    "cv2.imreadmulti": set(),
    "cv2.imdecode": {"core/media/image_file.py"},
    "cv2.imdecodemulti": {"core/media/image_file.py"},
    "cv2.VideoCapture": {"core/data/raw_video.py"},
    "av.open": {
        "core/media/container.py",
        "core/media/export/video_writer.py",  # writes
        "core/data/synthetic/export.py",  # writes
    },
    "PySide6.QtGui.QImageReader": {"vosapp/ui/welcome.py"},
    "PySide6.QtGui.QMovie": set(),
    # Archives and what else inflates
    "zipfile.ZipFile": {
        "core/media/zip_file.py",
        "core/media/zip_directory.py",
        "core/media/export/archives.py",  # writes
    },
    "tarfile.open": set(),
    "shutil.unpack_archive": set(),
    "gzip.open": set(),
    "bz2.open": set(),
    "lzma.open": set(),
    "numpy.load": {"core/tracking/walk_state.py"},
    # What can hold code
    "torch.load": {"core/nn/pickles.py"},
    "pickle.load": set(),
    "pickle.loads": set(),
    # Other programs
    "subprocess.run": {"packaging/demo.py", "core/eval/provenance.py"},
    "subprocess.Popen": {"vosapp/cli/probes.py", "vosapp/services/training/launch.py"},
    "os.system": set(),
}
"""What opens files -> the files that may call it."""
BY_NAME = ("QPixmap", "QImage", "QIcon")
"""Classes of Qt that open a file of any format when they are given a name."""


def imported(tree):
    """Local name -> what it stands for, with the module in front."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node, names):
    """`np.load` as `numpy.load`; None for what is no plain name."""
    if isinstance(node, ast.Attribute):
        owner = full_name(node.value, names)
        return owner and f"{owner}.{node.attr}"
    return names.get(node.id) if isinstance(node, ast.Name) else None


def is_type(name):
    return name.rpartition(".")[2][:1].isupper()


def doors_in(text):
    """(door, line) of every door that a source uses; of classes only where they are called."""
    tree = ast.parse(text)
    names = imported(tree)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        name = full_name(node, names)
        if name in DOORS and (not is_type(name) or id(node) in called):
            yield name, node.lineno
        if isinstance(node, ast.Call) and (full_name(node.func, names) or "").endswith(BY_NAME):
            first = node.args[0] if node.args else None
            text_in = isinstance(first, ast.JoinedStr) or (
                isinstance(first, ast.Constant) and isinstance(first.value, str)
            )
            made = isinstance(first, ast.Call) and full_name(first.func, {"str": "str"}) == "str"
            if text_in or made:
                yield "a picture by its name", node.lineno


def sources(root):
    for folder in ("core", "vosapp", "resources", "packaging"):
        yield from sorted((root / folder).rglob("*.py"))


def test_files_are_opened_in_few_places(repo_root):
    wrong = []
    for path in sources(repo_root):
        place = path.relative_to(repo_root).as_posix()
        for door, line in doors_in(path.read_text(encoding="utf-8")):
            if place not in DOORS.get(door, ()):
                wrong.append(f"{place}:{line} uses {door}")
    assert not wrong, "\n".join(wrong)


def test_every_door_is_used(repo_root):
    """A row that names a file that no longer uses it says something that is not so."""
    for door, places in DOORS.items():
        for place in places:
            used = {found for found, _ in doors_in((repo_root / place).read_text(encoding="utf-8"))}
            assert door in used, f"{place} does not use {door}"


@pytest.mark.parametrize(
    ("text", "door"),
    [
        ("from PIL import Image\nImage.open(p)", "PIL.Image.open"),
        ("from PIL import Image as I\nlist(map(I.open, p))", "PIL.Image.open"),
        ("import PIL.Image\nPIL.Image.open(p)", "PIL.Image.open"),
        ("from PIL.Image import open as look\nlook(p)", "PIL.Image.open"),
        ("def f():\n    import cv2 as c\n    return c.imread('x')", "cv2.imread"),
        ("from zipfile import ZipFile\nwith ZipFile(p) as z: pass", "zipfile.ZipFile"),
        ("import zipfile as z\nz.ZipFile(p)", "zipfile.ZipFile"),
        ("import numpy as np\nnp.load(p)", "numpy.load"),
        ("from PySide6.QtGui import QPixmap\nQPixmap(str(p))", "a picture by its name"),
        ("from PySide6 import QtGui\nQtGui.QImage(f'{p}.png')", "a picture by its name"),
    ],
)
def test_the_check_sees_each_way(text, door):
    assert [found for found, _ in doors_in(text)] == [door]


@pytest.mark.parametrize(
    "text",
    [
        "import zipfile\nx: zipfile.ZipFile | None = None\nexcept_ = zipfile.BadZipFile",
        "from PySide6.QtGui import QPixmap\nQPixmap(3, 4)\nQPixmap(size)",
        "open(p)\npath.open()",
    ],
)
def test_the_check_lets_others_pass(text):
    assert not list(doors_in(text))
