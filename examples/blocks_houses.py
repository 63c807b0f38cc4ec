"""The value of houses, by a straight line and by a network written by hand: python examples/blocks_houses.py

California housing, 1990: 20,640 districts; from where a district lies, its rooms, people and incomes,
tell the median value of its houses. Linear regression is one dense layer without a bend; a second layer
with a bend before it lets the network say what no straight line can: dear *at the coast and* in a city.
"""

from __future__ import annotations

import numpy as np

from fathom.blocks import (
    Array,
    Dense,
    MeanSquaredError,
    NeuralNetwork,
    SGDMomentum,
    Tanh,
    Trainer,
    exponential_decay,
)
from fathom.data import load


def line(features: int, generator: np.random.Generator) -> NeuralNetwork:
    """Linear regression: y = x W + b."""
    return NeuralNetwork(Dense(features, 1, generator=generator), loss=MeanSquaredError())


def two_layers(features: int, generator: np.random.Generator) -> NeuralNetwork:
    """y = tanh(x W + b) V + c, with 64 hidden units."""
    return NeuralNetwork(
        Dense(features, 64, Tanh, generator),
        Dense(64, 1, generator=generator),
        loss=MeanSquaredError(),
    )


def main(epochs: int = 60) -> tuple[float, float]:
    """Train both; the errors of the line and of the network on the test part, in dollars."""
    housing = load("california-housing")
    parts = {}
    for name in ("train", "test"):
        columns = housing.part(name)
        values = (columns[housing.target] - housing.target_mean) / housing.target_std
        parts[name] = housing.encoder.transform(columns).astype(np.float64), values[:, None]
    # a part of the training part decides when to stop; the test part decides nothing
    (x, y), held_out = parts["train"], len(parts["train"][0]) // 10
    order = np.random.default_rng(0).permutation(len(x))
    learnt, watched = order[held_out:], order[:held_out]
    print(f"{len(learnt):,} districts to learn from, {held_out:,} to watch, {x.shape[1]} features")

    def error(told: Array) -> float:
        true = parts["test"][1]
        return float(np.sqrt(np.mean((told - true) ** 2)) * housing.target_std)

    errors = []
    for title, build, lr in (("straight line", line, 0.002), ("two layers", two_layers, 0.02)):
        generator = np.random.default_rng(1)
        network = build(x.shape[1], generator)
        optimizer = SGDMomentum(network.parameters(), lr, lr / 20, exponential_decay)
        history = Trainer(network, optimizer, generator=generator).fit(
            (x[learnt], y[learnt]), (x[watched], y[watched]), epochs, batch_size=64, patience=15
        )
        errors.append(error(network.predict(parts["test"][0])))
        print(f"{title}: {len(history)} epochs, off by ${errors[-1]:,.0f} (root mean square)")
    print(f"always the mean: off by ${error(np.zeros(1)):,.0f}")
    print(f"the network's error is {1 - errors[1] / errors[0]:.0%} below the line's")
    return errors[0], errors[1]


if __name__ == "__main__":
    of_line, of_network = main()
    assert of_network < 0.9 * of_line
