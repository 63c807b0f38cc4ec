"""Memory of results that nobody holds any more, for results of the same shape.

The system clears each page of new memory when it is first written to, which takes longer than a softmax of what
is in it.
"""

from __future__ import annotations

import sys

import numpy as np

from fathom.compiler.threads import Turn

SMALL = 1 << 16  # bytes that are not worth looking for
MOST = 1 << 28  # bytes that are kept


class Spare:
    """Arrays that were given out, of all shapes, up to a number of bytes; the shapes that were used last."""

    def __init__(self, most: int = MOST) -> None:
        self.most, self.total = most, 0
        self.turn = Turn()
        self.arrays: dict[tuple, list[np.ndarray]] = {}

    def array(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array with any numbers in it: one that nobody else holds, or a new one."""
        with self.turn:
            same = self.arrays.pop((shape, dtype), [])
            self.arrays[shape, dtype] = same  # the newest entry
            for k in range(len(same)):
                if sys.getrefcount(same[k]) <= 2:  # the list, and the question
                    return same[k]
            array = np.empty(shape, dtype)
            if array.nbytes >= SMALL:
                same.append(array)
                self.total += array.nbytes
                self.forget()
            return array

    def forget(self) -> None:
        """Let go of the shapes that were not used for longest."""
        while self.total > self.most:
            oldest = next(iter(self.arrays))
            self.total -= sum(a.nbytes for a in self.arrays.pop(oldest))
