"""The same small network three times, with equal numbers: python examples/three_times.py

    by hand            fathom.blocks: forward and backward written out on NumPy arrays
    by fathom          the forward only; the tape finds the backward
    by PyTorch         the very same lines as by fathom, with `import torch` in place of `import fathom`

Each begins with the same weights and learns the digits for the same thirty steps, in float64.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np

import fathom
from fathom.blocks import SGD, Dense, Flatten, NeuralNetwork, SoftmaxCrossEntropy, Tanh
from fathom.data import load

STEPS, LR, HIDDEN = 30, 0.5, 32


def by_hand(images: np.ndarray, labels: np.ndarray, weights: list[np.ndarray]) -> list[float]:
    """The loss before every step."""
    network = NeuralNetwork(
        Flatten(), Dense(64, HIDDEN, Tanh), Dense(HIDDEN, 10), loss=SoftmaxCrossEntropy()
    )
    for parameter, weight in zip(network.parameters(), weights):
        parameter.value[...] = weight
    optimizer = SGD(network.parameters(), lr=LR)
    losses = []
    for _ in range(STEPS):
        losses.append(network.loss_and_gradients(images, labels))
        optimizer.step()
    return losses


def by_tape(
    torch: ModuleType, images: np.ndarray, labels: np.ndarray, weights: list[np.ndarray]
) -> list[float]:
    """The loss before every step; `torch` is what was imported, fathom or torch."""
    nn = torch.nn
    x, y = torch.tensor(images), torch.tensor(labels)
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(64, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 10)
    ).double()
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), weights):
            parameter.copy_(
                torch.tensor(weight.T)
            )  # Linear keeps its weights as (H, F): y = x W^T + b
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    loss = nn.CrossEntropyLoss()
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        l = loss(net(x), y)
        l.backward()
        optimizer.step()
        losses.append(l.item())
    return losses


def main() -> dict[str, list[float]]:
    """Train the three, print their losses side by side, and hold them to each other."""
    digits = load("digits").train
    images, labels = digits.images[:500] / 255.0, digits.labels[:500]
    generator = np.random.default_rng(0)
    shapes = [(64, HIDDEN), (HIDDEN,), (HIDDEN, 10), (10,)]
    weights = [generator.normal(0, 0.1, shape) for shape in shapes]

    losses = {
        "by hand": by_hand(images, labels, weights),
        "fathom": by_tape(fathom, images, labels, weights),
    }
    if importlib.util.find_spec("torch"):
        import torch

        losses["torch"] = by_tape(torch, images, labels, weights)
    else:
        print("torch is not installed here, so two times have to do")

    print("step" + "".join(f"{name:>22}" for name in losses))
    for step in range(0, STEPS, 5):
        print(f"{step:4}" + "".join(f"{loss[step]:22.16f}" for loss in losses.values()))
    furthest = max(np.abs(np.subtract(loss, losses["by hand"])).max() for loss in losses.values())
    print(f"over all {STEPS} steps the losses differ by {furthest:.1e} at most")
    assert furthest < 1e-12  # a few of the last of 16 digits: sums are added up in different orders
    return losses


if __name__ == "__main__":
    main()
