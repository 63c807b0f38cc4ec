"""Whole training steps: forward, loss, backward, update; fathom as it is, fathom compiled, and PyTorch.

The same weights, the same batches. Losses over the first steps must agree before anything is timed; then the
three take turns in one process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.machine import machine, spread

BATCH, AGREE, ROUNDS, STEPS, WARM = 256, 10, 9, 20, 5
PAUSE = 0.4  # seconds before each turn: OpenMP's threads go on spinning after theirs


def mlp(nn: Any) -> Any:
    """784-256-10."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def lenet(nn: Any) -> Any:
    """LeNet with ReLU and max pooling, on 28x28."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


MODELS = {"mlp": mlp, "lenet": lenet}


def training_step(
    library: Any, build: Callable, weights: list[np.ndarray] | None
) -> tuple[Callable, list]:
    """A function that takes one step and returns the loss; and the weights it starts from."""
    model = build(library.nn)
    if weights is not None:
        with library.no_grad():
            for p, w in zip(model.parameters(), weights, strict=True):
                p.copy_(library.from_numpy(w.copy()))
    start = [p.detach().numpy().copy() for p in model.parameters()]
    optimizer = library.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = library.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step, start


def run() -> dict:
    """Check, time, print medians and ratios; return the figures."""
    import torch

    import fathom

    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, 1, 28, 28)).astype(np.float32)
    y = rng.integers(0, 10, BATCH)
    result: dict[str, Any] = {
        "machine": machine(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    print(
        f"{'model':8s} {'fathom':>10s} {'compiled':>10s} {'torch':>10s}   torch / compiled   first call"
    )
    for name, build in MODELS.items():
        eager, weights = training_step(fathom, build, None)
        compiled = fathom.compile(training_step(fathom, build, weights)[0], fullgraph=True)
        steps = {
            "fathom": eager,
            "compiled": compiled,
            "torch": training_step(torch, build, weights)[0],
        }
        data = {who: (torch if who == "torch" else fathom) for who in steps}
        batch = {who: (lib.from_numpy(x), lib.from_numpy(y)) for who, lib in data.items()}
        begin = time.perf_counter()
        first = compiled(*batch["compiled"]).item()
        seconds = time.perf_counter() - begin
        losses = {
            who: [step(*batch[who]).item() for _ in range(AGREE - (who == "compiled"))]
            for who, step in steps.items()
        }
        losses["compiled"].insert(0, first)
        for who in ("fathom", "compiled"):
            np.testing.assert_allclose(
                losses[who], losses["torch"], rtol=1e-4, err_msg=f"{name}, {who}"
            )
        times: dict[str, list[float]] = {who: [] for who in steps}
        for _ in range(ROUNDS):
            for who, step in steps.items():
                time.sleep(PAUSE)
                for _ in range(WARM):
                    step(*batch[who])
                begin = time.perf_counter()
                for _ in range(STEPS):
                    step(*batch[who])
                times[who].append((time.perf_counter() - begin) / STEPS * 1e3)
        ratios = spread([t / c for t, c in zip(times["torch"], times["compiled"], strict=True)])
        row = {who: spread(ms) for who, ms in times.items()}
        shown = " ".join(f"{row[who]['median']:7.2f} ms" for who in steps)
        quartiles = f"{ratios['low']:.2f} - {ratios['high']:.2f}"
        print(f"{name:8s} {shown}   {ratios['median']:.2f} ({quartiles})   {seconds:.2f} s")
        result[name] = {"ms": row, "torch / compiled": ratios, "first call in s": seconds}
    return result
