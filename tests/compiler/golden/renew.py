"""The golden files beside this one: what the compiler prints of three small programs, with vectors of 8 numbers.

python -m tests.compiler.golden.renew        writes them anew; read the difference before it is committed
"""

from __future__ import annotations

from pathlib import Path

import fathom
import fathom.nn.functional as F
from fathom.compiler.show import Shown
from fathom.compiler.source import Source
from fathom.core.tracing import trace

FOLDER = Path(__file__).parent
STAGES = ("graph", "loops", "schedule", "memory")


def attention(q, k, v):
    """A head of attention: q, k (5, 16), v (5, 24) -> (5, 24)."""
    return (q @ k.T / 4).softmax(1) @ v


def dense(x, weight, bias, classes):
    """The gradients of a layer before a cross-entropy: x (16, 6), weight (3, 6), bias (3) -> like both."""

    def loss(weight, bias):
        return F.cross_entropy(F.linear(x, weight, bias), classes)

    return fathom.func.grad(loss, (0, 1))(weight, bias)


def convolution(x, weight):
    """x (2, 3, 8, 8), weight (4, 3, 3, 3) -> (2, 4, 4, 4)."""
    return F.max_pool2d(F.conv2d(x, weight, padding=1).relu(), 2)


PROGRAMS = {
    "attention": (attention, [(5, 16), (5, 16), (5, 24)]),
    "dense": (dense, [(16, 6), (3, 6), (3,), None]),
    "convolution": (convolution, [(2, 3, 8, 8), (4, 3, 3, 3)]),
}


def printed(name: str, stage: str) -> str:
    """A stage of a program, as the compiler prints it now."""
    f, shapes = PROGRAMS[name]
    xs = [fathom.ones(shape) if shape else fathom.arange(16) % 3 for shape in shapes]
    graph = trace(f, *xs)
    return Shown(Source(graph, width=8), graph).text(stage) + "\n"


def path(name: str, stage: str) -> Path:
    return FOLDER / f"{name}.{stage}.txt"


if __name__ == "__main__":
    for name in PROGRAMS:
        for stage in STAGES:
            path(name, stage).write_text(printed(name, stage), encoding="utf-8")
