"""Windows: what a filter sees of an image when it slides over it.

x (N, C, H, W): N images of C channels. A window of P x Q that moves by `stride` stands in I x J places.
Instead of visiting the places one by one, visit the P x Q positions *in* the window: the pixels that
all windows have at position (p, q) are one slice of x.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fathom.blocks.functions import Array


def places(size: int, window: int, stride: int) -> int:
    """In how many places a window stands along an axis.

    >>> places(28, 5, 1), places(28, 2, 2)
    (24, 14)
    """
    return (size - window) // stride + 1


def positions(x: Array, P: int, Q: int, stride: int) -> Iterator[Array]:
    """For each position (p, q) in the window, row by row, the pixels there: a view (N, C, I, J) of x."""
    H, W = x.shape[2:]
    if P > H or Q > W:
        raise ValueError(f"a window of {P} x {Q} does not fit into images of {H} x {W}")
    I, J = places(H, P, stride), places(W, Q, stride)
    for p in range(P):
        for q in range(Q):
            yield x[:, :, p : p + stride * I : stride, q : q + stride * J : stride]


def unfold(x: Array, P: int, Q: int, stride: int) -> Array:
    """All windows, each as a column: x (N, C, H, W) -> (N, C P Q, I J). A pixel is copied to each."""
    columns = np.stack(list(positions(x, P, Q, stride)), axis=2)  # (N, C, PQ, I, J)
    N, C, PQ, I, J = columns.shape
    return columns.reshape(N, C * PQ, I * J)


def fold(columns: Array, shape: tuple[int, ...], P: int, Q: int, stride: int) -> Array:
    """The way back of `unfold`: (N, C P Q, I J) -> (N, C, H, W). Where a pixel was copied, add.

    >>> fold(unfold(np.ones((1, 1, 2, 3)), 1, 2, 1), (1, 1, 2, 3), 1, 2, 1)   # the middle was seen twice
    array([[[[1., 2., 1.],
             [1., 2., 1.]]]])
    """
    x = np.zeros(shape, columns.dtype)
    N, C, H, W = shape
    columns = columns.reshape(N, C, P * Q, places(H, P, stride), places(W, Q, stride))
    for k, pixels in enumerate(positions(x, P, Q, stride)):
        pixels += columns[:, :, k]
    return x
