"""One model, trained by all peers by turns: who agrees, and how long a step takes.

Each peer gets the same weights and the same batches. The first steps are compared with those of a run in float64; who
disagrees, in float64 too, is not timed. Peers that compile do it twice, in two processes: with nothing in their cache,
and from it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.agreement import EXACT, ROUNDED, Distance, distance
from benchmarks.machine import spread
from benchmarks.models.case import Case
from benchmarks.peers import PEERS, PYTORCH, Peer
from benchmarks.turns import Failed, Turns

# The first that is here takes the steps in float64, and is the measure of how near float32 comes to them.
MEASURES = ("torch", "fathom-eager", "torch-compile", "fathom", "jax")


@dataclass(frozen=True)
class Rules:
    """How a contest is held.

    compared  steps whose losses must agree
    rounds    turns of each peer; seconds: how long a turn takes, about; threads: of each peer
    clock     "wall", or "cpu": the time that all threads of a process were running
    timeout   seconds that one answer may take, compilation included
    cached    whether to measure the start from the cache too
    """

    compared: int
    rounds: int
    seconds: float
    threads: int
    clock: str
    timeout: float
    cached: bool


class Contest:
    """The processes of one model, and what they answered."""

    def __init__(self, case: Case, peers: list[Peer], rules: Rules, folder: Path):
        self.case, self.peers, self.rules, self.folder = case, peers, rules, folder
        self.rows: dict[str, dict] = {}
        self.workers: dict[str, Turns] = {}
        self.times: dict[str, list[list[float]]] = {}  # of each peer, a list for each round

    def held(self) -> dict:
        """All of it; the figures."""
        try:
            facts = self.described()
            for peer in self.peers:
                reason = self.absent(peer)
                if reason is not None:
                    self.rows[peer.name] = {"status": "absent", "reason": reason}
                else:
                    self.attempt(peer.name, partial(self.enter, peer))
            self.compare()
            for turn in range(self.rules.rounds):
                for name in rotated(list(self.times), turn):
                    self.attempt(name, partial(self.turn, name))
            for name in list(self.times):
                self.attempt(name, partial(self.finish, name))
        finally:
            for worker in self.workers.values():
                worker.end()
        self.sum_up()
        return {"about": self.case.about, **facts, "peers": self.rows}

    def absent(self, peer: Peer) -> str | None:
        """Why a peer takes no part, if it does not."""
        if not peer.installed:
            return f"{peer.package} is not installed"
        if peer.package == "jax" and self.case.jax_loss is None:
            return "not written in JAX"
        return None

    def attempt(self, name: str, what: Callable[[], None]) -> None:
        """Do something with a peer; if it fails, that is its result."""
        try:
            what()
        except Failed as error:
            self.rows[name] = {**self.rows.get(name, {}), "status": "failed", "reason": str(error)}
            self.leave(name)

    def leave(self, name: str) -> None:
        """A peer that takes no further part."""
        self.times.pop(name, None)
        if name in self.workers:
            self.workers.pop(name).end()

    def started(self, name: str) -> Turns:
        """A new process for a peer, which has its own caches."""
        log = self.folder / f"{self.case.name}-{name}.log"
        caches = self.folder / f"{self.case.name}-{name}-caches"
        return Turns(name, self.case.name, self.rules.threads, caches, log)

    @property
    def start(self) -> Path:
        """The file of the weights that all begin with."""
        return self.folder / f"{self.case.name}-weights.npz"

    def gradients(self, name: str) -> Path:
        """The file of a peer's first gradients."""
        return self.folder / f"{self.case.name}-{name}-gradients.npz"

    def described(self) -> dict:
        """Draw the weights, and count what a step has to do; fathom as it is does both."""
        say(self.case.name, "weights")
        self.workers["scout"] = scout = self.started("fathom-eager")
        scout.ask("load", self.rules.timeout, start=None)
        facts = scout.ask("describe", self.rules.timeout, weights=str(self.start))
        self.leave("scout")
        return facts

    def enter(self, peer: Peer) -> None:
        """Start a peer and take its first steps; before that the same in a process that has no cache yet."""
        row = self.rows[peer.name] = {}
        twice = peer.compiled and self.rules.cached
        for last in (False, True) if twice else (True,):
            say(self.case.name, f"{peer.title}, first steps{'' if last else ' with no cache'}")
            self.workers[peer.name] = worker = self.started(peer.name)
            worker.ask("load", self.rules.timeout, start=str(self.start))
            if not last:
                row["first_s"] = worker.ask("first", self.rules.timeout)["seconds"]
                worker.end()
        path = str(self.gradients(peer.name))
        answer = worker.ask("agree", self.rules.timeout, steps=self.rules.compared, gradients=path)
        row["cached_s" if twice else "first_s"] = answer["seconds"]
        row["losses"] = answer["losses"]
        worker.ask("forget_peak", self.rules.timeout)
        self.times[peer.name] = []

    def compare(self) -> None:
        """Hold each peer's losses and gradients to those of a run in float64; who disagrees leaves."""
        if not self.times:
            return
        double = next(n for n in MEASURES if PEERS[n].installed and not PEERS[n].compiled)
        losses = self.in_double(double)
        for name in self.times:
            paths = self.gradients(name), self.gradients(f"{double}-float64")
            found = distance(self.rows[name].pop("losses"), losses, *paths)
            self.rows[name]["from_float64"] = asdict(found)
        measure = next(name for name in MEASURES if name in self.times)
        for name in list(self.times):
            own, other = (Distance(**self.rows[who]["from_float64"]) for who in (name, measure))
            reason = own.disagreement(other)
            if reason is not None and not self.rounded(name, own, double, losses):
                self.rows[name] |= {"status": "disagrees", "reason": reason}
                self.leave(name)

    def rounded(self, name: str, found: Distance, double: str, losses: list[float]) -> bool:
        """Whether a peer that is too far away computes the same in float64: then rounding has grown on the way, as it
        does where a rectifier or a maximum is near its corner."""
        if name == double or PEERS[name].package == "jax" or not found.within(ROUNDED):
            return False
        paths = self.gradients(f"{name}-float64"), self.gradients(f"{double}-float64")
        exact = distance(self.in_double(name), losses, *paths)
        self.rows[name]["in_float64"] = asdict(exact)
        return exact.within(EXACT)

    def in_double(self, name: str) -> list[float]:
        """The losses of a peer's run in float64; its gradients are in their file."""
        own = f"{name}-float64"
        say(self.case.name, f"{name} in float64")
        self.workers[own] = worker = self.started(name)
        worker.ask("load", self.rules.timeout, start=str(self.start), double=True)
        path = str(self.gradients(own))
        answer = worker.ask("agree", self.rules.timeout, steps=self.rules.compared, gradients=path)
        self.leave(own)
        return answer["losses"]

    def turn(self, name: str) -> None:
        say(self.case.name, f"{name}, round {len(self.times[name]) + 1} of {self.rules.rounds}")
        length = {"seconds": self.rules.seconds, "clock": self.rules.clock}
        answer = self.workers[name].ask("turn", self.rules.timeout, **length)
        self.times[name].append(answer["ms"])

    def finish(self, name: str) -> None:
        answer = self.workers[name].ask("memory", self.rules.timeout)
        self.rows[name] |= {"status": "timed", "memory_mb": answer}

    def sum_up(self) -> None:
        """Medians and quartiles of all steps; of speed, by rounds, so that a slow moment counts for all alike."""
        for name, rounds in self.times.items():
            self.rows[name]["ms"] = spread([ms for times in rounds for ms in times])
            self.rows[name]["ms_by_round"] = [statistics.median(times) for times in rounds]
        best = min(
            (name for name in PYTORCH if name in self.times),
            key=lambda name: self.rows[name]["ms"]["median"],
            default=None,
        )
        for name, rounds in self.times.items():
            if best is not None:
                pairs = zip(self.times[best], rounds, strict=True)
                ratios = [statistics.median(b) / statistics.median(own) for b, own in pairs]
                self.rows[name]["speed"] = {**spread(ratios), "against": best}


def rotated(names: list[str], by: int) -> list[str]:
    """Everybody is first once: 0 1 2, 1 2 0, 2 0 1, ..."""
    by %= max(len(names), 1)
    return names[by:] + names[:by]


def say(case: str, what: str) -> None:
    """What is going on, in a line that the next one replaces, for whoever sits before a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{case}: {what}", end="", file=sys.stderr, flush=True)


def hold(case: Case, peers: list[Peer], rules: Rules) -> dict[str, Any]:
    """A contest in a folder that is gone afterwards. Where there can be none, "failed" says why: fathom cannot make
    the model, say, or there are no steps in float64 to compare with."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            figures = Contest(case, peers, rules, Path(folder)).held()
        except Failed as error:
            figures = {"about": case.about, "failed": str(error), "peers": {}}
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return figures
