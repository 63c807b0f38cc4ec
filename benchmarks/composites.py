"""Eager mode's composites, fused and as written, and PyTorch's, by turns: from 1,000 to 4 million elements.

Fused, a composite is one native program, forward and backward. The times are of one thread's processor, so other work
on the machine counts little; `first` is what the first call with a gradient takes, with all that is compiled for it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import fathom
from benchmarks.machine import machine, spread
from fathom.core import composite

SIZES = (1 << 10, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22)
COLUMNS, CLASSES = 64, 10
SHARE = 0.02  # seconds of a measurement


@dataclass(frozen=True)
class Case:
    """A composite as a function of a library's `nn.functional` and tensors, and arrays of about n elements."""

    call: Callable
    arrays: Callable[[int, np.random.Generator], list[np.ndarray]]


def numbers(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.standard_normal(shape).astype(np.float32)


def rows(n: int, random: np.random.Generator) -> list[np.ndarray]:
    """x (N, 64)."""
    return [numbers(random, n // COLUMNS, COLUMNS)]


def images(n: int, channels: int) -> tuple[int, ...]:
    """A shape (N, C, 16, 16) of about n elements."""
    return max(n // (channels * 256), 1), channels, 16, 16


CASES = {
    "softmax": Case(lambda F, x: F.softmax(x, -1), rows),
    "log_softmax": Case(lambda F, x: F.log_softmax(x, -1), rows),
    "gelu": Case(lambda F, x: F.gelu(x), rows),
    "layer_norm": Case(
        lambda F, x, w, b: F.layer_norm(x, (COLUMNS,), w, b),
        lambda n, r: [*rows(n, r), numbers(r, COLUMNS), numbers(r, COLUMNS)],
    ),
    "cross_entropy": Case(
        lambda F, x, t: F.cross_entropy(x, t),
        lambda n, r: [numbers(r, n // CLASSES, CLASSES), r.integers(0, CLASSES, n // CLASSES)],
    ),
    "batch_norm": Case(
        lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True),
        lambda n, r: [numbers(r, *images(n, 16)), numbers(r, 16), numbers(r, 16)],
    ),
    "max_pool2d": Case(lambda F, x: F.max_pool2d(x, 2), lambda n, r: [numbers(r, *images(n, 16))]),
    "avg_pool2d": Case(lambda F, x: F.avg_pool2d(x, 2), lambda n, r: [numbers(r, *images(n, 16))]),
    "conv2d 3x3": Case(
        lambda F, x, w, b: F.conv2d(x, w, b, padding=1),
        lambda n, r: [numbers(r, *images(n, 16)), numbers(r, 32, 16, 3, 3), numbers(r, 32)],
    ),
    "attention": Case(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        lambda n, r: [numbers(r, max(n // (4 * 64 * 32), 1), 4, 64, 32) for _ in range(3)],
    ),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", default=",".join(CASES), help="which, separated by commas")
    parser.add_argument("--rounds", type=int, default=7)


def calls(case: Case, library: Any, arrays: list[np.ndarray]) -> tuple[Callable, Callable]:
    """The composite of a library without a gradient, and with it."""
    xs = [library.tensor(a) for a in arrays]
    for x, a in zip(xs, arrays, strict=True):
        x.requires_grad_(a.dtype.kind == "f")
    functional = library.nn.functional
    g = library.ones_like(case.call(functional, *xs).detach())

    def forward() -> None:
        with library.no_grad():
            case.call(functional, *xs)

    def both() -> None:
        for x in xs:
            x.grad = None
        case.call(functional, *xs).backward(g)

    return forward, both


def fused(enabled: bool, call: Callable) -> Callable:
    """The call with composites of any size fused, or none."""

    def set_up() -> None:
        with fathom.backends.fusion.flags(enabled=enabled):
            call()

    return set_up


def seconds(call: Callable, times: int) -> float:
    """The processor's time for one of so many calls."""
    start = time.thread_time()
    for _ in range(times):
        call()
    return (time.thread_time() - start) / times


def run(options: argparse.Namespace) -> dict:
    """Time every case at every size; print a table; return the figures."""
    import torch

    threads = fathom.get_num_threads()
    torch.set_num_threads(1)
    fathom.set_num_threads(1)
    least, composite.LEAST = composite.LEAST, 1
    try:
        found = {
            name: sizes(CASES[name], name, torch, options.rounds)
            for name in options.cases.split(",")
        }
    finally:
        composite.LEAST = least
        fathom.set_num_threads(threads)
    print(f"microseconds of one thread; eager mode fuses from {least:,} elements on")
    return {"machine": machine(), "torch": torch.__version__, "least": least, "composites": found}


def sizes(case: Case, name: str, torch: Any, rounds: int) -> list[dict]:
    """The rows of one composite."""
    print(f"{name:23s} {'forward':^39s} {'forward and backward':^39s}")
    print(
        f"{'elements':>23s} "
        + " ".join(f"{w:>9s}" for w in ("written", "fused", "torch", "gain") * 2)
        + "    first"
    )
    return [row(case, n, torch, rounds) for n in SIZES]


def row(case: Case, n: int, torch: Any, rounds: int) -> dict:
    """The times of one composite at one size."""
    arrays = case.arrays(n, np.random.default_rng(0))
    ours, theirs = calls(case, fathom, arrays), calls(case, torch, arrays)
    first = seconds(fused(True, ours[1]), 1)
    line: list[str] = []
    figures: dict[str, Any] = {"elements": n, "first": first}
    for what, own, other in zip(("forward", "both"), ours, theirs, strict=True):
        runs = {"written": fused(False, own), "fused": fused(True, own), "torch": other}
        for call in runs.values():
            call()  # compiles what is to be compiled
        times = {
            who: max(1, round(SHARE / max(seconds(call, 2), 1e-6))) for who, call in runs.items()
        }
        taken = [
            {who: seconds(call, times[who]) for who, call in runs.items()} for _ in range(rounds)
        ]
        told = {who: spread([one[who] * 1e6 for one in taken]) for who in runs}
        gain = spread([one["written"] / one["fused"] for one in taken])
        figures[what] = {**told, "gain": gain}
        line += [f"{told[who]['median']:9.0f}" for who in runs] + [f"{gain['median']:9.1f}"]
    print(f"{n:23,d} " + " ".join(line) + f" {first:8.2f}", flush=True)
    return figures
