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
    plus the tile's number times `stride` bytes."""

    slot: int = -1
    offset: int = 0
    stride: int = 0


@dataclass(frozen=True)
class Run:
    """A call of a kernel on a range of its outermost loop: the tile's, or the whole of one in a Repeat."""

    kernel: str
    pointers: tuple[Pointer, ...]
    timed: bool = False  # whether it is told the time step
    whole: int | None = None
    chunk: int = 1  # how much of the loop a tile should take


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


class JobText:
    """The function that runs one tile of a phase."""

    def __init__(self, name: str, job: Job, timed: bool = False):
        self.timed = timed
        self.count = 0
        self.lines = [
            f"define internal void @{name}(ptr %table, ptr %scratch, i64 %tile) #0 {{",
            "entry:",
            f"  %low = mul i64 %tile, {job.chunk}",
            f"  %end = add i64 %low, {job.chunk}",
            f"  %high = call i64 @llvm.smin.i64(i64 %end, i64 {job.size})",
        ]
        self.known: dict[Pointer, str] = {}
        runs = [r for i in job.items for r in (i.runs if isinstance(i, Repeat) else [i])]
        for pointer in [p for p, _ in job.cleared] + [p for r in runs for p in r.pointers]:
            self.reach(pointer)
        for pointer, size in job.cleared:
            at = self.known[pointer]
            self.lines.append(f"  call void @llvm.memset.p0.i64({at}, i8 0, i64 {size}, i1 false)")
        if job.each:
            self.lines += [
                "  br label %head",
                "head:",
                "  %b = phi i64 [ %low, %entry ], [ %next, %again ]",
                "  %more = icmp slt i64 %b, %high",
                "  br i1 %more, label %body, label %done",
                "body:",
                "  %next = add i64 %b, 1",
            ]
        self.span = ("%b", "%next") if job.each else ("%low", "%high")
        block = "body" if job.each else "entry"
        for k, item in enumerate(job.items):
            if isinstance(item, Repeat):
                block = self.repeat(item, k, block)
            else:
                self.run(item)
        if job.each:
            self.lines += ["  br label %again", "again:", "  br label %head", "done:"]
        self.lines += ["  ret void", "}", ""]

    def reach(self, pointer: Pointer) -> None:
        """Compute the address of an array."""
        if pointer in self.known:
            return
        k = len(self.known)
        if pointer.slot < 0:
            self.lines.append(f"  %p{k} = getelementptr i8, ptr %scratch, i64 {pointer.offset}")
        else:
            loaded = f"%b{k}" if pointer.stride else f"%p{k}"
            self.lines += [
                f"  %s{k} = getelementptr ptr, ptr %table, i64 {pointer.slot}",
                f"  {loaded} = load ptr, ptr %s{k}",
            ]
            if pointer.stride:
                self.lines += [
                    f"  %o{k} = mul i64 %tile, {pointer.stride}",
                    f"  %p{k} = getelementptr i8, ptr %b{k}, i64 %o{k}",
                ]
        self.known[pointer] = f"ptr %p{k}"

    def run(self, run: Run, time: str = "") -> None:
        low, high = self.span if run.whole is None else ("0", str(run.whole))
        args = [self.known[p] for p in run.pointers] + [f"i64 {low}", f"i64 {high}"]
        if run.timed:
            args.append(f"i64 {time}")
        call = f"  call void @{run.kernel}({', '.join(args)})"
        if not self.timed:
            self.lines.append(call)
            return
        k = self.count = self.count + 1
        self.lines += [
            f"  %from{k} = call i64 @llvm.readcyclecounter()",
            call,
            f"  %to{k} = call i64 @llvm.readcyclecounter()",
            f"  %took{k} = sub i64 %to{k}, %from{k}",
            f"  %old{k} = atomicrmw add ptr @clock_{run.kernel}, i64 %took{k} monotonic",
        ]

    def repeat(self, item: Repeat, k: int, block: str) -> str:
        """The calls for each time step; the block that follows."""
        self.lines += [
            f"  br label %time{k}",
            f"time{k}:",
            f"  %u{k} = phi i64 [ 0, %{block} ], [ %v{k}, %step{k} ]",
            f"  %w{k} = icmp slt i64 %u{k}, {item.length}",
            f"  br i1 %w{k}, label %step{k}, label %after{k}",
            f"step{k}:",
            f"  %v{k} = add i64 %u{k}, 1",
        ]
        time = f"%u{k}"
        if item.reverse:
            time = f"%t{k}"
            self.lines.append(f"  {time} = sub i64 {item.length - 1}, %u{k}")
        for run in item.runs:
            self.run(run, time)
        self.lines += [f"  br label %time{k}", f"after{k}:"]
        return f"after{k}"


def main_text(name: str, jobs: list[Job], scratch: int, timed: bool = False) -> str:
    """The function that runs all phases. Each call of it takes a part of `scratch` bytes of its own. With `timed`
    the cycles that each kernel takes are added up in a number of the module, clock_ and its name.

    state: two counters for each phase, 64 bytes apart, after one that numbers the threads.
    """
    texts = ["\n".join(JobText(f"{name}_{p}", job, timed).lines) for p, job in enumerate(jobs)]
    if timed:
        runs = [
            r for j in jobs for i in j.items for r in (i.runs if isinstance(i, Repeat) else [i])
        ]
        texts = [f"@clock_{r.kernel} = global i64 0" for r in runs] + texts
    table = ", ".join(
        f"{{ptr, i64}} {{ptr @{name}_{p}, i64 {job.tiles}}}" for p, job in enumerate(jobs)
    )
    phases = f"[{len(jobs)} x {{ptr, i64}}]"
    return "\n".join(
        [
            *texts,
            f"@{name}_phases = internal constant {phases} [{table}]",
            f"define void @{name}(ptr %table, ptr %arena, ptr %state, ptr %yield) {{",
            "entry:",
            "  %seat = atomicrmw add ptr %state, i64 1 monotonic",
            f"  %own = mul i64 %seat, {scratch}",
            "  %scratch = getelementptr i8, ptr %arena, i64 %own",
            "  br label %phase",
            "phase:",
            "  %p = phi i64 [ 0, %entry ], [ %following, %finished ]",
            f"  %entry_of_run = getelementptr {{ptr, i64}}, ptr @{name}_phases, i64 %p, i32 0",
            f"  %entry_of_tiles = getelementptr {{ptr, i64}}, ptr @{name}_phases, i64 %p, i32 1",
            "  %run = load ptr, ptr %entry_of_run",
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
            "  call void %run(ptr %table, ptr %scratch, i64 %tile)",
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
