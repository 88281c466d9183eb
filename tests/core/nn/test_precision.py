"""The number format that networks are evaluated in."""

from __future__ import annotations

import pytest
import torch

from core.nn.precision import inference_dtype


@pytest.mark.parametrize(
    ("capabilities", "wanted"),
    [
        ({"amx_bf16": True, "avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": False, "avx512_bf16": True}, torch.float32),
        ({"bf16": True}, torch.float32),
        ({}, torch.float32),
    ],
)
def test_bfloat16_where_the_processor_has_tiles_of_it(monkeypatch, capabilities, wanted):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert inference_dtype(torch.device("cpu")) == wanted
    assert inference_dtype(torch.device("cuda")) == torch.float32


def test_float32_where_torch_cannot_tell(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert inference_dtype(torch.device("cpu")) == torch.float32
