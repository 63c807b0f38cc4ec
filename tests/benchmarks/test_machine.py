"""How figures are summed up and kept."""

from __future__ import annotations

import json
import math

import pytest

from benchmarks.machine import keep, machine, spread
from benchmarks.memory import forget_peak, peak, resident


def test_the_machine_says_what_it_is():
    facts = machine()
    assert facts["cores"] >= 1 and facts["processor"] and facts["numpy"]


def test_quartiles_lie_among_the_times():
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == {"median": 3.0, "low": 2.0, "high": 4.0}
    assert spread([7.0]) == {"median": 7.0, "low": 7.0, "high": 7.0}


def test_figures_are_kept_whole_or_not_at_all(tmp_path):
    out = tmp_path / "new" / "a.json"
    keep({"a": [1.5, math.nan, math.inf], "b": "c"}, out)
    assert json.loads(out.read_text()) == {"a": [1.5, None, None], "b": "c"}
    with pytest.raises(TypeError):
        keep({"a": object()}, out)
    assert json.loads(out.read_text())["b"] == "c"
    assert [file.name for file in out.parent.iterdir()] == ["a.json"]


def test_memory_is_counted_in_megabytes():
    forget_peak()
    before = resident()
    held = bytearray(50_000_000)
    held[::4096] = b"x" * len(held[::4096])  # pages that nobody wrote to are not there yet
    assert peak() - before > 40
    assert len(held) == 50_000_000
