"""Tensors inside tuples, lists and dicts: taken out in order, and put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fathom.core.base import TensorBase

LEAF = object()


def flatten(tree: Any) -> tuple[list, Any]:
    """The leaves of nested tuples, lists and dicts, and the structure that holds them."""
    leaves: list = []
    return leaves, collected(tree, leaves)


def collected(tree: Any, leaves: list) -> Any:
    """The structure; the leaves are added to the list."""
    if isinstance(tree, dict):
        return {key: collected(value, leaves) for key, value in tree.items()}
    if isinstance(tree, (tuple, list)):
        structures = [collected(value, leaves) for value in tree]
        return type(tree)(*structures) if hasattr(tree, "_fields") else type(tree)(structures)
    leaves.append(tree)
    return LEAF


def unflatten(structure: Any, leaves: Sequence) -> Any:
    """The leaves in their structure again."""
    rest = iter(leaves)

    def build(part: Any) -> Any:
        if part is LEAF:
            return next(rest)
        if isinstance(part, dict):
            return {key: build(value) for key, value in part.items()}
        built = [build(value) for value in part]
        return type(part)(*built) if hasattr(part, "_fields") else type(part)(built)

    return build(structure)


def map_tensors(f: Callable, tree: Any) -> Any:
    """The tree with f applied to each tensor in it."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [f(x) if isinstance(x, TensorBase) else x for x in leaves])
