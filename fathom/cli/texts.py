"""The task of writing on like a text, character by character."""

from __future__ import annotations

import math
import shlex
from typing import Any

from fathom.cli.recipes import Recipe, Settings
from fathom.cli.task import Outcome, Task
from fathom.core.random import Generator
from fathom.text import CharacterData, write_on
from fathom.train import Module
from fathom.train.page import text_section

SAMPLE = 600  # characters in the report


class TextTask(Task):
    """A text, cut into sequences of characters."""

    kind, unit = "text", "sequences"
    names = {"loss": "cross-entropy of a character", "acc": "accuracy"}
    data: CharacterData

    def open(self, name: str, settings: Settings, limit_batches: int | None) -> CharacterData:
        return CharacterData(name, settings.batch_size, limit_batches=limit_batches)

    def about(self) -> str:
        counts = [len(self.data.parts[part]) for part in ("train", "test")]
        return (
            f"{counts[0]:,} + {counts[1]:,} sequences of {self.data.num_steps} characters, "
            f"{len(self.data.alphabet) - 1} different ones"
        )

    def model(self, recipe: Recipe, settings: Settings) -> Module:
        return recipe.model(len(self.data.alphabet), lr=settings.lr, **settings.options)

    def input(self) -> dict[str, Any]:
        return {
            "alphabet": "".join(self.data.alphabet.characters[:-1]),
            "beginning": self.beginning(),
        }

    def beginning(self) -> str:
        """How the text begins: a prefix for samples."""
        return self.data.source.train.lstrip()[:24].split("\n")[0]

    def outcome(self, model: Module) -> Outcome:
        assert model.trainer is not None
        line = model.trainer.history.last()
        perplexity = math.exp(line["val_loss"])
        source = Generator().manual_seed(0)
        sample = write_on(model, self.data.alphabet, self.beginning(), SAMPLE, generator=source)
        return Outcome(
            {
                "test_loss": line["val_loss"],
                "test_perplexity": perplexity,
                "test_accuracy": line["val_acc"],
            },
            f"test perplexity {perplexity:.2f} (as unsure as among so many characters)",
            [
                (f"{perplexity:.2f}", "test perplexity of a character"),
                (f"{line['val_acc']:.1%}", "of the next characters predicted right"),
            ],
            [text_section("What it writes", sample, f"It was given “{self.beginning()}”.")],
        )

    def next_command(self, run: str) -> tuple[str, str]:
        return "write on", f"fathom predict {run} {shlex.quote(self.beginning())}"
