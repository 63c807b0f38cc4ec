"""Whole training steps: forward, loss, backward, update, of many models, in fathom, PyTorch and JAX.

All begin with the same weights and see the same batches. Losses and gradients must agree before anything is timed. Each
peer has a process of its own, and they take turns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from benchmarks import picture, table
from benchmarks.contest import Rules, hold
from benchmarks.machine import cores, keep, machine
from benchmarks.models.catalogue import CASES
from benchmarks.peak import peak
from benchmarks.peers import PEERS
from benchmarks.work import limit


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models",
        type=chosen(CASES),
        default=list(CASES),
        metavar="A,B",
        help=f"of {', '.join(CASES)} (default: all)",
    )
    parser.add_argument(
        "--peers",
        type=chosen(PEERS),
        default=list(PEERS),
        metavar="A,B",
        help=f"of {', '.join(PEERS)} (default: all)",
    )
    parser.add_argument(
        "--rounds", type=at_least(1), default=9, help="turns of each peer (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="of a turn, about (default: %(default)s)"
    )
    parser.add_argument(
        "--threads",
        type=at_least(1),
        default=cores(),
        help="of each peer (default: %(default)s, one a core)",
    )
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="of the steps: cpu, with one thread, is for a machine that has other work (default: %(default)s)",
    )
    parser.add_argument(
        "--compared",
        type=at_least(2),
        default=20,
        help="steps whose losses must agree before (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=900,
        help="seconds that compiling and these steps may take (default: %(default)s)",
    )
    parser.add_argument(
        "--skip-cached",
        action="store_true",
        help="do not measure the start from the cache: it takes a second process",
    )


def run(options: argparse.Namespace) -> dict:
    """Hold a contest for each model; print its table; return the figures, which are also kept as they come."""
    rules = Rules(
        compared=options.compared,
        rounds=options.rounds,
        seconds=options.seconds,
        threads=options.threads,
        clock=options.clock,
        timeout=options.timeout,
        cached=not options.skip_cached,
    )
    peers = [PEERS[name] for name in options.peers]
    result: dict[str, Any] = {
        "machine": machine(),
        "rules": asdict(rules),
        "peak": {},
        "models": {},
    }
    print(table.title(result), flush=True)
    for name in options.models:
        result["peak"] = larger(result["peak"], peak(options.threads, options.clock))
        row = result["models"][name] = hold(CASES[name], peers, rules)
        set_limits(result)
        print(table.of_model(name, row), flush=True)
        keep(result, options.out)
    print(table.summary(result))
    for drawn in picture.draw(result, options.out):
        print(f"drawn as {drawn}")
    return result


def set_limits(result: dict) -> None:
    """What the machine allows for each model, by the best that it has shown so far."""
    for row in result["models"].values():
        if "flops" in row:
            row["limit"] = limit(row["flops"], row["bytes"], result["peak"])


def larger(a: dict[str, float], b: dict[str, float]) -> dict[str, float]:
    """The larger of each figure: a busy machine shows less than it can, never more."""
    return {name: max(a.get(name, 0), value) for name, value in b.items()}


def chosen(known: dict[str, Any]) -> Callable[[str], list[str]]:
    """A reader of names with commas between them."""

    def names(text: str) -> list[str]:
        found = [name.strip() for name in text.split(",") if name.strip()]
        for name in found:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return found

    return names


def at_least(least: int) -> Callable[[str], int]:
    """A reader of numbers that are not smaller."""

    def number(text: str) -> int:
        found = int(text)
        if found < least:
            raise argparse.ArgumentTypeError(f"expected {least} or more, got {found}")
        return found

    return number
