"""Whole matrices of derivatives: `jacrev` (row by row), `jacfwd` (column by column), `hessian`."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.func.batching import vmap
from fathom.func.forward import jvp
from fathom.func.reverse import vjp
from fathom.core.trees import map_tensors

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def basis(x: Tensor) -> Tensor:
    """The unit vectors of x's space, along a new first dim."""
    n = prod(x.shape)
    return x.detach().new_tensor(np.eye(n), dtype=x.dtype).reshape((n, *x.shape))


def jacrev(func: Callable, argnums: int = 0) -> Callable:
    """The function that gives df/dx, (*y.shape, *x.shape), by one backward pass for each output element."""

    def jacobian(*args: Any) -> Any:
        y, pullback = vjp(lambda x: func(*args[:argnums], x, *args[argnums + 1 :]), args[argnums])
        rows = vmap(lambda g: pullback(g)[0])(basis(y))
        return map_tensors(lambda r: r.reshape((*y.shape, *r.shape[1:])), rows)

    return jacobian


def jacfwd(func: Callable, argnums: int = 0) -> Callable:
    """The function that gives df/dx, (*y.shape, *x.shape), by one forward pass for each input element."""

    def jacobian(*args: Any) -> Any:
        x = args[argnums]

        def column(dx: Tensor) -> Any:
            return jvp(lambda x: func(*args[:argnums], x, *args[argnums + 1 :]), (x,), (dx,))[1]

        columns = vmap(column, out_dims=-1)(basis(x))
        return map_tensors(lambda c: c.reshape((*c.shape[:-1], *x.shape)), columns)

    return jacobian


def hessian(func: Callable, argnums: int = 0) -> Callable:
    """The function that gives the second derivatives, (*y.shape, *x.shape, *x.shape): forward over reverse."""
    return jacfwd(jacrev(func, argnums), argnums)
