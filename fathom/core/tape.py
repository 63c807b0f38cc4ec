"""The tape: each tracked application is a node; the reverse sweep walks the nodes back.

One sweep serves `backward()`, `autograd.grad` and `func.vjp`. Rules are Tensor programs, so a sweep
with `create_graph` is itself recorded, and gradients of any order follow.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fathom.core.base import new, owner

if TYPE_CHECKING:
    from fathom.core.primitive import Primitive
    from fathom.tensors import Tensor


class Mode(threading.local):
    """Whether this thread records (`no_grad` and `enable_grad` change it)."""

    enabled = True
    inference = False


mode = Mode()
order = itertools.count()  # of all applications that are recorded


class Node:
    """One recorded application, y = primitive(*inputs)."""

    __slots__ = (
        "array", "count", "counts", "hooks", "inputs", "order", "parents", "primitive", "version",
    )  # fmt: skip

    def __init__(self, primitive: Primitive, inputs: Sequence[Tensor], y: Tensor):
        self.primitive = primitive
        self.inputs: Sequence[Tensor] | None = inputs
        self.counts = [0 if x.version is None else x.version[0] for x in inputs]
        self.parents = [(x.node or x) if x.tracked else None for x in inputs]
        self.array = y.array  # not y itself: y holds this node
        self.version = y.version
        self.count = y.version[0]
        self.order = next(order)
        self.hooks: dict | None = None

    @property
    def name(self) -> str:
        return type(self.primitive).__name__

    def pull(self, g: Tensor) -> Sequence[Tensor | None]:
        """The gradients of the inputs, given the gradient g of the output."""
        if self.inputs is None:
            raise RuntimeError(
                f"{self.name}: trying to go backward through the graph a second time, but its values"
                " were freed; pass retain_graph=True to the first backward()"
            )
        xs = [
            x if x.version is None or x.version[0] == count else stale(self, k, x, count)
            for k, (x, count) in enumerate(zip(self.inputs, self.counts, strict=True))
        ]
        if self.version[0] == self.count:
            y = new(self.array)
            y.tracked, y.node, y.version = True, self, self.version
        else:
            y = stale(self, None, self, self.count)
        wanted = [parent is not None for parent in self.parents]
        return self.primitive.vjp(wanted, g, y, *xs)

    def free(self) -> None:
        """Let go of the saved values, and of the nodes before."""
        self.inputs = self.array = None
        self.parents = []

    def __repr__(self) -> str:
        return f"<{self.name}Backward>"


class Overwritten:
    """What a saved tensor holds after its values were overwritten: a shape, which a rule may use. Any
    operation on it raises, as a transform that comes before all others."""

    level = math.inf

    def __init__(self, array, message: str):
        self.array, self.message = array, message
        self.shape, self.dtype = array.shape, array.dtype

    def inner(self) -> Tensor:
        """The tensor that holds the values of now."""
        return new(self.array)

    def interpret(self, primitive: Primitive, inputs: Sequence[Tensor]) -> Tensor:
        """Refuse: the values that the rule needs are gone."""
        raise RuntimeError(self.message)


def stale(node: Node, position: int | None, held: Tensor | Node, count: int) -> Tensor:
    """A tensor in the place of input `position` (None: of the output), which was written to since."""
    which = "output" if position is None else f"input {position}"
    message = (
        f"one of the variables needed for gradient computation has been modified by an inplace operation:"
        f" {which} of {node.name}, shape {tuple(held.array.shape)}, is at version {held.version[0]};"
        f" expected version {count}. Clone it before writing to it"
    )
    return new(Overwritten(held.array, message))


# ---- recording ---------------------------------------------------------------------------------


def record(y: Tensor, primitive: Primitive, inputs: tuple[Tensor, ...]) -> None:
    """Give y its history, if a gradient is wanted at one of the inputs."""
    for x in inputs:
        if x.origin is not None:
            refreshed(x)
    if not any(x.tracked for x in inputs):
        return
    if y.version is None:
        y.version = [0]
    y.tracked = True
    y.node = Node(primitive, inputs, y)


def follow(y: Tensor, x: Tensor, primitive: Primitive) -> None:
    """Say that y is a view of x, if it shares its memory."""
    a, b = x.array, y.array
    wrapped = hasattr(a, "level")
    if wrapped or b is a or b.base is a or owner(b) is owner(a):
        if x.version is None:
            x.version = [0]
        y.version = x.version
        y.seen = x.version[0]
        if primitive.differentiable or wrapped:  # a detached tensor must not keep the graph alive
            y.origin = (x, primitive)


def refreshed(x: Tensor) -> Tensor:
    """x itself; a view whose storage was written since is read through its origin again."""
    if x.origin is not None and x.version is not None and x.seen != x.version[0]:
        origin, primitive = x.origin
        refreshed(origin)
        if (origin.tracked and primitive.differentiable) or hasattr(origin.array, "level"):
            again = primitive(origin)
            x.array, x.node, x.tracked = again.array, again.node, again.tracked
        x.seen = x.version[0]
    return x


class grad_mode:
    """Record (or not) inside a `with` block or a decorated function."""

    def __init__(self, enabled: bool):
        self.enabled = enabled
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(mode.enabled)
        mode.enabled = self.enabled

    def __exit__(self, *_: object) -> None:
        mode.enabled = self.before.pop()


# ---- the reverse sweep ---------------------------------------------------------------------------


def edge(x: Tensor) -> Node | Tensor:
    """Where x's gradient arrives: the node that made it, or x itself if it is a leaf."""
    refreshed(x)
    return x.node or x


def sweep(
    starts: Iterable[tuple[Node | Tensor, Tensor]],
    kept: Iterable[Node | Tensor] | None,
    create_graph: bool,
    retain_graph: bool,
) -> dict:
    """Gradients by edge (see `edge`): of every leaf, or, where `kept` is given, of those edges only.

    Nodes are visited newest first, so that all gradients of a node have arrived when it is its turn.
    """
    starts = list(starts)
    wanted = None if kept is None else set(kept)
    needed = None if wanted is None else leading_to(wanted, [start for start, _ in starts])
    arrived: dict = {}
    waiting: list[tuple[int, Node]] = []

    def arrive(at: Node | Tensor, g: Tensor) -> None:
        if at in arrived:
            arrived[at] = arrived[at] + g
        else:
            arrived[at] = g
            if isinstance(at, Node):
                heapq.heappush(waiting, (-at.order, at))

    with grad_mode(create_graph):
        for start, g in starts:
            arrive(start, g)
        while waiting:
            node = heapq.heappop(waiting)[1]
            g = arrived[node] = hooked(node.hooks, arrived[node])
            if needed is None or node in needed:
                for parent, x, gx in zip(
                    node.parents, node.inputs or (), node.pull(g), strict=True
                ):
                    if parent is None or gx is None:
                        continue
                    if needed is None or parent in needed or parent in wanted:
                        arrive(parent, gx.real if is_complex(gx) and not is_complex(x) else gx)
                if not retain_graph:
                    node.free()
            if wanted is None or node not in wanted:
                del arrived[node]
        for leaf in arrived:
            if not isinstance(leaf, Node):
                arrived[leaf] = hooked(leaf.hooks, arrived[leaf])
    return arrived


def hooked(hooks: dict | None, g: Tensor) -> Tensor:
    """g after the hooks: each may return another gradient in its place."""
    for hook in list((hooks or {}).values()):
        replaced = hook(g)
        g = g if replaced is None else replaced
    return g


def leading_to(wanted: set, starts: Iterable[Node | Tensor]) -> set:
    """The nodes from which a wanted edge is reached."""
    nodes = reachable(starts)
    needed: set = set()
    for node in sorted(nodes, key=lambda node: node.order):
        if any(
            parent in wanted or parent in needed for parent in node.parents if parent is not None
        ):
            needed.add(node)
    return needed


def reachable(starts: Iterable[Node | Tensor], since: int = -1) -> set[Node]:
    """Every node from which the starts were computed, of those recorded after `since`."""
    nodes = {start for start in starts if isinstance(start, Node)}
    stack = list(nodes)
    while stack:
        for parent in stack.pop().parents:
            if isinstance(parent, Node) and parent not in nodes and parent.order > since:
                nodes.add(parent)
                stack.append(parent)
    return nodes


def is_complex(x: Tensor) -> bool:
    return x.dtype.kind == "complex"
