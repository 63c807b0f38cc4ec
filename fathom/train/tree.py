"""A nested state (dicts, lists, tuples, numbers, text, tensors) as JSON and a flat table of tensors.

    {"step": 3, "state": {0: {"mean": tensor}}}
    <->  {"step": 3, "state": {"$items": [[0, {"mean": {"$tensor": "state/0/mean"}}]]}}
         and {"state/0/mean": tensor}

What JSON has no word for is a dict with one key that begins with "$". Joining what was parted gives
back the same values to the last bit; nothing else than these kinds can come out of a file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from fathom.core.base import TensorBase
from fathom.tensors import Tensor

TENSOR, TUPLE, ITEMS, FLOAT = "$tensor", "$tuple", "$items", "$float"


def part(state: Any, path: str = "") -> tuple[Any, dict[str, Tensor]]:
    """A nested state -> (what JSON can hold, the tensors by their paths).

    Raises TypeError, with the path, for a value of another kind.

    >>> part({"lr": 0.1, "betas": (0.9, 0.999)})
    ({'lr': 0.1, 'betas': {'$tuple': [0.9, 0.999]}}, {})
    """
    tensors: dict[str, Tensor] = {}

    def plain(value: Any, path: str) -> Any:
        if isinstance(value, TensorBase):
            while path in tensors:  # "a/b" is a key of its own, or b below a
                path += "'"
            tensors[path] = value
            return {TENSOR: path}
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            return {FLOAT: str(value)}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, list | tuple):
            entries = [plain(entry, f"{path}/{k}") for k, entry in enumerate(value)]
            return {TUPLE: entries} if isinstance(value, tuple) else entries
        if isinstance(value, Mapping):
            below = {k: plain(entry, f"{path}/{k}".lstrip("/")) for k, entry in value.items()}
            if all(isinstance(k, str) and not k.startswith("$") for k in below):
                return below
            return {ITEMS: [[k, entry] for k, entry in below.items()]}
        raise TypeError(
            f"a state holds tensors, numbers, text, lists, tuples and dicts; {path or 'it'} is a "
            f"{type(value).__name__}"
        )

    return plain(state, path), tensors


def join(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The nested state that `part` took apart.

    >>> join({"betas": {"$tuple": [0.9, 0.999]}}, {})
    {'betas': (0.9, 0.999)}
    """
    if isinstance(plain, list):
        return [join(entry, tensors) for entry in plain]
    if not isinstance(plain, dict):
        return plain
    if len(plain) == 1:
        (key, value), *_ = plain.items()
        if key == TENSOR:
            return tensors[value]
        if key == TUPLE:
            return tuple(join(entry, tensors) for entry in value)
        if key == ITEMS:
            return {k: join(entry, tensors) for k, entry in value}
        if key == FLOAT:
            return float(value)
    return {key: join(value, tensors) for key, value in plain.items()}
