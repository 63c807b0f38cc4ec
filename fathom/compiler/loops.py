"""Loops over time: the kernels between a state and the next one run once for each step, all others for all at once.

A recurrence y[t + 1] = f(y[t], x[t]) is a cycle among the kernels: what lies on it is put into a Loop, its
first index `time`. What only feeds the loop (a layer's products with its inputs) comes before it and what only
reads it (a weight's gradient, summed over all steps) after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fathom.compiler.affine import affine
from fathom.compiler.fuse import Host, Kernel, Loop, Unit
from fathom.compiler.reads import loads, names_read
from fathom.compiler.scans import Recurrence
from fathom.core.loop import Array, Load, rewritten
from fathom.core.tracing import Graph, Symbol


class NoLoop(Exception):
    """The kernels of a recurrence are not all functions of one time step; `state` is its symbol."""

    def __init__(self, state: Symbol):
        super().__init__(state)
        self.state = state


def looped(kernels: Sequence[Kernel | Host], names: dict[Symbol, str], graph: Graph) -> list[Unit]:
    """The kernels, those of each recurrence in a Loop, in an order in which all is known before it is read."""
    units: list[Unit] = list(kernels)
    for step in graph.steps:
        if isinstance(step.primitive, Recurrence):
            units = with_loop(units, step.output, step.primitive, names)
    return ordered(passing(units, names, graph), names)


def with_loop(
    units: list[Unit], state: Symbol, primitive: Recurrence, names: dict[Symbol, str]
) -> list[Unit]:
    """The units with the recurrence of one state as a Loop, in the place of what writes its next row."""
    y = names[state]
    following = [
        k
        for k, u in enumerate(units)
        if isinstance(u, Kernel) and u.output is state and affine(u.element()[0]).terms
    ]
    after = {y}
    for unit in units:  # what depends on the state
        if reads(unit, names) & after:
            after |= writes(unit, names)
    needed = {name for k in following for name in reads(units[k], names)}
    for unit in reversed(units):  # what the next state depends on
        if writes(unit, names) & needed and y not in writes(unit, names):
            needed |= reads(unit, names)
    cycle = [
        k
        for k, u in enumerate(units)
        if writes(u, names) & needed & after and y not in writes(u, names)
    ] + following
    made = {name for k in cycle for name in writes(units[k], names)}
    members = [in_time(units[k], primitive, made, y, state) for k in cycle]
    loop = Loop(members, primitive.length, primitive.reverse)
    return [loop if k == following[-1] else u for k, u in enumerate(units) if k not in cycle[:-1]]


def in_time(unit: Unit, primitive: Recurrence, made: set[str], y: str, state: Symbol) -> Kernel:
    """The kernel as a function of the time step; raises NoLoop where it reads the loop's arrays at other steps."""
    if not isinstance(unit, Kernel) or not unit.out or unit.out[0].size != primitive.length:
        raise NoLoop(state)
    time = unit.out[0]
    for read in loads(unit.body):
        if read.array.name in made and not at_step(read, primitive, time, read.array.name == y):
            raise NoLoop(state)
    return replace(unit, out=unit.out[1:], at=unit.element(), time=time)


def at_step(read: Load, primitive: Recurrence, time, state: bool) -> bool:
    """Whether a read is at this step: of the state that the step starts from, or of what the step has made."""
    first = affine(read.at[0])
    offset = 1 if state and primitive.reverse else 0
    return first.const == offset and first.terms == {time: 1}


def passing(units: list[Unit], names: dict[Symbol, str], graph: Graph) -> list[Unit]:
    """The units with one row for all steps of what a loop makes and reads in the same step alone."""
    kept = {*graph.outputs, *(value for _, value in graph.updates)}
    result = list(units)
    for k, unit in enumerate(units):
        if isinstance(unit, Loop):
            others = {name for u in units if u is not unit for name in reads(u, names)}
            rows = {}
            for y in dict.fromkeys(kernel.output for kernel in unit.kernels):
                if names[y] not in others and y not in kept and at_once(y, unit, names):
                    row = Symbol(y.level, y.shape[1:], y.dtype, y.graph)
                    names[row] = names.pop(y)
                    rows[y] = row
            result[k] = in_rows(unit, rows, names)
    return result


def at_once(y: Symbol, unit: Loop, names: dict[Symbol, str]) -> bool:
    """Whether every kernel of the loop reads and writes just the row of its own step."""
    rows = [(k.element()[0], k.time) for k in unit.kernels if k.output is y]
    for kernel in unit.kernels:
        found = [r for r in loads(kernel.body) if r.array.name == names[y]]
        rows += [(read.at[0], kernel.time) for read in found]
    return all(row is time for row, time in rows)


def in_rows(unit: Loop, rows: dict[Symbol, Symbol], names: dict[Symbol, str]) -> Loop:
    """The loop with these arrays in place of those that have a row for each step."""
    arrays = {names[row]: Array(names[row], row.shape, row.dtype) for row in rows.values()}

    def reading(read: Load) -> Load:
        array = arrays.get(read.array.name)
        return read if array is None else Load(array, read.at[1:])

    kernels = []
    for k in unit.kernels:
        at = k.element()[1:] if k.output in rows else k.at
        y = rows.get(k.output, k.output)
        kernels.append(replace(k, output=y, at=at, body=rewritten(k.body, reading)))
    return Loop(kernels, unit.length, unit.reverse)


def reads(unit: Unit, names: dict[Symbol, str]) -> set[str]:
    """The names of the arrays that a unit reads."""
    if isinstance(unit, Host):
        return {names[x] for x in unit.step.inputs}
    kernels = unit.kernels if isinstance(unit, Loop) else [unit]
    return set().union(*(names_read(k.body) for k in kernels))


def writes(unit: Unit, names: dict[Symbol, str]) -> set[str]:
    """The names of the arrays that a unit writes."""
    kernels = unit.kernels if isinstance(unit, Loop) else [unit]
    return {names[k.output] for k in kernels}


def ordered(units: list[Unit], names: dict[Symbol, str]) -> list[Unit]:
    """The units in their order as far as each comes after those that write what it reads."""
    writers: dict[str, list[int]] = {}
    for k, unit in enumerate(units):
        for name in writes(unit, names):
            writers.setdefault(name, []).append(k)
    waits: list[int] = list(reversed(range(len(units))))
    begun: set[int] = set()
    result: dict[int, Unit] = {}
    while waits:
        k = waits.pop()
        if k not in begun:
            begun.add(k)
            own = writes(units[k], names)
            first = [j for name in own for j in writers[name] if j < k]
            first += [j for name in reads(units[k], names) - own for j in writers.get(name, [])]
            waits += [k, *sorted({j for j in first if j not in begun}, reverse=True)]
        elif k not in result:
            result[k] = units[k]
    return list(result.values())
