"""Gradients by the tape: `backward`, `grad`, the grad modes, users' own functions, and `gradcheck`."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.core import inplace, tape
from fathom.core.base import TensorBase, is_plain, new
from fathom.core.errors import ShapeError
from fathom.core.primitive import Primitive

if TYPE_CHECKING:
    from fathom.tensors import Tensor

_handles = itertools.count()


class RemovableHandle:
    """What registering a hook returns: `remove()` takes it away again."""

    def __init__(self, hooks: dict, hook: Callable):
        self.hooks, self.id = hooks, next(_handles)
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def first_gradient(y: Tensor, gradient: Tensor | None) -> Tensor:
    """The gradient that the sweep starts with: 1 for a scalar, else what the caller gives."""
    if not y.requires_grad:
        raise RuntimeError(
            "element 0 of tensors does not require grad and does not have a grad_fn: nothing that it was"
            " computed from has requires_grad=True, or it was computed inside no_grad()"
        )
    if gradient is None:
        if y.numel() != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs, got shape {tuple(y.shape)};"
                " reduce it with .sum() or .mean(), or pass gradient="
            )
        return y.detach().new_ones(y.shape)
    if not isinstance(gradient, TensorBase):
        raise TypeError(f"gradient must be a tensor, got {type(gradient).__name__}")
    if gradient.shape != y.shape:
        raise ShapeError(f"Mismatch in shape: gradient has {tuple(gradient.shape)}, the output has {tuple(y.shape)}")
    return gradient


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Sequence[Tensor] | None = None,
) -> None:
    """Add to `.grad` of every leaf (or of `inputs`) the gradient of the tensors."""
    ys = [tensors] if isinstance(tensors, TensorBase) else list(tensors)
    gs = [grad_tensors] * len(ys) if grad_tensors is None or isinstance(grad_tensors, TensorBase) else list(grad_tensors)
    starts = [(tape.edge(y), first_gradient(y, g)) for y, g in zip(ys, gs, strict=True)]
    kept = None if inputs is None else {tape.edge(x): x for x in inputs}
    retain = create_graph if retain_graph is None else retain_graph
    arrived = tape.sweep(starts, kept, create_graph, retain)
    given = {id(g.array) for _, g in starts}
    for at, g in arrived.items():
        leaf = at if kept is None else kept.get(at)
        if isinstance(leaf, TensorBase) and leaf.tracked:
            accumulate(leaf, g, create_graph, given)


def accumulate(leaf: Tensor, g: Tensor, create_graph: bool, given: set[int]) -> None:
    """leaf.grad += g, in place where that is the leaf's own memory."""
    if create_graph:
        leaf.grad = g.clone() if leaf.grad is None else leaf.grad + g
    elif leaf.grad is None:
        shared = not is_plain(g) or g.array.base is not None or id(g.array) in given or not g.array.flags.c_contiguous
        leaf.grad = g.detach().clone() if shared else new(g.array)
        given.add(id(g.array))
    else:
        with no_grad():
            inplace.assign(leaf.grad, leaf.grad.detach() + g.detach())


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """The gradients of the outputs (summed) with respect to the inputs, without touching `.grad`.

    >>> x = fathom.tensor(3., requires_grad=True)
    >>> fathom.autograd.grad(x ** 2, x)
    (tensor(6.),)
    """
    ys = [outputs] if isinstance(outputs, TensorBase) else list(outputs)
    xs = [inputs] if isinstance(inputs, TensorBase) else list(inputs)
    gs = [grad_outputs] * len(ys) if grad_outputs is None or isinstance(grad_outputs, TensorBase) else list(grad_outputs)
    for k, x in enumerate(xs):
        if not x.requires_grad:
            raise RuntimeError(f"One of the differentiated Tensors does not require grad: input {k}, shape {tuple(x.shape)}")
    edges = [tape.edge(x) for x in xs]
    starts = [(tape.edge(y), first_gradient(y, g)) for y, g in zip(ys, gs, strict=True)]
    retain = create_graph if retain_graph is None else retain_graph
    arrived = tape.sweep(starts, edges, create_graph, retain)
    if materialize_grads:
        return tuple(arrived[e] if e in arrived else x.new_zeros(x.shape) for e, x in zip(edges, xs, strict=True))
    found = tuple(arrived.get(e) for e in edges)
    if not allow_unused and any(g is None for g in found):
        unused = [k for k, g in enumerate(found) if g is None]
        raise RuntimeError(
            f"One of the differentiated Tensors appears to not have been used in the graph: input(s) {unused}."
            " Set allow_unused=True if this is the desired behavior"
        )
    return found                                 # type: ignore[return-value]


# ---- grad modes ------------------------------------------------------------------------------------


class no_grad(tape.grad_mode):
    """Nothing is recorded inside: a `with` block, or a decorator (with or without parentheses)."""

    def __new__(cls, function: Callable | None = None):
        self = super().__new__(cls)
        if function is None:
            return self
        self.__init__()
        return self(function)

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
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with tape.grad_mode(mode.enabled):
            return function(*args, **kwargs)

    return wrapper


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return tape.mode.enabled


# ---- users' own functions --------------------------------------------------------------------------


class Context:
    """Where `forward` leaves what `backward` needs (`ctx`)."""

    def __init__(self) -> None:
        self.saved_tensors: tuple = ()
        self.needs_input_grad: tuple[bool, ...] = ()
        self.unused: set[int] = set()

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `backward` (`ctx.saved_tensors`)."""
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Outputs through which no gradient passes."""
        self.unused = {id(x) for x in tensors}

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Accepted for PyTorch's sake: outputs are new tensors here in any case."""

    def set_materialize_grads(self, value: bool) -> None:
        """Accepted for PyTorch's sake: gradients that are missing always come as zeros."""


class Bundle(tuple):
    """The gradients of several outputs, added up one by one."""

    dtype = property(lambda self: next(g for g in self if g is not None).dtype)

    def __add__(self, other):
        return Bundle(b if a is None else a if b is None else a + b for a, b in zip(self, other, strict=True))


@dataclass(frozen=True, eq=False)
class Custom(Primitive):
    """A user's `Function`, as recorded: all its outputs together."""

    function: type
    context: Context
    outputs: tuple

    def vjp(self, wanted, g, y, *xs):
        gs = [o.new_zeros(o.shape) if k is None else k for k, o in zip(g, self.outputs, strict=True)]
        found = self.function.backward(self.context, *gs)
        found = found if isinstance(found, tuple) else (found,)
        at = [k for k, given in enumerate(self.context.positions) if given]
        if len(found) != len(self.context.positions):
            raise RuntimeError(
                f"{self.function.__name__}.backward returned {len(found)} gradients, but forward took {len(self.context.positions)} arguments"
            )
        return [found[k] for k in at]


@dataclass(frozen=True, eq=False)
class Output(Primitive):
    """One output of a user's `Function`."""

    position: int
    count: int

    def vjp(self, wanted, g, y, x):
        return (Bundle(g if k == self.position else None for k in range(self.count)),)


class Function:
    """An operation of your own: static methods `forward(ctx, *args)` and `backward(ctx, *gradients)`.

    >>> class Cube(fathom.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x ** 2 * g
    >>> x = fathom.tensor(2., requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each argument of forward, given those of its outputs."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...) to be differentiated")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward, and record it."""
        context = Context()
        inputs = tuple(x for x in args if isinstance(x, TensorBase))
        context.positions = [isinstance(x, TensorBase) for x in args]
        context.needs_input_grad = tuple(isinstance(x, TensorBase) and x.requires_grad for x in args)
        with no_grad():
            if "setup_context" in dir(cls):
                result = cls.forward(*args)
                cls.setup_context(context, args, result)
            else:
                result = cls.forward(context, *args)
        if not tape.mode.enabled or not any(context.needs_input_grad):
            return result
        outputs = result if isinstance(result, tuple) else (result,)
        whole = new(outputs[0].array)
        whole.version = [0]
        primitive = Custom(cls, context, tuple(o.detach() for o in outputs))
        whole.tracked, whole.node = True, tape.Node(primitive, inputs, whole)
        ys = tuple(
            o if id(o) in context.unused or not o.dtype.kind in ("float", "complex") else recorded_output(o, k, len(outputs), whole)
            for k, o in enumerate(outputs)
        )
        return ys if isinstance(result, tuple) else ys[0]


def recorded_output(o: Tensor, position: int, count: int, whole: Tensor) -> Tensor:
    y = new(o.array)
    y.version = [0]
    y.tracked, y.node = True, tape.Node(Output(position, count), (whole,), y)
    return y


# ---- checking --------------------------------------------------------------------------------------


def gradcheck(func: Callable, inputs: Tensor | Sequence[Tensor], eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True) -> bool:
    """Compare the gradient of func with central differences, along every element of every tracked input.

    Use float64 inputs. Returns True, or raises RuntimeError naming the element (False if raise_exception is off).
    """
    xs = [inputs] if isinstance(inputs, TensorBase) else list(inputs)
    y = func(*xs)
    weights = y.detach().new_ones(y.shape) + y.detach().new_tensor(0.1) * y.detach().cos()
    tracked = [x for x in xs if isinstance(x, TensorBase) and x.requires_grad]
    found = grad(y, tracked, weights, allow_unused=True)
    for x, g in zip(tracked, found, strict=True):
        g = x.new_zeros(x.shape) if g is None else g
        for at in itertools.product(*map(range, x.shape)):
            expected = difference(func, xs, x, at, weights, eps)
            value = g[at].item()
            if abs(value - expected) > atol + rtol * abs(expected):
                if raise_exception:
                    raise RuntimeError(f"gradcheck: at element {at} of an input {tuple(x.shape)} the gradient is {value}, by differences {expected}")
                return False
    return True


def difference(func: Callable, xs: Sequence, x: Tensor, at: tuple, weights: Tensor, eps: float) -> float:
    """The derivative of sum(weights * func) along one element, by a central difference."""
    sides = []
    with no_grad():
        before = x[at].item()
        for step in (eps, -eps):
            x[at] = before + step
            sides.append((weights * func(*xs)).sum().item())
        x[at] = before
    return (sides[0] - sides[1]) / (2 * eps)
