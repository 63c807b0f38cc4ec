"""`save` and `load`: tensors, and (nested) dicts, lists and tuples of tensors and plain values, in a file.

The file is a safetensors file: the tensors under their paths ("0.weight", "optimizer/state/0/mean"), and
what is not a tensor, and the order of all, as JSON in the header. Nothing in it is code, so a file from
a stranger can do no harm. Every other framework reads the tensors of such a file by name, and the files
that they write are read here.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

from fathom.core.device import device
from fathom.tensors import Tensor

STRUCTURE = "fathom"  # the header's key of what is not a tensor
ZIP, PICKLE = b"PK\x03\x04", b"\x80"  # how files begin that torch.save writes


def save(obj: Any, f: str | os.PathLike | IO[bytes]) -> None:
    """Write obj to a file (or an open binary file): whole, or not at all.

    obj: a tensor, number, text, None, or dicts, lists and tuples of such, nested. Raises TypeError, with
    the path, for anything else: of a Module save `net.state_dict()`. Whether a tensor requires grad is
    not saved.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp(), "state")
    >>> fathom.save({"step": 3, "weights": [fathom.tensor([1., 2.])]}, file)
    >>> fathom.load(file)
    {'step': 3, 'weights': [tensor([1., 2.])]}
    """
    content = packed(obj)
    if not isinstance(f, (str, os.PathLike)):
        f.write(content)
        return
    from fathom.train.files import write_whole  # `train` takes longer to import than all of this

    write_whole(Path(f), content)


def load(
    f: str | os.PathLike | IO[bytes],
    map_location: device | str | None = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """What `save` wrote; of another program's safetensors file, its tensors by name.

    map_location: the device that all tensors go to. Raises FileFormatError (a ValueError) for a file that is
    damaged, cut short or of another kind; FileNotFoundError. `weights_only` and `mmap` are accepted
    for PyTorch's sake: no code is run in any case.
    """
    from fathom.train.weights import parse_weights

    if isinstance(f, (str, os.PathLike)):
        source, content = os.fspath(f), Path(f).read_bytes()
    else:
        source, content = getattr(f, "name", "the file"), f.read()
    try:
        tensors = parse_weights(content, source)
    except ValueError:
        if content[:4] == ZIP or content[:1] == PICKLE:
            found = "a file of torch.save, which is a program as much as data"
            raise unreadable(source, found) from None
        raise
    if map_location is not None:
        tensors = {name: x.to(map_location) for name, x in tensors.items()}
    return unpacked(content, tensors, source)


def packed(obj: Any) -> bytes:
    """The bytes of the file that holds obj."""
    from safetensors.numpy import save as tensors_to_bytes

    from fathom.train.tree import part
    from fathom.train.weights import plain_array

    if hasattr(obj, "state_dict"):
        kind = type(obj).__name__
        raise TypeError(
            f"save: a {kind} is code as well as data; save its state: save(x.state_dict(), f)"
        )
    structure, tensors = part(obj)
    for path, x in tensors.items():
        if x.dtype.name == "complex128":
            raise TypeError(
                f"save: {path or 'the tensor'} is complex128, which the format lacks; use view_as_real"
            )
    arrays = {path or "tensor": plain_array(x) for path, x in tensors.items()}
    return tensors_to_bytes(arrays, {STRUCTURE: json.dumps(structure)})


def unpacked(content: bytes, tensors: dict[str, Tensor], source: str) -> Any:
    """The values of a file whose tensors are known to be sound."""
    from fathom.train.tree import join

    size = int.from_bytes(content[:8], "little")
    facts = json.loads(content[8 : 8 + size]).get("__metadata__", {})
    if STRUCTURE not in facts:
        return tensors
    try:
        named = {"" if path == "tensor" else path: x for path, x in tensors.items()}
        return join(json.loads(facts[STRUCTURE]), {**tensors, **named})
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(source, f"a structure that names what is not there ({error})") from error


def unreadable(source: str, found: str) -> Exception:
    from fathom.data.errors import FileFormatError

    way_out = "write it with fathom.save, or in PyTorch with safetensors.torch.save_file"
    return FileFormatError(source, "a file of fathom.save, or safetensors", found, way_out)
