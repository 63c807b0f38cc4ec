"""`fathom train`: from a name to a trained network, in a folder that tells all about it."""

from __future__ import annotations

import argparse
import shlex
import time
from pathlib import Path
from typing import Any

from fathom.cli.choosing import chosen_data, open_task
from fathom.cli.errors import GOOD, INTERRUPTED, UsageError
from fathom.cli.parsing import above_zero, at_least_one
from fathom.cli.recipes import (
    RECIPES,
    Recipe,
    Settings,
    arguments_of,
    check_fit,
    one_cycle,
    recipe_named,
)
from fathom.cli.run import Config, run_of, version, weights_hash
from fathom.cli.task import Outcome, Task, first_inputs
from fathom.core.random import manual_seed
from fathom.train import LearningRateSchedule, StopOnNaN, Trainer, TrainingInterrupted
from fathom.train.checkpoint import newest_checkpoint
from fathom.train.files import write_whole
from fathom.train.layers import Layer, layer_table
from fathom.train.page import curves_section, layers_section, page
from fathom.train.record import RECORD

REPORT = "report.html"
EPILOG = """\
networks:
{networks}

examples:
  fathom train lenet
  fathom train lenet --data digits --epochs 20 --lr 0.003
  fathom train mlp --data california-housing
  fathom train --resume runs/lenet-fashion-mnist-20250131-120000

Ctrl-C stops after the step under way; --resume goes on from there, to the same bits.
"""


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    networks = "\n".join(
        f"  {r.name:<10} {r.about}\n{'':<13}data: {', '.join(r.data)}" for r in RECIPES.values()
    )
    parser = commands.add_parser(
        "train",
        help="train a network and write a report",
        description="Trains a network and leaves a folder with its weights, metrics, curves and report.",
        epilog=EPILOG.format(networks=networks),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", metavar="NETWORK", help=", ".join(RECIPES))
    parser.add_argument(
        "--data", metavar="NAME", help="what to learn; `fathom data list` shows all"
    )
    parser.add_argument("--epochs", type=at_least_one, metavar="N", help="passes over the data")
    parser.add_argument("--lr", type=above_zero, metavar="RATE", help="the highest learning rate")
    parser.add_argument("--batch-size", type=at_least_one, metavar="N", help="examples in a step")
    parser.add_argument("--seed", type=int, metavar="N", help="of all random numbers (0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the run's folder (runs/...)")
    parser.add_argument(
        "--resume", type=Path, metavar="DIR", help="a run, or a checkpoint, to go on from"
    )
    parser.add_argument(
        "--limit-batches",
        type=at_least_one,
        metavar="N",
        help="use N batches of each part, for a trial",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="keep a record of every step, for `fathom diff-runs`",
    )
    parser.set_defaults(run=train)


def train(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    if arguments.resume is not None:
        folder, config = resumed(arguments)
        recipe = recipe_named(config.model)
        settings = Settings.from_json(config.settings)
        why = ""
    else:
        recipe, folder, config, why = begun(arguments)
        settings = Settings.from_json(config.settings)
    print(f"{recipe.title} on {config.data}{why}")
    manual_seed(config.seed)
    task = open_task(config.data, settings, config.limit_batches)
    model = task.model(recipe, settings)
    layers = layer_table(model, first_inputs(task.data))
    record = arguments.record or (folder / RECORD).exists()  # what began with one goes on with it
    trainer = Trainer(
        max_epochs=settings.epochs,
        callbacks=[LearningRateSchedule(one_cycle, every="step"), StopOnNaN()],
        seed=config.seed,
        out=folder,
        record=record,
    )
    if arguments.resume is None:
        config.arguments, config.input = arguments_of(model), task.input()
        config.write(folder)
    introduce(task, layers, settings, config.seed, folder)
    try:
        trainer.fit(model, task.data, resume=arguments.resume)
    except TrainingInterrupted as stopped:
        at = f"after step {trainer.step:,}, in epoch {trainer.epoch + 1} of {settings.epochs}"
        if stopped.checkpoint is not None:
            resume = f"fathom train --resume {shlex.quote(str(folder))}"
            print(f"stopped {at}; go on with\n  {resume}")
        return INTERRUPTED
    outcome = task.outcome(model)
    config.results, config.weights = outcome.results, weights_hash(folder)
    config.write(folder)
    write_whole(folder / REPORT, report(config, recipe, task, layers, trainer, outcome))
    conclude(task, folder, outcome)
    return GOOD


def introduce(task: Task, layers: list[Layer], settings: Settings, seed: int, folder: Path) -> None:
    """Says what is about to happen."""
    count = sum(layer.parameters for layer in layers)
    learning = sum(layer.parameters > 0 for layer in layers)
    steps = len(task.data.train_dataloader())
    facts = {
        "data": task.about(),
        "network": f"{count:,} parameters in {learning} layers",
        "training": f"{settings.epochs} epochs of {steps:,} steps of {settings.batch_size} {task.unit}, "
        f"rate up to {settings.lr:g}, seed {seed}",
        "folder": f"{folder}",
    }
    for name, fact in facts.items():
        print(f"  {name:<9} {fact}")
    print()


def conclude(task: Task, folder: Path, outcome: Outcome) -> None:
    """Says what came out, and what can be done with it."""
    print(f"\n{outcome.headline}\n")
    place = shlex.quote(str(folder))
    for what, command in (
        ("the report, for a browser", f"{place}/{REPORT}"),
        task.next_command(place),
    ):
        print(f"  {what:<26} {command}")


def report(
    config: Config,
    recipe: Recipe,
    task: Task,
    layers: list[Layer],
    trainer: Trainer,
    outcome: Outcome,
) -> str:
    """The report as a page of HTML."""
    lines = trainer.history.lines
    seconds = sum(line["seconds"] for line in lines if line["kind"] == "epoch")
    count = sum(layer.parameters for layer in layers)
    settings = config.settings
    return page(
        f"{recipe.title} on {config.data}",
        f"{task.about()} · {settings['epochs']} epochs, batches of {settings['batch_size']}, "
        f"learning rate up to {settings['lr']:g}, seed {config.seed}",
        [*outcome.tiles, (f"{count:,}", "parameters"), (duration(seconds), "of training")],
        [
            curves_section(lines, task.names, {"train": "training", "val": "test"}),
            *outcome.sections,
            layers_section(layers),
        ],
        f"Made by fathom {config.fathom}: fathom train {config.model} --data {config.data} "
        f"--epochs {settings['epochs']} --lr {settings['lr']:g} "
        f"--batch-size {settings['batch_size']} --seed {config.seed}",
    )


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them.

    >>> duration(8.24), duration(75), duration(7380)
    ('8.2 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def begun(arguments: argparse.Namespace) -> tuple[Recipe, Path, Config, str]:
    """What a new run is made of, and why it takes the data it takes."""
    if arguments.model is None:
        raise UsageError(f"say which network to train: {', '.join(RECIPES)}")
    recipe = recipe_named(arguments.model)
    if arguments.data is not None:
        check_fit(recipe, arguments.data)
    data, why = chosen_data(recipe, arguments.data)
    settings = recipe.settings_for(
        data, epochs=arguments.epochs, batch_size=arguments.batch_size, lr=arguments.lr
    )
    stamp = time.strftime("%Y%m%d-%H%M%S")
    folder = arguments.out or Path("runs") / f"{recipe.name}-{data}-{stamp}"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is there already and not empty; name another --out, "
            f"or go on with: fathom train --resume {folder}"
        )
    seed = 0 if arguments.seed is None else arguments.seed
    config = Config(
        version(), recipe.name, data, seed, vars(settings).copy(), arguments.limit_batches
    )
    return recipe, folder, config, why


def resumed(arguments: argparse.Namespace) -> tuple[Path, Config]:
    """The run to go on with, as it was begun."""
    names = ("model", "data", "epochs", "lr", "batch_size", "seed", "out", "limit_batches")
    given = [name for name in names if getattr(arguments, name) is not None]
    if given:
        raise UsageError(
            f"--resume goes on exactly as the run was begun; leave out {', '.join(given)}"
        )
    folder = run_of(arguments.resume)
    config = Config.read(folder)
    newest_checkpoint(arguments.resume)
    return folder, config
