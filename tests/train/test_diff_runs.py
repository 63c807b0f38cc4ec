"""Two recorded runs are held against each other: where they part first, and why."""

from __future__ import annotations

import json
import math

import pytest

import fathom
from fathom import nn, optim
from fathom.cli import main
from fathom.data import DataNotFoundError, FileFormatError
from fathom.train import (
    Callback,
    Classifier,
    DataModule,
    LearningRateSchedule,
    Recorder,
    Trainer,
    TrainingInterrupted,
    diff_runs,
)  # fmt: skip
from fathom.train.recorded import read_record

STEPS = 9  # of an epoch: 34 examples in batches of 4


class Net(Classifier):
    def __init__(self, lr=0.05, p=0.3):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(5, 8), nn.Dropout(p), nn.BatchNorm1d(8), nn.Linear(8, 3))

    def configure_optimizers(self):
        return optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)


class Data(DataModule):
    def __init__(self, changed=False, drawn_before=0):
        super().__init__()
        self.batch_size = 4
        source = fathom.Generator().manual_seed(1)
        self.x = fathom.randn(34, 5, generator=source)
        self.y = fathom.randint(0, 3, (34,), generator=source)
        self.drawn_before = drawn_before
        if changed:
            self.x[33, 4] += 1e-3

    def get_dataloader(self, train):
        if train:
            fathom.rand(self.drawn_before)  # the order that follows is another one
        return self.get_tensorloader((self.x, self.y), train)


class Nudge(Callback):
    """Adds to one weight after a step."""

    def __init__(self, step, name):
        self.step, self.name = step, name

    def on_train_batch_end(self, trainer):
        if trainer.step == self.step:
            with fathom.no_grad():
                trainer.model.state_dict()[self.name][0] += 1e-3


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer):
        trainer.wish.asked = trainer.step == self.step


def run(
    folder, seed=0, epochs=2, callbacks=(), record=1, resume=None, model=None, data=None, **options
):
    fathom.manual_seed(seed)
    trainer = Trainer(
        max_epochs=epochs, seed=seed, out=folder, callbacks=callbacks, record=record, progress=False,
        compile=False, **options,
    )  # fmt: skip
    trainer.fit(model or Net(), data or Data(), resume=resume)
    return folder


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A run that the others are held against."""
    return run(tmp_path_factory.mktemp("first"))


def kinds(difference):
    return [reason.kind for reason in difference.reasons]


def test_the_same_run_twice_is_equal(first, tmp_path):
    found = fathom.diff_runs(first, run(tmp_path))
    assert found.equal
    assert found.compared == (1, 2 * STEPS)
    assert found.facts == () and found.notes == ()
    assert "equal, from step 1 to step 18" in found.text()


def test_a_compiled_run_is_recorded_too(tmp_path):
    for name in ("a", "b"):
        fathom.manual_seed(0)
        trainer = Trainer(2, seed=0, out=tmp_path / name, record=True, progress=False)
        trainer.fit(Net(), Data())
    found = diff_runs(tmp_path / "a", tmp_path / "b")
    assert found.equal and found.compared == (1, 2 * STEPS)
    assert len({step.loss for step in read_record(tmp_path / "a").steps.values()}) == 2 * STEPS


def test_another_seed_parts_the_runs_before_the_first_step(first, tmp_path):
    found = diff_runs(first, run(tmp_path, seed=1))
    assert (found.step, found.what, found.tensor) == (0, "tensors at the start", "net.0.weight")
    assert set(found.tensors) == {"net.0.weight", "net.0.bias", "net.3.weight", "net.3.bias"}
    assert found.reasons[0].kind == "seed"
    assert found.reasons[0].text == "seed is 0 and 1"


def test_weights_made_before_the_seed_was_set_are_told(first, tmp_path):
    fathom.manual_seed(7)
    model = Net()
    found = diff_runs(first, run(tmp_path, model=model))
    assert (found.step, kinds(found)) == (0, ["unknown"])
    assert "call fathom.manual_seed before the model is made" in found.reasons[0].text


def test_the_same_data_in_another_order_are_told_from_other_data(first, tmp_path):
    found = diff_runs(first, run(tmp_path / "order", data=Data(drawn_before=3)))
    assert (found.step, found.what, found.tensor) == (1, "batch", None)
    assert found.reasons[0].kind == "order"
    assert found.reasons[0].text == "the same examples, in another order"
    assert "random numbers" in kinds(found)
    found = diff_runs(first, run(tmp_path / "data", data=Data(changed=True)))
    assert found.what == "batch" and found.step > 1
    assert kinds(found) == ["data"]
    assert found.reasons[0].text == "the examples themselves differ"


def test_batches_of_another_size_are_not_called_another_order(first, tmp_path):
    class Larger(Data):
        def __init__(self, batch_size):
            super().__init__()
            self.save_hyperparameters()

    found = diff_runs(run(tmp_path / "a", data=Larger(4)), run(tmp_path / "b", data=Larger(5)))
    assert (found.step, found.what) == (1, "batch")
    assert found.reasons[0].text == "data.batch_size is 4 and 5"
    assert "order" not in kinds(found)


def test_runs_that_stopped_before_their_first_step_are_compared_as_they_begin(first, tmp_path):
    begin = (first / "record.jsonl").read_text().splitlines(keepends=True)[0]
    (tmp_path / "record.jsonl").write_text(begin)
    found = diff_runs(tmp_path, tmp_path)
    assert found.equal and "equal, as they begin" in found.text()


@pytest.mark.parametrize("name", ["net.3.weight", "net.2.running_mean"])
def test_a_number_that_was_changed_by_hand_is_found_with_its_step(first, tmp_path, name):
    found = diff_runs(first, run(tmp_path, callbacks=[Nudge(7, name)]))
    assert (found.step, found.what, found.tensor) == (7, "tensors", name)
    assert found.tensors == (name,)
    assert found.before == 6
    assert kinds(found) == ["settings", "code"]  # the callback, and its source
    assert "callbacks" in found.reasons[0].text


def test_with_a_look_at_every_fourth_step_it_is_found_within_four(tmp_path):
    """The nudge of step 7 shows in the loss of step 8, and the report says since when it may have been there."""
    a = run(tmp_path / "a", record=4)
    b = run(tmp_path / "b", record=4, callbacks=[Nudge(6, "net.3.weight")])
    found = diff_runs(a, b)
    assert (found.step, found.what, found.before) == (7, "loss", 4)
    assert "seen to be equal after step 4" in found.text()
    assert "tensors were recorded after every 4 steps" in found.notes


def test_another_learning_rate_is_told_with_both(first, tmp_path):
    found = diff_runs(first, run(tmp_path, model=Net_with(lr=0.1)))
    assert (found.step, found.what, found.values) == (1, "learning rate", (0.05, 0.1))
    assert "model.lr is 0.05 and 0.1" in [reason.text for reason in found.reasons]


def Net_with(**arguments):
    fathom.manual_seed(0)
    return Net(**arguments)


def test_another_schedule_is_found_where_it_first_differs(tmp_path):
    def halving(after):
        return LearningRateSchedule(
            lambda o, epochs: optim.lr_scheduler.StepLR(o, after, gamma=0.5), every="step"
        )

    a = run(tmp_path / "a", callbacks=[halving(5)])
    b = run(tmp_path / "b", callbacks=[halving(8)])
    found = diff_runs(a, b)
    assert (found.step, found.what, found.values) == (6, "learning rate", (0.025, 0.05))
    assert found.before == 5


def test_another_dropout_is_told_by_the_layer(first, tmp_path):
    found = diff_runs(first, run(tmp_path, model=Net_with(p=0.5)))
    assert (found.step, found.what) == (1, "loss")
    assert "layer net.1 is 'Dropout(p=0.3, inplace=False)' and 'Dropout(p=0.5, inplace=False)'" in [
        reason.text for reason in found.reasons
    ]


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [("versions", "numpy", "1.0"), ("threads", "fathom", 99), ("machine", "processor", "abacus"),
     ("code", "fathom", "0123456789abcdef")],
)  # fmt: skip
def test_a_loss_that_differs_by_rounding_is_put_down_to_what_computes_it(
    first, tmp_path, section, name, value
):
    lines = [json.loads(line) for line in (first / "record.jsonl").read_text().splitlines()]
    lines[0]["facts"][section][name] = value
    lines[5]["loss"] = lines[5]["loss"] * (1 + 1e-7)
    (tmp_path / "record.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = diff_runs(first, tmp_path)
    assert (found.step, found.what, kinds(found)) == (5, "loss", [section])


def test_facts_that_do_not_matter_leave_equal_runs_equal(first, tmp_path):
    lines = (first / "record.jsonl").read_text().splitlines(keepends=True)
    begin = json.loads(lines[0])
    begin["facts"]["threads"]["fathom"] = 99
    (tmp_path / "record.jsonl").write_text(json.dumps(begin) + "\n" + "".join(lines[1:]))
    found = diff_runs(first, tmp_path)
    assert found.equal
    assert [(fact.section, fact.name, fact.b) for fact in found.facts] == [
        ("threads", "fathom", 99)
    ]


def test_an_interrupted_run_is_compared_as_far_as_it_goes(first, tmp_path):
    with pytest.raises(TrainingInterrupted):
        run(tmp_path, callbacks=[StopAt(5)])
    found = diff_runs(first, tmp_path)
    assert found.equal and found.compared == (1, 5)
    assert f"{tmp_path} did not come to its end: it stops after step 5" in found.notes
    assert "the runs have 18 and 5 steps; they are compared up to step 5" in found.notes


def test_a_line_that_was_cut_off_is_left_out(first, tmp_path):
    content = (first / "record.jsonl").read_bytes()
    lines = content.splitlines(keepends=True)
    (tmp_path / "record.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:25])
    assert diff_runs(first, tmp_path).compared == (1, 3)


def test_a_run_that_went_on_from_a_checkpoint_is_recorded_as_one(first, tmp_path):
    with pytest.raises(TrainingInterrupted):
        run(tmp_path, callbacks=[StopAt(5)])
    run(tmp_path, callbacks=[StopAt(0)], resume=tmp_path)
    found = diff_runs(first, tmp_path)
    assert found.equal and found.compared == (1, 2 * STEPS)
    assert [begin.step for begin in read_record(tmp_path).begins] == [0, 5]


def test_recording_changes_nothing(first, tmp_path):
    run(tmp_path, record=False)
    assert not (tmp_path / "record.jsonl").exists()
    assert (tmp_path / "model.safetensors").read_bytes() == (
        first / "model.safetensors"
    ).read_bytes()


def test_a_loss_that_is_no_number_is_recorded(tmp_path):
    class Diverging(Net):
        def loss(self, y_hat, y):
            return super().loss(y_hat, y) * math.nan

    a, b = (run(tmp_path / name, epochs=1, model=None) for name in "ab")
    fathom.manual_seed(0)
    b = run(tmp_path / "c", epochs=1, model=Diverging())
    found = diff_runs(a, b)
    assert (found.step, found.what, found.values[1]) == (1, "loss", "nan")
    assert "code" in kinds(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found an empty file"),
        (b"PK\x03\x04\n", "line 1: expected fathom record 1"),
        (b'{"kind":"step","step":1}\n', "it begins with 'step'"),
        (
            b'{"kind":"begin","format":"fathom record 9","step":0,"tensors":{}}\n',
            "'fathom record 9'",
        ),
        (b"[" * 100_000 + b"\n", "line 1"),
    ],
)
def test_a_file_that_is_no_record_is_a_clear_error(first, tmp_path, content, message):
    (tmp_path / "record.jsonl").write_bytes(content)
    with pytest.raises(FileFormatError, match=message):
        diff_runs(first, tmp_path)


def test_a_damaged_line_in_the_middle_is_named(first, tmp_path):
    lines = (first / "record.jsonl").read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace('"batch"', '"batsch"')
    (tmp_path / "record.jsonl").write_text("".join(lines))
    with pytest.raises(FileFormatError, match="record.jsonl, line 4: .* KeyError: 'batch'"):
        diff_runs(first, tmp_path)


def test_a_folder_without_a_record_says_how_to_make_one(first, tmp_path):
    with pytest.raises(DataNotFoundError, match=r"Trainer\(out=..., record=True\)"):
        diff_runs(first, tmp_path)
    with pytest.raises(DataNotFoundError, match="is no folder"):
        diff_runs(tmp_path / "nowhere", first)


def test_parts_of_runs_without_a_common_step_are_refused(first, tmp_path):
    lines = (first / "record.jsonl").read_text().splitlines(keepends=True)
    early, late = tmp_path / "early", tmp_path / "late"
    begin = json.loads(lines[0]) | {"step": 9}
    for folder, content in ((early, lines[:4]), (late, [json.dumps(begin) + "\n", *lines[10:]])):
        folder.mkdir()
        (folder / "record.jsonl").write_text("".join(content))
    with pytest.raises(
        ValueError, match="steps 1 to 3 and .* steps 10 to 18: they have none in common"
    ):
        diff_runs(early, late)


def test_a_record_needs_a_folder_and_a_whole_number_of_steps():
    with pytest.raises(ValueError, match="give out="):
        Trainer(record=True)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Recorder("runs", every=0)


# ---- the command ---------------------------------------------------------------------------------


def test_the_command_says_where_runs_part_and_ends_with_1(first, tmp_path, capsys):
    other = run(tmp_path, model=Net_with(lr=0.1))
    assert main(["diff-runs", str(first), str(other)]) == 1
    said = capsys.readouterr().out
    assert "The runs part at step 1: the learning rate" in said
    assert "model.lr  0.05  |  0.1" in said
    assert main(["diff-runs", str(first), str(first)]) == 0
    assert "equal" in capsys.readouterr().out


def test_the_command_tells_a_mistake_in_a_line(first, tmp_path, capsys):
    assert main(["diff-runs", str(first), str(tmp_path)]) == 2
    assert "holds no record.jsonl" in capsys.readouterr().err


def test_the_train_command_records_on_demand(tmp_path, capsys):
    for name in "ab":
        arguments = [
            "train",
            "softmax",
            "--data",
            "digits",
            "--epochs",
            "1",
            "--limit-batches",
            "3",
            "--record",
        ]
        assert main([*arguments, "--out", str(tmp_path / name)]) == 0
    assert main(["diff-runs", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert "from step 1 to step 3" in capsys.readouterr().out
