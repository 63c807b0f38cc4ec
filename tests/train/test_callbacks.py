from __future__ import annotations

import math

import pytest

import fathom
from fathom import nn, optim
from fathom.train import (
    Callback,
    Classifier,
    DataModule,
    EarlyStopping,
    LearningRateSchedule,
    ModelCheckpoint,
    NonFiniteLossError,
    StopOnNaN,
    Trainer,
)  # fmt: skip
from fathom.train.callbacks import better
from fathom.train.checkpoint import checkpoints, read_checkpoint
from fathom.train.history import History


class Net(Classifier):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))


def data():
    x = fathom.randn(8, 2, generator=fathom.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    return DataModule.of_tensors(x, y, validation=(x, y), batch_size=4)


class Told(Trainer):
    """A trainer whose epochs have the metrics that they are told to have."""

    def __init__(self, callback, values):
        super().__init__(max_epochs=len(values), callbacks=[callback], progress=False)
        self.values = values

    def tell(self, event, *details):
        if event == "on_epoch_end":
            self.history.lines[-1]["val_loss"] = self.values[self.epoch - 1]
        super().tell(event, *details)


@pytest.mark.parametrize(
    ("values", "epochs"),
    [
        ([3, 2, 1, 0], 4),
        ([3, 2, 2, 2, 0], 4),
        ([3, 3.1, 2.9, 3, 3, 1], 5),
        ([math.nan, 2, 1, 1], 4),
    ],
)
def test_early_stopping_waits_for_patience_epochs_without_gain(values, epochs):
    trainer = Told(EarlyStopping(patience=2), values)
    trainer.fit(Net(), data())
    assert trainer.epoch == epochs


def test_a_gain_below_min_delta_is_none():
    trainer = Told(EarlyStopping(patience=1, min_delta=0.5), [3, 2.8, 1])
    trainer.fit(Net(), data())
    assert trainer.epoch == 2


def test_an_unknown_metric_names_those_there_are():
    trainer = Trainer(max_epochs=1, callbacks=[EarlyStopping("val_lost")], progress=False)
    with pytest.raises(KeyError, match="no metric is called 'val_lost'; there are train_loss"):
        trainer.fit(Net(), data())


def test_nan_never_beats_a_number():
    assert not better(math.nan, 1.0, "min")
    assert not better(math.nan, 1.0, "max")
    assert better(1.0, math.nan, "min")


@pytest.mark.parametrize("mode", ["max", "min"])
def test_the_best_checkpoint_is_kept_beside_the_newest(tmp_path, mode):
    callback = ModelCheckpoint(tmp_path, "val_loss", mode, keep=2)
    Told(callback, [3, 1, 2, 2.5]).fit(Net(), data())
    best = 1 if mode == "max" else 2
    assert [path.name for path in checkpoints(tmp_path / "best")] == [f"step-{2 * best:08d}"]
    assert [path.name for path in checkpoints(tmp_path)] == ["step-00000006", "step-00000008"]
    assert read_checkpoint(checkpoints(tmp_path)[-1]).state["counters"]["epoch"] == 4


def test_checkpoints_after_steps_and_after_some_epochs(tmp_path):
    callback = ModelCheckpoint(tmp_path, every_n_epochs=2, every_n_train_steps=3, keep=9)
    Trainer(max_epochs=4, callbacks=[callback], progress=False).fit(Net(), data())
    assert [int(path.name[5:13]) for path in checkpoints(tmp_path)] == [3, 4, 6, 8]


def test_wrong_arguments_raise(tmp_path):
    with pytest.raises(ValueError, match="mode must be one of"):
        EarlyStopping(mode="least")
    with pytest.raises(ValueError, match="keep must be at least 1"):
        ModelCheckpoint(tmp_path, keep=0)
    with pytest.raises(ValueError, match="every must be one of"):
        LearningRateSchedule(lambda optimizer, total: None, every="batch")


@pytest.mark.parametrize(
    ("every", "expected"), [("epoch", [1, 1, 0.5, 0.5]), ("step", [1, 0.5, 0.25, 0.125])]
)
def test_a_schedule_changes_the_rate_after_each_step_or_epoch(every, expected):
    rates = []

    class Watch(Callback):
        def on_before_backward(self, trainer, loss):
            rates.append(trainer.optimizer.param_groups[0]["lr"])

    schedule = LearningRateSchedule(
        lambda o, total: optim.lr_scheduler.StepLR(o, 1, gamma=0.5), every
    )
    Trainer(max_epochs=2, callbacks=[schedule, Watch()], progress=False).fit(Net(lr=1.0), data())
    assert rates == expected


def test_a_schedule_knows_how_many_steps_there_will_be():
    totals = []

    def make(optimizer, total):
        totals.append(total)
        return optim.lr_scheduler.ConstantLR(optimizer)

    for every in ("epoch", "step"):
        Trainer(max_epochs=3, callbacks=[LearningRateSchedule(make, every)], progress=False).fit(
            Net(), data()
        )
    assert totals == [3, 6]


def test_nan_weights_are_traced_to_their_layer():
    model = Net()
    model.net[2].weight.data[0, 1] = math.nan
    with pytest.raises(
        NonFiniteLossError, match=r"in step 1 .*net\.2 Linear: 1 of the 8 values of its weight"
    ):
        Trainer(max_epochs=1, callbacks=[StopOnNaN()], progress=False).fit(model, data())


def test_nan_data_is_told_from_nan_weights():
    x = fathom.full((4, 2), math.inf)
    bad = DataModule.of_tensors(x, fathom.zeros(4).long(), batch_size=4)
    with pytest.raises(NonFiniteLossError, match="8 values of the batch's input 0 are not finite"):
        Trainer(max_epochs=1, callbacks=[StopOnNaN()], progress=False).fit(Net(), bad)


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")
def test_a_layer_that_overflows_is_named():
    class Root(nn.Module):
        def forward(self, x):
            return (x - 1e3).sqrt()

    model = Net()
    model.net = nn.Sequential(nn.Linear(2, 2), Root())
    with pytest.raises(
        NonFiniteLossError, match=r"net\.1 Root: its inputs are finite, 8 of its outputs not"
    ):
        Trainer(max_epochs=1, callbacks=[StopOnNaN()], progress=False).fit(model, data())


def test_without_the_callback_nan_is_learnt_from():
    model = Net()
    model.net[2].weight.data[0, 1] = math.nan
    trainer = Trainer(max_epochs=1, progress=False)
    trainer.fit(model, data())
    assert math.isnan(trainer.history.last()["train_loss"])


def test_history_goes_on_from_a_saved_state_in_mid_epoch():
    first, second = History(), History()
    first.add("train_loss", 1.0, 3)
    second.load_state_dict(first.state_dict())
    second.add("train_loss", 5.0, 1)
    assert second.close_epoch(epoch=1)["train_loss"] == 2
