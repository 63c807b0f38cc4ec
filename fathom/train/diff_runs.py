"""diff_runs: the first step and the first tensor where two recorded runs part, and why.

A step is gone through in the order in which it happened, and the first that differs is where the runs part:

    learning rates -> batch -> loss -> the model's tensors after the step

Why is read off what the two runs were made of: of all that differs between them (seed, data, settings, versions,
code, threads, machine), what can have that effect at that place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fathom.train.recorded import Record, read_record

RATE, BATCH, LOSS, START, TENSORS = (
    "learning rate", "batch", "loss", "tensors at the start", "tensors",
)  # fmt: skip

# What can have put the runs apart, by where they part; the likeliest first.
CAUSES = {
    START: ("seed", "settings", "code", "versions", "machine"),
    RATE: ("settings", "code", "versions"),
    BATCH: ("data", "seed", "settings", "code", "versions"),
    LOSS: ("seed", "settings", "code", "versions", "threads", "machine"),
    TENSORS: ("settings", "seed", "code", "versions", "threads", "machine"),
}
PREFIXES = {"versions": "the version of ", "machine": "the "}
NAMES = {
    ("threads", "fathom"): "the number of fathom's threads",
    ("data", "examples"): "the number of examples",
    ("data", "batches"): "the number of batches",
}
ROUNDING = 1e-4  # losses that differ by less, relatively, differ as sums in another order do
UNKNOWN, ORDER, DRAWN = "unknown", "order", "random numbers"


@dataclass(frozen=True)
class Fact:
    """Something that the runs do not have in common: its section, its name, and what it is in each."""

    section: str
    name: str
    a: Any
    b: Any


@dataclass(frozen=True)
class Reason:
    """Why the runs part.

    kind  "seed", "order", "data", "settings", "versions", "code", "threads", "machine", "random numbers" or "unknown"
    """

    kind: str
    text: str


@dataclass(frozen=True, repr=False)
class RunDifference:
    """What `diff_runs` found. Print it.

    step      the first step where the runs differ, from 1; 0 before the first; None where they are equal
    what      "learning rate", "batch", "loss", "tensors at the start" or "tensors"; empty where they are equal
    tensor    the first tensor of the model that differs there; None where it was something else
    tensors   all that differ there
    before    the last step after which the tensors were seen to be equal
    values    what differs, in the one and in the other run: two losses, two rates, two digests
    reasons   why, the likeliest first
    facts     all in which the runs differ, whether it matters here or not
    compared  the first and the last step that both runs have
    """

    a: Path
    b: Path
    compared: tuple[int, int]
    notes: tuple[str, ...] = ()
    step: int | None = None
    what: str = ""
    tensor: str | None = None
    tensors: tuple[str, ...] = ()
    before: int = 0
    values: tuple[Any, Any] | None = None
    reasons: tuple[Reason, ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether all that both runs recorded is the same."""
        return self.step is None

    def text(self, width: int = 100, color: bool = False) -> str:
        """As text for a terminal."""
        from fathom.train.told_difference import text

        return text(self, width, color)

    def __repr__(self) -> str:
        return self.text()


def diff_runs(a: str | Path, b: str | Path) -> RunDifference:
    """Holds two recorded runs against each other: where they part first, and why.

    a, b  the folders of two runs that were made with `Trainer(out=folder, record=True)`

    Runs of different length are compared as far as both go. Raises DataNotFoundError where a folder holds no
    record, FileFormatError where a record is damaged, ValueError where the runs have no step in common.

    >>> import tempfile, pathlib
    >>> from fathom.train import LinearRegression, SyntheticRegressionData, Trainer
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name, lr in (("a", 0.03), ("b", 0.04)):
    ...     _ = fathom.manual_seed(0)
    ...     data = SyntheticRegressionData(fathom.tensor([2., -3.4]), b=4.2)
    ...     trainer = Trainer(1, seed=0, out=folder / name, record=True, progress=False, compile=False)
    ...     trainer.fit(LinearRegression(lr), data)
    >>> found = diff_runs(folder / "a", folder / "b")
    >>> found.step, found.what, found.values
    (1, 'learning rate', (0.03, 0.04))
    """
    one, other = read_record(a), read_record(b)
    first, last = max(one.first, other.first), min(one.last, other.last)
    if last < first:
        raise ValueError(
            f"diff_runs: {a} holds steps {one.first + 1} to {one.last} and {b} steps {other.first + 1} to"
            f" {other.last}: they have none in common"
        )
    parting = first_difference(one, other, first, last)
    facts = differing_facts(one, other, last if parting is None else parting.step)
    whole = RunDifference(
        one.folder, other.folder, (first + 1, last), tuple(notes(one, other, last)), facts=facts
    )
    if parting is None:
        return whole
    return replace(whole, **vars(parting), reasons=tuple(why(one, other, parting, facts)))


@dataclass(frozen=True)
class Parting:
    """Where two runs part; the fields are those of RunDifference."""

    step: int
    before: int
    what: str
    values: tuple[Any, Any]
    tensor: str | None = None
    tensors: tuple[str, ...] = ()


def first_difference(a: Record, b: Record, first: int, last: int) -> Parting | None:
    """The first step that differs, and what differs in it."""
    before = first
    for step in range(first, last + 1):
        x, y = a.steps.get(step), b.steps.get(step)
        if step > first and x is not None and y is not None:
            if x.rates != y.rates:
                return Parting(step, before, RATE, first_pair(x.rates, y.rates))
            if x.batch != y.batch:
                return Parting(step, before, BATCH, (x.batch, y.batch))
            if x.loss != y.loss:
                return Parting(step, before, LOSS, (x.loss, y.loss))
        one, other = a.tensors_after(step), b.tensors_after(step)
        if one is None or other is None:
            continue
        names = dict.fromkeys((*one, *other))
        differing = tuple(name for name in names if one.get(name) != other.get(name))
        if differing:
            name = differing[0]
            what = START if step == 0 else TENSORS
            return Parting(step, before, what, (one.get(name), other.get(name)), name, differing)
        before = step
    return None


def first_pair(rates: list[float], others: list[float]) -> tuple[Any, Any]:
    """The first two rates that differ; all of them where there are not as many."""
    if len(rates) != len(others):
        return rates, others
    return next(pair for pair in zip(rates, others) if pair[0] != pair[1])


def differing_facts(a: Record, b: Record, step: int) -> tuple[Fact, ...]:
    """In what the runs differ, as they were made at a step."""
    one, other = a.begin_of(step).facts, b.begin_of(step).facts
    found = []
    for section in dict.fromkeys((*one, *other)):
        x, y = one.get(section, {}), other.get(section, {})
        for name in dict.fromkeys((*x, *y)):
            if x.get(name) != y.get(name):
                found.append(Fact(section, name, x.get(name), y.get(name)))
    return tuple(found)


def why(a: Record, b: Record, parting: Parting, facts: tuple[Fact, ...]) -> list[Reason]:
    """The reasons, the likeliest first."""
    what, sections = parting.what, {fact.section for fact in facts}
    causes = [fact for section in CAUSES[what] for fact in facts if fact.section == section]
    if what == BATCH:  # how batches are made comes before how a model is
        causes.sort(key=lambda fact: not (fact.section == "data" or fact.name.startswith("data.")))
    elif what == LOSS and near(*parting.values):
        causes.sort(key=lambda fact: fact.section not in ("threads", "machine", "versions"))
    reasons = [Reason(fact.section, said(fact)) for fact in causes]
    drawn = draws_parted(a, b, parting.step - 1) if "seed" not in sections else ""
    if what in (BATCH, LOSS) and drawn:
        reasons.insert(0, Reason(DRAWN, drawn))
    made_otherwise = any(fact.name.startswith("data.") for fact in causes)
    if what == BATCH and "data" not in sections and not made_otherwise:
        seen = "all of them" in a.begin_of(parting.step).facts.get("data", {})
        known = "the same examples" if seen else "the examples that were looked at are the same"
        reasons.insert(0, Reason(ORDER, f"{known}, in another order"))
    return reasons or [Reason(UNKNOWN, nothing_known(what))]


def draws_parted(a: Record, b: Record, step: int) -> str:
    """From where on the runs had drawn different random numbers, in words; empty where they had not."""
    for at in range(max(a.first, b.first), step + 1):
        (seed, count), (other_seed, other_count) = a.random_after(at), b.random_after(at)
        if seed != other_seed:
            return f"the random numbers come from seed {seed} and from seed {other_seed} from step {at} on"
        if count != other_count:
            return (
                f"after step {at} the runs had drawn {count:,} and {other_count:,} random numbers"
            )
    return ""


def nothing_known(what: str) -> str:
    """What to say where no recorded fact differs."""
    if what == START:
        return (
            "seed, settings, versions and code are the same; the weights were made before the Trainer set its"
            " seed: call fathom.manual_seed before the model is made"
        )
    return (
        "seed, data, settings, versions, code, threads and machine are the same: something was written to from"
        " outside, or the computation is not repeatable"
    )


def near(a: Any, b: Any) -> bool:
    """Whether two losses differ by no more than rounding does."""
    numbers = isinstance(a, int | float) and isinstance(b, int | float)
    return numbers and abs(a - b) <= ROUNDING * max(abs(a), abs(b))


def said(fact: Fact) -> str:
    """A fact in words: model.lr is 0.1 and 0.2."""
    if fact.section == "data" and fact.name.endswith("of them"):
        return "the examples themselves differ"
    if fact.section == "code":
        return f"the source of {fact.name} differs"
    name = NAMES.get((fact.section, fact.name), PREFIXES.get(fact.section, "") + fact.name)
    return f"{name} is {' and '.join(pair(fact.a, fact.b))}"


def pair(a: Any, b: Any) -> tuple[str, str]:
    """Two values as a person reads them: numbers to six digits, if they differ in these.

    >>> pair(0.1 + 0.2, 0.25), pair(0.1 + 0.2, 0.3), pair("4", None)
    (('0.3', '0.25'), ('0.30000000000000004', '0.3'), ("'4'", 'none'))
    """
    if isinstance(a, float) and isinstance(b, float) and f"{a:.6g}" != f"{b:.6g}":
        return f"{a:.6g}", f"{b:.6g}"
    return plainly(a), plainly(b)


def plainly(x: Any) -> str:
    return "none" if x is None else repr(x)


def notes(a: Record, b: Record, last: int) -> Iterator[str]:
    """What to know about the comparison itself."""
    for record in (a, b):
        if not record.ended:
            yield f"{record.folder} did not come to its end: it stops after step {record.last}"
    if a.last != b.last:
        yield f"the runs have {a.last} and {b.last} steps; they are compared up to step {last}"
    every = max(a.begin_of(last).every, b.begin_of(last).every)
    if every > 1:
        yield f"tensors were recorded after every {every} steps"
