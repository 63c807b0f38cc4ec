r"""class Optimizer: what all optimizers share, around the one method that differs.

An optimizer states the paper's equations in `update`, as a function of one parameter:

    theta          the parameter's value
    g              its gradient (negated already where `maximize` asks to climb)
    state          what was kept of the steps before: moments, counts
    group          the options: rate, decay, ...

and gives the new theta and what changed in the state. `step` finds the parameters, calls `update`,
and writes its results in place. So the equations are plain tensor operations: a compiler can trace
them, and with `differentiable=True` a gradient can flow through them.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from fathom.autograd import RemovableHandle, enable_grad
from fathom.core import inplace, tape
from fathom.core.base import TensorBase, is_plain
from fathom.core.composite import Varying
from fathom.optim import complex_parts, groups, stepping
from fathom.tensors import Tensor

Options = dict[str, Any]
State = dict[str, Any]
After = tuple[Tensor, State]  # the new parameter, and what changed in the state


def hooked(step: Callable) -> Callable:
    """`step` with the optimizer's hooks run around it, and counted."""

    @functools.wraps(step)
    def wrapper(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for hook in list(self.step_pre_hooks.values()):
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        "a step pre-hook must return None or a pair (args, kwargs),"
                        f" got {type(changed).__name__}"
                    )
                args, kwargs = changed
        result = step(self, *args, **kwargs)
        self.steps_taken += 1
        for hook in list(self.step_post_hooks.values()):
            hook(self, args, kwargs)
        return result

    return wrapper


class Optimizer:
    """Changes parameters step by step so that a loss falls, given their gradients.

    params: tensors; pairs (name, tensor); or groups, dicts with "params" and options of their own.
    defaults: the options of a group that does not say otherwise.

    A subclass writes `update`, and `start` if it keeps state. (Or it writes `step` itself.)
    PyTorch's options `foreach`, `fused` and `capturable` choose between implementations of the same
    equations. There is one here, so they are accepted and change nothing.

    Raises TypeError for what is no tensor, ValueError for an empty list, for a tensor that was
    computed (not a leaf), for one that is in two groups, and for options out of range.

    >>> class Descent(fathom.optim.Optimizer):
    ...     def update(self, theta, g, state, group):
    ...         return theta - group["lr"] * g, {}
    >>> x = fathom.tensor([1., 2.], requires_grad=True)
    >>> optimizer = Descent([x], {"lr": 0.1})
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[tuple[str, Tensor]] | Iterable[Options],
        defaults: Options,
    ) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[Options] = []
        self.step_pre_hooks: dict[int, Callable] = {}
        self.step_post_hooks: dict[int, Callable] = {}
        self.steps_taken = 0  # by this object; a scheduler asks whether it is used
        for group in groups.listed(type(self).__name__, params):
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:  # hooks run around a step of one's own as well
            cls.step = hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    # ---- what a subclass states ----

    elementwise = False  # the equations hold for each element on its own: see optim/blocks.py

    def check(self, group: Options) -> None:
        """Raise ValueError where an option is out of range."""

    def start(self, theta: Tensor, group: Options) -> State:
        """The state before the first step. A "step" in it is counted up before each update."""
        return {}

    def update(self, theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        """The equations: the new theta, and the new values of what changed in the state."""
        raise NotImplementedError(f"{type(self).__name__} must define update() or step()")

    # ---- stepping ----

    @hooked
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter that has a gradient; `closure`, if given, finds them first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with tape.grad_mode(self.defaults.get("differentiable", False)):
            for group in self.param_groups:
                parts = stepping.parted(group)
                for theta in group["params"]:
                    if theta.grad is not None:
                        self.advance(theta, group, *parts)
        return loss

    def advance(self, theta: Tensor, group: Options, rates: Varying, options: Options) -> None:
        """One step of one parameter, written in place; `rates` and `options` are the parts of the group."""
        start, update, state = self.start, self.update, self.state[theta]
        if theta.is_complex():
            start = partial(complex_parts.started, start)
            update = partial(complex_parts.updated, update)
        if not state:
            state.update(start(theta, group))
        if "step" in state:
            state["step"].add_(1)
        g = -theta.grad if group.get("maximize") else theta.grad
        if tape.mode.enabled:
            after, changed = update(theta, g, state, group)
            inplace.assign(theta, after)
            state.update(changed)  # the history of the steps before needs the old state
            return
        begun = stepping.stepped(theta, g, state, rates, options, update, self.elementwise)
        state.update({name: value.clone() for name, value in begun.items()})  # one may be g itself

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: None, or (set_to_none=False) zeros in the same memory."""
        for group in self.param_groups:
            for theta in group["params"]:
                if set_to_none:
                    theta.grad = None
                elif theta.grad is not None:
                    theta.grad = theta.grad.detach()
                    theta.grad.zero_()

    # ---- groups ----

    def add_param_group(self, param_group: Options) -> None:
        """Optimize more tensors: {"params": tensors} and the options in which they differ."""
        name = type(self).__name__
        group = groups.filled(name, param_group, self.defaults)
        groups.check(name, group, self.param_groups)
        self.check(group)
        self.param_groups.append(group)

    # ---- saving ----

    def state_dict(self) -> dict[str, Any]:
        """The state by the parameters' numbers, and the groups with numbers for parameters.

        The tensors in it are the optimizer's own: they change with the next step.
        """
        order = [theta for group in self.param_groups for theta in group["params"]]
        position = {id(theta): k for k, theta in enumerate(order)}
        packed = [
            {**group, "params": [position[id(theta)] for theta in group["params"]]}
            for group in self.param_groups
        ]
        state = {position[id(theta)]: kept for theta, kept in self.state.items() if kept}
        return {"state": state, "param_groups": packed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a copy of what `state_dict()` gave for parameters in the same order.

        State with the shape of its parameter takes the parameter's dtype; all goes to its device.
        Raises ValueError where the groups, or the shapes, are not those of this optimizer.
        """
        name, saved = type(self).__name__, state_dict["param_groups"]
        have, got = ([len(group["params"]) for group in gs] for gs in (self.param_groups, saved))
        if have != got:
            raise ValueError(
                f"{name}: the loaded state has groups of {got} parameters, this optimizer of {have}"
            )
        positions = itertools.chain.from_iterable(group["params"] for group in saved)
        params = itertools.chain.from_iterable(group["params"] for group in self.param_groups)
        theta_of = dict(zip(positions, params, strict=True))
        state: defaultdict[Tensor, State] = defaultdict(dict)
        for k, kept in state_dict["state"].items():
            if k not in theta_of:
                raise ValueError(
                    f"{name}: the loaded state names parameter {k}, which no group has"
                )
            theta = theta_of[k]
            state[theta] = {entry: taken_over(value, theta) for entry, value in kept.items()}
            if self.elementwise:
                check_shapes(f"{name}: parameter {k}", state[theta], theta)
        self.state = state
        self.param_groups = [
            groups.loaded(now, then, self.defaults)
            for now, then in zip(self.param_groups, saved, strict=True)
        ]

    # ---- hooks, printing ----

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) before each step; it may return others."""
        return RemovableHandle(self.step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call hook(optimizer, args, kwargs) after each step."""
        return RemovableHandle(self.step_post_hooks, hook)

    def __repr__(self) -> str:
        parts = []
        for k, group in enumerate(self.param_groups):
            lines = [f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params"]
            parts.append(f"Parameter Group {k}\n" + "".join(lines))
        return f"{type(self).__name__} (\n" + "\n".join(parts) + ")"


def taken_over(value: Any, theta: Tensor) -> Any:
    """A copy of loaded state, where and as the parameter needs it."""
    if isinstance(value, TensorBase):
        dtype = theta.dtype if value.shape == theta.shape and value.ndim else value.dtype
        return value.detach().to(theta.device if value.ndim else value.device, dtype).clone()
    if isinstance(value, (list, tuple)):
        return type(value)(taken_over(x, theta) for x in value)
    return copy.deepcopy(value)


def check_shapes(what: str, state: State, theta: Tensor) -> None:
    """Raise ValueError where a tensor of the state is neither one number nor of theta's shape."""
    for name, value in state.items():
        if isinstance(value, TensorBase) and value.ndim and value.shape != theta.shape:
            raise ValueError(
                f"{what} has shape {tuple(theta.shape)}, but {name} in the loaded state has shape"
                f" {tuple(value.shape)}"
            )


def number(x: Tensor) -> Any:
    """A 0-d tensor as a Python number; while a compiler traces, when none is known, in float64."""
    return x.item() if is_plain(x) else x.double()


def absent(x: Any) -> bool:
    """Whether an option is 0, so that its part of the equations is left out. A rate that a compiler traces, and
    whose value is therefore not known, is there."""
    return not isinstance(x, TensorBase) and x == 0
