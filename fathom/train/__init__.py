"""Training: a loop in sight, and what belongs to it.

    Module, Classifier, Regressor     networks that know their loss and their optimizer
    DataModule                        data in two parts: to learn from, to validate with
    Trainer                           the loop; saves its whole state, and goes on to the same bits
    EarlyStopping, ModelCheckpoint,   callbacks: what else happens on the way
    LearningRateSchedule, StopOnNaN, Recorder
    diff_runs                         where two recorded runs part, and why
    Accuracy, Mean, TopK, ...         metrics, added up over batches
    ProgressBoard                     curves that grow
    layer_table                       layers with shapes and numbers of parameters

>>> data = SyntheticRegressionData(fathom.tensor([2., -3.4]), b=4.2)
>>> model = LinearRegression(lr=0.03)
>>> Trainer(max_epochs=3, progress=False).fit(model, data)
>>> w, b = model.get_w_b()
>>> bool((b - 4.2).abs() < 0.05)
True
"""

from __future__ import annotations

from fathom.train.board import ProgressBoard
from fathom.train.callbacks import Callback, EarlyStopping, LearningRateSchedule, ModelCheckpoint
from fathom.train.classifier import Classifier
from fathom.train.datamodule import DataModule
from fathom.train.diff_runs import RunDifference, diff_runs
from fathom.train.history import History
from fathom.train.hyperparameters import HyperParameters, add_to_class
from fathom.train.interruption import TrainingInterrupted
from fathom.train.layers import Layer, layer_table, parameter_count, summary
from fathom.train.metrics import (
    Accuracy,
    ConfusionMatrix,
    Mean,
    MeanSquaredError,
    Metric,
    Perplexity,
    TopK,
    accuracy,
)
from fathom.train.module import Module
from fathom.train.nonfinite import NonFiniteLossError, StopOnNaN
from fathom.train.record import Recorder
from fathom.train.regression import (
    LinearRegression,
    LinearRegressionScratch,
    MLPRegression,
    Regressor,
    SyntheticRegressionData,
)
from fathom.train.tables import TableDataModule
from fathom.train.trainer import Trainer
from fathom.train.weights import load_weights, save_weights

__all__ = [
    "Accuracy",
    "Callback",
    "Classifier",
    "ConfusionMatrix",
    "DataModule",
    "EarlyStopping",
    "History",
    "HyperParameters",
    "Layer",
    "LearningRateSchedule",
    "LinearRegression",
    "LinearRegressionScratch",
    "MLPRegression",
    "Mean",
    "MeanSquaredError",
    "Metric",
    "ModelCheckpoint",
    "Module",
    "NonFiniteLossError",
    "Perplexity",
    "ProgressBoard",
    "Recorder",
    "Regressor",
    "RunDifference",
    "StopOnNaN",
    "SyntheticRegressionData",
    "TableDataModule",
    "TopK",
    "Trainer",
    "TrainingInterrupted",
    "accuracy",
    "add_to_class",
    "diff_runs",
    "layer_table",
    "load_weights",
    "parameter_count",
    "save_weights",
    "summary",
]
