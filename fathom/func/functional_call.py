"""A module as a pure function of its parameters: what `grad` and `vmap` need to see them as arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fathom.ops.shaping import stack


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """The module's output with the given tensors, by path, in the place of its own parameters and buffers.

    What is not given stays the module's own (strict=True: raises). A tensor that stands in several places of
    the module is replaced in all of them, unless tie_weights=False. The module itself is left as it was.

    >>> layer = fathom.nn.Linear(1, 1)
    >>> values = {"weight": fathom.tensor([[2.]]), "bias": fathom.tensor([1.])}
    >>> fathom.func.functional_call(layer, values, fathom.tensor([5.]))
    tensor([11.])
    """
    given = merged(parameter_and_buffer_dicts)
    places = places_of(module)
    check(module, given, places, strict)
    if tie_weights:
        given = {**given, **tied(given, places)}
    replaced = [(*places[path], tensor) for path, tensor in given.items()]
    before = [(registered, name, registered[name]) for registered, name, _ in replaced]
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    try:
        for registered, name, tensor in replaced:
            registered[name] = tensor
        return module(*args, **(kwargs or {}))
    finally:
        for registered, name, tensor in before:
            registered[name] = tensor


def merged(dicts: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One dict of all; a path that stands in two of them is ambiguous."""
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, (tuple, list)) or not all(isinstance(d, Mapping) for d in dicts):
        raise ValueError(
            "functional_call: expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, got"
            f" {type(dicts).__name__}"
        )
    paths = [path for d in dicts for path in d]
    repeated = sorted({path for path in paths if paths.count(path) > 1})
    if repeated:
        raise ValueError(
            f"functional_call: {', '.join(repeated)} appeared in multiple dictionaries"
        )
    return {path: tensor for d in dicts for path, tensor in d.items()}


def places_of(module: Any) -> dict[str, tuple[dict, str]]:
    """For each path of a parameter or buffer the dict that holds it, and its name there."""
    places = {}
    for path, below in module.named_modules(remove_duplicate=False):
        for registered in (below._parameters, below._buffers):
            for name in registered:
                places[f"{path}.{name}" if path else name] = registered, name
    return places


def check(module: Any, given: Mapping[str, Any], places: Mapping[str, Any], strict: bool) -> None:
    unexpected = [path for path in given if path not in places]
    if unexpected:
        raise AttributeError(
            f"functional_call: {type(module).__name__} has no parameter or buffer {', '.join(unexpected)}"
        )
    named = [path for path, _ in [*module.named_parameters(), *module.named_buffers()]]
    missing = [path for path in named if path not in given] if strict else []
    if missing:
        raise RuntimeError(
            f"functional_call: Missing key(s): {', '.join(missing)}; pass strict=False to keep the module's own"
        )


def tied(given: Mapping[str, Any], places: Mapping[str, tuple[dict, str]]) -> dict[str, Any]:
    """The other places of the tensors that are replaced, with what replaces them."""
    found = {path: places[path][0][places[path][1]] for path in places}
    others: dict[str, Any] = {}
    for path, tensor in given.items():
        for other, held in found.items():
            if held is not None and held is found[path] and other != path:
                if other in given and given[other] is not tensor:
                    raise ValueError(
                        f"functional_call: {path} and {other} are one tensor in the module, but got two different"
                        " ones; pass tie_weights=False"
                    )
                others[other] = tensor
    return others


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters, buffers) of several models of one class, each stacked along a new first dim: for `vmap`.

    >>> models = [fathom.nn.Linear(2, 3) for _ in range(4)]
    >>> parameters, buffers = fathom.func.stack_module_state(models)
    >>> parameters["weight"].shape
    fathom.Size([4, 3, 2])
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({type(model) for model in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    if len({model.training for model in models}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    stacked = {
        name: stack([p[name].detach() for p in parameters]).requires_grad_(first.requires_grad)
        for name, first in parameters[0].items()
    }
    return stacked, {name: stack([b[name] for b in buffers]) for name in buffers[0]}
