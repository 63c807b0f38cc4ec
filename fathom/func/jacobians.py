"""Whole matrices of derivatives: `jacrev` (row by row), `jacfwd` (column by column), `hessian`."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.core.trees import flatten, map_tensors, unflatten
from fathom.func.batching import vmap
from fathom.func.forward import jvp
from fathom.func.reverse import of_chosen, vjp

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def basis(x: Tensor) -> Tensor:
    """The unit vectors of x's space, along a new first dim."""
    n = prod(x.shape)
    return x.detach().new_tensor(np.eye(n), dtype=x.dtype).reshape((n, *x.shape))


def only(k: int, g: Tensor, xs: list[Tensor]) -> list[Tensor]:
    """g in place k, zeros like the xs elsewhere."""
    return [g if j == k else x.new_zeros(x.shape) for j, x in enumerate(xs)]


def jacrev(
    func: Callable, argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False
) -> Callable:
    """The function that gives df/dx, (*y.shape, *x.shape), by one backward pass for each output element.

    Arguments and results may be nested: the jacobian has the results' structure, and in each place the
    structure of the chosen argument (a tuple of them where argnums is a tuple).

    >>> fathom.func.jacrev(lambda x: x ** 2)(fathom.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        f, xs = of_chosen(func, argnums, args, kwargs)
        result, pullback, *aux = vjp(f, *xs, has_aux=has_aux)
        ys, structure = flatten(result)

        def rows(k: int) -> Any:
            """The jacobian of output k, by each chosen argument."""

            def row(g: Tensor) -> tuple:
                return pullback(unflatten(structure, only(k, g, ys)))

            found = vmap(row)(basis(ys[k]))
            found = map_tensors(lambda r: r.reshape((*ys[k].shape, *r.shape[1:])), found)
            return found[0] if isinstance(argnums, int) else found

        whole = unflatten(structure, [rows(k) for k in range(len(ys))])
        return (whole, aux[0]) if has_aux else whole

    return jacobian


def jacfwd(func: Callable, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """The function that gives df/dx, (*y.shape, *x.shape), by one forward pass for each input element.

    Nested arguments and results as in `jacrev`.
    """

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        f, xs = of_chosen(func, argnums, args, kwargs)
        leaves, inputs = flatten(xs)

        def columns(k: int) -> Any:
            """The jacobians of all outputs by the leaf k of the chosen arguments."""

            def column(dx: Tensor) -> Any:
                tangents = unflatten(inputs, only(k, dx, leaves))
                return jvp(f, xs, tangents, has_aux=has_aux)[1]

            found = vmap(column, out_dims=-1)(basis(leaves[k]))
            return map_tensors(lambda c: c.reshape((*c.shape[:-1], *leaves[k].shape)), found)

        parts = [flatten(columns(k)) for k in range(len(leaves))]
        outputs = parts[0][1]
        of_each = [
            unflatten(inputs, row) for row in zip(*[found for found, _ in parts], strict=True)
        ]
        whole = unflatten(outputs, [row[0] if isinstance(argnums, int) else row for row in of_each])
        return (whole, f(*xs)[1]) if has_aux else whole

    return jacobian


def hessian(func: Callable, argnums: int | tuple[int, ...] = 0) -> Callable:
    """The function that gives the second derivatives, (*y.shape, *x.shape, *x.shape): forward over reverse.

    >>> fathom.func.hessian(lambda x: (x ** 3).sum())(fathom.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
