"""The task of telling a quantity from the columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom.autograd import no_grad
from fathom.cli.recipes import Recipe, Settings
from fathom.cli.task import Outcome, Task
from fathom.train import Module
from fathom.train.page import table_section
from fathom.train.scatter import scatter_section
from fathom.train.tables import TableDataModule


class TableTask(Task):
    """A table whose target is a quantity."""

    kind, unit = "table", "rows"
    names = {"loss": "squared error (scaled)"}
    data: TableDataModule

    def open(self, name: str, settings: Settings, limit_batches: int | None) -> TableDataModule:
        return TableDataModule(name, settings.batch_size, limit_batches)

    def about(self) -> str:
        source = self.data.source
        counts = [len(self.data.parts[part]) for part in ("train", "test")]
        return (
            f"{counts[0]:,} + {counts[1]:,} rows, {len(source.encoder.names)} features, "
            f"target {source.target}"
        )

    def model(self, recipe: Recipe, settings: Settings) -> Module:
        return recipe.model_for(self.name)(lr=settings.lr, **settings.options)

    def input(self) -> dict[str, Any]:
        source = self.data.source
        return {
            "features": source.encoder.names,
            "target": source.target,
            "target_mean": source.target_mean,
            "target_std": source.target_std,
        }

    def outcome(self, model: Module) -> Outcome:
        source = self.data.source
        x, y = (tensor.numpy().astype(np.float64) for tensor in self.data.parts["train"].tensors)
        X, Y = self.data.parts["test"].tensors
        model.eval()
        with no_grad():
            predicted = model(X).numpy()[:, 0] * source.target_std + source.target_mean
        line = least_squares(x, y[:, 0], X.numpy()) * source.target_std + source.target_mean
        true = Y.numpy()[:, 0] * source.target_std + source.target_mean
        always = np.full_like(true, source.target_mean)
        errors = {
            "network": rmse(predicted, true),
            "linear": rmse(line, true),
            "mean": rmse(always, true),
        }
        better = 1 - errors["network"] / errors["linear"]
        rows = [
            (name, quantity(errors[key]), f"{1 - (errors[key] / errors['mean']) ** 2:.3f}")
            for name, key in (
                ("this network", "network"),
                ("linear regression (least squares)", "linear"),
                ("always the mean", "mean"),
            )
        ]
        return Outcome(
            {
                "test_rmse": errors["network"],
                "test_rmse_linear_regression": errors["linear"],
                "test_r2": 1 - (errors["network"] / errors["mean"]) ** 2,
            },
            f"test error {quantity(errors['network'])} (root mean square of {source.target}), "
            f"of linear regression {quantity(errors['linear'])}",
            [
                (quantity(errors["network"]), f"root mean square error of {source.target}"),
                (f"{better:.0%}", "below linear regression's error"),
            ],
            [
                table_section(
                    "Beside simpler answers",
                    ("predicted by", "error", "R²"),
                    rows,
                    f"The root of the mean squared error on the test part, in the unit of {source.target}, "
                    "and the share of the variance that is explained.",
                ),
                scatter_section(true, predicted, source.target),
            ],
        )

    def next_command(self, run: str) -> tuple[str, str]:
        return "the metrics, line by line", f"less {run}/metrics.jsonl"


def least_squares(x: np.ndarray, y: np.ndarray, X: np.ndarray) -> np.ndarray:
    """What the best line through (x, y) predicts for X: x (N, F), y (N), X (M, F) -> (M)."""

    def with_one(a: np.ndarray) -> np.ndarray:
        return np.concatenate([a, np.ones((len(a), 1))], axis=1)

    weights, *_ = np.linalg.lstsq(with_one(x), y, rcond=None)
    return with_one(X.astype(np.float64)) @ weights


def rmse(predicted: np.ndarray, true: np.ndarray) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt(np.mean(np.square(predicted.astype(np.float64) - true))))


def quantity(value: float) -> str:
    """A number with about four digits.

    >>> quantity(56370.2), quantity(2.61803)
    ('56,370', '2.618')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
