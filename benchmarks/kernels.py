"""Single kernels, compiled: products of matrices in all their forms, in GFLOP/s of one thread, beside PyTorch.

The time is the thread's processor time, so that a neighbour on the machine costs little; the two take turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.machine import machine, spread

# Letters of a and b, letters of the result, sizes: the products of a perceptron and of a small GPT.
CASES = {
    "a b, 2048x128x512": ("ik,kj->ij", {"i": 2048, "k": 128, "j": 512}),
    "a b, 2048x512x128": ("ik,kj->ij", {"i": 2048, "k": 512, "j": 128}),
    "a b^T, 2048x128x512": ("ik,jk->ij", {"i": 2048, "k": 128, "j": 512}),
    "a b^T, 256x784x256": ("ik,jk->ij", {"i": 256, "k": 784, "j": 256}),
    "a b^T, 256x256x10": ("ik,jk->ij", {"i": 256, "k": 256, "j": 10}),
    "a^T b, 128x2048x512": ("ki,kj->ij", {"i": 128, "k": 2048, "j": 512}),
    "a^T b, 512x2048x128": ("ki,kj->ij", {"i": 512, "k": 2048, "j": 128}),
    "a^T b, 256x256x784": ("ki,kj->ij", {"i": 256, "k": 256, "j": 784}),
    "a b, 100x100x100": ("ik,kj->ij", {"i": 100, "k": 100, "j": 100}),
    "scores, 128 heads": ("nik,njk->nij", {"n": 128, "i": 64, "k": 32, "j": 64}),
    "weighted values, 128 heads": ("nik,nkj->nij", {"n": 128, "i": 64, "k": 64, "j": 32}),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rounds", type=int, default=25, help="turns of each (default: %(default)s)"
    )


def seconds(f: Callable[[], Any]) -> float:
    """The thread's processor time for one call."""
    start = time.thread_time()
    f()
    return time.thread_time() - start


def run(options: argparse.Namespace) -> dict:
    """Check each product, time it, print GFLOP/s; return the figures."""
    import torch

    import fathom
    from fathom.compiler.program import Program
    from fathom.core.tracing import trace

    threads = torch.get_num_threads(), fathom.get_num_threads()
    torch.set_num_threads(1)
    fathom.set_num_threads(1)
    rows = {}
    print(f"{'product':28s} {'fathom GF/s':>12s} {'torch GF/s':>12s} {'ratio':>7s}")
    try:
        for name, (letters, size) in CASES.items():
            rng = np.random.default_rng(0)
            operands = letters.split("->")[0].split(",")
            xs = [
                rng.standard_normal([size[c] for c in part]).astype(np.float32) for part in operands
            ]
            graph = trace(
                lambda a, b, letters=letters: fathom.einsum(letters, a, b),
                *map(fathom.from_numpy, xs),
            )
            program, tensors = Program(graph), [torch.from_numpy(x) for x in xs]
            calls = {
                "fathom": lambda program=program, xs=xs: program.run(xs)[0],
                "torch": lambda letters=letters, xs=tensors: torch.einsum(letters, *xs),
            }
            found, wanted = calls["fathom"](), calls["torch"]().numpy()
            error = float(np.abs(found - wanted).max() / np.abs(wanted).max())
            assert error < 1e-5, f"{name}: results differ by {error:.1e}"
            times = [
                {who: seconds(call) for who, call in calls.items()} for _ in range(options.rounds)
            ]
            work = 2 * float(np.prod(list(size.values()))) / 1e9
            row = {who: spread([work / one[who] for one in times]) for who in calls}
            ratio = spread([one["torch"] / one["fathom"] for one in times])
            rows[name] = {"letters": letters, "sizes": size, "error": error, **row, "ratio": ratio}
            print(
                f"{name:28s} {row['fathom']['median']:12.1f} {row['torch']['median']:12.1f}"
                f" {ratio['median']:7.2f}"
            )
    finally:
        torch.set_num_threads(threads[0])
        fathom.set_num_threads(threads[1])
    return {"machine": machine(), "torch": torch.__version__, "kernels": rows}
