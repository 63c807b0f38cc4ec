from __future__ import annotations

import json
import math

import numpy as np
import pytest

import fathom
from fathom.train import tree


def test_a_nested_state_comes_back_as_it_was():
    state = {
        "counters": {"step": 3, "done": False, "best": None},
        "optimizer": {
            "state": {0: {"step": 2.0, "mean": fathom.tensor([1.0, 2.0])}},
            "betas": (0.9, 0.999),
        },
        "names": ["a", ("b", 1)],
    }
    plain, tensors = tree.part(state)
    again = tree.join(json.loads(json.dumps(plain, allow_nan=False)), tensors)
    assert list(tensors) == ["optimizer/state/0/mean"]
    assert again["optimizer"]["state"][0]["mean"] is tensors["optimizer/state/0/mean"]
    assert again["optimizer"]["betas"] == (0.9, 0.999)
    assert again["names"] == ["a", ("b", 1)]
    assert again["counters"] == {"step": 3, "done": False, "best": None}


def test_floats_come_back_to_the_last_bit_also_when_they_are_not_finite():
    values = [0.1 + 0.2, 1e-308, math.inf, -math.inf, math.nan]
    plain, _ = tree.part(values)
    again = tree.join(json.loads(json.dumps(plain, allow_nan=False)), {})
    assert again[:4] == values[:4]
    assert math.isnan(again[4])


def test_a_key_that_looks_like_a_tag_is_kept_apart_from_tags():
    state = {"$tensor": "not a tensor"}
    plain, tensors = tree.part(state)
    assert tree.join(plain, tensors) == state


def test_numpy_numbers_become_python_numbers():
    plain, _ = tree.part({"rate": np.float64(0.5), "count": np.int64(3)})
    assert plain == {"rate": 0.5, "count": 3}


def test_a_value_of_another_kind_is_named_by_its_path():
    with pytest.raises(TypeError, match="callbacks/1/made is a set"):
        tree.part({"callbacks": [0, {"made": {1, 2}}]})
