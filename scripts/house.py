"""The floors of the house, and what its files import.

tests/test_layers.py holds the house to it and scripts/draw_house.py draws it. The sources are only
parsed, never imported, so a house that does not stand can still be inspected.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "fathom"

# From the ground up, and what each part is for. A part sees the floors below its own and nothing
# else: not its neighbours, not the floors above. A part is a folder of fathom/, or a file that lies
# directly in it. Parts that are still to come have their places already.
FLOORS: tuple[dict[str, str], ...] = (
    {"core": "the machine: primitives, the one door, the tape; knows no operation"},
    {"ops": "the operations, one file a family, each defined once"},
    {"compiler": "functions traced to graphs, graphs to one native program, stage by stage"},
    {
        "autograd": "gradients by name: grad, Function, gradcheck",
        "backends": "switches that scripts for PyTorch set",
        "cuda": "what GPUs there are, through CuPy",
        "outputs": "the functions that take out=",
        "printing": "tensors as text",
        "styled": "lines of text with styles, for terminals",
        "version": "the number of this version",
    },
    {"methods": "the methods of a tensor that only call an operation"},
    {"tensors": "class Tensor: thin methods that call the operations"},
    {
        "fft": "Fourier transforms, by name",
        "func": "transforms of functions: grad, vjp, jvp, vmap, hessian",
        "linalg": "linear algebra, by name",
        "random": "the state of the random numbers",
        "special": "special functions, by name",
        "typed": "FloatTensor, LongTensor and their like",
    },
    {"nn": "networks: modules, layers, losses, initial values"},
    {"optim": "optimizers in the papers' equations, and schedules"},
    {"data": "data sets, their files, samplers, loaders"},
    {
        "testing": "assert_close, and one table of cases for all operations",
        "utils": "PyTorch's names for things that live elsewhere",
    },
    {"train": "the training loop, metrics, callbacks, checkpoints, curves"},
    {"saving": "save and load: values and tensors in one safetensors file"},
    {
        "blocks": "networks with no autodiff, by hand",
        "gan": "generative adversarial networks",
        "gp": "Gaussian processes",
        "hpo": "search for hyperparameters",
        "recsys": "recommendation",
        "rl": "learning by reward",
        "text": "words and sequences",
        "vision": "images",
    },
    {
        "distributed": "training on several processes",
        "explain": "math, code, diagram and numbers of a model",
        "interop": "files and programs of other frameworks",
    },
    {
        "debug": "the first NaN, and the way to a shape that does not fit",
        "doctor": "what this computer has, and what is missing",
        "publish": "the book's tools: pages run, explained, written, read in a browser",
    },
    {"cli": "the command `fathom`: train, predict, explain, data, doctor"},
)

# fathom/__init__.py lies on top: it re-exports from everywhere; no file of the house imports it.
ROOF = "fathom"

# The conditions that hold for a type checker and never when the program runs.
GUARDS = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


@dataclass(frozen=True)
class Import:
    """One import statement: the file and line it stands on, and the part of the house it names."""

    file: Path
    line: int
    part: str  # of the file
    target: str  # the part imported
    module: str  # as written


def floor_of(part: str) -> int:
    """The floor a part is on, counted from 0; the roof is above all."""
    if part == ROOF:
        return len(FLOORS)
    for floor, parts in enumerate(FLOORS):
        if part in parts:
            return floor
    raise KeyError(f"{part} is on no floor: give it one in FLOORS of scripts/house.py")


def parts() -> list[str]:
    """The parts of the house that exist, by name."""
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    files = {path.stem for path in SOURCE.glob("*.py")} - {"__init__", "__main__"}
    return sorted(folders | files)


def files_of(part: str) -> list[Path]:
    """The Python files of one part, sorted."""
    folder = SOURCE / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [SOURCE / f"{part}.py"]


def part_of(file: Path) -> str:
    """The part a file of fathom/ belongs to; `__init__.py` and `__main__.py` are the roof."""
    first = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    return ROOF if first in ("__init__", "__main__") else first


def imports(file: Path) -> Iterator[Import]:
    """The imports of fathom in one file, those inside functions too.

    Imports for a type checker only are left out. A relative import raises ValueError: the house
    imports by full name.
    """
    for node in running_code(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.ImportFrom) and node.level:
            where = f"{file.relative_to(ROOT)}:{node.lineno}"
            raise ValueError(f"{where}: a relative import; write it out from `fathom` on")
        for module in modules_named(node):
            target = module.split(".")[1] if "." in module else ROOF
            yield Import(file, node.lineno, part_of(file), target, module)


def running_code(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements at or below a node that run: those under `if TYPE_CHECKING:` do not."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
        return
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.If) and ast.unparse(node.test) in GUARDS:
        children = list(node.orelse)
    for child in children:
        yield from running_code(child)


def modules_named(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The modules of fathom that one import statement names, with their full names."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif node.module == "fathom":  # `from fathom import nn` names the part nn, if there is one
        names = [f"fathom.{a.name}" if a.name in parts() else "fathom" for a in node.names]
    else:
        names = [node.module or ""]
    return [name for name in names if name == "fathom" or name.startswith("fathom.")]


def lines_of(file: Path) -> int:
    """The number of lines of a file."""
    return len(file.read_text(encoding="utf-8").splitlines())
