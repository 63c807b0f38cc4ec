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
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fathom.autograd import RemovableHandle, enable_grad
from fathom.core import inplace, tape
from fathom.core.base import TensorBase, is_plain
from fathom.optim import blocks
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
        if isinstance(params, TensorBase):
            raise TypeError(
                f"{type(self).__name__}: params must be a list of tensors or of groups, got one"
                " tensor; write [tensor]"
            )
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__}: the list of parameters is empty; a generator such as"
                " model.parameters() can be read only once"
            )
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[Options] = []
        self.step_pre_hooks: dict[int, Callable] = {}
        self.step_post_hooks: dict[int, Callable] = {}
        self.steps_taken = 0  # by this object; a scheduler asks whether it is used
        for group in groups if isinstance(groups[0], Mapping) else [{"params": groups}]:
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
                for theta in group["params"]:
                    if theta.grad is not None:
                        self.advance(theta, group)
        return loss

    def advance(self, theta: Tensor, group: Options) -> None:
        """One step of one parameter, written in place."""
        state = self.state[theta]
        if not state:
            state.update(self.start(theta, group))
        if "step" in state:
            state["step"].add_(1)
        g = -theta.grad if group.get("maximize") else theta.grad
        if self.elementwise and not tape.mode.enabled and blocks.worthwhile(theta, g, state):
            changed = blocks.advance(self.update, theta, g, state, group)
        else:
            after, changed = self.update(theta, g, state, group)
            inplace.assign(theta, after)
        for name, value in changed.items():
            if tape.mode.enabled:
                state[name] = value  # the history of the steps before needs the old one
            elif name not in state:
                state[name] = value.clone()  # it may be the gradient itself
            elif isinstance(value, TensorBase):
                inplace.assign(state[name], value)
            else:
                state[name].fill_(value)

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
        if not isinstance(param_group, Mapping):
            raise TypeError(
                f"{name}: a parameter group must be a dict, got {type(param_group).__name__}"
            )
        if "params" not in param_group:
            raise ValueError(f"{name}: a parameter group needs 'params', got {sorted(param_group)}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError(f"{name}: a set has no order that lasts; give the parameters as a list")
        items = [given] if isinstance(given, TensorBase) else list(given)
        named = [item for item in items if isinstance(item, tuple)]
        group = {**self.defaults, **param_group}
        group["params"] = [item[1] if isinstance(item, tuple) else item for item in items]
        if named:
            group["param_names"] = [item[0] for item in named]
        self.check_params(group, len(named))
        self.check(group)
        self.param_groups.append(group)

    def check_params(self, group: Options, named: int) -> None:
        """Raise where a group's parameters cannot be optimized, or are already."""
        name, params = type(self).__name__, group["params"]
        if named not in (0, len(params)):
            raise ValueError(
                f"{name}: {named} of {len(params)} parameters have names; all or none must"
            )
        if any(("param_names" in group) != ("param_names" in other) for other in self.param_groups):
            raise ValueError(f"{name}: either all parameter groups have names, or none has")
        for position, theta in enumerate(params):
            if not isinstance(theta, TensorBase):
                raise TypeError(
                    f"{name}: can only optimize tensors, but parameter {position} is a"
                    f" {type(theta).__name__}"
                )
            if not (theta.is_leaf or self.defaults.get("differentiable")):
                raise ValueError(
                    f"{name}: can't optimize a non-leaf tensor: parameter {position}, shape"
                    f" {tuple(theta.shape)}, was computed by {theta.grad_fn}; use .detach()"
                )
        identities = {id(theta) for theta in params}
        if len(identities) < len(params):
            warnings.warn(
                f"{name}: a parameter group holds the same parameter twice; it will take two steps"
                " at once",
                stacklevel=4,
            )
        before = {id(theta) for other in self.param_groups for theta in other["params"]}
        if identities & before:
            raise ValueError(f"{name}: some parameters appear in more than one parameter group")

    # ---- saving ----

    def state_dict(self) -> dict[str, Any]:
        """The state by the parameters' numbers, and the groups with numbers for parameters.

        The tensors in it are the optimizer's own: they change with the next step.
        """
        order = [theta for group in self.param_groups for theta in group["params"]]
        number = {id(theta): k for k, theta in enumerate(order)}
        groups = [
            {**group, "params": [number[id(theta)] for theta in group["params"]]}
            for group in self.param_groups
        ]
        state = {number[id(theta)]: kept for theta, kept in self.state.items() if kept}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a copy of what `state_dict()` gave for parameters in the same order.

        State with the shape of its parameter takes the parameter's dtype; all goes to its device.
        """
        saved = state_dict["param_groups"]
        have, got = ([len(group["params"]) for group in gs] for gs in (self.param_groups, saved))
        if have != got:
            what = (
                "a different number of parameter groups"
                if len(have) != len(got)
                else "groups of other sizes"
            )
            raise ValueError(
                f"{type(self).__name__}: the loaded state has {what}: {got} parameters in its"
                f" groups, this optimizer {have}"
            )
        positions = itertools.chain.from_iterable(group["params"] for group in saved)
        params = itertools.chain.from_iterable(group["params"] for group in self.param_groups)
        theta_of = dict(zip(positions, params, strict=True))
        unknown = [k for k in state_dict["state"] if k not in theta_of]
        if unknown:
            raise ValueError(
                f"{type(self).__name__}: the loaded state names parameters {unknown} that no group"
                " has"
            )
        self.state = defaultdict(dict)
        for k, kept in state_dict["state"].items():
            self.state[theta_of[k]] = {name: taken_over(x, theta_of[k]) for name, x in kept.items()}
        self.param_groups = [
            {
                **self.defaults,
                **names_of(now),
                **copy.deepcopy(without_params(then)),
                "params": now["params"],
            }
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


def without_params(group: Options) -> Options:
    return {name: value for name, value in group.items() if name != "params"}


def names_of(group: Options) -> Options:
    return {"param_names": group["param_names"]} if "param_names" in group else {}


def taken_over(value: Any, theta: Tensor) -> Any:
    """A copy of loaded state, where and as the parameter needs it."""
    if isinstance(value, TensorBase):
        dtype = theta.dtype if value.shape == theta.shape and value.ndim else value.dtype
        return value.detach().to(theta.device if value.ndim else value.device, dtype).clone()
    if isinstance(value, (list, tuple)):
        return type(value)(taken_over(x, theta) for x in value)
    return copy.deepcopy(value)


def number(x: Tensor) -> Any:
    """A 0-d tensor as a Python number; while a compiler traces, when none is known, in float64."""
    return x.item() if is_plain(x) else x.double()
