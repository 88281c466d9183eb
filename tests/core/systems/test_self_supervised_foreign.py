"""Import of checkpoints that users own, on files of the right names and shapes made here."""

from __future__ import annotations

import pytest
import torch

from core.engine.registry import build_tracker
from core.errors import CheckpointMismatch, UsageError
from core.nn.backbone import BACKBONES, Backbone
from core.nn.checkpoints import load_weights, read_info
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.foreign import import_weights
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.contract import TrackerRequest
from core.types import Quality


def norm(name, channels):
    return {f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean",
            "running_var")} | {f"{name}.num_batches_tracked": ()}  # fmt: skip


def mast_shapes():
    """The 116 tensors of MAST."""
    feature = "feature_extraction"
    shapes = {f"{feature}.conv1.0.weight": (64, 3, 7, 7)} | norm(f"{feature}.conv1.1", 64)
    before = 64
    for layer, width in enumerate((64, 128, 256, 256), start=1):
        for block in (0, 1):
            at = f"{feature}.layer{layer}.{block}"
            shapes[f"{at}.left.0.weight"] = (width, before, 3, 3)
            shapes[f"{at}.left.3.weight"] = (width, width, 3, 3)
            shapes |= norm(f"{at}.left.1", width) | norm(f"{at}.left.4", width)
            if before != width:
                shapes[f"{at}.shortcut.0.weight"] = (width, before, 1, 1)
                shapes |= norm(f"{at}.shortcut.1", width)
            before = width
    return shapes | {"post_convolution.weight": (64, 256, 3, 3), "post_convolution.bias": (64,)}


def resnet_shapes(blocks, *, bottleneck=False, prefix="", classes=True):
    """A ResNet as torchvision and timm name it."""
    shapes = {"conv1.weight": (64, 3, 7, 7)} | norm("bn1", 64)
    before = 64
    for layer, count in enumerate(blocks, start=1):
        inner = 32 * 2**layer
        width = 4 * inner if bottleneck else inner
        for block in range(count):
            at, first = f"layer{layer}.{block}", before
            kernels = [(inner, first, 1), (inner, inner, 3), (width, inner, 1)]
            if not bottleneck:
                kernels = [(inner, first, 3), (inner, inner, 3)]
            for index, (c_out, c_in, side) in enumerate(kernels, start=1):
                shapes[f"{at}.conv{index}.weight"] = (c_out, c_in, side, side)
                shapes |= norm(f"{at}.bn{index}", c_out)
            if block == 0 and (layer > 1 or bottleneck):
                shapes[f"{at}.downsample.0.weight"] = (width, first, 1, 1)
                shapes |= norm(f"{at}.downsample.1", width)
            before = width
    if classes:
        shapes |= {"fc.weight": (1000, before), "fc.bias": (1000,)}
    return {prefix + name: shape for name, shape in shapes.items()}


def filled(shapes):
    """Tensors whose value tells their place in the file; each takes no room on the disk."""
    return {
        name: torch.tensor(index / 256 + 0.5).expand(shape)
        if shape
        else torch.tensor(index, dtype=torch.int64)
        for index, (name, shape) in enumerate(shapes.items())
    }


@pytest.fixture
def bring(tmp_path):
    """Save tensors as a checkpoint, import it, return the report and the network."""

    def run(content, **options):
        torch.save(content, tmp_path / "theirs.pth")
        out = tmp_path / "ours.safetensors"
        report = import_weights(tmp_path / "theirs.pth", out, **options)
        assert read_info(out).preset == report.preset
        network = (
            KeyEncoder(PRESETS[report.preset])
            if report.system == "self_supervised"
            else Backbone(BACKBONES[report.preset])
        )
        load_weights(out, network)
        return report, network.state_dict()

    return run


def test_mast_fits_whole_and_tracks(bring, tmp_path):
    tensors = filled(mast_shapes())
    assert len(tensors) == 116
    report, ours = bring({"epoch": 4, "state_dict": tensors, "optimizer": {"state": {}}})
    assert (report.kind, report.system, report.preset) == ("mast", "self_supervised", "resnet18")
    assert (len(report.taken), report.left, report.unfilled) == (116, {}, ())
    pairs = {
        "conv1.weight": "feature_extraction.conv1.0.weight",
        "bn1.running_var": "feature_extraction.conv1.1.running_var",
        "layer2.0.conv1.weight": "feature_extraction.layer2.0.left.0.weight",
        "layer2.0.bn1.bias": "feature_extraction.layer2.0.left.1.bias",
        "layer3.1.conv2.weight": "feature_extraction.layer3.1.left.3.weight",
        "layer4.1.bn2.running_mean": "feature_extraction.layer4.1.left.4.running_mean",
        "layer3.0.downsample.0.weight": "feature_extraction.layer3.0.shortcut.0.weight",
        "layer3.0.downsample.1.weight": "feature_extraction.layer3.0.shortcut.1.weight",
    }
    for name, theirs in pairs.items():
        torch.testing.assert_close(ours[name], tensors[theirs].clone(), atol=0, rtol=1e-3)
    weights = tmp_path / "ours.safetensors"
    build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", weights))


def test_similarities_of_mast_come_out_as_it_was_trained(bring):
    """<q, k> / sqrt(64) of ours equals <q, k> of theirs; MAMP divides as we do."""
    tensors = filled(mast_shapes())
    theirs = tensors["post_convolution.weight"].double()
    for options, wanted in (({}, theirs.square()), ({"kind": "mamp"}, theirs.square() / 8)):
        report, ours = bring({"state_dict": tensors}, **options)
        got = ours["head.weight"].double().square() / 8
        torch.testing.assert_close(got, wanted, atol=0, rtol=2e-3)
        assert any("--kind mamp" in note for note in report.notes) == (not options)


def test_resnet18(bring):
    tensors = filled(resnet_shapes((2, 2, 2, 2)))
    report, ours = bring(tensors)
    assert (report.kind, report.system, report.preset) == ("resnet", "backbone", "resnet18-rgb")
    assert report.unfilled == ()
    assert len(report.taken) + len(report.left) == len(tensors)
    assert {name.split(".")[0] for name in report.left} == {"layer4", "fc"}
    assert set(report.left.values()) == {"no such part in this network"}
    for name in report.taken:
        wanted = tensors[name].to(ours[name].dtype)
        torch.testing.assert_close(ours[name], wanted.clone(), atol=0, rtol=1e-3)


@pytest.mark.parametrize(
    ("wrap", "prefix", "kind"),
    [
        (lambda x: x, "", "resnet"),
        (lambda x: {"teacher": x, "student": {}}, "module.backbone.", "dino"),
        (lambda x: {"teacher": x, "epoch": 3}, "backbone.", "dino"),
        (lambda x: {"state_dict": x}, "module.", "resnet"),
    ],
)
def test_resnet50(bring, wrap, prefix, kind):
    shapes = resnet_shapes((3, 4, 6, 3), bottleneck=True, prefix=prefix, classes=False)
    report, ours = bring(wrap(filled(shapes)))
    assert (report.kind, report.preset, report.unfilled) == (kind, "resnet50-rgb", ())
    assert {name.removeprefix(prefix).split(".")[0] for name in report.left} == {"layer4"}
    wanted = filled(shapes)[f"{prefix}layer3.5.conv3.weight"].clone()
    torch.testing.assert_close(ours["layer3.5.conv3.weight"], wanted, atol=0, rtol=1e-3)


def test_crw(bring):
    shapes = resnet_shapes((2, 2, 2, 2), prefix="encoder.model.", classes=False)
    shapes |= {"selfsim_fc.0.weight": (128, 512), "selfsim_fc.0.bias": (128,)}
    report, _ = bring({"model": filled(shapes), "epoch": 24})
    assert (report.kind, report.preset, report.unfilled) == ("crw", "resnet18-rgb", ())
    assert "selfsim_fc.0.weight" in report.left
    assert any("reflected" in note for note in report.notes)


def test_resnet18_as_a_start_for_a_lab_encoder(bring):
    """What has the same shape is taken; colors and wider stages are told apart."""
    report, ours = bring(filled(resnet_shapes((2, 2, 2, 2))), preset="resnet18")
    assert (report.system, report.preset) == ("self_supervised", "resnet18")
    assert {name.split(".")[0] for name in report.taken} == {"layer1", "layer2", "layer3"}
    assert "other colors" in report.left["conv1.weight"]
    assert "[512, 256, 3, 3] where [256, 256, 3, 3]" in report.left["layer4.0.conv1.weight"]
    assert {"conv1.weight", "head.weight", "layer4.0.conv1.weight"} <= set(report.unfilled)
    assert any("train before use" in note for note in report.notes)
    assert 0 < ours["conv1.weight"].std() < 1, "random, not constant"


def test_old_files_without_batch_counts(bring):
    shapes = resnet_shapes((2, 2, 2, 2))
    report, _ = bring({n: x for n, x in filled(shapes).items() if "num_batches" not in n})
    assert report.unfilled == ()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])
def test_numbers_that_cannot_be_kept_are_left_out(bring, value):
    tensors = filled(resnet_shapes((2, 2, 2, 2)))
    tensors["layer1.0.bn1.running_var"] = torch.full((64,), value)
    report, _ = bring(tensors)
    assert "not finite" in report.left["layer1.0.bn1.running_var"]
    assert report.unfilled == ("layer1.0.bn1.running_var",)


def test_the_file_that_is_read_is_not_overwritten(tmp_path):
    path = tmp_path / "theirs.pth"
    torch.save(filled(resnet_shapes((2, 2, 2, 2))), path)
    before = path.read_bytes()
    (tmp_path / "link.safetensors").symlink_to(path)
    for out in (path, tmp_path / "link.safetensors"):
        with pytest.raises(UsageError, match="would be overwritten"):
            import_weights(path, out)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("blocks", "bottleneck", "stage"),
    [((3, 4, 6, 3), False, "layer1"), ((3, 4, 23, 3), True, "layer3")],
)
def test_deeper_networks_are_refused(bring, blocks, bottleneck, stage):
    with pytest.raises(CheckpointMismatch, match=f"deeper ResNet: its {stage}"):
        bring(filled(resnet_shapes(blocks, bottleneck=bottleneck)))


def test_counts_without_their_norm(bring):
    tensors = filled(resnet_shapes((2, 2, 2, 2)))
    del tensors["bn1.weight"]
    report, _ = bring(tensors)
    assert report.left["bn1.num_batches_tracked"] == "its norm is not in the file"
    assert report.unfilled == ("bn1.weight",)


def test_filters_of_rgb_are_not_taken_for_lab(bring):
    with pytest.raises(CheckpointMismatch, match="Nothing in"):
        bring(filled(resnet_shapes((2, 2, 2, 2))), kind="mast")


def test_one_part_twice(bring):
    tensors = filled(resnet_shapes((2, 2, 2, 2)))
    tensors["module.conv1.weight"] = torch.zeros(64, 3, 7, 7)
    report, ours = bring(tensors)
    assert "taken already" in report.left["module.conv1.weight"]
    assert ours["conv1.weight"].abs().min() > 0


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"blocks.0.attn.qkv.weight": (3, 3), "patch_embed.proj.weight": (3, 3)}, "transformer"),
        ({"conv1.0.weight": (32, 3, 3, 3), "layer1.0.conv1.weight": (64, 64, 1, 1)}, "three conv"),
        ({"something.weight": (2,)}, "something.weight"),
    ],
)
def test_other_programs(bring, tensors, message):
    with pytest.raises(CheckpointMismatch, match=message):
        bring(filled(tensors))


def test_nothing_fits(bring):
    with pytest.raises(CheckpointMismatch, match="Nothing in"):
        bring({"a": torch.zeros(3)}, kind="resnet")


@pytest.mark.parametrize("options", [{"kind": "xmem"}, {"preset": "huge"}])
def test_unknown_choices(bring, options):
    with pytest.raises(UsageError):
        bring(filled(mast_shapes()), **options)
