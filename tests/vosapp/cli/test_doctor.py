"""`vosapp doctor` with a whole, a missing and a broken installation."""

from __future__ import annotations

import json
import shutil

import pytest

from core.engine.registry import default_system
from core.errors import CheckpointMissing
from vosapp import assets
from vosapp.cli import doctor, main, probes

WEIGHTS = f"{default_system().name}-{default_system().default_preset}.safetensors"


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """Bundled weights, whatever this checkout holds."""
    (tmp_path / WEIGHTS).write_bytes(b"12345")
    monkeypatch.setattr(assets, "weights_dir", lambda: tmp_path)


@pytest.fixture
def few_packages(monkeypatch):
    """A few quick packages instead of all of them."""
    packages = tuple(p for p in probes.PACKAGES if p.module in ("numpy", "natsort"))
    torch = probes.Package("torch", "torch", "networks")
    monkeypatch.setattr(probes, "PACKAGES", (*packages, torch))


def plant(monkeypatch, folder, name, text):
    (folder / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_whole_installation(weights, capsys):
    assert main.main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ready"] is True
    assert report["packages"]["torch"]["version"]
    assert "libavcodec" in report["packages"]["av"]["extra"]
    assert report["devices"][0]["name"] == "cpu"
    assert report["devices"][0]["memory_bytes"] > 0
    assert report["weights"] == [{"bytes": 5, "file": WEIGHTS}]
    assert report["disk_free_bytes"] > 0


def test_missing_weights(monkeypatch, few_packages, tmp_path, capsys):
    monkeypatch.setattr(assets, "weights_dir", lambda: tmp_path / "none")
    plant(monkeypatch, tmp_path, "torch", "__version__ = '9'")
    assert main.main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert "missing weights" in out and "Missing for the main job: 1." in out


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        (
            "raise ModuleNotFoundError(\"No module named 'torch'\")",
            "not installed",
            "-m pip install torch",
        ),
        (
            "raise RuntimeError('half\\nupdated')",
            "updated",
            "-m pip install --force-reinstall torch",
        ),
        (
            "raise ImportError('libgomp.so.1: cannot open shared object file: none')",
            "libgomp.so.1",
            "sudo apt-get install libgomp1",
        ),
        ("import os; os.abort()", "signal 6", "-m pip install --force-reinstall torch"),
        ("import sys; sys.exit(0)", "cannot be imported", "--force-reinstall torch"),
    ],
    ids=["missing", "broken", "library", "crash", "exit"],
)
def test_unusable_torch(monkeypatch, weights, few_packages, tmp_path, capsys, text, said, remedy):
    plant(monkeypatch, tmp_path, "torch", text)
    assert main.main(["doctor", "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    finding = next(f for f in report["findings"] if f["name"] == "torch")
    assert finding["state"] == "missing"
    assert said in finding["detail"]
    assert finding["remedy"].endswith(remedy)
    assert report["ready"] is False
    assert report["packages"]["natsort"]["version"]


def test_hanging_import(monkeypatch, weights, few_packages, tmp_path):
    plant(monkeypatch, tmp_path, "torch", "import time; time.sleep(60)")
    monkeypatch.setattr(probes, "TIMEOUT_SECONDS", 1.0)
    assert "more than 1 s" in str(probes.probe_packages()["torch"]["error"])


def test_file_in_the_current_folder_is_not_taken_for_a_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(probes, "PACKAGES", probes.PACKAGES[:1])
    (tmp_path / "numpy.py").write_text("raise SystemExit('wrong numpy')")
    assert "version" in probes.probe_packages()["numpy"]


def test_optional_package_and_libraries_are_only_notes(monkeypatch, capsys, weights, tmp_path):
    qt = probes.Package("no_such_qt", "Qt", "Only a window needs it.", needed=False)
    torch = probes.Package("torch", "torch", "networks")
    plant(monkeypatch, tmp_path, "torch", "__version__ = '9'")
    monkeypatch.setattr(probes, "PACKAGES", (torch, qt))
    monkeypatch.setattr(probes, "probe_libraries", lambda: {"libGL.so.1": False})
    assert main.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "note    Qt: not installed" in out
    assert "sudo apt-get install libgl1" in out
    assert "The main job can run." in out


def test_full_disk_is_a_note(monkeypatch):
    assert doctor._disk_finding(10).state == "note"
    assert doctor._disk_finding(10**12).state == "ok"


def test_cuda_driver_without_cuda_torch(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/true")
    cpu = {"name": "cpu", "text": "x", "memory_bytes": 0}
    gpu = {"name": "cuda:0", "text": "y", "memory_bytes": 8_000_000_000}
    assert doctor._device_findings({"devices": [cpu]})[-1].name == "cuda"
    assert doctor._device_findings({"devices": [cpu, gpu]})[-1].detail == "y, 8.0 GB"


def test_bundled_weights_error_names_the_file_and_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "weights_dir", lambda: tmp_path)
    with pytest.raises(CheckpointMissing) as error:
        assets.bundled_weights("self_supervised", "resnet18")
    assert "self_supervised-resnet18.safetensors" in error.value.message
    assert "--preset resnet18" in error.value.hint
