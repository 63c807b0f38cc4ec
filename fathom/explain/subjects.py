"""`explain`: what can be explained, and how each kind of subject is run."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import fathom.nn.functional as F
from fathom.blocks import Block
from fathom.core import tape
from fathom.core.base import TensorBase, new
from fathom.core.random import default_generator
from fathom.core.trees import flatten
from fathom.explain.build import build
from fathom.explain.by_hand import explain_block
from fathom.explain.by_hand_functions import explain_chain, functions_of
from fathom.explain.graph import Names
from fathom.explain.operation import explain_operation
from fathom.explain.parts import Explanation
from fathom.explain.record import Record, recorded
from fathom.explain.source import definition
from fathom.nn.module import Module
from fathom.ops.creation import tensor


def explain(
    subject: Any,
    *inputs: Any,
    target: Any = None,
    loss: Callable | None = None,
    gradient: Any = None,
) -> Explanation:
    """Math, code, diagram and numbers of a computation, forward and backward.

    subject  a tensor (explained from its tape), a function or a Module (run on `inputs`), or, with no
             inputs, an operation: `explain(fathom.softmax)`, `explain("exp")`; or what fathom.blocks makes:
             an operation, a layer, a network, a chain of functions (run on NumPy arrays)
    target, loss  for a Module: what its output is compared with, by loss(output, target); without a loss,
             the module's own, or cross-entropy for classes and the mean squared error for numbers. They may
             follow the inputs: explain(net, x, target, loss)
    gradient  what the backward pass begins with; 1 if it is left out

    Inputs are copies: nothing is added to `.grad`, and buffers and random numbers are as before.

    >>> e = fathom.explain(lambda x: (x * x).exp(), fathom.tensor(0.5))
    >>> e.value("x").gradient.values.item().__round__(4)
    1.284
    """
    if isinstance(subject, TensorBase):
        if inputs:
            raise TypeError("explain: a tensor is explained from its tape and takes no inputs")
        return explain_tensor(subject, gradient, caller())
    if isinstance(subject, Module):
        return explain_module(subject, inputs, target, loss, gradient)
    if isinstance(subject, Block):
        x, target, loss = told_apart_of_block(subject, inputs, target, loss)
        return explain_block(subject, x, target, loss, gradient)
    if inputs and (functions := functions_of(subject)):
        return explain_chain(functions, *inputs)
    if isinstance(subject, str) or (callable(subject) and not inputs):
        return explain_operation(subject)
    if not callable(subject):
        raise TypeError(
            "explain: expected a tensor, a function, a Module or the name of an operation,"
            f" got {type(subject).__name__}"
        )
    return explain_function(subject, inputs, gradient)


def caller() -> FrameType:
    """The frame of the code that asked: the innermost outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(
        "fathom.explain"
    ):
        frame = frame.f_back
    return frame


def explain_tensor(y: Any, gradient: Any, frame: FrameType) -> Explanation:
    """How a tensor came to be. Leaves are called what the caller's variables are."""
    if not y.requires_grad or y.node is None:
        raise ValueError(
            "explain: the tensor has no history: nothing that it was computed from requires a gradient; call"
            " requires_grad_() on an input before, or use explain(f, *inputs)"
        )
    record = Record()
    names: Names = {}
    for name, value in {**frame.f_globals, **frame.f_locals}.items():
        if isinstance(value, Module):
            names |= names_of(value, f"{name}.")
        elif isinstance(value, TensorBase) and not name.startswith("_"):
            names.setdefault(id(value), (name, "input" if value.tracked else "constant"))
    title = names.get(id(y), ("a tensor", ""))[0]
    return build(title, [y], record, names, None, gradient)


def explain_function(f: Callable, inputs: Sequence[Any], gradient: Any) -> Explanation:
    """What a function does with these inputs."""
    xs = [own(x) for x in inputs]
    names = named_inputs(f, xs)
    y, record = run(f, xs)
    name = getattr(f, "__name__", type(f).__name__)
    explanation = build(
        "a function" if name == "<lambda>" else name, tensors(y, f), record, names, None, gradient
    )
    explanation.definition = definition(inspect.unwrap(f))
    explanation.about = first_line(f)
    return explanation


def explain_module(
    module: Module, inputs: Sequence[Any], target: Any, loss: Callable | None, gradient: Any
) -> Explanation:
    """What a network does with these inputs, and, with a target, how its loss reaches the parameters."""
    if not inputs:
        raise TypeError(f"explain: {type(module).__name__} needs an input: explain(module, x)")
    inputs, target, loss = told_apart(module, inputs, target, loss)
    xs = [own(x) for x in inputs]
    names = named_inputs(module.forward, xs) | names_of(module)
    if target is not None:
        names[id(target)] = ("target", "constant")
        compare = loss or usual_loss(module, target)

        def whole(*xs: Any) -> Any:
            return compare(module(*xs), target)
    else:

        def whole(*xs: Any) -> Any:
            return module(*xs)

    with unchanged(module):
        y, record = run(whole, xs)
    explanation = build(type(module).__name__, tensors(y, module), record, names, module, gradient)
    explanation.definition = definition(type(module).forward)
    explanation.about = first_line(type(module))
    return explanation


def run(f: Callable, xs: Sequence[Any]) -> tuple[Any, Record]:
    """f(*xs), recorded; what random numbers come next is as before."""
    state = default_generator.get_state()
    try:
        with tape.grad_mode(True):
            return recorded(f, *xs)
    finally:
        default_generator.set_state(state)


def own(x: Any) -> Any:
    """An input of our own: the same numbers, and a gradient where they can have one."""
    if isinstance(x, (float, complex)):
        x = tensor(x)
    if not isinstance(x, TensorBase):
        return x
    y = new(x.array)
    y.tracked = x.dtype.kind in ("float", "complex")
    return y


def tensors(y: Any, f: Any) -> list[Any]:
    """The tensors in a result, those with a gradient first."""
    found = [x for x in flatten(y)[0] if isinstance(x, TensorBase)]
    if not found:
        raise TypeError(
            f"explain: {getattr(f, '__name__', type(f).__name__)} returned {type(y).__name__}, no tensor"
        )
    return sorted(found, key=lambda x: not x.tracked)


def named_inputs(f: Callable, xs: Sequence[Any]) -> Names:
    """The inputs' names: those of the function's parameters."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except ValueError:  # a function of C tells nothing of its parameters
        parameters = []
    names: Names = {}
    for k, x in enumerate(xs):
        fits = k < len(parameters) and parameters[k].kind in (
            inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )  # fmt: skip
        if isinstance(x, TensorBase):
            names[id(x)] = (parameters[k].name if fits else f"x{k}", "input")
    return names


def names_of(module: Module, prefix: str = "") -> Names:
    """The parameters and buffers by their paths."""
    names: Names = {id(p): (prefix + path, "parameter") for path, p in module.named_parameters()}
    return names | {id(b): (prefix + path, "constant") for path, b in module.named_buffers()}


def told_apart(
    module: Module, inputs: Sequence[Any], target: Any, loss: Any
) -> tuple[Sequence[Any], Any, Any]:
    """What forward takes, and the target and the loss that may follow."""
    parameters = inspect.signature(module.forward).parameters.values()
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return inputs, target, loss
    rest = list(inputs[len(parameters) :])
    if len(rest) > 2:
        raise TypeError(
            f"explain: {type(module).__name__}.forward takes {len(parameters)} inputs, got {len(inputs)}"
        )
    target = rest[0] if rest else target
    return inputs[: len(parameters)], target, rest[1] if len(rest) > 1 else loss


def told_apart_of_block(
    block: Block, inputs: Sequence[Any], target: Any, loss: Any
) -> tuple[Any, Any, Any]:
    """The one input of a block, and the target and the loss that may follow."""
    if not 1 <= len(inputs) <= 3:
        raise TypeError(
            f"explain: {type(block).__name__} takes an input, and a target and a loss may follow:"
            f" explain(network, x, target); got {len(inputs)}"
        )
    x, *rest = inputs
    return x, rest[0] if rest else target, rest[1] if len(rest) > 1 else loss


def usual_loss(module: Module, target: Any) -> Callable:
    """The module's own loss; else cross-entropy for classes, the mean squared error for numbers."""
    return getattr(module, "loss", None) or (
        F.mse_loss if target.dtype.kind == "float" else F.cross_entropy
    )


@contextmanager
def unchanged(module: Module) -> Iterator[None]:
    """Put the buffers back as they were: a look at a network must not move its running means."""
    before = [
        (m, name, b, b.array.copy())
        for m in module.modules()
        for name, b in m._buffers.items()
        if b is not None
    ]
    try:
        yield
    finally:
        for m, name, buffer, array in before:
            buffer.array = array
            m._buffers[name] = buffer


def first_line(thing: Any) -> str:
    """The first sentence of a docstring that is the thing's own."""
    return (
        (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
        if getattr(thing, "__doc__", None)
        else ""
    )
