"""The difference of two runs as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from fathom.styled import Line, shown
from fathom.train.diff_runs import LOSS, START, TENSORS, RunDifference, pair

MOST = 12  # facts that are listed


def text(difference: RunDifference, width: int = 100, color: bool = False) -> str:
    """The difference in lines of at most `width` characters, in colour if asked."""
    return shown(lines(difference), width, color)


def lines(d: RunDifference) -> Iterator[Line]:
    first, last = d.compared
    yield [("a  ", "dim"), (str(d.a), "")]
    yield [("b  ", "dim"), (str(d.b), "")]
    yield []
    if d.equal:
        steps = f"from step {first} to step {last}: batches, learning rates, losses and tensors"
        yield [("equal", "bold green"), (f", {steps if last >= first else 'as they begin'}", "")]
    else:
        yield [("The runs part ", "bold"), (place(d), "bold red"), (f": {headline(d)}", "")]
        if d.values is not None:
            for name, value in zip("ab", pair(*d.values)):
                yield [(f"  {name}  ", "dim"), (value.strip("'"), "")]
        if d.before < (d.step or 0) - 1:
            yield [
                (
                    f"  the model was seen to be equal after step {d.before}; it may have parted since",
                    "dim",
                )
            ]
        yield []
        yield [("Why", "bold")]
        for reason in d.reasons:
            yield [(f"  {reason.kind}  ", "yellow"), (reason.text, "")]
    if d.facts:
        yield []
        yield [("What is not the same in the two", "bold")]
        for fact in d.facts[:MOST]:
            name = f"  {fact.section} · {fact.name}  "
            yield [(name, "dim"), ("  |  ".join(pair(fact.a, fact.b)), "")]
        if len(d.facts) > MOST:
            yield [(f"  and {len(d.facts) - MOST} more", "dim")]
    if d.notes:
        yield []
        yield from ([(f"Note: {note}", "dim")] for note in d.notes)


def place(d: RunDifference) -> str:
    """When they part."""
    return "before the first step" if d.step == 0 else f"at step {d.step:,}"


def headline(d: RunDifference) -> str:
    """What differs there."""
    if d.what in (TENSORS, START):
        count = len(d.tensors) - 1
        others = f" and {count} other tensor{'s' if count > 1 else ''}" if count else ""
        when = "as the run begins" if d.what == START else "after the step"
        return f"{d.tensor}{others} {when}"
    if d.what == LOSS:
        return "the loss of the same batch"
    return f"the {d.what}"
