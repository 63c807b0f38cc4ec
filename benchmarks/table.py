"""The figures of training steps as text."""

from __future__ import annotations

import math

from benchmarks.peers import PEERS


def title(result: dict) -> str:
    """What was measured on, and what the columns are."""
    machine, rules = result["machine"], result["rules"]
    libraries = ", ".join(
        f"{name} {machine[name]}" for name in ("numpy", "torch", "jax") if name in machine
    )
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, of which {rules['threads']} are used; {libraries}",
        f"{rules['rounds']} rounds of {rules['seconds']:g} s; median and quartiles of all steps, by"
        f" {'the clock on the wall' if rules['clock'] == 'wall' else 'CPU time'}",
        "speed: the time of PyTorch's better column, divided by this one's; limit: what arithmetic and memory allow",
        "two steps: the first two, compiled with nothing in the cache, and from it; memory: what training takes",
        "loss, gradient: how far from a run in float64, relative",
    ]
    if rules["clock"] == "wall" and (machine["load"] or 0) > 0.5:
        lines.append(f"other work is going on (load {machine['load']}): figures are rough")
    return "\n".join(lines)


def of_model(name: str, row: dict) -> str:
    """A line of facts, and one for each peer."""
    if "failed" in row:
        return f"\n{name}: {row['about']}; no contest: {shortened(row['failed'])}"
    limit = row["limit"]
    lines = [
        "",
        f"{name}: {row['about']}; {row['parameters']:,} parameters, {amount(row['flops'])}FLOP a step,"
        f" at best {milliseconds(limit['ms'])} ms ({limit['bound']})",
        f"  {'':16s} {'ms':>8s} {'quartiles':>17s} {'speed':>9s} {'of limit':>9s}"
        f" {'two steps':>10s} {'from cache':>10s} {'memory':>9s} {'loss':>7s} {'gradient':>9s}",
    ]
    for peer, figures in row["peers"].items():
        start = f"  {PEERS[peer].title:16s} "
        if figures["status"] == "timed":
            lines.append(start + timed(figures, limit["ms"]))
        else:
            lines.append(start + f"{figures['status']}: {shortened(figures['reason'])}")
    return "\n".join(lines)


def timed(figures: dict, least: float) -> str:
    """The columns of a peer."""
    ms, distance = figures["ms"], figures["from_float64"]
    quartiles = f"{milliseconds(ms['low'])} - {milliseconds(ms['high'])}"
    speed = f"{figures['speed']['median']:.2f} x" if "speed" in figures else ""
    cached = f"{figures['cached_s']:.2f} s" if "cached_s" in figures else ""
    return (
        f"{milliseconds(ms['median']):>8s} {quartiles:>17s} {speed:>9s} {least / ms['median']:>9.0%}"
        f" {figures['first_s']:>8.2f} s {cached:>10s} {figures['memory_mb']['training']:>6.0f} MB"
        f" {distance['loss']:>7.0e} {distance['gradient']:>9.0e}"
    )


def summary(result: dict) -> str:
    """fathom compiled in a sentence or two."""
    speeds = {
        name: row["peers"]["fathom"]["speed"]["median"]
        for name, row in result["models"].items()
        if "speed" in row["peers"].get("fathom", {})
    }
    if not speeds:
        return "\nno model was timed both in PyTorch and in fathom compiled"
    mean = math.exp(sum(map(math.log, speeds.values())) / len(speeds))
    slower = [name for name, speed in speeds.items() if speed < 1]
    missing = [name for name in result["models"] if name not in speeds]
    found = (
        f"\nfathom compiled beside the better of PyTorch's columns: {mean:.2f} x as fast"
        f" (geometric mean of {len(speeds)}), slower in {', '.join(slower) or 'none'}"
    )
    return f"{found}; not compared: {', '.join(missing)}" if missing else found


def milliseconds(ms: float) -> str:
    """Three digits that count."""
    return f"{ms:.3f}" if ms < 1 else f"{ms:.2f}" if ms < 10 else f"{ms:.1f}" if ms < 100 else f"{ms:.0f}"  # fmt: skip


def amount(number: float) -> str:
    """A number with the prefix of its unit: 1.5 G for 1.5e9."""
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {prefix}"
    return f"{number:.3g} "


def shortened(reason: str, longest: int = 100) -> str:
    """The first line of a message."""
    line = reason.strip().splitlines()[0]
    return line if len(line) <= longest else line[: longest - 3] + "..."
