"""A ResNet-50 of others as a start: both encoders get it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.errors import CheckpointMismatch, UsageError
from core.nn.backbone import BACKBONES, Backbone
from core.systems.global_instance.build import read_network
from core.systems.global_instance.foreign import BODY, detect_kind, import_weights

NUMBERED = ".num_batches_tracked"


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(1)
    return Backbone(BACKBONES["resnet50-rgb"]).state_dict()


def test_a_mask_rcnn_gives_its_backbone(resnet, tmp_path):
    """As torchvision names it: frozen norms do not count batches."""
    theirs = {f"{BODY}{n}": x for n, x in resnet.items() if not n.endswith(NUMBERED)}
    others = {
        "backbone.fpn.inner_blocks.0.0.weight": torch.ones(256, 256, 1, 1),
        "roi_heads.box_predictor.cls_score.bias": torch.ones(91),
        f"{BODY}layer4.0.conv1.weight": torch.ones(512, 1024, 1, 1),
    }
    torch.save({**theirs, **others}, tmp_path / "m.pth")
    report = import_weights(tmp_path / "m.pth", tmp_path / "o.safetensors")
    assert (report.kind, report.preset, report.system) == ("maskrcnn", "paper", "global_instance")
    assert report.left == {
        "backbone.fpn.inner_blocks.0.0.weight": "no part of the backbone",
        "roi_heads.box_predictor.cls_score.bias": "no part of the backbone",
        f"{BODY}layer4.0.conv1.weight": "no such part in this network",
    }
    assert not any(name.startswith(("query", "support")) for name in report.unfilled)
    assert any("train before use" in note for note in report.notes)
    found = read_network(tmp_path / "o.safetensors").state_dict()
    for name in ("conv1.weight", "bn1.running_var", "layer3.5.conv3.weight"):
        wanted = resnet[name].half().float()
        assert torch.equal(found[f"query_encoder.{name}"], wanted)
        support = found[f"support_encoder.encoder.{name}"]
        assert torch.equal(support[:, :3] if name == "conv1.weight" else support, wanted)
    assert not found["support_encoder.encoder.conv1.weight"][:, 3].any()


def test_kinds_are_seen_from_names(resnet):
    assert detect_kind(resnet) == "resnet"
    assert detect_kind([f"{BODY}{name}" for name in resnet]) == "maskrcnn"
    with pytest.raises(CheckpointMismatch, match="no known program"):
        detect_kind(["some.weight"])


def test_what_is_not_possible(tmp_path):
    path, out = tmp_path / "m.pth", tmp_path / "o.safetensors"
    torch.save({"conv1.weight": torch.ones(1)}, path)
    Path(tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(UsageError, match="no kind 'xmem'"):
        import_weights(path, out, kind="xmem")
    with pytest.raises(UsageError, match="'small'"):
        import_weights(path, out, preset="small")
    with pytest.raises(UsageError, match="would be overwritten"):
        import_weights(path, path)
    with pytest.raises(CheckpointMismatch, match="Nothing in"):
        import_weights(path, out, kind="resnet")
    with pytest.raises(CheckpointMismatch, match="damaged"):
        import_weights(tmp_path / "text.pth", out)
    assert not out.exists()
