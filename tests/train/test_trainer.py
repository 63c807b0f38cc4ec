from __future__ import annotations

import math

import pytest

import fathom
from fathom import nn, optim
from fathom.data import FileFormatError
from fathom.train import (
    Callback,
    Classifier,
    DataModule,
    LinearRegression,
    LinearRegressionScratch,
    Module,
    SyntheticRegressionData,
    Trainer,
)  # fmt: skip


def small_data(count=12, batch_size=4, validation=True):
    source = fathom.Generator().manual_seed(0)
    x = fathom.randn(count, 3, generator=source)
    y = (x.sum(1) > 0).long()
    return DataModule.of_tensors(
        x, y, validation=(x, y) if validation else None, batch_size=batch_size
    )


class Small(Classifier):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Linear(3, 2)


class Diary(Callback):
    def __init__(self):
        self.events = []

    def __getattribute__(self, name):
        if name.startswith("on_") or name in ("setup", "teardown"):
            return lambda trainer, *details: self.events.append(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize(
    "make", [lambda: LinearRegression(0.03), lambda: LinearRegressionScratch(2, 0.06)]
)
def test_linear_regression_finds_the_line_that_made_the_data(make):
    fathom.manual_seed(0)
    data = SyntheticRegressionData(fathom.tensor([2.0, -3.4]), b=4.2)
    model = make()
    Trainer(max_epochs=3, progress=False).fit(model, data)
    w, b = (model.w, model.b) if hasattr(model, "w") else model.get_w_b()
    assert w.flatten().tolist() == pytest.approx([2, -3.4], abs=0.02)
    assert b.item() == pytest.approx(4.2, abs=0.02)


def test_the_loop_is_the_one_written_by_hand():
    data = small_data()
    fathom.manual_seed(0)
    model = Small()
    by_hand = Small()
    by_hand.load_state_dict(model.state_dict())
    compiled = Small()
    compiled.load_state_dict(model.state_dict())
    Trainer(max_epochs=2, seed=5, progress=False, compile=False).fit(model, data)
    Trainer(max_epochs=2, seed=5, progress=False).fit(compiled, data)

    fathom.manual_seed(5)
    optimizer = optim.SGD(by_hand.parameters(), lr=0.1)
    loader = data.train_dataloader()
    for _ in range(2):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(by_hand.net(x), y).backward()
            optimizer.step()
    for a, b, c in zip(*[m.parameters() for m in (model, by_hand, compiled)], strict=True):
        assert a.tolist() == b.tolist()
        assert c.tolist() == [pytest.approx(row, rel=1e-5, abs=1e-6) for row in a.tolist()]


def test_callbacks_hear_of_each_turn_in_order():
    diary = Diary()
    trainer = Trainer(max_epochs=1, callbacks=[diary], progress=False)
    trainer.fit(Small(), small_data(8, 4))
    step = ["on_before_backward", "on_train_batch_end"]
    validation = ["on_validation_start", *["on_validation_batch_end"] * 2]
    assert diary.events == [
        "setup", "on_fit_start", *step, *step, *validation, "on_epoch_end", "on_fit_end", "teardown",
    ]  # fmt: skip


def test_metrics_weigh_batches_by_their_examples():
    trainer = Trainer(max_epochs=1, progress=False)
    model, data = Small(lr=1e-9), small_data(10, 4)
    trainer.fit(model, data)
    x, y = data.tensors
    expected = nn.functional.cross_entropy(model.net(x), y).item()
    line = trainer.history.last()
    assert line["train_loss"] == pytest.approx(expected, abs=1e-5)
    assert line["val_loss"] == pytest.approx(expected, abs=1e-5)
    assert line["val_acc"] == pytest.approx((model.net(x).argmax(1) == y).float().mean().item())


def test_validation_changes_no_random_number():
    """Dropout in training draws the same with and without validation."""

    class Dropping(Small):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 2))

    weights = []
    for validation in (True, False):
        fathom.manual_seed(0)
        model = Dropping()
        Trainer(max_epochs=2, seed=1, progress=False).fit(model, small_data(validation=validation))
        weights.append(model.net[1].weight.tolist())
    assert weights[0] == weights[1]


def test_a_curve_has_the_asked_number_of_points_in_an_epoch():
    trainer = Trainer(max_epochs=2, progress=False)
    model = Small()
    model.plot_train_per_epoch = 3
    trainer.fit(model, small_data(40, 4))
    points = [line["epoch"] for line in trainer.history.lines if line["kind"] == "step"]
    assert points == pytest.approx([0.4, 0.7, 1.0, 1.4, 1.7, 2.0])
    assert [x for x, _ in model.board.curves["train_loss"]] == points
    assert [x for x, _ in model.board.curves["val_acc"]] == [1, 2]


def test_gradients_are_clipped_to_a_norm():
    norms = []

    class Norm(Callback):
        def on_train_batch_end(self, trainer):
            norms.append(
                math.sqrt(sum(p.grad.square().sum().item() for p in trainer.model.parameters()))
            )

    Trainer(max_epochs=1, gradient_clip_val=0.01, callbacks=[Norm()], progress=False).fit(
        Small(), small_data()
    )
    assert norms == pytest.approx([0.01] * 3, rel=1e-3)


def test_the_precision_is_that_of_model_and_batches():
    model = Small()
    Trainer(max_epochs=1, precision="float64", progress=False).fit(model, small_data())
    assert model.net.weight.dtype is fathom.float64


def test_workers_change_nothing_in_what_is_learnt():
    weights = []
    for workers in (None, 2):
        fathom.manual_seed(0)
        model = Small()
        Trainer(max_epochs=2, num_workers=workers, seed=1, progress=False).fit(model, small_data())
        weights.append(model.net.weight.tolist())
    assert weights[0] == weights[1]


def test_a_model_that_plots_without_a_trainer_raises():
    with pytest.raises(RuntimeError, match="Small.plot: it has no trainer"):
        Small().training_step((fathom.zeros(1, 3), fathom.zeros(1).long()))


def test_a_module_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match="Module must define loss"):
        Module().loss(fathom.zeros(1), fathom.zeros(1))
    with pytest.raises(NotImplementedError, match="must define forward"):
        Module()(fathom.zeros(1))
    with pytest.raises(NotImplementedError, match="configure_optimizers"):
        Module().configure_optimizers()
    with pytest.raises(NotImplementedError, match="get_dataloader"):
        DataModule().train_dataloader()


def test_empty_training_data_raises():
    with pytest.raises(ValueError, match="the training data is empty"):
        Trainer(progress=False).fit(
            Small(), DataModule.of_tensors(fathom.zeros(0, 3), fathom.zeros(0).long())
        )


def test_a_loader_may_be_a_plain_list_and_is_gone_on_with(tmp_path):
    x, y = small_data().tensors

    class Plain(DataModule):
        def train_dataloader(self):
            return [(x[:6], y[:6]), (x[6:], y[6:])]

        def val_dataloader(self):
            return None

    class Save(Callback):
        def on_train_batch_end(self, trainer):
            if trainer.step == 3:
                trainer.save_checkpoint(tmp_path)

    fathom.manual_seed(0)
    model = Small()
    Trainer(max_epochs=2, callbacks=[Save()], progress=False).fit(model, Plain())
    again = Small()
    trainer = Trainer(max_epochs=2, progress=False)
    trainer.fit(again, Plain(), resume=tmp_path)
    assert trainer.step == 4
    assert again.net.weight.tolist() == model.net.weight.tolist()


def test_a_checkpoint_of_another_network_is_one_clear_error(tmp_path):
    Trainer(max_epochs=1, out=tmp_path, progress=False).fit(Small(), small_data())

    class Wide(Small):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(3, 7)

    with pytest.raises(
        FileFormatError, match=r"model\.safetensors: expected a checkpoint of this Wide"
    ):
        Trainer(max_epochs=1, progress=False).fit(Wide(), small_data(), resume=tmp_path)


def test_a_run_leaves_its_folder(tmp_path):
    Trainer(max_epochs=1, out=tmp_path / "run", progress=False).fit(Small(), small_data())
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == [
        "checkpoints",
        "curves.png",
        "curves.svg",
        "metrics.jsonl",
        "model.safetensors",
    ]
