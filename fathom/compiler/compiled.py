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
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fathom.compiler.capture import Captured, Option, capture, now, trace
from fathom.compiler.module import CompiledModule
from fathom.compiler.outside import Outside
from fathom.compiler.program import Program
from fathom.compiler.reach import modules_of, optimizers_of, surroundings, variables_of
from fathom.compiler.reference import eagerly
from fathom.compiler.show import Shown
from fathom.compiler.threads import Turn
from fathom.core import tape
from fathom.core.base import TensorBase, is_plain, new
from fathom.core.tracing import Symbol
from fathom.core.trees import flatten

EAGER = "eager"
LIMIT = 8  # programs of one function: more means that something changes at every call
# Options of optimizers that are inputs from the start.
INPUTS = frozenset({"lr", "betas", "momentum"})


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
        self.varying = set(INPUTS)  # options of the optimizers that are inputs
        self.fixed: set[str] = set()  # options whose value decides what is computed
        self.seen: dict[tuple[int, str], Any] = {}
        self.modules = modules_of(f)
        self.variables = variables_of(f)
        self.optimizers = optimizers_of(f)
        self.reads_gradients = bool(self.optimizers)  # whether it matters which .grad there are

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten((args, kwargs))
        if any(isinstance(x, TensorBase) and not is_plain(x) for x in leaves):
            return self.f(
                *args, **kwargs
            )  # inside another transform, which will see each operation
        if trace.thread == threading.get_ident():
            return self.f(*args, **kwargs)  # a part of what is traced
        with trace:
            self.watch_options()
            key = self.key(leaves, structure)
            run = self.runs.get(key)
            if run is None and not self.waits_for_sizes():
                run = self.make(args, kwargs, key)
                # Only the trace shows whether gradients matter.
                self.runs[*key[:-2], self.present(), key[-1]] = run
        if run is None or run is EAGER:
            return self.f(*args, **kwargs)
        return run([x for x in leaves if isinstance(x, TensorBase)])

    def waits_for_sizes(self) -> bool:
        """Whether a lazy layer has to see a first batch."""
        return any(is_lazy(p) for module in self.modules for p in module.parameters())

    def groups(self) -> list[dict]:
        """The groups of parameters of all optimizers."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def watch_options(self) -> None:
        """Note which numbers of the optimizers change: they become inputs of the next program."""
        for k, group in enumerate(self.groups()):
            for name, value in group.items():
                before = self.seen.setdefault((k, name), value)
                if name not in self.fixed and before != value and is_numeric(value):
                    self.varying.add(name)
                self.seen[k, name] = value

    def options(self) -> list[Option]:
        """The numbers of the optimizers that are inputs of a program."""
        found = []
        for group in self.groups():
            for name in sorted(self.varying & group.keys()):
                if isinstance(group[name], tuple) and is_numeric(group[name]):
                    found += [Option(group, name, place) for place in range(len(group[name]))]
                elif is_input(name, group[name]):
                    found.append(Option(group, name))
        return found

    def key(self, leaves: list, structure: Any) -> tuple:
        """What a program depends on."""
        arguments = tuple(
            (tuple(x.shape), x.dtype, x.tracked)
            if isinstance(x, TensorBase)
            else (type(x), x if is_value(x) else id(x))
            for x in leaves
        )
        modules = tuple(self.facts(m) for module in self.modules for m in module.modules())
        settings = tuple(
            (k, name, value if is_value(value) else id(value))
            for k, group in enumerate(self.groups())
            for name, value in group.items()
            if name != "params" and not (name in self.varying and is_input(name, value))
        )
        begun = tuple(
            id(value)
            for o in self.optimizers
            for held in o.state.values()
            for value in held.values()
        )
        named = [x for x in surroundings(self.f) if isinstance(x, TensorBase)]
        wanted = tuple((id(x), x.tracked) for x in [*named, *self.variables])
        enabled = tape.mode.enabled
        return str(structure), arguments, modules, settings, begun, wanted, self.present(), enabled

    def present(self) -> tuple[bool, ...]:
        """Which tensors have a gradient, where that matters."""
        return tuple(x.grad is not None for x in self.leaves()) if self.reads_gradients else ()

    def leaves(self) -> Iterator[Any]:
        """The tensors whose `.grad` the function may read."""
        yield from self.variables
        for module in self.modules:
            yield from module.parameters()
        for group in self.groups():
            yield from group["params"]

    def facts(self, module: Any) -> tuple:
        """What a program takes from a module for good: its numbers and modes, and which parameters it has."""
        numbers = [
            (name, v) for name, v in vars(module).items() if isinstance(v, (int, float, str))
        ]
        owned = [(id(p), p.tracked) for p in vars(module)["_parameters"].values() if p is not None]
        return type(module).__name__, *numbers, *owned

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
        self.reads_gradients |= captured.reads_gradients
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
            return capture(self.f, args, kwargs, self.options())
        except RuntimeError:
            if self.varying <= INPUTS:
                raise
            self.fixed |= self.varying - INPUTS
            self.varying = set(INPUTS)
            return capture(self.f, args, kwargs, self.options())
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
        print(Shown(run.program, run.graph, labels).text(what))
        if run.outside is not None and run.outside.ran:
            print("\n# the gradient")
            print(Shown(run.outside.program, run.outside.back, labels).text(what))

    def labels(self, captured: Captured) -> dict[Symbol, str]:
        """What the user calls the inputs of a program: parameters by their names, rates by theirs."""
        names: dict[int, str] = {}
        for module in self.modules:
            for name, x in [*module.named_parameters(), *module.named_buffers()]:
                names.setdefault(id(x), name)
        for optimizer in self.optimizers:
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
                self.program = Program(self.graph)
            with trace:
                inputs, constants = self.gathered(tensors)
            over = self.accept is None and self.outside is None
            if (
                self.program is None
            ):  # a step that begins an optimizer's state: there is no other like it
                values = eagerly(self.graph, inputs, constants)
            else:
                values = self.program.run(inputs, constants, over=over)
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


def is_input(name: str, value: Any) -> bool:
    """Whether an option may be an input: a float (a momentum of 0 leaves a part of the equations out)."""
    return is_numeric(value) and (name == "lr" or value != 0)


def is_numeric(x: Any) -> bool:
    """Whether x is a float, or a tuple of floats."""
    return isinstance(x, float) or (isinstance(x, tuple) and all(isinstance(v, float) for v in x))


def is_value(x: Any) -> bool:
    """Whether x is compared by what it is worth."""
    return isinstance(x, (int, float, complex, str, bytes, tuple, frozenset, type(None)))


def difference(old: tuple, new: tuple) -> str:
    """What changed between two signatures, in words."""
    names = (
        "the nesting of the arguments",
        "an argument",
        "a module: train() or eval(), a number, or a parameter",
        "an optimizer's options",
        "an optimizer's state",
        "a tensor that it closes over, or requires_grad of one,",
        "which tensors have a gradient",
        "no_grad",
    )
    for name, a, b in zip(names, old, new, strict=True):
        if a != b:
            changed = (
                [f"{x} -> {y}" for x, y in zip(a, b, strict=False) if x != y]
                if isinstance(a, tuple)
                else []
            )
            return f"{name} changed" + (f": {'; '.join(changed[:3])}" if changed else "")
    return "the signature is the same"


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
