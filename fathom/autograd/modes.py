"""Whether operations are recorded: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any

from fathom.core import tape


class no_grad(tape.grad_mode):
    """Nothing is recorded inside: a `with` block, or a decorator (with or without parentheses)."""

    def __new__(cls, function: Callable | None = None):
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self, function: Callable | None = None):
        super().__init__(False)

    def __call__(self, function: Callable) -> Callable:
        return decorated(self, function)


class enable_grad(no_grad):
    """Recording is on inside, also within `no_grad`."""

    def __init__(self, function: Callable | None = None):
        tape.grad_mode.__init__(self, True)


class set_grad_enabled(tape.grad_mode):
    """Recording on or off, as the argument says: at once, and until the end of the `with` block."""

    def __init__(self, mode: bool):
        super().__init__(mode)
        self.before = [tape.mode.enabled]
        tape.mode.enabled = mode

    def __enter__(self) -> None:
        tape.mode.enabled = self.enabled

    def __call__(self, function: Callable) -> Callable:
        tape.mode.enabled = self.before.pop()
        return decorated(tape.grad_mode(self.enabled), function)


class inference_mode(no_grad):
    """`no_grad` for code that will never need gradients; mode=False turns it off."""

    def __new__(cls, mode: bool | Callable = True):
        return super().__new__(cls, mode if callable(mode) else None)

    def __init__(self, mode: bool | Callable = True):
        tape.grad_mode.__init__(self, not mode if isinstance(mode, bool) else False)


def decorated(mode: tape.grad_mode, function: Callable) -> Callable:
    """The function, with the mode on while it runs; of a generator, while each of its steps runs."""
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def stepped(*args: Any, **kwargs: Any) -> Generator:
            steps = function(*args, **kwargs)
            received, thrown = None, None
            while True:
                try:
                    with tape.grad_mode(mode.enabled):
                        value = steps.send(received) if thrown is None else steps.throw(thrown)
                except StopIteration as end:
                    return end.value
                received, thrown = None, None
                try:
                    received = yield value
                except GeneratorExit:
                    steps.close()
                    raise
                except (
                    BaseException
                ) as error:  # thrown in by whoever runs it: it is the generator's
                    thrown = error

        return stepped

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with tape.grad_mode(mode.enabled):
            return function(*args, **kwargs)

    return wrapper


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return tape.mode.enabled
