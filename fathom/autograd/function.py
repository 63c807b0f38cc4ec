"""Users' own operations: a `Function` with a forward and a backward, recorded as one node of the tape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.autograd.modes import no_grad
from fathom.core import tape
from fathom.core.base import is_tensor, new
from fathom.core.bundle import Output
from fathom.core.primitive import Primitive
from fathom.ops.loops import way

if TYPE_CHECKING:
    from fathom.tensors import Tensor


class Context:
    """Where `forward` leaves what `backward` needs (`ctx`)."""

    def __init__(self, args: tuple) -> None:
        self.needs_input_grad = tuple(is_tensor(x) and x.requires_grad for x in args)
        self.given = [is_tensor(x) for x in args]  # which arguments are tensors
        self.saved: list[tuple[Tensor | None, int]] = []  # with the version each had
        self.outputs: dict[int, Tensor] = {}  # saved outputs, with their history
        self.without_gradient: set[int] = set()
        self.dirty: set[int] = set()
        self.materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (inputs or outputs) for `backward`: there they are `ctx.saved_tensors`."""
        self.saved = [(x, 0 if x is None else x._version) for x in tensors]

    @property
    def saved_tensors(self) -> tuple:
        """What was saved. Raises where one was written to in place since."""
        for k, (x, version) in enumerate(self.saved):
            if x is not None and x._version != version:
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace"
                    f" operation: saved tensor {k}, shape {tuple(x.shape)}, is at version {x._version};"
                    f" expected version {version}"
                )
        return tuple(self.outputs.get(id(x), x) for x, _ in self.saved)

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Outputs through which no gradient passes."""
        self.without_gradient = {id(x) for x in tensors}

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Inputs that forward wrote to in place and returns: they take on the history of the output."""
        self.dirty = {id(x) for x in tensors}

    def set_materialize_grads(self, value: bool) -> None:
        """Whether the gradient of an output that was not used comes as zeros (else as None)."""
        self.materialize = value


@dataclass(frozen=True, eq=False)
class Custom(Primitive):
    """A user's `Function`, as recorded: all its outputs together."""

    function: type[Function]
    context: Context
    outputs: tuple

    def vjp(self, wanted, g, y, *xs):
        context = self.context
        if tape.mode.enabled:  # a saved output is a function of the inputs, too
            context.outputs = {
                id(o): output_of(o, k, len(self.outputs), y) for k, o in enumerate(self.outputs)
            }
        gs = [
            o.new_zeros(o.shape) if part is None and context.materialize else part
            for part, o in zip(g, self.outputs, strict=True)
        ]
        found = self.function.backward(context, *gs)
        context.outputs = {}
        found = found if isinstance(found, tuple) else (found,)
        if len(found) != len(context.given):
            raise RuntimeError(
                f"{self.function.__name__}.backward returned an incorrect number of gradients:"
                f" expected {len(context.given)}, one for each argument of forward, got {len(found)}"
            )
        return [gx for gx, is_tensor in zip(found, context.given, strict=True) if is_tensor]


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
        raise NotImplementedError(
            "a Function needs a static method backward(ctx, ...) to be differentiated"
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward, and record it."""
        if way.following and tape.mode.enabled:
            raise RuntimeError(
                f"{cls.__name__}: scan cannot see the backward of an autograd.Function; loop over the steps in"
                " Python instead, or call scan within no_grad()"
            )
        context = Context(args)
        inputs = tuple(as_they_are(x) for x in args if is_tensor(x))
        with no_grad():
            if hasattr(cls, "setup_context"):
                result = cls.forward(*args)
                cls.setup_context(context, args, result)
            else:
                result = cls.forward(context, *args)
        if not tape.mode.enabled or not any(context.needs_input_grad):
            return result
        outputs = result if isinstance(result, tuple) else (result,)
        whole = new(outputs[0].array)
        whole.version = [0]
        whole.tracked = True
        whole.node = tape.Node(Custom(cls, context, outputs), inputs, whole)
        ys = tuple(recorded(context, outputs, k, whole) for k in range(len(outputs)))
        return ys if isinstance(result, tuple) else ys[0]


def as_they_are(x: Tensor) -> Tensor:
    """x with the history it has now: forward may write to x and so give it another."""
    y = new(tape.refreshed(x).array)
    y.tracked, y.node, y.version = x.tracked, x.node, x.version
    return x if x.node is None else y


def recorded(context: Context, outputs: tuple, k: int, whole: Tensor) -> Tensor:
    """Output k as the user gets it: with a history, unless it is marked to have none."""
    o = outputs[k]
    if id(o) in context.without_gradient or o.dtype.kind not in ("float", "complex"):
        return o
    y = output_of(o, k, len(outputs), whole)
    if id(o) in context.dirty:
        o.tracked, o.node = True, y.node
        return o
    return y


def output_of(o: Tensor, position: int, count: int, whole: Tensor) -> Tensor:
    y = new(o.array)
    y.version = [0]
    y.tracked, y.node = True, tape.Node(Output(position, count), (whole,), y)
    return y
