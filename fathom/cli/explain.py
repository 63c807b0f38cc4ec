"""`fathom explain`: math, code, diagram and numbers of an operation, or of a network on a real example."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from fathom.cli.choosing import WITHOUT_NETWORK, chosen_data, open_task
from fathom.cli.errors import GOOD, UsageError
from fathom.cli.recipes import RECIPES, Recipe, Settings, check_fit, recipe_named
from fathom.cli.run import restore
from fathom.core.random import manual_seed
from fathom.data import DataLoader
from fathom.explain import Explanation
from fathom.explain import explain as explained
from fathom.explain.operation import named
from fathom.explain.save import form_of
from fathom.train import Module

STEPS = 6  # of a sequence: the next one is like the last
EPILOG = """\
examples:
  fathom explain softmax
  fathom explain conv2d --out conv2d.html
  fathom explain lenet --out lenet.html
  fathom explain runs/lenet-digits-20250131-120000 --out lenet.html

A name of both, such as softmax, is the operation; with --data it is the network.
The ending of the file says what is written: .html a page to step through, .svg a drawing, .tex, .txt.
Without --out it is told here.
"""


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = commands.add_parser(
        "explain",
        help="show an operation or a network from the inside",
        description="Shows the math, the code, the diagram and the numbers of an operation, or of a network "
        "on one real example, forward and backward.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "subject",
        metavar="WHAT",
        help=f"an operation (softmax, conv2d, ...), a network ({', '.join(RECIPES)}), or a run's folder",
    )
    parser.add_argument("--data", metavar="NAME", help="where a network's example comes from")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write it to .html, .svg, .tex or .txt"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of an untrained network (0)"
    )
    parser.set_defaults(run=explain)


def explain(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    if arguments.out is not None:
        form_of(arguments.out)  # before the work begins
    explanation = of_subject(arguments)
    if arguments.out is None:
        width = shutil.get_terminal_size((100, 24)).columns
        print(explanation.text(width, color=sys.stdout.isatty()), end="")
    else:
        explanation.save(arguments.out)
        print(arguments.out)
    return GOOD


def of_subject(arguments: argparse.Namespace) -> Explanation:
    """The explanation of what was named."""
    folder = Path(arguments.subject)
    if arguments.subject in RECIPES and (arguments.data or not is_operation(arguments.subject)):
        recipe = recipe_named(arguments.subject)
        data = example_data(recipe, arguments.data)
        manual_seed(arguments.seed)
        return of_network(recipe, recipe.settings_for(data), data, None)
    if folder.is_dir():
        config, model = restore(folder)
        data = arguments.data or config.data
        return of_network(
            recipe_named(config.model), Settings.from_json(config.settings), data, model
        )
    if arguments.data is not None:
        raise UsageError(
            f"--data is for networks ({', '.join(RECIPES)}) and runs; {arguments.subject} is none"
        )
    return explained(arguments.subject)


def is_operation(name: str) -> bool:
    """Whether an operation has this name: softmax alone is the operation, softmax --data digits the network."""
    try:
        named(name)
    except ValueError:
        return False
    return True


def example_data(recipe: Recipe, asked: str | None) -> str:
    """The data that the example comes from: the digits that come with fathom where the network reads them."""
    if asked is None and WITHOUT_NETWORK in recipe.data:
        return WITHOUT_NETWORK
    name, _ = chosen_data(recipe, asked)
    check_fit(recipe, name)
    return name


def of_network(recipe: Recipe, settings: Settings, data: str, model: Module | None) -> Explanation:
    """The network, trained or fresh, on the first example of the test part."""
    task = open_task(data, settings, None)
    model = (task.model(recipe, settings) if model is None else model).eval()
    batch = next(iter(one_by_one(task.data.val_dataloader())))
    *inputs, target = [x[:, :STEPS] if recipe.name == "gru-chars" else x for x in batch]
    return explained(model, *inputs, target=target)


def one_by_one(loader: DataLoader) -> DataLoader:
    """The loader's examples in batches of one."""
    return DataLoader(loader.dataset, batch_size=1, collate_fn=loader.collate_fn)
