"""The native function that every thread runs: phases one after the other, each cut into tiles.

Threads claim tiles from a counter, so that a thread that the system has put aside holds nobody up unless it holds a
tile. The counters of a call are its own memory: a thread that comes late finds all tiles claimed and leaves.

    phase p:   next[p]  tiles claimed so far        done[p]  tiles finished
    claim a tile; run it; when none is left, wait until all are done; go on to phase p + 1
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pointer:
    """How a kernel reaches an array: entry `slot` of the table, or `offset` bytes into the thread's scratch memory;
    plus the tile's number times `stride` bytes. Where scratch memory holds a `block` of so many bytes of an array, the
    array is reached as if it were there as a whole, with the block that is computed now in that place."""

    slot: int = -1
    offset: int = 0
    stride: int = 0
    block: int = 0


@dataclass(frozen=True)
class Run:
    """A call of a kernel on a range of its outermost loop: the tile's, `step` values of it for one of the job's, or the
    `whole` of one in a Repeat."""

    kernel: str
    pointers: tuple[Pointer, ...]
    timed: bool = False  # whether it is told the time step
    whole: int | None = None
    chunk: int = 1  # how much of the loop a tile should take
    step: int = 0


@dataclass(frozen=True)
class Repeat:
    """Calls that are made for each time step."""

    runs: tuple[Run, ...]
    length: int
    reverse: bool


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
    def runs(self) -> list[Run]:
        """All calls of kernels."""
        return [r for i in self.items for r in (i.runs if isinstance(i, Repeat) else [i])]


class TileText:
    """The blocks of a phase in the function that runs one tile of any phase. (A function for each phase would take
    LLVM ten times as long.) Its names end with the number of the phase."""

    def __init__(self, number: int, job: Job, timed: bool = False):
        self.number, self.timed = number, timed
        self.count = 0
        low, end, high = map(self.own, ("low", "end", "high"))
        self.lines = [
            f"{self.block('phase')}:",
            f"  {low} = mul i64 %tile, {job.chunk}",
            f"  {end} = add i64 {low}, {job.chunk}",
            f"  {high} = call i64 @llvm.smin.i64(i64 {end}, i64 {job.size})",
        ]
        self.known: dict[Pointer, str] = {}
        pointers = [p for p, _ in job.cleared] + [p for r in job.runs for p in r.pointers]
        for pointer in pointers:
            if not pointer.block:
                self.reach(pointer)
        for pointer, size in job.cleared:
            at = self.known[pointer]
            self.lines.append(f"  call void @llvm.memset.p0.i64({at}, i8 0, i64 {size}, i1 false)")
        head, body, again, done = map(self.block, ("head", "body", "again", "done"))
        b, following, more = map(self.own, ("b", "following", "more"))
        if job.each:
            self.lines += [
                f"  br label %{head}",
                f"{head}:",
                f"  {b} = phi i64 [ {low}, %{self.block('phase')} ], [ {following}, %{again} ]",
                f"  {more} = icmp slt i64 {b}, {high}",
                f"  br i1 {more}, label %{body}, label %{done}",
                f"{body}:",
                f"  {following} = add i64 {b}, 1",
            ]
        self.span = (b, following) if job.each else (low, high)
        self.steps: dict[tuple[int, int], tuple[str, str]] = {}
        for pointer in pointers:
            self.reach(pointer)
        block = body if job.each else self.block("phase")
        for k, item in enumerate(job.items):
            if isinstance(item, Repeat):
                block = self.repeat(item, k, block)
            else:
                self.run(item)
        if job.each:
            self.lines += [f"  br label %{again}", f"{again}:", f"  br label %{head}", f"{done}:"]
        self.lines.append("  ret void")

    def block(self, name: str) -> str:
        """The name of a block of this phase."""
        return f"{name}.{self.number}"

    def own(self, name: str) -> str:
        """The name of a value of this phase."""
        return f"%{name}.{self.number}"

    def reach(self, pointer: Pointer) -> None:
        """Compute the address of an array."""
        if pointer in self.known:
            return
        k = len(self.known)
        slot, begin, apart, at = [
            self.own(f"{name}{k}") for name in ("slot", "begin", "apart", "at")
        ]
        if pointer.block:
            self.lines += [
                f"  {begin} = mul i64 {self.span[0]}, {-pointer.block}",
                f"  {apart} = add i64 {begin}, {pointer.offset}",
                f"  {at} = getelementptr i8, ptr %scratch, i64 {apart}",
            ]
        elif pointer.slot < 0:
            self.lines.append(f"  {at} = getelementptr i8, ptr %scratch, i64 {pointer.offset}")
        else:
            self.lines += [
                f"  {slot} = getelementptr ptr, ptr %table, i64 {pointer.slot}",
                f"  {begin if pointer.stride else at} = load ptr, ptr {slot}",
            ]
            if pointer.stride:
                self.lines += [
                    f"  {apart} = mul i64 %tile, {pointer.stride}",
                    f"  {at} = getelementptr i8, ptr {begin}, i64 {apart}",
                ]
        self.known[pointer] = f"ptr {at}"

    def range(self, run: Run) -> tuple[str, str]:
        """From where to where the outermost loop of a kernel goes."""
        if run.step:
            return self.stepped(run.step, run.whole)
        return self.span if run.whole is None else ("0", str(run.whole))

    def stepped(self, step: int, whole: int) -> tuple[str, str]:
        """The values of a loop that belong to one value of the job's."""
        if (step, whole) not in self.steps:
            k = len(self.steps)
            first, last, least = [self.own(f"{name}{k}") for name in ("first", "last", "least")]
            self.lines += [
                f"  {first} = mul i64 {self.span[0]}, {step}",
                f"  {last} = add i64 {first}, {step}",
                f"  {least} = call i64 @llvm.smin.i64(i64 {last}, i64 {whole})",
            ]
            self.steps[step, whole] = first, least
        return self.steps[step, whole]

    def run(self, run: Run, time: str = "") -> None:
        low, high = self.range(run)
        args = [self.known[p] for p in run.pointers] + [f"i64 {low}", f"i64 {high}"]
        if run.timed:
            args.append(f"i64 {time}")
        call = f"  call void @{run.kernel}({', '.join(args)})"
        if not self.timed:
            self.lines.append(call)
            return
        self.count += 1
        names = ("from", "to", "took", "old")
        begun, ended, took, old = [self.own(f"{name}{self.count}") for name in names]
        self.lines += [
            f"  {begun} = call i64 @llvm.readcyclecounter()",
            call,
            f"  {ended} = call i64 @llvm.readcyclecounter()",
            f"  {took} = sub i64 {ended}, {begun}",
            f"  {old} = atomicrmw add ptr @clock_{run.kernel}, i64 {took} monotonic",
        ]

    def repeat(self, item: Repeat, k: int, block: str) -> str:
        """The calls for each time step; the block that follows."""
        test, step, after = [self.block(f"{name}{k}") for name in ("time", "step", "after")]
        count, following, more = [self.own(f"{name}{k}") for name in ("count", "next", "left")]
        self.lines += [
            f"  br label %{test}",
            f"{test}:",
            f"  {count} = phi i64 [ 0, %{block} ], [ {following}, %{step} ]",
            f"  {more} = icmp slt i64 {count}, {item.length}",
            f"  br i1 {more}, label %{step}, label %{after}",
            f"{step}:",
            f"  {following} = add i64 {count}, 1",
        ]
        time = count
        if item.reverse:
            time = self.own(f"back{k}")
            self.lines.append(f"  {time} = sub i64 {item.length - 1}, {count}")
        for run in item.runs:
            self.run(run, time)
        self.lines += [f"  br label %{test}", f"{after}:"]
        return after


def tile_text(name: str, jobs: list[Job], timed: bool) -> str:
    """The function that runs one tile of a phase, by the phase's number."""
    cases = " ".join(f"i64 {p}, label %phase.{p}" for p in range(len(jobs)))
    lines = [
        f"define internal void @{name}(i64 %p, ptr %table, ptr %scratch, i64 %tile) #0 {{",
        "entry:",
        f"  switch i64 %p, label %none [ {cases} ]",
        "none:",
        "  unreachable",
    ]
    for p, job in enumerate(jobs):
        lines += TileText(p, job, timed).lines
    return "\n".join([*lines, "}", ""])


def main_text(name: str, jobs: list[Job], scratch: int, timed: bool = False) -> str:
    """The function that runs all phases. Each call of it takes a part of `scratch` bytes of its own. With `timed`
    the cycles that each kernel takes are added up in a number of the module, clock_ and its name.

    state: two counters for each phase, 64 bytes apart, after one that numbers the threads.
    """
    texts = [tile_text(f"{name}_tile", jobs, timed)]
    if timed:
        texts = [f"@clock_{r.kernel} = global i64 0" for j in jobs for r in j.runs] + texts
    tiles = ", ".join(f"i64 {job.tiles}" for job in jobs)
    return "\n".join(
        [
            *texts,
            f"@{name}_tiles = internal constant [{len(jobs)} x i64] [{tiles}]",
            f"define void @{name}(ptr %table, ptr %arena, ptr %state, ptr %yield) {{",
            "entry:",
            "  %seat = atomicrmw add ptr %state, i64 1 monotonic",
            f"  %own = mul i64 %seat, {scratch}",
            "  %scratch = getelementptr i8, ptr %arena, i64 %own",
            "  br label %phase",
            "phase:",
            "  %p = phi i64 [ 0, %entry ], [ %following, %finished ]",
            f"  %entry_of_tiles = getelementptr i64, ptr @{name}_tiles, i64 %p",
            "  %tiles = load i64, ptr %entry_of_tiles",
            "  %counters = getelementptr [16 x i64], ptr %state, i64 %p",
            "  %next = getelementptr i64, ptr %counters, i64 8",
            "  %done = getelementptr i64, ptr %counters, i64 16",
            "  br label %claim",
            "claim:",
            "  %tile = atomicrmw add ptr %next, i64 1 monotonic",
            "  %some = icmp slt i64 %tile, %tiles",
            "  br i1 %some, label %work, label %wait",
            "work:",
            f"  call void @{name}_tile(i64 %p, ptr %table, ptr %scratch, i64 %tile)",
            "  %before = atomicrmw add ptr %done, i64 1 release",
            "  br label %claim",
            "wait:",
            "  %spins = phi i64 [ 0, %claim ], [ %more, %again ]",
            "  %count = load atomic i64, ptr %done acquire, align 8",
            "  %all = icmp sge i64 %count, %tiles",
            "  br i1 %all, label %finished, label %spin",
            "spin:",
            "  %more = add i64 %spins, 1",
            "  %rest = and i64 %more, 1023",
            "  %long = icmp eq i64 %rest, 0",
            "  br i1 %long, label %give, label %again",
            "give:",
            "  call i32 %yield()",
            "  br label %again",
            "again:",
            "  br label %wait",
            "finished:",
            "  %following = add i64 %p, 1",
            f"  %last = icmp eq i64 %following, {len(jobs)}",
            "  br i1 %last, label %end, label %phase",
            "end:",
            "  ret void",
            "}",
            "",
        ]
    )
