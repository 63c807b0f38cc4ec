"""save and load: what comes back, what is refused, what a damaged file says."""

from __future__ import annotations

import io
import json
import os

import numpy as np
import pytest

import fathom
from fathom import nn


def again(obj, **options):
    """obj after a journey through a file."""
    buffer = io.BytesIO()
    fathom.save(obj, buffer)
    return fathom.load(io.BytesIO(buffer.getvalue()), **options)


@pytest.mark.parametrize(
    "name", "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64".split()
)
def test_every_dtype_and_shape_comes_back(name):
    for shape in ((), (3,), (0, 2), (2, 3)):
        x = fathom.ones(*shape, dtype=getattr(fathom, name))
        y = again(x)
        assert y.dtype is x.dtype
        assert y.shape == x.shape
        assert y.tolist() == x.tolist()


def test_nested_values_come_back_with_their_kinds_and_order():
    obj = {
        "z": 1,
        "a": [fathom.ones(2), (2.5, None, "text", True)],
        3: {"deep": fathom.zeros(1)},
        "nan": float("inf"),
    }
    found = again(obj)
    assert list(found) == ["z", "a", 3, "nan"]
    assert found["a"][1] == (2.5, None, "text", True)
    assert found["a"][0].tolist() == [1, 1]
    assert found[3]["deep"].tolist() == [0]
    assert found["nan"] == float("inf")


def test_paths_that_read_alike_stay_apart():
    found = again({"a/b": fathom.ones(1), "a": {"b": fathom.zeros(1)}})
    assert (found["a/b"].item(), found["a"]["b"].item()) == (1, 0)


def test_a_network_and_its_optimizer_come_back(tmp_path):
    net = nn.Linear(2, 3)
    optimizer = fathom.optim.Adam(net.parameters())
    net(fathom.ones(1, 2)).sum().backward()
    optimizer.step()
    fathom.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "both")
    found = fathom.load(tmp_path / "both")
    twin = nn.Linear(2, 3)
    twin.load_state_dict(found["net"])
    other = fathom.optim.Adam(twin.parameters())
    other.load_state_dict(found["optimizer"])
    for p, q in zip(net.parameters(), twin.parameters(), strict=True):
        q.grad = p.grad.clone()
    optimizer.step()
    other.step()
    assert fathom.equal(net.weight, twin.weight)


def test_a_state_dict_is_an_ordinary_safetensors_file(tmp_path):
    from safetensors.numpy import load_file, save_file

    fathom.save({"weight": fathom.ones(2)}, tmp_path / "ours")
    assert load_file(tmp_path / "ours")["weight"].tolist() == [1, 1]
    save_file({"weight": np.zeros(3, np.float32)}, tmp_path / "theirs")
    assert fathom.load(tmp_path / "theirs")["weight"].tolist() == [0, 0, 0]


def test_what_is_no_data_is_refused_by_its_path(tmp_path):
    with pytest.raises(TypeError, match=r"a Linear is code as well as data; save its state"):
        fathom.save(nn.Linear(1, 1), tmp_path / "net")
    with pytest.raises(TypeError, match="hooks/f is a function"):
        fathom.save({"hooks": {"f": test_every_dtype_and_shape_comes_back}}, tmp_path / "f")
    with pytest.raises(TypeError, match="complex128"):
        fathom.save(fathom.ones(1, dtype=fathom.complex128), tmp_path / "z")
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "x"
    fathom.save(fathom.ones(1), file)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fathom.save(fathom.zeros(1), file)
    assert fathom.load(file).item() == 1
    assert os.listdir(tmp_path) == ["x"]


def test_every_cut_and_many_flips_are_one_clear_error_or_other_numbers():
    buffer = io.BytesIO()
    fathom.save({"a": fathom.ones(3), "step": 7}, buffer)
    content = buffer.getvalue()
    for end in range(len(content)):
        with pytest.raises(ValueError, match="expected a whole safetensors file|expected a file"):
            fathom.load(io.BytesIO(content[:end]))
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 0x10
        try:
            fathom.load(io.BytesIO(bytes(flipped)))
        except ValueError as error:
            assert "expected" in str(error)


def test_a_structure_that_names_what_is_not_there_is_an_error():
    from safetensors.numpy import save

    content = save({"a": np.zeros(1)}, {"fathom": json.dumps({"$tensor": "b"})})
    with pytest.raises(ValueError, match="a structure that names what is not there"):
        fathom.load(io.BytesIO(content))


def test_a_pickle_is_never_run():
    torch = pytest.importorskip("torch")
    buffer = io.BytesIO()
    torch.save({"a": torch.ones(1)}, buffer)
    with pytest.raises(
        ValueError, match="a file of torch.save, which is a program as much as data"
    ):
        fathom.load(io.BytesIO(buffer.getvalue()))


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        fathom.load(tmp_path / "nothing")


def test_a_device_may_be_named():
    assert again(fathom.ones(1), map_location="cpu").device == fathom.device("cpu")
    with pytest.raises(RuntimeError, match="cuda"):
        again(fathom.ones(1), map_location="cuda")
