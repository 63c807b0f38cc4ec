"""The native function that every thread runs: phases one after the other, each cut into tiles.

Threads claim tiles from a counter, so that a thread that the system has put aside holds nobody up unless it holds a
tile. The counters of a call are its own memory: a thread that comes late finds all tiles claimed and leaves.

    phase p:   next[p]  tiles claimed so far        done[p]  tiles finished
    claim a tile; run it; when none is left, wait until all are done; go on to phase p + 1

What the phases are it reads from numbers. As code, which runs but once in a tile, they took LLVM a quarter of its time.

    program   phases, bytes of scratch memory for a thread; tiles and begin of each job; the jobs
    job       chunk, size, each; how many arrays to clear: pointer, bytes; how many items: the items
    item      how many arrays: pointers; how many calls, rounds, time of the first, time between; the calls
    pointer   slot, offset, stride, block
    call      kernel, step, extent, whole, which of the item's arrays is its first
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fathom.compiler.text import BOOL, INT64, Text, Value, number


@dataclass(frozen=True)
class Pointer:
    """How a kernel reaches an array: entry `slot` of the table, or `offset` bytes into the thread's scratch memory;
    plus the tile's number times `stride` bytes. Where scratch memory holds a `block` of so many bytes of an array, the
    array is reached as if it were there as a whole, with the block that is computed now in that place."""

    slot: int = -1
    offset: int = 0
    stride: int = 0
    block: int = 0

    @property
    def numbers(self) -> list[int]:
        return [self.slot, self.offset, self.stride, self.block]


@dataclass(frozen=True)
class Run:
    """A call of a kernel on a range of its outermost loop: the tile's, `step` values of it for one of the job's, or the
    `whole` of one in a Repeat."""

    kernel: str
    pointers: tuple[Pointer, ...]
    whole: int | None = None
    chunk: int = 1  # how much of the loop a tile should take
    step: int = 0


@dataclass(frozen=True)
class Repeat:
    """Calls that are made for each time step."""

    runs: tuple[Run, ...]
    length: int = 1
    reverse: bool = False

    @property
    def arrays(self) -> int:
        return sum(len(run.pointers) for run in self.runs)


@dataclass
class Job:
    """A phase as native code: calls of kernels on a range of their outermost loop."""

    items: list[Run | Repeat]
    size: int
    chunk: int
    each: bool = False  # all kernels on one value of the loop, before the next value
    cleared: list[tuple[Pointer, int]] = field(
        default_factory=list
    )  # set to 0 by each tile: so many bytes

    @property
    def tiles(self) -> int:
        return -(-self.size // self.chunk)

    @property
    def repeats(self) -> list[Repeat]:
        """The items: a call is repeated once."""
        return [i if isinstance(i, Repeat) else Repeat((i,)) for i in self.items]

    def numbers(self, kernels: Mapping[str, int]) -> list[int]:
        """The job as the native function reads it, where a kernel is its place among all."""
        words = [self.chunk, self.size, self.each, len(self.cleared)]
        for pointer, size in self.cleared:
            words += [*pointer.numbers, size]
        words.append(len(self.items))
        for item in self.repeats:
            pointers = [pointer for run in item.runs for pointer in run.pointers]
            words.append(item.arrays)
            words += [n for pointer in pointers for n in pointer.numbers]
            words += [len(item.runs), item.length]
            words += [item.length - 1, -1] if item.reverse else [0, 1]
            place = 0
            for run in item.runs:
                words += [kernels[run.kernel], *self.range(run), place]
                place += len(run.pointers)
        return words

    def range(self, run: Run) -> tuple[int, int, int]:
        """step, extent, whole: for value b of the job's loop, the kernel's goes from b * step to b * step + extent or,
        where that is less, to the whole."""
        if run.step:
            assert run.whole is not None
            return run.step, run.step, run.whole
        if run.whole is not None:
            return 0, run.whole, run.whole
        return 1, 1 if self.each else self.chunk, self.size


def program_text(name: str, jobs: Sequence[Job], scratch: int, kernels: Mapping[str, int]) -> str:
    """The numbers of a program. Each thread takes `scratch` bytes of its own."""
    heads, records = [len(jobs), scratch], []
    for job in jobs:
        heads += [job.tiles, 2 + 2 * len(jobs) + len(records)]
        records += job.numbers(kernels)
    words = [f"i64 {int(n)}" for n in heads + records]
    return f"@{name} = constant [{len(words)} x i64] [{', '.join(words)}]\n"


def calls_text(kernels: Sequence[str], jobs: Sequence[Job], timed: bool) -> str:
    """What runs programs: the function `run_phases`, which all threads run, and what it calls. With `timed` the cycles
    that each kernel takes are added up in @clocks."""
    most = max((item.arrays for job in jobs for item in job.repeats), default=0)
    table = ", ".join(f"ptr @{name}" for name in kernels)
    texts = [f"@kernels = internal constant [{len(kernels)} x ptr] [{table}]"]
    if timed:
        texts.append(f"@clocks = global [{len(kernels)} x i64] zeroinitializer")
    return "\n".join([*texts, tile_text(most, timed), PHASES])


def tile_text(most: int, timed: bool) -> str:
    """The function that runs one tile of a job, each of whose items has at most so many arrays."""
    t = Text()
    t.entry.append(f"  %arrays = alloca [{most} x ptr]")
    cursor = t.slot(Value("%job", INT64))
    tile = Value("%tile", INT64)

    def entry(type: str, array: str, at: Value) -> Value:
        place = t.op(f"getelementptr {type}, ptr {array}, {at}", INT64)
        return t.load(f"load {type}, ptr {place.name}", INT64)

    def word() -> Value:
        """The next number of the program."""
        at = t.get(cursor)
        t.set(cursor, t.binary("add", at, number(1)))
        return entry("i64", "%program", at)

    def least(a: Value, b: Value) -> Value:
        return t.call("llvm.smin.i64", INT64, 0, a, b)

    def address(block: Value) -> str:
        """Read a pointer."""
        slot, offset, stride, size = word(), word(), word(), word()
        inside = t.binary("icmp slt", slot, number(0), BOOL)
        there = entry("ptr", "%table", t.select(inside, number(0), slot))
        base = t.op(f"select {inside}, ptr %scratch, ptr {there.name}", INT64)
        begin = t.binary("add", offset, t.binary("mul", tile, stride))
        begin = t.binary("sub", begin, t.binary("mul", block, size))
        return t.op(f"getelementptr i8, ptr {base.name}, {begin}", INT64).name

    def now() -> Value:
        name = t.fresh()
        t.put(f"{name} = call i64 @llvm.readcyclecounter()")
        return Value(name, INT64)

    def clear(_: Value) -> None:
        at = address(number(0))
        t.put(f"call void @llvm.memset.p0.i64(ptr {at}, i8 0, {word()}, i1 false)")

    def call(block: Value, time: Value) -> None:
        """Read a call and make it."""
        kernel, step, extent, whole, place = word(), word(), word(), word(), word()
        function = entry("ptr", "@kernels", kernel)
        arrays = t.op(f"getelementptr ptr, ptr %arrays, {place}", INT64)
        first = t.binary("mul", block, step)
        last = least(t.binary("add", first, extent), whole)
        begun = now() if timed else None
        t.put(f"call void {function.name}(ptr {arrays.name}, {first}, {last}, {time})")
        if begun is not None:
            spent = t.binary("sub", now(), begun)
            clock = t.op(f"getelementptr i64, ptr @clocks, {kernel}", INT64)
            t.put(f"{t.fresh()} = atomicrmw add ptr {clock.name}, {spent} monotonic")

    def item(block: Value) -> None:
        """Read an item: reach its arrays, and make its calls in each round."""

        def reach(k: Value) -> None:
            place = t.op(f"getelementptr ptr, ptr %arrays, {k}", INT64)
            t.put(f"store ptr {address(block)}, ptr {place.name}")

        t.loop(number(0), word(), 1, reach)
        calls, rounds, first, between = word(), word(), word(), word()
        begin = t.get(cursor)

        def again(k: Value) -> None:
            t.set(cursor, begin)
            time = t.binary("add", first, t.binary("mul", between, k))
            t.loop(number(0), calls, 1, lambda _: call(block, time))

        t.loop(number(0), rounds, 1, again)

    chunk, size, each = word(), word(), word()
    low = t.binary("mul", tile, chunk)
    high = least(t.binary("add", low, chunk), size)
    t.loop(number(0), word(), 1, clear)
    items = word()
    begin = t.get(cursor)

    def block(k: Value) -> None:
        t.set(cursor, begin)
        t.loop(number(0), items, 1, lambda _: item(t.binary("add", low, k)))

    single = t.binary("icmp eq", each, number(0), BOOL)
    t.loop(number(0), t.select(single, number(1), t.minus(high, low)), 1, block)
    head = "define internal void @tile(ptr %program, i64 %job, ptr %table, ptr %scratch, i64 %tile) #0 {"
    return "\n".join([head, "entry:", *t.entry, *t.lines, "  ret void", "}", ""])


# state: two counters for each phase, 64 bytes apart, after one that numbers the threads
PHASES = """\
define void @run_phases(ptr %program, ptr %table, ptr %arena, ptr %state, ptr %yield) {
entry:
  %phases = load i64, ptr %program
  %at_bytes = getelementptr i64, ptr %program, i64 1
  %bytes = load i64, ptr %at_bytes
  %seat = atomicrmw add ptr %state, i64 1 monotonic
  %own = mul i64 %seat, %bytes
  %scratch = getelementptr i8, ptr %arena, i64 %own
  br label %phase
phase:
  %p = phi i64 [ 0, %entry ], [ %following, %finished ]
  %head = getelementptr [2 x i64], ptr %at_bytes, i64 %p
  %at_tiles = getelementptr i64, ptr %head, i64 1
  %tiles = load i64, ptr %at_tiles
  %at_job = getelementptr i64, ptr %head, i64 2
  %job = load i64, ptr %at_job
  %counters = getelementptr [16 x i64], ptr %state, i64 %p
  %next = getelementptr i64, ptr %counters, i64 8
  %done = getelementptr i64, ptr %counters, i64 16
  br label %claim
claim:
  %tile = atomicrmw add ptr %next, i64 1 monotonic
  %some = icmp slt i64 %tile, %tiles
  br i1 %some, label %work, label %wait
work:
  call void @tile(ptr %program, i64 %job, ptr %table, ptr %scratch, i64 %tile)
  %before = atomicrmw add ptr %done, i64 1 release
  br label %claim
wait:
  %spins = phi i64 [ 0, %claim ], [ %more, %again ]
  %count = load atomic i64, ptr %done acquire, align 8
  %all = icmp sge i64 %count, %tiles
  br i1 %all, label %finished, label %spin
spin:
  %more = add i64 %spins, 1
  %rest = and i64 %more, 1023
  %long = icmp eq i64 %rest, 0
  br i1 %long, label %give, label %again
give:
  call i32 %yield()
  br label %again
again:
  br label %wait
finished:
  %following = add i64 %p, 1
  %last = icmp eq i64 %following, %phases
  br i1 %last, label %end, label %phase
end:
  ret void
}
"""
