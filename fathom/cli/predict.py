"""`fathom predict`: what a trained network says of pictures, or how it writes on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fathom.autograd import no_grad
from fathom.cli.errors import GOOD, UsageError
from fathom.cli.parsing import at_least_one
from fathom.cli.run import Config, restore
from fathom.core.random import Generator
from fathom.ops.creation import from_numpy
from fathom.text import Alphabet, write_on
from fathom.train import Module
from fathom.vision import PictureFormat

EPILOG = """\
examples:
  fathom predict runs/lenet-digits-20250131-120000 seven.png photo.jpg
  fathom predict runs/lenet-digits-20250131-120000 seven.png --json
  fathom predict runs/gru-chars-time-machine-20250131-120000 "The Time Traveller"

A picture may have any size and colours: it is made grey, turned dark and brought to size as the
network knows its pictures.
"""


def add_parser(commands: Any) -> None:
    """Adds the command to the others."""
    parser = commands.add_parser(
        "predict",
        help="use a trained network",
        description="Says what is on pictures, or writes on after a beginning, with a trained network.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="a folder that fathom train made")
    parser.add_argument(
        "inputs", nargs="+", metavar="PICTURE|TEXT", help="picture files, or beginnings"
    )
    parser.add_argument(
        "--top", type=at_least_one, default=3, metavar="K", help="classes to name (3)"
    )
    parser.add_argument(
        "--length", type=at_least_one, default=200, metavar="N", help="characters to write (200)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is written (0)")
    parser.add_argument("--json", action="store_true", help="one JSON object for each input")
    parser.set_defaults(run=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit status."""
    config, model = restore(arguments.folder)
    say: Callable[..., tuple[dict[str, Any], str]]
    if "format" in config.input:
        say = classes_of_picture
    elif "alphabet" in config.input:
        say = written_on
    else:
        raise UsageError(
            f"{arguments.folder} predicts {config.input.get('target', 'a quantity')} from a table's rows; "
            "fathom predict reads pictures and texts"
        )
    for number, given in enumerate(arguments.inputs):
        found, text = say(config, model, given, arguments)
        if arguments.json:
            print(json.dumps(found, ensure_ascii=False))
        else:
            print(("\n" if number else "") + text)
    return GOOD


def classes_of_picture(
    config: Config, model: Module, path: str, arguments: argparse.Namespace
) -> tuple[dict[str, Any], str]:
    """The likeliest classes of a picture, as data and as text."""
    form = PictureFormat.from_json(config.input["format"])
    with no_grad():
        likely = model(from_numpy(form.read(path))).softmax(-1).numpy()[0]
    classes = config.input["classes"]
    best = np.argsort(-likely, kind="stable")[: arguments.top]
    guesses = [{"class": classes[k], "probability": round(float(likely[k]), 6)} for k in best]
    wide = max(len(classes[k]) for k in best)
    rows = [
        f"  {classes[k]:<{wide}}  {likely[k]:6.1%}  {bar(float(likely[k]))}".rstrip() for k in best
    ]
    return {"file": path, "predictions": guesses}, "\n".join([path, *rows])


def written_on(
    config: Config, model: Module, beginning: str, arguments: argparse.Namespace
) -> tuple[dict[str, Any], str]:
    """How the network writes on, as data and as text."""
    alphabet = Alphabet(config.input["alphabet"])
    source = Generator().manual_seed(arguments.seed)
    text = write_on(model, alphabet, beginning, arguments.length, generator=source)
    return {"beginning": beginning, "text": text}, text


def bar(share: float) -> str:
    """A share as a bar of at most 20 characters."""
    return "█" * round(20 * share)
