from __future__ import annotations

import io

import fathom
from fathom import nn
from fathom.train import Classifier, DataModule, Trainer
from fathom.train.callbacks import Callback
from fathom.train.progress import BarDisplay, LineDisplay, clock, progress_display


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Net(Classifier):
    def __init__(self):
        super().__init__()
        self.lr = 0.1
        self.net = nn.Linear(2, 2)


def fitted(display: Callback) -> None:
    x = fathom.randn(8, 2, generator=fathom.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    data = DataModule.of_tensors(x, y, validation=(x, y), batch_size=4)
    Trainer(max_epochs=2, callbacks=[display], progress=False).fit(Net(), data)


def test_the_display_suits_where_the_output_goes():
    assert type(progress_display(io.StringIO())) is LineDisplay
    assert type(progress_display(Terminal())) is BarDisplay


def test_without_a_terminal_each_epoch_is_a_line_of_a_table():
    stream = io.StringIO()
    fitted(LineDisplay(stream))
    head, *rows = stream.getvalue().splitlines()
    assert head.split() == [
        "epoch",
        "train",
        "loss",
        "train",
        "acc",
        "val",
        "loss",
        "val",
        "acc",
        "seconds",
    ]
    assert [row.split()[0] for row in rows] == ["1", "2"]
    assert {len(row) for row in rows} == {len(head)}


def test_in_a_terminal_a_bar_tells_loss_metric_speed_and_time_left(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    display = BarDisplay(stream)
    facts = []
    update = BarDisplay.show

    def noted(self, *details, **more):
        update(self, *details, **more)
        facts.append(self.bar.tasks[0].fields["facts"])

    monkeypatch.setattr(BarDisplay, "show", noted)
    fitted(display)
    for part in ("loss ", "acc ", "/s", " left"):
        assert part in facts[0]
    assert "val loss" in facts[-1]
    assert "epoch" in stream.getvalue()


def test_a_clock_shows_hours():
    assert [clock(s) for s in (0, 59.9, 60, 3725)] == ["0:00:00", "0:00:59", "0:01:00", "1:02:05"]
