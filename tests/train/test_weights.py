from __future__ import annotations

import random
import struct

import numpy as np
import pytest

import fathom
from fathom.data import FileFormatError
from fathom.train import load_weights, save_weights
from fathom.train.weights import BY_CODE

DTYPES = sorted((d for d in BY_CODE.values()), key=lambda d: d.name)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_tensors_of_every_dtype_come_back_to_the_last_bit(tmp_path, dtype):
    values = fathom.tensor(np.array([[0, 1, 1], [1, 0, 1]])).to(dtype)
    tensors = {"matrix": values, "scalar": values[0, 1], "none": values[:0], "columns": values.t()}
    save_weights(tmp_path / "w.safetensors", tensors)
    found = load_weights(tmp_path / "w.safetensors")
    assert sorted(found) == sorted(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype is dtype
        assert found[name].shape == tensor.shape
        assert found[name].tolist() == tensor.tolist()


def test_what_is_loaded_can_be_written_to(tmp_path):
    save_weights(tmp_path / "w.safetensors", {"a": fathom.zeros(2)})
    loaded = load_weights(tmp_path / "w.safetensors")["a"]
    loaded += 1
    assert loaded.tolist() == [1, 1]


def test_torch_reads_what_fathom_writes(tmp_path):
    torch = pytest.importorskip("torch")
    reader = pytest.importorskip("safetensors.torch")
    save_weights(tmp_path / "w.safetensors", {"a": fathom.tensor([1.5, -2.0])})
    assert torch.equal(reader.load_file(tmp_path / "w.safetensors")["a"], torch.tensor([1.5, -2.0]))


def valid_file() -> bytes:
    import safetensors.numpy

    return safetensors.numpy.save({"a": np.arange(6, dtype=np.float32).reshape(2, 3)})


def test_a_header_that_is_longer_than_the_file_is_one_clear_error(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 40) + valid_file()[8:])
    with pytest.raises(FileFormatError, match=r"w\.safetensors: expected a whole safetensors file"):
        load_weights(path)


@pytest.mark.parametrize("kept", [0, 4, 8, 30, -1])
def test_a_file_that_is_cut_off_is_one_clear_error(tmp_path, kept):
    path = tmp_path / "w.safetensors"
    path.write_bytes(valid_file()[:kept])
    with pytest.raises(FileFormatError, match=r"w\.safetensors: expected a whole"):
        load_weights(path)


def test_an_unknown_dtype_is_one_clear_error(tmp_path):
    header = b'{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}'
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0")
    with pytest.raises(FileFormatError, match="'a' of the dtype F8_E4M3"):
        load_weights(path)


def test_of_flipped_bits_come_only_clear_errors_or_other_numbers(tmp_path):
    content, source = valid_file(), random.Random(0)
    path = tmp_path / "w.safetensors"
    for _ in range(300):
        flipped = bytearray(content)
        for _ in range(source.randint(1, 3)):
            flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
        path.write_bytes(flipped)
        try:
            assert sum(tensor.numel() for tensor in load_weights(path).values()) <= 24
        except FileFormatError as error:
            assert "w.safetensors" in str(error)
