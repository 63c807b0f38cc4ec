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


@dataclass
class Job:
    """A phase as native code: calls of kernels on a range of their outermost loop."""

    calls: list[tuple[str, list[Pointer]]]
    size: int
    chunk: int
    each: bool = False  # all kernels on one value of the loop, before the next value
    cleared: list[tuple[Pointer, int]] = field(
        default_factory=list
    )  # arrays, and their bytes, set to 0 by each tile

    @property
    def tiles(self) -> int:
        return -(-self.size // self.chunk)


def job_text(name: str, job: Job) -> str:
    """The function that runs one tile of a phase."""
    lines = [
        f"define internal void @{name}(ptr %table, ptr %scratch, i64 %tile) #0 {{",
        "entry:",
        f"  %low = mul i64 %tile, {job.chunk}",
        f"  %end = add i64 %low, {job.chunk}",
        f"  %high = call i64 @llvm.smin.i64(i64 %end, i64 {job.size})",
    ]
    known: dict[Pointer, str] = {}

    def reach(pointer: Pointer) -> str:
        if pointer not in known:
            k = len(known)
            if pointer.slot < 0:
                lines.append(f"  %p{k} = getelementptr i8, ptr %scratch, i64 {pointer.offset}")
            else:
                lines.append(f"  %s{k} = getelementptr ptr, ptr %table, i64 {pointer.slot}")
                lines.append(f"  %b{k} = load ptr, ptr %s{k}")
                lines.append(f"  %o{k} = mul i64 %tile, {pointer.stride}")
                lines.append(f"  %p{k} = getelementptr i8, ptr %b{k}, i64 %o{k}")
            known[pointer] = f"ptr %p{k}"
        return known[pointer]

    for pointer, size in job.cleared:
        lines.append(
            f"  call void @llvm.memset.p0.i64({reach(pointer)}, i8 0, i64 {size}, i1 false)"
        )
    calls = [(kernel, ", ".join(map(reach, pointers))) for kernel, pointers in job.calls]
    low, high = "%low", "%high"
    if job.each:
        lines += [
            "  br label %head",
            "head:",
            "  %b = phi i64 [ %low, %entry ], [ %next, %body ]",
            "  %more = icmp slt i64 %b, %high",
            "  br i1 %more, label %body, label %done",
            "body:",
            "  %next = add i64 %b, 1",
        ]
        low, high = "%b", "%next"
    lines += [f"  call void @{kernel}({args}, i64 {low}, i64 {high})" for kernel, args in calls]
    if job.each:
        lines += ["  br label %head", "done:"]
    return "\n".join([*lines, "  ret void", "}", ""])


def main_text(name: str, jobs: list[Job], scratch: int) -> str:
    """The function that runs all phases. Each call of it takes a part of `scratch` bytes of its own.

    state: two counters for each phase, 64 bytes apart, after one that numbers the threads.
    """
    texts = [job_text(f"{name}_{p}", job) for p, job in enumerate(jobs)]
    lines = [
        f"define void @{name}(ptr %table, ptr %arena, ptr %state, ptr %yield) {{",
        "entry:",
        "  %seat = atomicrmw add ptr %state, i64 1 monotonic",
        f"  %own = mul i64 %seat, {scratch}",
        "  %scratch = getelementptr i8, ptr %arena, i64 %own",
        "  br label %phase0",
    ]
    for p, job in enumerate(jobs):
        lines += [
            f"phase{p}:",
            f"  %next{p} = getelementptr i8, ptr %state, i64 {128 * p + 64}",
            f"  %done{p} = getelementptr i8, ptr %state, i64 {128 * p + 128}",
            f"  br label %claim{p}",
            f"claim{p}:",
            f"  %t{p} = atomicrmw add ptr %next{p}, i64 1 monotonic",
            f"  %some{p} = icmp slt i64 %t{p}, {job.tiles}",
            f"  br i1 %some{p}, label %run{p}, label %wait{p}",
            f"run{p}:",
            f"  call void @{name}_{p}(ptr %table, ptr %scratch, i64 %t{p})",
            f"  %d{p} = atomicrmw add ptr %done{p}, i64 1 release",
            f"  br label %claim{p}",
            f"wait{p}:",
            f"  %spins{p} = phi i64 [ 0, %claim{p} ], [ %more{p}, %again{p} ]",
            f"  %finished{p} = load atomic i64, ptr %done{p} acquire, align 8",
            f"  %all{p} = icmp sge i64 %finished{p}, {job.tiles}",
            f"  br i1 %all{p}, label %phase{p + 1}, label %spin{p}",
            f"spin{p}:",
            f"  %more{p} = add i64 %spins{p}, 1",
            f"  %rest{p} = and i64 %more{p}, 1023",
            f"  %long{p} = icmp eq i64 %rest{p}, 0",
            f"  br i1 %long{p}, label %give{p}, label %again{p}",
            f"give{p}:",
            "  call i32 %yield()",
            f"  br label %again{p}",
            f"again{p}:",
            f"  br label %wait{p}",
        ]
    lines += [f"phase{len(jobs)}:", "  ret void", "}", ""]
    return "\n".join([*texts, *lines])
