"""The composites that eager mode runs as one operation, with arguments for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import fathom
import fathom.nn.functional as F


@dataclass(frozen=True)
class Case:
    """A call of a composite: tuples are the shapes of tensors that want gradients, the rest is given as it is."""

    call: Callable
    given: tuple

    def arguments(self, dtype) -> list:
        """New arguments, always the same."""
        g = fathom.Generator().manual_seed(1)
        return [
            fathom.randn(*x, generator=g).to(dtype).requires_grad_() if isinstance(x, tuple) else x
            for x in self.given
        ]


CASES = {
    "softmax of rows": Case(lambda x: F.softmax(x, -1), ((5, 7),)),
    "softmax along the first dim": Case(lambda x: F.softmax(x, dim=0), ((5, 7),)),
    "softmax in another dtype": Case(
        lambda x: fathom.softmax(x, 0, dtype=fathom.float64), ((3, 2),)
    ),
    "log_softmax": Case(lambda x: F.log_softmax(x, 1), ((3, 19, 4),)),
    "gelu": Case(F.gelu, ((4, 5),)),
    "gelu with tanh": Case(lambda x: F.gelu(x, approximate="tanh"), ((4, 5),)),
    "layer_norm": Case(lambda x, w, b: F.layer_norm(x, (6,), w, b), ((4, 6), (6,), (6,))),
    "layer_norm of two dims": Case(lambda x: F.layer_norm(x, [3, 4]), ((5, 3, 4),)),
}
