"""Hooks: functions that a module calls before and after its forward, and when its gradients are known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from fathom import autograd
from fathom.autograd import RemovableHandle
from fathom.core.base import TensorBase


class Hooked:
    """Registering hooks, and a call that runs them."""

    _forward_pre_hooks: OrderedDict[int, Callable]
    _forward_pre_hooks_with_kwargs: dict[int, bool]
    _forward_hooks: OrderedDict[int, Callable]
    _forward_hooks_with_kwargs: dict[int, bool]
    _forward_hooks_always_called: dict[int, bool]
    _backward_pre_hooks: OrderedDict[int, Callable]
    _backward_hooks: OrderedDict[int, Callable]
    forward: Callable[..., Any]

    # ---- registering ----

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call hook(module, args) before forward; what it returns, if not None, replaces args.

        With with_kwargs it is hook(module, args, kwargs), and returns (args, kwargs) or None.
        """
        handle = added(self._forward_pre_hooks, hook, prepend)
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        return handle

    def register_forward_hook(
        self,
        hook: Callable,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call hook(module, args, output) after forward; what it returns, if not None, replaces the output.

        With with_kwargs it is hook(module, args, kwargs, output); with always_call it is called with output
        None where forward raises.

        >>> layer, shapes = fathom.nn.Linear(2, 3), []
        >>> handle = layer.register_forward_hook(lambda module, args, y: shapes.append(tuple(y.shape)))
        >>> _ = layer(fathom.ones(4, 2))
        >>> shapes
        [(4, 3)]
        """
        handle = added(self._forward_hooks, hook, prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def register_full_backward_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Call hook(module, grad_output) when the gradients of the outputs are known; it may return others."""
        return added(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call hook(module, grad_input, grad_output) when the gradients of the inputs are known.

        What it returns, if not None, goes on in the place of grad_input. An input that needs no gradient
        has None there.
        """
        return added(self._backward_hooks, hook, prepend)

    register_backward_hook = register_full_backward_hook

    # ---- calling ----

    def _call_with_hooks(self, args: tuple, kwargs: dict) -> Any:
        try:
            for key, hook in list(self._forward_pre_hooks.items()):
                if key in self._forward_pre_hooks_with_kwargs:
                    replaced = hook(self, args, kwargs)
                    if replaced is not None:
                        args, kwargs = pair_of(replaced)
                else:
                    replaced = hook(self, args)
                    if replaced is not None:
                        args = replaced if isinstance(replaced, tuple) else (replaced,)
            backward = (
                BackwardHooks(self) if self._backward_hooks or self._backward_pre_hooks else None
            )
            if backward is not None:
                args = backward.at_inputs(args)
            y = self.forward(*args, **kwargs)
            for key, hook in list(self._forward_hooks.items()):
                replaced = self._call_forward_hook(key, hook, args, kwargs, y)
                y = y if replaced is None else replaced
        except Exception:
            for key in list(self._forward_hooks_always_called):
                if key in self._forward_hooks:
                    self._call_forward_hook(key, self._forward_hooks[key], args, kwargs, None)
            raise
        return y if backward is None else backward.at_outputs(y)

    def _call_forward_hook(
        self, key: int, hook: Callable, args: tuple, kwargs: dict, y: Any
    ) -> Any:
        if key in self._forward_hooks_with_kwargs:
            return hook(self, args, kwargs, y)
        return hook(self, args, y)


def added(hooks: OrderedDict, hook: Callable, first: bool) -> RemovableHandle:
    handle = RemovableHandle(hooks, hook)
    if first:
        hooks.move_to_end(handle.id, last=False)
    return handle


def pair_of(replaced: Any) -> tuple[tuple, dict]:
    if not isinstance(replaced, tuple) or len(replaced) != 2:
        raise RuntimeError(
            f"a forward pre-hook with kwargs must return None or a tuple (args, kwargs), got {replaced}"
        )
    return replaced


# ---- gradients of a whole module -----------------------------------------------------------------


class Passing(autograd.Function):
    """Tensors as they are; their gradients, all together, go through `look` on their way back."""

    @staticmethod
    def forward(ctx: Any, look: Callable, *tensors: Any) -> tuple:
        ctx.look = look
        return tuple(x.detach() for x in tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple:
        return (None, *ctx.look(gradients))


class BackwardHooks:
    """One call of a module whose gradients are hooked: what arrives at its outputs is kept for its inputs."""

    def __init__(self, module: Any):
        self.module = module
        self.grad_output: tuple = ()
        self.inputs: list[bool] = []  # which arguments get a gradient

    def at_inputs(self, args: tuple) -> tuple:
        """The arguments, so passed on that the gradients of all of them are seen together."""
        self.inputs = [isinstance(x, TensorBase) and x.requires_grad for x in args]
        return passed(args, self.inputs, self.inputs_known)

    def at_outputs(self, y: Any) -> Any:
        """The outputs, so passed on that the gradients of all of them are seen together."""
        ys = y if isinstance(y, tuple) else (y,)
        tracked = [isinstance(x, TensorBase) and x.requires_grad for x in ys]
        ys = passed(ys, tracked, lambda gradients: self.outputs_known(gradients, tracked))
        return ys if isinstance(y, tuple) else ys[0]

    def outputs_known(self, gradients: tuple, tracked: list[bool]) -> tuple:
        """Run the pre-hooks; without a tracked input there is nothing more to wait for."""
        self.grad_output = spread(gradients, tracked)
        for hook in list(self.module._backward_pre_hooks.values()):
            replaced = hook(self.module, self.grad_output)
            if replaced is not None:
                self.grad_output = replaced if isinstance(replaced, tuple) else (replaced,)
        if not any(self.inputs):
            self.inputs_known(())
        return tuple(g for g, there in zip(self.grad_output, tracked, strict=True) if there)

    def inputs_known(self, gradients: tuple) -> tuple:
        """Run the hooks, with the gradients of inputs and outputs."""
        grad_input = spread(gradients, self.inputs)
        for hook in list(self.module._backward_hooks.values()):
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is not None:
                grad_input = replaced if isinstance(replaced, tuple) else (replaced,)
        return tuple(g for g, there in zip(grad_input, self.inputs, strict=True) if there)


def spread(gradients: tuple, there: list[bool]) -> tuple:
    """The gradients at the places where there is one, None at the others."""
    rest = iter(gradients)
    return tuple(next(rest) if known else None for known in there)


def passed(xs: tuple, chosen: list[bool], look: Callable) -> tuple:
    if not any(chosen):
        return xs
    rest = iter(Passing.apply(look, *[x for x, there in zip(xs, chosen, strict=True) if there]))
    return tuple(next(rest) if there else x for x, there in zip(xs, chosen, strict=True))
