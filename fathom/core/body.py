"""A body: a few primitives in a row, as one value that can itself be a primitive's field.

It is what a graph (core/tracing.py) becomes when its symbols are replaced by numbers: values are counted,
first the inputs, then the literals, then what each step computes. Equal programs are equal bodies, so a
primitive that holds one can be compared, hashed and shared like every other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.core import dtypes, tape
from fathom.core.base import levels, new
from fathom.core.device import CPU
from fathom.core.tracing import Graph, Symbol

if TYPE_CHECKING:
    from fathom.core.primitive import Primitive
    from fathom.tensors import Tensor

    Shape = tuple[int, ...]
    Application = tuple[Primitive, tuple[int, ...]]  # a primitive, and the numbers of its inputs
    Memo = dict[tuple, tuple[list[Tensor], Tensor]]


@dataclass(frozen=True)
class Form:
    """The shape and dtype of a value that is not known yet."""

    shape: Shape
    dtype: dtypes.dtype

    def __str__(self) -> str:
        return f"{self.shape} {self.dtype.name}"


@dataclass(frozen=True)
class Literal:
    """An array that a program was written with: the bytes of its numbers, or of one if all are the same."""

    form: Form
    numbers: bytes

    def array(self) -> np.ndarray:
        """The array, read-only; one and the same for equal literals."""
        return self.tensor().array

    def tensor(self) -> Tensor:
        """The array in a tensor; one and the same for equal literals."""
        return tensor_of(self)

    def __str__(self) -> str:
        numbers = np.frombuffer(self.numbers, self.form.dtype.numpy)
        return str(numbers[0]) if numbers.size == 1 else f"array of {numbers.size} numbers"


@functools.lru_cache(maxsize=512)
def tensor_of(literal: Literal) -> Tensor:
    numbers = np.frombuffer(literal.numbers, literal.form.dtype.numpy)
    shape = literal.form.shape
    one = numbers.size == 1
    return new(np.broadcast_to(numbers[0], shape) if one else numbers.reshape(shape))


def literal_of(array: np.ndarray) -> Literal:
    """The literal that an array is."""
    form = Form(array.shape, dtypes.BY_NUMPY[array.dtype])
    return Literal(
        form, array[(0,) * array.ndim].tobytes() if is_uniform(array) else array.tobytes()
    )


def is_uniform(array: np.ndarray) -> bool:
    """Whether all elements are the same, bit for bit (0 is not -0)."""
    if not any(array.strides):
        return array.size > 0
    first = array[(0,) * array.ndim]
    if not (array == first).all():
        return False
    return bool(first) or not np.ascontiguousarray(array).view(np.uint8).any()


@dataclass(frozen=True)
class Body:
    """A program of primitives. Values are numbered: the inputs, the literals, the results of the steps."""

    inputs: tuple[Form, ...]
    literals: tuple[Literal, ...]
    steps: tuple[Application, ...]
    outputs: tuple[int, ...]

    def __hash__(self) -> int:
        return self.fingerprint

    @functools.cached_property
    def fingerprint(self) -> int:
        """The hash, worked out once: a body holds other values that hold others."""
        return hash((self.inputs, self.literals, self.steps, self.outputs))

    @property
    def first(self) -> int:
        """The number of the first step's result."""
        return len(self.inputs) + len(self.literals)

    @functools.cached_property
    def forms(self) -> tuple[Form, ...]:
        """The shape and dtype of every value."""
        found = [*self.inputs, *(literal.form for literal in self.literals)]
        for primitive, at in self.steps:
            xs = [found[k] for k in at]
            shape = primitive.shape(*[x.shape for x in xs])
            dtype = primitive.dtype(*[x.dtype.numpy for x in xs])
            found.append(Form(tuple(shape), dtypes.BY_NUMPY[np.dtype(dtype)]))
        return tuple(found)

    @functools.cached_property
    def read_last(self) -> tuple[tuple[int, ...], ...]:
        """For each step the values that no step after it reads, and that are no outputs."""
        last = {k: number for number, (_, at) in enumerate(self.steps) for k in at}
        found: list[list[int]] = [[] for _ in self.steps]
        for k, number in last.items():
            if k not in self.outputs:
                found[number].append(k)
        return tuple(map(tuple, found))

    def spread(self, chosen: Sequence[bool]) -> list[bool]:
        """Which values depend on the chosen inputs."""
        found = [*chosen, *[False] * len(self.literals)]
        for _, at in self.steps:
            found.append(any(found[k] for k in at))
        return found

    def runner(self, xp: Any) -> Callable[..., list]:
        """A function from the arrays of the inputs to those of the outputs, by eager rules. `xp` is NumPy or CuPy."""
        literals = [xp.asarray(literal.array()) for literal in self.literals]
        program = [
            (primitive.eager, at, last)
            for (primitive, at), last in zip(self.steps, self.read_last, strict=True)
        ]

        def run(*inputs: Any) -> list:
            known = [*inputs, *literals]
            for eager, at, last in program:
                known.append(xp.asarray(eager(xp, *[known[k] for k in at])))
                for k in last:
                    known[k] = None
            return [known[k] for k in self.outputs]

        return run

    def tensors(self, inputs: Sequence[Tensor], memo: Memo | None = None) -> list[Tensor]:
        """Every value, by applying the primitives to tensors: recorded, batched or traced as they are.

        A `memo` that several replays share holds what each computed; what one did, the next does not repeat.
        """
        known = self.given(inputs)
        for primitive, at in self.steps:
            known.append(remembered(memo, primitive, [known[k] for k in at]))
        return known

    def given(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """The inputs, and the literals where they are."""
        literals = [literal.tensor() for literal in self.literals]
        if inputs and inputs[0].device != CPU:
            literals = [x.to(inputs[0].device) for x in literals]
        return [*inputs, *literals]

    def replay(self, inputs: Sequence[Tensor], memo: Memo | None = None) -> list[Tensor]:
        """The outputs, by applying the primitives to tensors; each other value is let go after its last use.
        See `tensors`."""
        known: list[Any] = self.given(inputs)
        for (primitive, at), last in zip(self.steps, self.read_last, strict=True):
            known.append(remembered(memo, primitive, [known[k] for k in at]))
            for k in last:
                known[k] = None
        return [known[k] for k in self.outputs]

    def __str__(self) -> str:
        """One line for each value: x0, x1 ... are the inputs, t0, t1 ... what is computed."""
        names = [f"x{k}" for k in range(len(self.inputs))]
        names += [str(literal) for literal in self.literals]
        names += [f"t{k}" for k in range(len(self.steps))]
        lines = [
            f"{name} = {primitive} " + " ".join(names[k] for k in at)
            for name, (primitive, at) in zip(names[self.first :], self.steps, strict=True)
        ]
        lines = [*names[: len(self.inputs)], *lines]
        forms = [*self.inputs, *self.forms[self.first :]]
        width = min(max((len(line) for line in lines), default=0), 60)
        table = [f"{line:<{width}}   # {form}" for line, form in zip(lines, forms, strict=True)]
        return "\n".join([*table, "return " + ", ".join(names[k] for k in self.outputs)])


def remembered(memo: Memo | None, primitive: Primitive, xs: list[Tensor]) -> Tensor:
    """primitive(*xs), or what the memo has of it."""
    if memo is None:
        return primitive(*xs)
    key = (type(primitive), primitive, *map(id, xs))
    if key not in memo:
        memo[key] = (xs, primitive(*xs))  # kept with its inputs, so that their ids stay theirs
    return memo[key][1]


# ---- from functions and graphs to bodies ---------------------------------------------------------


def traced(f: Callable[..., Iterable[Tensor]], *forms: Form) -> Body:
    """The body that f is on tensors of these forms. Tensors that f makes are written down as they are.

    >>> from fathom.core.body import Form, traced
    >>> print(traced(lambda x: [1 - x * x], Form((3,), fathom.float32)))
    x0                  # (3,) float32
    t0 = Mul() x0 x0    # (3,) float32
    t1 = Sub() 1.0 t0   # (3,) float32
    return t1
    """
    graph = Graph(next(levels))
    inputs = [graph.symbol(form.shape, form.dtype.numpy) for form in forms]
    with tape.grad_mode(False):
        outputs = f(*[new(x) for x in inputs])
    return body_of(graph, inputs, [graph.symbol_of(y) for y in outputs])


def body_of(graph: Graph, inputs: Sequence[Symbol], outputs: Sequence[Symbol]) -> Body:
    """The part of a graph that leads from `inputs` (any of its symbols) to `outputs`."""
    forms = [Form(x.shape, dtypes.BY_NUMPY[x.dtype]) for x in inputs]
    literals = {c: literal_of(array) for c, array in graph.constants if c not in inputs}
    made = {step.output: (step.primitive, step.inputs) for step in graph.steps}
    return numbered(inputs, forms, outputs, literals, made)


def part(body: Body, inputs: Sequence[int], outputs: Sequence[int]) -> Body:
    """The part of a body that leads from the values `inputs` to the values `outputs`."""
    forms = [body.forms[k] for k in inputs]
    literals = {len(body.inputs) + k: literal for k, literal in enumerate(body.literals)}
    made = {body.first + k: step for k, step in enumerate(body.steps)}
    return numbered(inputs, forms, outputs, literals, made)


def numbered(
    inputs: Sequence[Any],
    forms: Sequence[Form],
    outputs: Sequence[Any],
    literals: dict[Any, Literal],
    made: dict[Any, tuple[Primitive, Sequence[Any]]],
) -> Body:
    """The body of what the outputs need, equal steps and equal literals once. `made` is in the order of computation."""
    needed: set[Any] = set()
    waiting = list(outputs)
    while waiting:
        x = waiting.pop()
        if x not in needed and x not in inputs:
            needed.add(x)
            waiting += made[x][1] if x in made else ()
    kept = list(dict.fromkeys(literal for x, literal in literals.items() if x in needed))
    number = {x: len(inputs) + kept.index(l) for x, l in literals.items() if x in needed}
    number |= {x: k for k, x in enumerate(inputs)}
    first = len(inputs) + len(kept)
    steps: dict[tuple, int] = {}
    for x, (primitive, xs) in made.items():
        if x in needed:
            step = (type(primitive), primitive, tuple(number[z] for z in xs))
            number[x] = steps.setdefault(step, first + len(steps))
    return Body(
        tuple(forms),
        tuple(kept),
        tuple((primitive, at) for _, primitive, at in steps),
        tuple(number[y] for y in outputs),
    )
