"""What the next block of a strip will read, to be fetched while this one is computed.

The strip of a long sum (schedule.py) reads a few neighbours of each of its rows, which lie far apart in memory. No
processor brings such lines by itself, and a block of sums that waits for each takes twice its time.
"""

from __future__ import annotations

from collections.abc import Iterator

from fathom.compiler.memory import LINE
from fathom.compiler.reads import address, loads, stride
from fathom.compiler.schedule import Schedule
from fathom.core.loop import Index, Load, Reduce


def lines_ahead(
    reduction: Reduce, schedule: Schedule, copies: dict[Index, range], lanes: int
) -> Iterator[tuple[Load, int]]:
    """The reads that the sum will go on with, and how many elements after the present one each cache line lies.

    A read goes on along the innermost loop that it depends on: by so many vectors where that fills the lanes, by the
    next line where it does not. `copies`: the values of an index that are summed side by side.
    """
    loops = [i for i in schedule.out if i.size > 1]
    for read in dict.fromkeys(loads(reduction.body)):
        form = address(read)
        around = [i for i in loops if i in form.terms]
        plain = all(isinstance(atom, Index) for atom in form.terms)
        if not plain or not around or stride(form, around[-1]) != 1:
            continue
        line = LINE // read.array.dtype.itemsize
        if around[-1] is not schedule.vector:
            yield read, line
            continue
        block = copies[around[-1]].stop if around[-1] in copies else lanes
        for offset in range(block, 2 * block, max(line, lanes)):
            yield read, offset
