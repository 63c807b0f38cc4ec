"""Overhead: what one operation costs when the tensors are tiny, in fathom and in PyTorch by turns."""

from __future__ import annotations

import argparse
import statistics
import timeit
from typing import Any

from benchmarks.machine import machine, spread

CASES = {
    "add": "a + b",
    "add a number": "a + 2",
    "add, tracked": "w + b",
    "mul": "a * b",
    "div": "a / b",
    "compare": "a > b",
    "exp": "a.exp()",
    "tanh": "a.tanh()",
    "sigmoid": "a.sigmoid()",
    "relu": "a.relu()",
    "sum": "a.sum()",
    "sum, dim": "m.sum(dim=1)",
    "mean": "a.mean()",
    "amax": "m.amax(dim=1)",
    "argmax": "m.argmax(dim=1)",
    "reshape": "m.reshape(2, 8)",
    "transpose": "m.transpose(0, 1)",
    "index": "m[1]",
    "slice": "m[1:3]",
    "index by tensor": "m[k]",
    "matmul": "m @ m",
    "matmul, tracked": "v @ m",
    "cat": "t.cat([a, b])",
    "stack": "t.stack([a, b])",
    "where": "t.where(c, a, b)",
    "softmax": "t.softmax(m, 1)",
    "zeros": "t.zeros(3)",
    "in place": "a.add_(b)",
    "forward and backward": "(w * w).sum().backward()",
}
ROUNDS, CALLS = 15, 1000


def setting(t) -> dict:
    """The names that the cases use."""
    return {
        "t": t,
        "a": t.tensor([0.5, 0.2, 0.3]),
        "b": t.tensor([1.0, 2.0, 3.0]) * 1e-6,
        "w": t.tensor([1.0, 2.0, 3.0], requires_grad=True),
        "m": t.ones(4, 4),
        "v": t.ones(4, 4, requires_grad=True),
        "k": t.tensor([0, 2]),
        "c": t.tensor([True, False, True]),
    }


def run(options: argparse.Namespace) -> dict:
    """Time every case, alternating between the two; print ratios; return the figures."""
    import torch

    import fathom

    torch.set_num_threads(1)
    settings = {"fathom": setting(fathom), "torch": setting(torch)}
    rows = {}
    print(
        f"{'operation':22s} {'fathom us':>10s} {'torch us':>10s} {'ratio':>7s}   quartiles of the ratio"
    )
    for name, code in CASES.items():
        timers = {who: timeit.Timer(code, globals=names) for who, names in settings.items()}
        for timer in timers.values():
            timer.timeit(CALLS)
        rounds = [
            {who: timer.timeit(CALLS) / CALLS * 1e6 for who, timer in timers.items()}
            for _ in range(ROUNDS)
        ]
        ratio = spread([one["fathom"] / one["torch"] for one in rounds])
        row: dict[str, Any] = {who: spread([one[who] for one in rounds]) for who in settings}
        rows[name] = {"code": code, **row, "ratio": ratio}
        print(
            f"{name:22s} {row['fathom']['median']:10.2f} {row['torch']['median']:10.2f} {ratio['median']:7.1f}"
            f"   {ratio['low']:.1f} - {ratio['high']:.1f}"
        )
    middle = statistics.median(row["ratio"]["median"] for row in rows.values())
    above = [name for name, row in rows.items() if row["ratio"]["median"] > 3]
    print(f"median ratio {middle:.2f}; above 3: {', '.join(above) or 'none'}")
    return {
        "machine": machine(),
        "torch": torch.__version__,
        "median ratio": middle,
        "operations": rows,
    }
