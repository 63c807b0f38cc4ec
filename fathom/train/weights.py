"""Tensors by name in a safetensors file: what any framework can read, and nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fathom.core import dtypes
from fathom.core.device import CPU, move
from fathom.data.content import read_content
from fathom.data.errors import FileFormatError
from fathom.ops.creation import from_numpy
from fathom.tensors import Tensor
from fathom.train.files import write_whole

# What safetensors calls our dtypes.
BY_CODE = {
    "BOOL": dtypes.bool_,
    "U8": dtypes.uint8,
    "I8": dtypes.int8,
    "I16": dtypes.int16,
    "I32": dtypes.int32,
    "I64": dtypes.int64,
    "F16": dtypes.float16,
    "BF16": dtypes.bfloat16,
    "F32": dtypes.float32,
    "F64": dtypes.float64,
    "C64": dtypes.complex64,
}


def save_weights(path: str | Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes tensors, such as `net.state_dict()`, to a safetensors file: whole, or not at all.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "net.safetensors")
    >>> save_weights(file, {"bias": fathom.tensor([1., 2.])})
    >>> load_weights(file)
    {'bias': tensor([1., 2.])}
    """
    write_whole(Path(path), weights_content(tensors))


def load_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file; FileFormatError where it is not a whole one."""
    return parse_weights(read_content(path), path)


def weights_content(tensors: Mapping[str, Tensor]) -> bytes:
    """The bytes of the safetensors file that holds the tensors."""
    from safetensors.numpy import save

    return save({name: plain_array(tensor) for name, tensor in tensors.items()})


def plain_array(tensor: Tensor) -> np.ndarray:
    """The tensor's numbers on the CPU, in row-major order."""
    return np.require(move(tensor.detach().array, CPU), requirements="C")


def parse_weights(content: bytes, source: str | Path) -> dict[str, Tensor]:
    """The tensors in a safetensors file's bytes; `source` is what errors call them."""
    from safetensors import SafetensorError, deserialize

    try:
        found = deserialize(content)
    except SafetensorError as error:
        raise broken(source, str(error)) from error
    tensors = {}
    for name, facts in found:
        if facts["dtype"] not in BY_CODE:
            raise broken(source, f"{name!r} of the dtype {facts['dtype']}")
        array = np.frombuffer(facts["data"], BY_CODE[facts["dtype"]].numpy)
        tensors[name] = from_numpy(array.reshape(facts["shape"]).copy())
    return tensors


def broken(source: str | Path, found: str) -> FileFormatError:
    return FileFormatError(
        source, "a whole safetensors file", found, "take an older checkpoint, or train again"
    )
