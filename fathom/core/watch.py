"""Watching the door: for a while, each operation of this thread is reported.

A watched door is another door, put in the place of `Primitive.__call__` for as long as someone
watches. So the door itself has no hook, and who does not watch pays nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from fathom.core.composite import as_written
from fathom.core.primitive import Primitive

if TYPE_CHECKING:
    from fathom.tensors import Tensor

    Seen = Callable[[Primitive, tuple[Tensor, ...], Tensor], None]


class watching:
    """Calls `seen(primitive, inputs, output)` after each operation inside a `with` block.

    Operations of other threads go on unseen. Blocks may be nested; each sees what happens inside it. Composites run
    operation by operation.

    >>> names = []
    >>> with watching(lambda primitive, inputs, y: names.append(type(primitive).__name__)):
    ...     _ = fathom.ones(2).exp().sum()
    >>> names
    ['Exp', 'Sum']
    """

    def __init__(self, seen: Seen):
        self.seen, self.written = seen, as_written()

    def __enter__(self) -> watching:
        door, seen, thread = Primitive.__call__, self.seen, threading.get_ident()

        def watched(primitive: Primitive, *inputs: Tensor) -> Tensor:
            y = door(primitive, *inputs)
            if threading.get_ident() == thread:
                seen(primitive, inputs, y)
            return y

        self.door = door
        Primitive.__call__ = watched  # type: ignore[method-assign]
        self.written.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.written.__exit__()
        Primitive.__call__ = self.door  # type: ignore[method-assign]
