"""`compile`: the function that a user calls, in place of the one it was made from.

The first call of each signature (shapes, dtypes, Python values, modes) traces the function and makes a native
program; later calls run it. A model with lazy layers runs once as it is, so that they know their sizes.
"""

from __future__ import annotations

import functools
import linecache
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fathom.compiler.capture import Captured, capture, now, trace
from fathom.compiler.module import CompiledModule
from fathom.compiler.outside import Outside
from fathom.compiler.program import Program
from fathom.compiler.reference import eagerly
from fathom.compiler.show import Shown
from fathom.compiler.signature import Signature, difference
from fathom.compiler.threads import Turn
from fathom.core.base import TensorBase, is_plain, new
from fathom.core.composite import as_written
from fathom.core.tracing import Symbol
from fathom.core.trees import flatten

EAGER = "eager"
LIMIT = 8  # programs of one function: more means that something changes at every call


def compile(
    f: Callable | None = None, *, fullgraph: bool = False, accept: Callable | None = None
) -> Callable:
    """A function that does what f does, as one native program.

    f is a function of tensors, a Module (and remains one: `parameters()`, `eval()`, ...), or a whole training
    step (`zero_grad`, forward, `backward`, optimizer step). It may read and write parameters, buffers and
    optimizer state, and draw random numbers: results are those of the function itself, up to rounding. A result
    may be differentiated outside (`criterion(compiled(x), y).backward()`): its gradient is a native program,
    too, which runs again what is cheap and keeps the rest of the forward pass.

    Where f reads a value that only running it can give (`if loss > 1`, `.item()`, printing a number) it runs as
    it is, with one warning that shows the line; with `fullgraph` that is a RuntimeError. `accept` is called with
    the results of each native run before anything is written: if it raises, parameters and state are what they
    were.

    >>> @fathom.compile
    ... def f(x):
    ...     return (x * x).sum()
    >>> [f(fathom.tensor([1., 2.])).item() for _ in range(3)]
    [5.0, 5.0, 5.0]
    """
    if f is None:
        return functools.partial(compile, fullgraph=fullgraph, accept=accept)
    compiled = Compiled(f, fullgraph, accept)
    return CompiledModule(f, compiled) if hasattr(f, "named_modules") else compiled


class Compiled:
    """A function with its native programs, one for each signature."""

    def __init__(self, f: Callable, fullgraph: bool, accept: Callable | None):
        functools.update_wrapper(self, f, updated=())
        self.f, self.fullgraph, self.accept = f, fullgraph, accept
        self.runs: dict[Any, Any] = {}
        self.recompiles: list[str] = []  # why each program after the first was made
        self.signature = Signature(f)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten((args, kwargs))
        tensors = [x for x in leaves if isinstance(x, TensorBase)]
        if not all(map(is_plain, tensors)):  # inside a transform, which will see each operation
            return self.f(*args, **kwargs)
        if trace.thread == threading.get_ident():
            return self.f(*args, **kwargs)  # a part of what is traced
        with trace:
            key = self.signature.key(leaves, structure)
            run = self.runs.get(key)
            if run is None and not self.waits_for_sizes():
                run = self.make(args, kwargs, key)
                # Only the trace shows whether gradients matter.
                self.runs[*key[:-2], self.signature.present(), key[-1]] = run
        if run is None:  # for once: no composite in it is worth compiling
            with as_written():
                return self.f(*args, **kwargs)
        if run is EAGER:
            return self.f(*args, **kwargs)
        return run(tensors)

    def waits_for_sizes(self) -> bool:
        """Whether a lazy layer has to see a first batch."""
        return any(is_lazy(p) for module in self.signature.modules for p in module.parameters())

    def make(self, args: tuple, kwargs: dict, key: tuple) -> Any:
        """A native program for this signature; EAGER where the function depends on values."""
        name = getattr(self.f, "__name__", type(self.f).__name__)
        made = [k for k, run in self.runs.items() if isinstance(run, Run)]
        try:
            if len(made) >= LIMIT:
                raise RuntimeError(
                    f"it needed {LIMIT} programs already; the last because {self.recompiles[-1]}"
                )
            captured = self.captured(args, kwargs)
        except (RuntimeError, TypeError) as error:
            if self.fullgraph:
                raise RuntimeError(
                    f"compile: {name} cannot be traced: {error}{shown(error)}"
                ) from error
            warnings.warn(f"compile: {name} runs as it is: {error}{shown(error)}", stacklevel=3)
            return EAGER
        self.signature.reads_gradients |= captured.reads_gradients
        for run in self.runs.values():
            if isinstance(run, Run) and run.captured.same(captured):
                return run
        if made:
            self.recompiles.append(difference(made[-1], key))
        return Run(captured, self.accept)

    def captured(self, args: tuple, kwargs: dict) -> Captured:
        """The traced function. An option that decides what is computed (`if momentum:`) is no input."""
        trace.thread = threading.get_ident()
        try:
            return capture(self.f, args, kwargs, self.signature.options())
        except RuntimeError:
            if not self.signature.fix():
                raise
            return capture(self.f, args, kwargs, self.signature.options())
        finally:
            trace.thread = None

    def show(self, what: str = "graph") -> None:
        """Print a stage of the newest program: "graph", "loops", "schedule", "memory", "llvm", "assembly" or "time".

        >>> f = fathom.compile(lambda x: (x * x).sum())
        >>> f(fathom.tensor([1., 2.])).item()
        5.0
        >>> f.show("loops")
        # a0 (2,)                  float32   x0
        <BLANKLINE>
        # phase 0
        # k0: a1 () float32   t1 = Sum
        s = 0
        for i in range(2):
            s += a0[i] * a0[i]
        a1 = s
        """
        runs = [run for run in self.runs.values() if isinstance(run, Run) and run.program]
        if not runs:
            raise RuntimeError("compile: there is no program yet: the first call makes it")
        run = runs[-1]
        labels = self.labels(run.captured)
        print(Shown(run.program.source, run.graph, labels).text(what))
        if run.outside is not None and run.outside.ran:
            print("\n# the gradient")
            print(Shown(run.outside.program.source, run.outside.back, labels).text(what))

    def labels(self, captured: Captured) -> dict[Symbol, str]:
        """What the user calls the inputs of a program: parameters by their names, rates by theirs."""
        names: dict[int, str] = {}
        for module in self.signature.modules:
            for name, x in [*module.named_parameters(), *module.named_buffers()]:
                names.setdefault(id(x), name)
        for optimizer in self.signature.optimizers:
            for p, held in optimizer.state.items():
                names |= {id(x): f"{key} of {names.get(id(p), '?')}" for key, x in held.items()}
        pairs = zip(captured.live, captured.graph.constants, strict=True)
        labels = {symbol: names[id(x)] for x, (symbol, _) in pairs if id(x) in names}
        inputs = captured.graph.inputs[::-1]
        labels |= dict(
            zip(inputs, [str(option) for option in captured.options[::-1]], strict=False)
        )
        drawn = inputs[len(captured.options) :][: len(captured.draws)]
        return labels | dict.fromkeys(drawn, "counter of random numbers")


class Run:
    """A program with the tensors around it."""

    def __init__(self, captured: Captured, accept: Callable | None):
        self.captured, self.accept = captured, accept
        self.outside = None if captured.pullback is None else Outside(captured)
        self.graph = captured.graph if self.outside is None else self.outside.ahead
        self.program: Program | None = (
            None  # compiled by the first call, where there will be others
        )
        self.turn = Turn()  # what is read, computed and written in one call belongs together

    def __call__(self, tensors: list) -> Any:
        with self.turn:
            if self.program is None and not self.captured.made:
                over = self.accept is None and self.outside is None
                self.program = Program(self.graph, over=over, halves=self.captured.halves)
            with trace:
                inputs, constants = self.gathered(tensors)
            if (
                self.program is None
            ):  # a step that begins an optimizer's state: there is no other like it
                values = eagerly(self.graph, inputs, constants)
            else:
                values = self.program.run(inputs, constants)
            with trace:
                return self.delivered(values, tensors, inputs)

    def gathered(self, tensors: list) -> tuple[list, list]:
        """The program's inputs, as they are now."""
        c = self.captured
        inputs = [x.array for x in tensors]
        inputs += [np.array(g.take(count), np.uint64).view(np.int64) for g, count in c.draws]
        inputs += [np.array(option.get(), np.float64) for option in c.options]
        constants = [
            array if x is None else now(x).array
            for x, (_, array) in zip(c.live, c.graph.constants, strict=True)
        ]
        return inputs, constants

    def delivered(self, values: list, tensors: list, inputs: list) -> Any:
        """The results, after what is to be written has been written."""
        c, graph = self.captured, self.graph
        ys = [new(v) for v in values[: c.results]]
        returned = iter(ys)
        results = graph.restored([next(returned) if there else None for there in c.given_back])
        if self.accept is not None:
            self.accept(results)
        rest = iter(values[c.results : len(graph.outputs)])
        for x in c.gradients:
            x.grad = new(next(rest))
        for x in c.made:
            x.array = next(rest)
        written = [*map(now, c.written), *[tensors[k] for k in c.overwritten]]
        old = {id(x.array) for x in written}
        kept = [v.copy() if id(v) in old else v for v in rest]
        for x, v in zip(written, values[len(graph.outputs) :], strict=True):
            if v is not x.array:
                x.array[...] = v
            if x.version is None:
                x.version = [0]
            x.version[0] += 1
        if self.outside is not None:
            self.outside.record(ys, tensors, inputs[len(tensors) :], kept)
        return results


def is_lazy(parameter: Any) -> bool:
    """Whether a parameter waits for a first batch to know its shape."""
    return type(parameter).__name__ == "UninitializedParameter"


def shown(error: BaseException) -> str:
    """The user's line at which an error arose."""
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if "/fathom/" not in f.filename.replace("\\", "/")
    ]
    if not frames:
        return ""
    last = frames[-1]
    line = linecache.getline(last.filename, last.lineno or 0).strip()
    return f"\n  {last.filename}:{last.lineno}: {line}"
