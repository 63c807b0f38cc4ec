"""HyperParameters: keep the arguments of __init__ as attributes; and add_to_class, for notebooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any


class HyperParameters:
    """A class that keeps what it was made with.

    >>> class Ridge(HyperParameters):
    ...     def __init__(self, strength, steps=10):
    ...         self.save_hyperparameters()
    >>> ridge = Ridge(0.5)
    >>> ridge.strength, ridge.hparams
    (0.5, {'strength': 0.5, 'steps': 10})
    """

    hparams: dict[str, Any]

    def save_hyperparameters(self, ignore: Iterable[str] = ()) -> None:
        """Sets every argument of the calling method as an attribute, and all of them in `hparams`.

        Arguments named in `ignore`, and those that begin with an underscore, are left out. Call it
        from __init__, before the arguments are given other values: it reads them from the caller.
        """
        here = inspect.currentframe()
        assert here is not None and here.f_back is not None
        caller = here.f_back
        names, more, keywords, values = inspect.getargvalues(caller)
        given = {name: values[name] for name in names[1:]}  # the first is self
        if more is not None:
            given[more] = values[more]
        if keywords is not None:
            given.update(values[keywords])
        left_out = {ignore} if isinstance(ignore, str) else set(ignore)
        kept = {k: v for k, v in given.items() if k not in left_out and not k.startswith("_")}
        self.hparams = {**getattr(self, "hparams", {}), **kept}
        for name, value in kept.items():
            setattr(self, name, value)


def add_to_class(Class: type) -> Callable[[Callable], Callable]:
    """A decorator that makes a function a method of a class that exists already.

    >>> class Dog:
    ...     name = "Rex"
    >>> @add_to_class(Dog)
    ... def bark(self):
    ...     return f"{self.name} says woof"
    >>> Dog().bark()
    'Rex says woof'
    """

    def add(function: Callable) -> Callable:
        setattr(Class, function.__name__, function)
        return function

    return add
