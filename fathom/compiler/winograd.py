r"""Convolutions with fewer products (Winograd, "Arithmetic Complexity of Computations", 1980; Lavin and Gray, 2016).

A row of a convolution, $y_i = \sum_q x_{i+q} w_q$, is a product of polynomials turned around. A polynomial is known by
its values at as many points as it has coefficients, and a product's values are products of values: m outputs of r taps
take m + r - 1 products instead of m r. With three matrices made from the points,

    sum_{i, q} x[i + q] w[q] y[i]  =  sum_z (B x)[z] (G w)[z] (A y)[z]     for all x, w and y.

What stands beside y is the convolution, A^T [(B x) (G w)]; what stands beside w and x are the gradients of the two:
one rule for the three. Here it serves along the last axis, tile by tile, with five products for three outputs of three
taps (nine in the plain sum), six for four (twelve) or eight for six (eighteen); with eight for four outputs of five
taps (twenty). Along the other axes, and over the channels, products are summed as before, by a contraction of the two
that are given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from fathom.compiler.graph import alive, replayed
from fathom.compiler.tiled import Matrix, Tiled, Untiled
from fathom.core.tracing import Graph, Step, Symbol
from fathom.ops.contraction import LETTERS, Contract
from fathom.ops.movement import Flip, Pad, Permute, Reshape, Slice
from fathom.ops.windows import Fold, Windows

if TYPE_CHECKING:
    from fathom.tensors import Tensor

# and infinity, where a polynomial's value is its highest coefficient
POINTS = tuple(map(Fraction, ("0", "1", "-1", "2", "-2", "1/2", "-1/2")))
PRODUCTS = (5, 6, 8)  # of a tile: of the first four points, or more, and infinity
MOST_TAPS = 5  # of a row: tiles of more make few outputs
BATCH = 16  # examples side by side: with fewer, lanes run along the rows, which tiles would cut
GAIN = 1.3  # how many times fewer products a row must take
TRANSFORM = 6  # what it takes to transform a number and to keep it near, in products; twice that where it is far
NEAR = 1 << 18  # numbers that a near cache holds


@functools.cache
def transforms(taps: int, products: int) -> tuple[Matrix, Matrix, Matrix]:
    """The matrices A (of a tile of outputs), B (of the inputs under it) and G (of the weights), a row for each point.

    >>> A, B, G = transforms(3, 6)
    >>> B[0]  # the coefficients of (x - 1)(x + 1)(x - 2)(x + 2), which vanishes at all points but 0
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0)
    """
    outputs, points = products + 1 - taps, POINTS[: products - 1]
    scale = [Fraction(prod(p - q for q in points if q != p)) for p in points]
    numerators = [polynomial([q for q in points if q != p], products) for p in points]
    a = [powers(p, outputs) for p in points] + [[0] * (outputs - 1) + [1]]
    b = [*numerators, polynomial(points, products)]
    g = [[c / s for c in powers(p, taps)] for p, s in zip(points, scale, strict=True)]
    return matrix(a), matrix(b), matrix([*g, [0] * (taps - 1) + [1]])


def powers(point: Fraction, count: int) -> list[Fraction]:
    return [point**k for k in range(count)]


def polynomial(roots: Sequence[Fraction], count: int) -> list[Fraction]:
    """The `count` coefficients of the product of all x - root, from the constant on."""
    found = [1]
    for root in roots:
        found = [a - root * b for a, b in zip([0, *found], [*found, 0], strict=True)]
    return found + [0] * (count - len(found))


def matrix(rows) -> Matrix:
    return tuple(tuple(float(x) for x in row) for row in rows)


@dataclass(frozen=True)
class Correlation:
    """y = the sum over windows of x times weights w. The letters of an axis say what it counts:

    x    n c ..   examples and channels, then places `at` and `taps`: those of its windows
    w    c o ..   ends with the taps
    y    n o ..   ends with the places
    """

    windows: Windows
    x: str
    w: str
    y: str
    sizes: dict[str, int]

    def tiled(self, letters: str) -> str:
        """The letters of a tensor through tiles: with one for the products second, and one for the tiles last."""
        products, tiles = [c for c in LETTERS if c not in self.sizes][:2]
        return letters[0] + products + letters[1:] + tiles

    @property
    def matrices(self) -> tuple[Matrix, Matrix, Matrix]:
        """A, B and G."""
        return transforms(self.taps, self.products)

    @property
    def lead(self) -> str:
        return self.x[: -2 * len(self.windows.size)]

    @property
    def rows(self) -> tuple[str, str]:
        """The places and the taps of the axes before the last."""
        n = len(self.windows.size)
        return self.x[-2 * n : -n - 1], self.x[-n:-1]

    @property
    def channels(self) -> tuple[str, str, str]:
        """The letters of w's channels: those of all three tensors, of x alone, and of y alone."""
        w = self.w[: -len(self.windows.size)]
        shared = "".join(c for c in w if c in self.x and c in self.y)
        inside = "".join(c for c in w if c not in self.y)
        outside = "".join(c for c in w if c not in self.x)
        return shared, inside, outside

    @property
    def taps(self) -> int:
        """Those of a row."""
        return self.sizes[self.x[-1]]

    @property
    def products(self) -> int:
        """Those of a tile: as many as make the fewest of a row."""
        return min((n for n in PRODUCTS if n > self.taps), key=lambda n: n * self.tiles_of(n))

    @property
    def outputs(self) -> int:
        """The places of a tile."""
        return self.products + 1 - self.taps

    @property
    def tiles(self) -> int:
        """How many tiles cover a row of y."""
        return self.tiles_of(self.products)

    def tiles_of(self, products: int) -> int:
        """The same for tiles of so many products."""
        return -(-self.sizes[self.y[-1]] // (products + 1 - self.taps))

    def pays(self) -> bool:
        """Whether the products that are saved are more than what the transforms cost."""
        n = len(self.windows.size)
        if self.y[-n:] != self.x[-2 * n : -n] or self.w[-n:] != self.x[-n:] or not self.lead:
            return False
        if not 2 <= self.taps <= MOST_TAPS:
            return False
        _, *channels = self.channels
        inside, outside = (prod(self.sizes[c] for c in letters) for letters in channels)
        rows, around = (prod(self.sizes[c] for c in letters) for letters in self.rows)
        products = self.products * self.tiles
        gain = self.taps * self.sizes[self.y[-1]] / products
        near = BATCH * max(inside, outside) * rows * products <= NEAR
        # products for each number that is transformed: inside + outside of them serve inside * outside sums
        saved = (gain - 1) * around * inside * outside / (inside + outside)
        return (
            self.windows.stride[-1] == self.windows.dilation[-1] == 1
            and self.sizes[self.lead[0]] >= BATCH
            and gain >= GAIN
            and saved >= (TRANSFORM if near else 2 * TRANSFORM)
        )

    # ---- the three tensors through tiles, and the letters of the result ----

    def of_x(self, x: Tensor) -> tuple[Tensor, str]:
        """B x, in windows along the other axes."""
        _, b, _ = self.matrices
        y = Tiled(b, self.outputs, self.tiles)(x)
        places, taps = self.rows
        if places:
            w = self.windows
            y = along_rows(Windows(w.size[:-1], w.stride[:-1], w.dilation[:-1]), y)
        return y, self.tiled(self.lead + places + taps)

    def of_w(self, w: Tensor) -> tuple[Tensor, str]:
        """G w."""
        *_, g = self.matrices
        y = Tiled(g, w.shape[-1], 1)(w)
        return Reshape(y.shape[:-1])(y), self.tiled(self.w[:-1])[:-1]

    def of_y(self, y: Tensor) -> tuple[Tensor, str]:
        """A y, with zeros around it along the other axes: as many as windows reach over its ends."""
        a, _, _ = self.matrices
        places, _ = self.rows
        widths = [(0, 0)] * (y.ndim - 1 - len(places)) + [(r, r) for r in self.reach()] + [(0, 0)]
        y = Pad(tuple(widths))(y) if places else y
        return Tiled(a, self.outputs, self.tiles)(y), self.tiled(self.y[:-1])

    def reach(self) -> list[int]:
        """How far windows reach over the ends of y, along the axes before the last."""
        w = self.windows
        return [d * (k - 1) for k, d in zip(w.size[:-1], w.dilation[:-1], strict=True)]

    # ---- one of the three from the two others ----

    def y_from(self, x: Tensor, w: Tensor) -> Tensor:
        """The correlation."""
        a, _, _ = self.matrices
        (x, of_x), (w, of_w) = self.of_x(x), self.of_w(w)
        y = Contract(of_x, of_w, self.tiled(self.y[:-1]))(x, w)
        return as_row(Untiled(a, self.outputs, self.sizes[self.y[-1]])(y), self.sizes[self.y[-1]])

    def w_from(self, x: Tensor, y: Tensor) -> Tensor:
        """The gradient of the weights: from x and the gradient of y."""
        *_, g = self.matrices
        (x, of_x), (y, of_y) = self.of_x(x), self.of_y(y)
        for k, reach in enumerate(self.reach()):
            axis = y.ndim - 1 - len(self.rows[0]) + k
            y = cut(y, axis, reach, y.shape[axis] - reach)
        shared, inside, outside = self.channels
        order = shared + inside + self.rows[1] + outside  # channels of y may fill vectors
        w = Contract(of_x, of_y, self.tiled(order)[:-1])(x, y)
        taps = self.sizes[self.w[-1]]
        w = as_row(Untiled(g, taps, taps)(Reshape((*w.shape, 1))(w)), taps)
        return Permute(tuple((order + self.w[-1]).index(c) for c in self.w))(w)

    def x_from(self, y: Tensor, w: Tensor, to: tuple[int, ...]) -> Tensor:
        """The gradient of x, with places `to`: from the gradient of y and the weights turned around."""
        _, b, _ = self.matrices
        (y, of_y), (w, of_w) = self.of_y(y), self.of_w(w)
        places, taps = self.rows
        if places:
            n = len(places)
            y = along_rows(Windows(self.windows.size[:-1], (1,) * n, self.windows.dilation[:-1]), y)
            of_y = of_y[:-1] + taps + of_y[-1]
            w = Flip(tuple(range(w.ndim - n, w.ndim)))(w)
        x = Contract(of_y, of_w, self.tiled(self.lead + places))(y, w)
        return as_row(Untiled(b, self.outputs, to[-1])(x), to[-1])


class Strided:
    r"""A correlation with stride as one without it: places that are s apart become channels, with taps of their own,
    $\sum_q x_{s i + q} w_q = \sum_{r, a} x_{s (i + a) + r} w_{s a + r}$, where the taps are a multiple of s."""

    def __init__(self, windows: Windows, x: str, w: str, y: str, sizes: dict[str, int]):
        n = len(windows.size)
        self.steps = windows.stride
        taps = [k // s for k, s in zip(windows.size, self.steps, strict=True)]
        phases = "".join([c for c in LETTERS if c not in sizes][:n])
        sizes = sizes | dict(zip(phases, self.steps, strict=True)) | dict(zip(x[-n:], taps))
        plain = Windows(tuple(taps), (1,) * n, (1,) * n)
        self.whole = tuple(
            s * (sizes[c] + k - 1) for s, c, k in zip(self.steps, x[-2 * n : -n], taps)
        )
        x, w = (t[:-m] + phases + t[-m:] for t, m in ((x, 2 * n), (w, n)))
        self.plain = Correlation(plain, x, w, y, sizes)

    def pays(self) -> bool:
        return self.plain.pays()

    def y_from(self, x: Tensor, w: Tensor) -> Tensor:
        """The correlation."""
        return self.plain.y_from(self.apart(sized(x, self.whole)), self.apart(w))

    def w_from(self, x: Tensor, y: Tensor) -> Tensor:
        """The gradient of the weights."""
        return self.joined(self.plain.w_from(self.apart(sized(x, self.whole)), y))

    def x_from(self, y: Tensor, w: Tensor, to: tuple[int, ...]) -> Tensor:
        """The gradient of x, with places `to`."""
        places = tuple(m // s for m, s in zip(self.whole, self.steps, strict=True))
        return sized(self.joined(self.plain.x_from(y, self.apart(w), places)), to)

    def apart(self, x: Tensor) -> Tensor:
        """x (.., s H, t W) as (.., s, t, H, W)."""
        n = len(self.steps)
        lead, places = x.shape[:-n], x.shape[-n:]
        parts = [m for size, s in zip(places, self.steps, strict=True) for m in (size // s, s)]
        axes = range(len(lead), len(lead) + 2 * n)
        order = (*range(len(lead)), *axes[1::2], *axes[::2])
        return Permute(order)(Reshape((*lead, *parts))(x))

    def joined(self, x: Tensor) -> Tensor:
        """What `apart` takes apart."""
        n = len(self.steps)
        lead, steps, places = x.shape[: -2 * n], x.shape[-2 * n : -n], x.shape[-n:]
        k = len(lead)
        order = (*range(k), *(axis for j in range(k, k + n) for axis in (j + n, j)))
        whole = [m * s for m, s in zip(places, steps, strict=True)]
        return Reshape((*lead, *whole))(Permute(order)(x))


def sized(x: Tensor, to: tuple[int, ...]) -> Tensor:
    """x with so many places: without the last ones, or with zeros after them."""
    first = x.ndim - len(to)
    for axis, size in enumerate(to, first):
        x = cut(x, axis, 0, min(size, x.shape[axis]))
    rest = [(0, size - m) for size, m in zip(to, x.shape[first:], strict=True)]
    return Pad(((0, 0),) * first + tuple(rest))(x) if any(after for _, after in rest) else x


def correlation(
    windows: Windows, x: str, w: str, y: str, sizes: dict[str, int]
) -> Correlation | Strided:
    """The correlation, without stride where it can be."""
    axes = list(zip(windows.size, windows.stride, windows.dilation, strict=True))
    strided = any(s > 1 for _, s, _ in axes) and all(k % s == 0 and d == 1 for k, s, d in axes)
    kind = Strided if strided and x[-len(axes) :] == w[-len(axes) :] else Correlation
    return kind(windows, x, w, y, sizes)


def along_rows(windows: Windows, y: Tensor) -> Tensor:
    """y's windows along the axes before the last, whose places it keeps at the end: as they lie in memory."""
    n = len(windows.size)
    y = windows(moved(y, y.ndim - 1, y.ndim - 1 - n))
    return moved(y, y.ndim - 1 - 2 * n, y.ndim - 1)


def as_row(pieces: Tensor, count: int) -> Tensor:
    """The pieces of rows as rows of `count`."""
    y = Reshape((*pieces.shape[:-2], pieces.shape[-2] * pieces.shape[-1]))(pieces)
    return cut(y, y.ndim - 1, 0, count)


def cut(y: Tensor, axis: int, low: int, high: int) -> Tensor:
    """y from low to high along an axis."""
    if (low, high) == (0, y.shape[axis]):
        return y
    return Slice(tuple((low, high, 1) if k == axis else (0, n, 1) for k, n in enumerate(y.shape)))(
        y
    )


def moved(x: Tensor, source: int, target: int) -> Tensor:
    """x with one axis moved."""
    order = [k for k in range(x.ndim) if k != source]
    order.insert(target, source)
    return Permute(tuple(order))(x)


def with_fewer_products(graph: Graph) -> Graph:
    """The graph with its convolutions and their gradients computed through tiles, where that pays."""
    producer = {step.output: step for step in graph.steps}
    return alive(replayed(graph, lambda step, tensor: through_tiles(step, producer, tensor)))


def through_tiles(
    step: Step, producer: dict[Symbol, Step], tensor: Callable[[Symbol], Tensor]
) -> Tensor | None:
    """What the step computes, through tiles; None where it is no correlation, or where tiles do not pay."""
    if step.output.dtype.char not in "fd":
        return None
    if isinstance(step.primitive, Fold):
        return gradient_of_x(step, producer, tensor)
    if not isinstance(step.primitive, Contract):
        return None
    letters, out = (step.primitive.a, step.primitive.b), step.primitive.out
    sizes = step.primitive.sizes(*[x.shape for x in step.inputs])
    for k, x in enumerate(step.inputs):
        source, other = producer.get(x), letters[1 - k]
        if source is None or not isinstance(source.primitive, Windows):
            continue
        operands = [tensor(source.inputs[0]), tensor(step.inputs[1 - k])]
        forward = correlation(source.primitive, letters[k], other, out, sizes)
        if forward.pays():
            return forward.y_from(*operands)
        backward = correlation(source.primitive, letters[k], out, other, sizes)
        if backward.pays():
            return backward.w_from(*operands)
    return None


def gradient_of_x(
    fold: Step, producer: dict[Symbol, Step], tensor: Callable[[Symbol], Tensor]
) -> Tensor | None:
    """The sum of overlapping windows, if those are a product of y's gradient with weights."""
    source, of = producer.get(fold.inputs[0]), fold.primitive
    if source is None or not isinstance(source.primitive, Contract):
        return None
    contract = source.primitive
    sizes = contract.sizes(*[x.shape for x in source.inputs])
    windows = Windows(of.size, of.stride, of.dilation)
    letters = (contract.a, contract.b)
    for k, y in enumerate(letters):
        found = correlation(windows, contract.out, letters[1 - k], y, sizes)
        if isinstance(found, Correlation) and set(of.stride) != {1}:
            continue  # places between the windows' have gradients of their own
        if found.pays():
            operands = tensor(source.inputs[k]), tensor(source.inputs[1 - k])
            return found.x_from(*operands, of.to)
    return None
