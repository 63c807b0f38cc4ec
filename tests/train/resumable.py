"""A small training with everything that must be saved: run as a program by test_resume.py.

python resumable.py OUT [--stop-at STEP] [--resume FOLDER] [--kill-in N]
"""

from __future__ import annotations

import argparse
import os
import signal

import fathom
from fathom import nn, optim
from fathom.train import (
    Callback,
    Classifier,
    DataModule,
    EarlyStopping,
    LearningRateSchedule,
    ModelCheckpoint,
    Trainer,
    TrainingInterrupted,
)  # fmt: skip
from fathom.train import checkpoint as checkpoints

EPOCHS, BATCHES = 3, 9  # of 4 examples, the last of 2


class Net(Classifier):
    def __init__(self):
        super().__init__(plot_train_per_epoch=4)
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.LazyLinear(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)
        )  # fmt: skip

    def configure_optimizers(self):
        return optim.AdamW(self.parameters(), lr=0.05)


class Data(DataModule):
    def __init__(self):
        super().__init__()
        self.batch_size = 4
        source = fathom.Generator().manual_seed(1)
        self.x = fathom.randn(34, 5, generator=source)
        self.y = fathom.randint(0, 3, (34,), generator=source)

    def get_dataloader(self, train):
        part = slice(0, 34) if train else slice(0, 10)
        return self.get_tensorloader((self.x, self.y), train, part)


class StopAt(Callback):
    """What Ctrl-C does, at a step that is known."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer):
        trainer.wish.asked = trainer.step == self.step

    def on_validation_batch_end(self, trainer):
        trainer.wish.asked = self.step == -trainer.epoch - 1  # -1: in the first validation


def kill_in(count):
    """Ends the process, as a power cut would, when it has written so many files of checkpoints."""
    write, written = checkpoints.write_through, []

    def write_or_die(path, content):
        write(path, content)
        written.append(path)
        if len(written) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoints.write_through = write_or_die


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--stop-at", type=int)
    parser.add_argument("--resume")
    parser.add_argument("--kill-in", type=int)
    chosen = parser.parse_args()
    if chosen.kill_in:
        kill_in(chosen.kill_in)
    fathom.manual_seed(0)
    trainer = Trainer(
        max_epochs=EPOCHS,
        seed=3,
        gradient_clip_val=1.0,
        out=chosen.out,
        progress=False,
        callbacks=[
            StopAt(chosen.stop_at),
            EarlyStopping(patience=EPOCHS),
            LearningRateSchedule(
                lambda o, steps: optim.lr_scheduler.CosineAnnealingLR(o, steps), "step"
            ),
            ModelCheckpoint(
                os.path.join(chosen.out, "checkpoints"), "val_loss", every_n_train_steps=2, keep=3
            ),
        ],
    )
    try:
        trainer.fit(Net(), Data(), resume=chosen.resume)
    except TrainingInterrupted as stopped:
        print(stopped.checkpoint)


if __name__ == "__main__":
    main()
