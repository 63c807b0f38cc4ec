"""Parameter groups: dicts of tensors, "params", and of the options that they share."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from fathom.core.base import TensorBase

Group = dict[str, Any]


def listed(owner: str, params: Any) -> list[Any]:
    """What an optimizer is given, as a list of groups not yet filled."""
    if isinstance(params, TensorBase):
        raise TypeError(
            f"{owner}: params must be a list of tensors or groups, got one tensor; write [tensor]"
        )
    items = list(params)
    if not items:
        raise ValueError(
            f"{owner}: the list of parameters is empty; a generator such as model.parameters() can"
            " be read only once"
        )
    return items if isinstance(items[0], Mapping) else [{"params": items}]


def filled(owner: str, group: Mapping[str, Any], defaults: Group) -> Group:
    """A group with a list of tensors, their names if they have some, and all options."""
    if not isinstance(group, Mapping):
        raise TypeError(f"{owner}: a parameter group must be a dict, got {type(group).__name__}")
    if "params" not in group:
        raise ValueError(f"{owner}: a parameter group needs 'params', got {sorted(group)}")
    given = group["params"]
    if isinstance(given, set):
        raise TypeError(f"{owner}: a set has no order that lasts; give the parameters as a list")
    items = [given] if isinstance(given, TensorBase) else list(given)
    names = [item[0] for item in items if isinstance(item, tuple)]
    if names and len(names) < len(items):
        raise ValueError(
            f"{owner}: {len(names)} of {len(items)} parameters have names; all or none must"
        )
    whole = {**defaults, **group}
    whole["params"] = [item[1] if isinstance(item, tuple) else item for item in items]
    return {**whole, "param_names": names} if names else whole


def check(owner: str, group: Group, others: Sequence[Group]) -> None:
    """Raise where a group's parameters cannot be optimized, or are in another group already."""
    params = group["params"]
    for position, theta in enumerate(params):
        if not isinstance(theta, TensorBase):
            raise TypeError(
                f"{owner}: can only optimize tensors, but parameter {position} is a"
                f" {type(theta).__name__}"
            )
        if not (theta.is_leaf or group.get("differentiable")):
            raise ValueError(
                f"{owner}: can't optimize a non-leaf tensor: parameter {position}, shape"
                f" {tuple(theta.shape)}, was computed by {theta.grad_fn}; use .detach()"
            )
    if any(("param_names" in group) != ("param_names" in other) for other in others):
        raise ValueError(f"{owner}: either all parameter groups have names, or none has")
    identities = {id(theta) for theta in params}
    if len(identities) < len(params):
        warnings.warn(
            f"{owner}: a parameter group holds the same parameter twice; it will take two steps at"
            " once",
            stacklevel=5,  # where the optimizer is made
        )
    if identities & {id(theta) for other in others for theta in other["params"]}:
        raise ValueError(f"{owner}: some parameters appear in more than one parameter group")


def loaded(now: Group, then: Group, defaults: Group) -> Group:
    """The parameters of a group with the options that were saved; defaults for what was not."""
    kept = copy.deepcopy({name: value for name, value in then.items() if name != "params"})
    names = {"param_names": now["param_names"]} if "param_names" in now else {}
    return {**defaults, **names, **kept, "params": now["params"]}
