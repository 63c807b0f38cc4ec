"""A small example of an operation: the arguments of a call, found without guessing where it can be.

In this order: the call in calls.py, the first call in its docstring, the smallest case that it is tested on, a few
small numbers. Docstrings and calls.py are read, not executed: what they may do is call fathom's functions, and
methods of tensors, on literal numbers.
"""

from __future__ import annotations

import ast
import doctest
import functools
import inspect
import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from fathom.core import tape
from fathom.core.base import TensorBase, new
from fathom.core.trees import flatten, unflatten
from fathom.explain.calls import CALLS, SESSIONS
from fathom.ops import creation
from fathom.testing.case import Draw

Arguments = tuple[list, dict]

SAMPLES = ([0.5, -1.0, 2.0], [1.5, 0.75, -0.5], [0.25, 3.0, 1.0])
VARIED = (0.5, 1.0, 2.0, 1.5, 0.75, 3.0, 0.25, 1.25, 2.5)
ARITHMETIC = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
# Where public functions live; the first that has a function gives it its name.
ROOMS = ("", "nn.functional", "linalg", "fft", "special", "random", "func")
UNSAID = (
    "fathom.float32",
    "fathom.int64",
    "fathom.bool",
    "fathom.complex64",
)  # what a tensor is by itself
LONGEST = 800  # characters of a session that is written from numbers
WIDE = 88  # characters of a line of it; a longer call has a line for each argument


def arguments_of(f: Callable, doc: str) -> Arguments | None:
    """The arguments of a small call of f; None where none is known."""
    name = public_name(f)
    if name in SESSIONS:  # it changes a setting, perhaps: nothing to be tried
        return None
    found = called_in(f, f">>> {CALLS.get(name, '')}") or called_in(f, doc)
    found = found or tested(f) or samples(f)
    if found is not None and is_dull(found[0]):
        found = livened(found[0]), found[1]
    return found


def public_name(f: Callable) -> str:
    """By which name a user calls f: softmax, nn.functional.conv2d, linalg.qr; empty where there is none."""
    f = inspect.unwrap(f)
    names = public_names().get(f, [])
    own_name = [name for name in names if name.split(".")[-1] == f.__name__]
    return next(iter(own_name or names), "")


@functools.cache
def public_names() -> dict[Callable, list[str]]:
    """All names of each public function, those of the first rooms first."""
    found: dict[Callable, list[str]] = {}
    for room in ROOMS:
        for name, thing in vars(house(room)).items():
            if inspect.isroutine(thing) and not name.startswith("_"):
                found.setdefault(inspect.unwrap(thing), []).append(f"{room}.{name}".lstrip("."))
    return found


def house(room: str) -> Any:
    """fathom, or a part of it. The public names lie on the roof, which no file of the house imports."""
    place = sys.modules["fathom"]
    for name in room.split(".") if room else ():
        place = getattr(place, name)
    return place


# ---- reading code --------------------------------------------------------------------------------


class Unreadable(Exception):
    """An expression that is more than numbers and calls of fathom's functions."""


def called_in(f: Callable, doc: str) -> Arguments | None:
    """The arguments of the first call of f among a docstring's examples; None where they cannot be read."""
    known: dict[str, Any] = {}
    names = {f.__name__, public_name(f).split(".")[-1] or f.__name__}
    try:
        examples = doctest.DocTestParser().get_examples(doc)
    except ValueError:  # it is no docstring of ours
        return None
    for shown in examples:
        if shown.exc_msg is not None:  # it shows an error
            continue
        for statement in statements_of(shown.source):
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in names:
                    try:
                        return arguments_at(node, known)
                    except Unreadable:
                        break
            remember(statement, known)
    return None


def statements_of(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:  # calls.py has nothing of this name
        return []


def remember(statement: ast.stmt, known: dict[str, Any]) -> None:
    """What a statement such as `x = fathom.ones(3)` calls x."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return
    target = statement.targets[0]
    try:
        value = read(statement.value, known)
    except Unreadable:
        return
    if isinstance(target, ast.Name):
        known[target.id] = value
    elif isinstance(target, ast.Tuple) and all(isinstance(name, ast.Name) for name in target.elts):
        known |= dict(zip([name.id for name in target.elts if isinstance(name, ast.Name)], value))


def arguments_at(call: ast.Call, known: dict[str, Any]) -> Arguments:
    """What a call passes; the tensor whose method it is comes first."""
    args = [own(x) for x in read_all(call.args, known)]
    if isinstance(call.func, ast.Attribute) and not is_fathoms(call.func.value):
        args.insert(0, own(read(call.func.value, known)))
    return args, {k.arg: own(read(k.value, known)) for k in call.keywords if k.arg}


def read(node: ast.expr, known: dict[str, Any]) -> Any:
    """The value of an expression of literals, known names, fathom's functions and methods of tensors."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.List(elts=parts):
            return [read(x, known) for x in parts]
        case ast.Tuple(elts=parts):
            return tuple(read(x, known) for x in parts)
        case ast.UnaryOp(op=ast.USub(), operand=x):
            return -read(x, known)
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            return ARITHMETIC[type(op)](read(node.left, known), read(node.right, known))
        case ast.Call(func=ast.Attribute() as func):
            f = read(func, known)
            if not callable(f):
                raise Unreadable
            args = read_all(node.args, known)
            options = {k.arg: read(k.value, known) for k in node.keywords if k.arg}
            try:
                with tape.grad_mode(False):
                    return f(*args, **options)
            except (IndexError, TypeError, ValueError, RuntimeError) as error:
                raise Unreadable from error
        case ast.Attribute(value=ast.Call() | ast.Name() as owner, attr=name) if not is_fathoms(
            node
        ):
            x = read(owner, known)
            if isinstance(x, TensorBase) and not name.startswith("_"):
                return getattr(x, name)
        case ast.Attribute() if not any(part.startswith("_") for part in dotted(node).split(".")):
            return public(dotted(node))
    raise Unreadable


def read_all(nodes: list[ast.expr], known: dict[str, Any]) -> list:
    """The arguments of a call; `*pair` is several."""
    found = []
    for node in nodes:
        found += read(node.value, known) if isinstance(node, ast.Starred) else [read(node, known)]
    return found


def public(path: str) -> Any:
    """The thing that fathom.nn.functional.relu names, in a room that holds operations; no setting, no file."""
    room, _, name = path.removeprefix("fathom").lstrip(".").rpartition(".")
    if not path.startswith("fathom.") or room not in ROOMS or not hasattr(house(room), name):
        raise Unreadable
    thing = getattr(house(room), name)
    if inspect.isroutine(thing) and public_name(thing) in (*SESSIONS, "save"):
        raise Unreadable
    return thing


def is_fathoms(node: ast.expr) -> bool:
    return dotted(node).split(".")[0] == "fathom"


def dotted(node: ast.expr) -> str:
    """fathom.nn.functional for the expression of that name; .exp for a method of something else."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


# ---- other numbers -------------------------------------------------------------------------------


def is_dull(args: list) -> bool:
    """Whether each tensor repeats one number: a convolution of ones shows nothing."""
    several = [x.array for x in args if isinstance(x, TensorBase) and x.numel() > 1 and x.tracked]
    return bool(several) and all((x == x.flat[0]).all() for x in several)


def livened(args: list) -> list:
    """The same shapes, with numbers that differ."""
    return [
        own(creation.tensor(np.resize(np.array(VARIED, x.array.dtype), x.array.shape)))
        if isinstance(x, TensorBase) and x.tracked
        else x
        for x in args
    ]


def tested(f: Callable) -> Arguments | None:
    """The arguments of the smallest case that f is tested on, rounded so that they can be read."""
    from fathom.testing.cases import CASES  # the whole table, which only this needs

    room = "nn.functional." if f.__module__.startswith("fathom.nn") else ""
    names = (
        [f"{room}{f.__name__}"]
        if room
        else [f.__name__, f"Tensor.{f.__name__}", f"linalg.{f.__name__}"]
    )
    found = [c for c in CASES if c.call is None and c.name in names and "float32" in c.dtypes]
    found = [c for c in found if all(math.prod(x.shape) for x in draws_of(c.args))]
    sized = sorted(
        found,
        key=lambda c: (size_of(c.args, "edges"), size_of(c.args, "") < 2, size_of(c.args, "")),
    )
    if not sized:
        return None
    args = [map_arrays(x) for x in sized[0].draws("float32")]
    return args, {name: map_arrays(x) for name, x in sized[0].options.items()}


def size_of(args: tuple, kind: str) -> int:
    """How many numbers a case draws, of one kind or of all."""
    return sum(math.prod(x.shape) for x in draws_of(args) if kind in ("", x.kind))


def draws_of(args: tuple) -> list[Draw]:
    return [x for x in flatten(args)[0] if isinstance(x, Draw)]


def map_arrays(x: Any) -> Any:
    """x with its arrays as tensors of our own, to two decimals."""
    leaves, structure = flatten(x)
    arrays = [
        np.asarray(np.round(v, 2))
        if isinstance(v, (np.ndarray, np.floating)) and v.dtype.kind == "f"
        else v
        for v in leaves
    ]
    made = [own(creation.tensor(v)) if isinstance(v, np.ndarray) else v for v in arrays]
    return unflatten(structure, made)


def samples(f: Callable) -> Arguments | None:
    """A few numbers for each tensor that f needs; None where these do not suit it."""
    args: list = []
    for p in inspect.signature(f).parameters.values():
        if p.default is not p.empty or p.kind not in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            break
        if "Tensor" not in str(p.annotation) or len(args) == len(SAMPLES):
            return None
        args.append(own(creation.tensor(SAMPLES[len(args)])))
    if not args:
        return None
    try:
        with tape.grad_mode(False):
            f(*args)
    except (IndexError, TypeError, ValueError, RuntimeError):  # it was a guess
        return None
    return args, {}


def own(x: Any) -> Any:
    """An argument, with a gradient where it can have one."""
    if not isinstance(x, TensorBase):
        return [own(part) for part in x] if isinstance(x, list) else x
    y = new(x.array)
    y.tracked = x.dtype.kind == "float"
    return y


# ---- the example as a session --------------------------------------------------------------------


def session(f: Callable, arguments: Arguments | None, y: Any, doc: str) -> str:
    """The example as one would type it, with what it answers: written from the numbers, or as it is known."""
    name = public_name(f)
    if arguments is not None and name and not callable(y):
        args, options = arguments
        given = [written(x) for x in args] + [f"{k}={written(x)}" for k, x in options.items()]
        call = f">>> fathom.{name}({', '.join(given)})"
        if len(call) > WIDE:
            call = "\n".join([f">>> fathom.{name}(", *(f"...     {x}," for x in given), "... )"])
        text = f"{call}\n{answer(y)}"
        return text if len(text) <= LONGEST else ""
    if name in SESSIONS:
        return SESSIONS[name].strip()
    shown = doctest.DocTestParser().get_examples(doc)
    return "".join(prompted(x.source) + x.want for x in shown).strip()


def written(x: Any) -> str:
    """An argument as Python."""
    if isinstance(x, TensorBase):
        dtype = "" if str(x.dtype) in UNSAID else f", dtype={x.dtype}"
        return f"fathom.tensor({literal(x.tolist())}{dtype})"
    if isinstance(x, list | tuple) and x:
        inside = ", ".join(written(part) for part in x)
        return f"[{inside}]" if isinstance(x, list) else f"({inside}{',' if len(x) == 1 else ''})"
    return literal(x)


def literal(x: Any) -> str:
    """Numbers to seven digits: 0.37 rather than 0.3700000047683716."""
    if isinstance(x, list):
        return f"[{', '.join(map(literal, x))}]"
    if isinstance(x, float) and math.isfinite(x):
        return repr(float(f"{x:.7g}"))
    if isinstance(x, float):
        return f"float('{x}')"
    return getattr(x, "__name__", None) or repr(x)


def answer(y: Any) -> str:
    """What the interpreter prints, without word of the tape."""
    leaves, structure = flatten(y)
    return repr(
        unflatten(structure, [x.detach() if isinstance(x, TensorBase) else x for x in leaves])
    )


def prompted(source: str) -> str:
    """Source as it stands in a session: >>> before its first line, ... before the others."""
    first, *others = source.rstrip().split("\n")
    return "\n".join([f">>> {first}", *(f"... {line}" for line in others)]) + "\n"
