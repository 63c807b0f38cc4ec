"""What `fathom train` can train: the networks by name, and how each is trained on which data."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fathom import optim
from fathom.cli.errors import UsageError
from fathom.data.catalogue import entry
from fathom.text import CharacterGRU
from fathom.train import MLPRegression, Module
from fathom.vision import MLP, LeNet, ResNet18, SoftmaxRegression

IMAGES = ("fashion-mnist", "digits", "cifar-10-small")
TABLES = ("california-housing", "airfoil-self-noise")
TEXTS = ("tiny-shakespeare", "time-machine")


@dataclass(frozen=True)
class Settings:
    """How long and how fast to learn, and the network's own options."""

    epochs: int
    batch_size: int
    lr: float
    input_size: tuple[int, int] | None = None  # of images, where it is not the data set's own
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Settings:
        """The settings that config.json holds."""
        size = facts["input_size"]
        return cls(**{**facts, "input_size": None if size is None else tuple(size)})


@dataclass(frozen=True)
class Recipe:
    """A network, the data that it can learn, best first, and its settings for each ("" for others)."""

    name: str
    title: str
    about: str
    model: Callable[..., Module]
    settings: dict[str, Settings]
    data: tuple[str, ...]
    table_model: Callable[..., Module] | None = None

    def model_for(self, data: str) -> Callable[..., Module]:
        """The class of the network for a data set."""
        return self.table_model if data in TABLES and self.table_model else self.model

    def settings_for(self, data: str, **chosen: Any) -> Settings:
        """The settings for a data set, with what the user chose (not None) in their place."""
        kind = "table" if data in TABLES else ""
        found = self.settings.get(data) or self.settings[kind]
        return replace(
            found, **{name: value for name, value in chosen.items() if value is not None}
        )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "lenet",
            "LeNet",
            "two convolutions and three linear layers; the place to begin",
            LeNet,
            {
                "": Settings(5, 128, 0.005),
                "digits": Settings(12, 32, 0.004, (28, 28)),
                "cifar-10-small": Settings(15, 64, 0.003),
            },
            IMAGES,
        ),
        Recipe(
            "mlp",
            "MLP",
            "two linear layers; for images, and for the quantities of a table",
            MLP,
            {
                "": Settings(6, 128, 0.003),
                "digits": Settings(20, 32, 0.003),
                "cifar-10-small": Settings(10, 64, 0.001),
                "table": Settings(30, 128, 0.01, options={"num_hiddens": 128}),
            },
            (*IMAGES, *TABLES),
            MLPRegression,
        ),
        Recipe(
            "softmax",
            "Softmax regression",
            "one linear layer; the baseline",
            SoftmaxRegression,
            {"": Settings(5, 256, 0.02), "digits": Settings(15, 32, 0.02)},
            IMAGES,
        ),
        Recipe(
            "resnet18",
            "ResNet-18",
            "eighteen layers with shortcuts, 11 million parameters; slow without a compiler",
            ResNet18,
            {
                "": Settings(2, 128, 0.003),
                "digits": Settings(8, 64, 0.003, (28, 28)),
                "cifar-10-small": Settings(8, 64, 0.003),
            },
            IMAGES,
        ),
        Recipe(
            "gru-chars",
            "Character GRU",
            "a recurrent network that learns to write like a text",
            CharacterGRU,
            {"": Settings(3, 64, 0.006), "time-machine": Settings(12, 32, 0.006)},
            TEXTS,
        ),
    )
}


def recipe_named(name: str) -> Recipe:
    """The recipe of a network."""
    if name not in RECIPES:
        raise UsageError(f"no network is called {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]


def check_fit(recipe: Recipe, data: str) -> None:
    """Raises where the data set does not exist, or is not one that the network can learn."""
    name = entry(data).name
    if name not in recipe.data:
        raise UsageError(f"{recipe.name} does not learn {data}; it learns {', '.join(recipe.data)}")


def arguments_of(model: Module) -> dict[str, Any]:
    """The arguments that make such a model again."""
    names = list(inspect.signature(type(model)).parameters)
    return {name: model.hparams[name] for name in names}


def one_cycle(optimizer: optim.Optimizer, steps: int) -> Any:
    """The learning rate over a training: up to its height in the first third, then down to nothing."""
    rate = optimizer.param_groups[0]["lr"]
    return optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=max(steps, 2))
