"""The laws that every operation obeys, for every case of the table in fathom/testing/cases.py.

1  eager agrees with NumPy and with PyTorch: values, dtypes, shapes, gradients
2  <g, J dx> = <J^T g, dx>, and J dx is what a finite difference says
3  second derivatives: reverse over reverse = forward over reverse = difference of gradients
4  vmap(f) = loop over f, and the same for the gradient of f
5  reading `element` aloud = eager, for each primitive of f and of its gradient
6  strides do not matter, and inputs are never written to
7  primitives are values: equal, hashable, printed so that the print makes them again; LaTeX is sound
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import fathom
import fathom.core.body
import fathom.ops
from fathom.compiler import trace
from fathom.compiler.reference import interpreted, run
from fathom.core.base import TensorBase
from fathom.core.latex import formula
from fathom.core.loop import Array
from fathom.core.trees import flatten, unflatten
from fathom.testing.case import Case
from fathom.testing.cases import CASES

# Sums are taken in another order than PyTorch's, so the last digits differ.
CLOSE = {"float32": (2e-5, 2e-5), "float64": (1e-9, 1e-10)}
CLOSE |= {"complex64": CLOSE["float32"], "complex128": CLOSE["float64"]}

# The table has names that PyTorch keeps and warns of.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{words}:UserWarning")
    for words in (
        "The reduce argument of torch.scatter",
        r"index_reduce\(\) is in beta",
        r"torch\.\w+ is deprecated",
        "Using torch.cross without specifying the dim",
    )
]


def parameters(keep=lambda case: True, wide=False):
    """The cases, each in its dtypes or only in the wider one."""
    return pytest.mark.parametrize(
        ("case", "dtype"),
        [
            pytest.param(case, dtype, id=f"{case.label} {dtype}")
            for case in CASES
            if keep(case)
            for dtype in (case.dtypes[-1:] if wide else case.dtypes)
        ],
    )


class Problem:
    """A case with its numbers: f of the variables, everything else held."""

    def __init__(self, case: Case, dtype: str, seed: int = 0):
        self.case = case
        self.arrays, self.structure = flatten(case.draws(dtype, seed))
        self.variables = case.variables()

    def tensors(self, library=fathom, layout=np.ascontiguousarray) -> list:
        """All leaves of the arguments, arrays as tensors of a library."""
        return [
            library.from_numpy(x.copy() if layout is np.ascontiguousarray else layout(x))
            if isinstance(x, np.ndarray)
            else x
            for x in self.arrays
        ]

    def chosen(self) -> list:
        """The variables."""
        tensors = self.tensors()
        return [tensors[k] for k in self.variables]

    def outputs(self, tensors: list, library=fathom) -> list:
        """What the case returns for these leaves, in one list."""
        return flatten(self.case.run(library, *unflatten(self.structure, tensors)))[0]

    def f(self, *xs):
        """The outputs that may have a gradient, as a function of the variables."""
        tensors = self.tensors()
        for k, x in zip(self.variables, xs, strict=True):
            tensors[k] = x
        return tuple(y for y in self.outputs(tensors) if y.dtype.kind in ("float", "complex"))

    def scalar(self, *xs):
        """A sum of the outputs, each element with its own weight."""
        ys = self.f(*xs)
        return sum(inner(g, y) for g, y in zip(like(ys, 1), ys, strict=True))

    def gradient(self, *xs):
        return fathom.func.grad(self.scalar, tuple(range(len(xs))))(*xs)


def like(xs, seed: int) -> list:
    """Random tensors of the same shapes and dtypes."""
    rng = np.random.default_rng(seed)
    drawn = []
    for x in xs:
        numbers = rng.standard_normal(tuple(x.shape))
        if x.dtype.is_complex:
            numbers = numbers + 1j * rng.standard_normal(tuple(x.shape))
        drawn.append(fathom.from_numpy(np.asarray(numbers)).to(x.dtype))
    return drawn


def inner(a, b):
    """The inner product of two tensors, real also for complex ones."""
    return (a.conj() * b).real.sum()


def agree(found, wanted, *, names=False):
    """Outputs are equal up to rounding: shapes, values, and the dtypes' names if asked."""
    assert len(found) == len(wanted)
    for y, t in zip(found, wanted, strict=True):
        if not hasattr(y, "shape"):
            assert y == t
            continue
        assert tuple(y.shape) == tuple(t.shape)
        if names:
            assert str(y.dtype).split(".")[-1] == str(t.dtype).split(".")[-1]
        y, t = values(y), values(t)
        rtol, atol = CLOSE.get(t.dtype.name, (0, 0))
        np.testing.assert_allclose(y, t, rtol=rtol, atol=atol)


def values(x) -> np.ndarray:
    """The numbers of an array, or of a tensor of either library."""
    return x.numpy(force=True) if hasattr(x, "detach") else np.asarray(x)


# ---- 1: eager ------------------------------------------------------------------------------------


@parameters()
def test_values_dtypes_and_shapes_are_those_of_pytorch(case, dtype):
    torch = pytest.importorskip("torch")
    problem = Problem(case, dtype)
    if case.name in ("getitem", "setitem") or hasattr(torch, case.name.split(".")[0]):
        wanted = problem.outputs(problem.tensors(torch), torch)
        agree(problem.outputs(problem.tensors()), wanted, names=True)


@parameters(lambda case: case.numpy)
def test_values_are_those_of_numpy(case, dtype):
    problem = Problem(case, dtype)
    with np.errstate(all="ignore"):
        wanted = case.numpy(*unflatten(problem.structure, problem.arrays))
    agree(problem.outputs(problem.tensors()), flatten(wanted)[0])


@parameters(lambda case: case.orders)
def test_gradients_are_those_of_pytorch(case, dtype):
    torch = pytest.importorskip("torch")
    problem = Problem(case, dtype)
    tensors = problem.tensors(torch)
    for k in problem.variables:
        tensors[k].requires_grad_()
    theirs = [y for y in problem.outputs(tensors, torch) if y.is_floating_point() or y.is_complex()]
    weights = [torch.from_numpy(g.numpy()) for g in like(problem.f(*problem.chosen()), 1)]
    tracked = [(y, g) for y, g in zip(theirs, weights, strict=True) if y.requires_grad]
    if not tracked:  # no output depends on a variable
        found = problem.gradient(*problem.chosen())
        assert all(not g.numpy().any() for g in found)
        return
    wanted = torch.autograd.grad(
        [y for y, _ in tracked],
        [tensors[k] for k in problem.variables],
        [g for _, g in tracked],
        allow_unused=True,
        materialize_grads=True,
    )
    agree(problem.gradient(*problem.chosen()), wanted, names=True)


# ---- 2: one derivative, forward and backward -------------------------------------------------------


@parameters(lambda case: case.orders, wide=True)
def test_forward_and_backward_are_adjoint_and_agree_with_a_difference(case, dtype):
    problem = Problem(case, dtype)
    xs = problem.chosen()
    dxs = like(xs, 2)
    ys, dys = fathom.func.jvp(problem.f, tuple(xs), tuple(dxs))
    gs = like(ys, 1)
    forward = sum(inner(g, dy).item() for g, dy in zip(gs, dys, strict=True))
    backward = sum(inner(g, dx).item() for g, dx in zip(problem.gradient(*xs), dxs, strict=True))
    assert forward == pytest.approx(backward, rel=1e-9, abs=1e-9)
    if case.name != "detach":
        step = 1e-6
        ahead = problem.scalar(*[x + step * dx for x, dx in zip(xs, dxs, strict=True)])
        behind = problem.scalar(*[x - step * dx for x, dx in zip(xs, dxs, strict=True)])
        difference = (ahead - behind).item() / (2 * step)
        assert forward == pytest.approx(difference, rel=1e-5, abs=1e-6)


# ---- 3: second order -------------------------------------------------------------------------------


@parameters(lambda case: case.orders == 2, wide=True)
def test_second_derivatives_agree_in_three_ways(case, dtype):
    problem = Problem(case, dtype)
    xs = problem.chosen()
    dxs = like(xs, 2)

    def slope(*xs):
        return sum(inner(g, dx) for g, dx in zip(problem.gradient(*xs), dxs, strict=True))

    twice_back = fathom.func.grad(slope, tuple(range(len(xs))))(*xs)
    _, forward_over_back = fathom.func.jvp(problem.gradient, tuple(xs), tuple(dxs))
    step = 1e-5
    ahead = problem.gradient(*[x + step * dx for x, dx in zip(xs, dxs, strict=True)])
    behind = problem.gradient(*[x - step * dx for x, dx in zip(xs, dxs, strict=True)])
    for a, b, h, k in zip(twice_back, forward_over_back, ahead, behind, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(a.numpy(), (h - k).numpy() / (2 * step), rtol=1e-4, atol=1e-5)


# ---- 4: vmap -----------------------------------------------------------------------------------------

BATCH = 3


def mapped_over(problems: list[Problem], chosen: list[int]):
    """vmap of the case over some of its leaves, and the loop that must give the same."""
    leaves = problems[0].tensors()
    stacks = [np.stack([p.arrays[k] for p in problems]) for k in chosen]

    def one(*xs):
        own = list(leaves)
        for k, x in zip(chosen, xs, strict=True):
            own[k] = x
        return tuple(problems[0].outputs(own))

    found = fathom.func.vmap(one)(*[fathom.from_numpy(x) for x in stacks])
    rows = [one(*[fathom.from_numpy(np.array(x[n])) for x in stacks]) for n in range(BATCH)]
    return found, [fathom.stack(parts) for parts in zip(*rows, strict=True)]


@parameters(lambda case: case.mapped, wide=True)
def test_vmap_is_a_loop(case, dtype):
    problems = [Problem(case, dtype, seed) for seed in range(BATCH)]
    arrays = [k for k, x in enumerate(problems[0].arrays) if isinstance(x, np.ndarray)]
    for chosen in {tuple(arrays), tuple(arrays[:1]), tuple(arrays[-1:])}:
        found, wanted = mapped_over(problems, list(chosen))
        agree(found, wanted)


@parameters(lambda case: case.mapped and case.orders, wide=True)
def test_vmap_of_the_gradient_is_a_loop(case, dtype):
    problem = Problem(case, dtype)
    stacks = [np.stack(x) for x in zip(*[
        [x.numpy() for x in Problem(case, dtype, seed).chosen()] for seed in range(BATCH)
    ], strict=True)]  # fmt: skip
    found = fathom.func.vmap(problem.gradient)(*[fathom.from_numpy(x) for x in stacks])
    rows = [
        problem.gradient(*[fathom.from_numpy(np.array(x[n])) for x in stacks]) for n in range(BATCH)
    ]
    agree(found, [fathom.stack(parts) for parts in zip(*rows, strict=True)])


# ---- 5: element --------------------------------------------------------------------------------------

# The primitives with no element rule: complex numbers have parts, and the loop language has none;
# an element of a factor, a transform or a loop has no short formula; some functions of one number neither.
WITHOUT_ELEMENT = {
    "Scan",
    "Conj", "Part", "MakeComplex", "ViewAsReal", "ViewAsComplex",
    "Solve", "SolveTriangular", "Cholesky", "Lu", "Pivots", "RowOrder", "Det", "LogAbsDet", "SignDet", "Eigh", "Eig",
    "Svd", "Qr", "Complement", "Pinv", "MatrixExp", "Fft", "Rfft", "Irfft",
    "Erfcx", "Ndtri", "Polygamma", "Bessel", "Gammainc", "Zeta", "NextAfter", "Exponent", "SignBit", "Divisor",
}  # fmt: skip


def graphs(case: Case, dtype: str):
    """The traced case and its traced gradient, with the arrays that they take and should give."""
    problem = Problem(case, dtype)
    tensors = problem.tensors()
    yield (
        trace(lambda *leaves: tuple(problem.outputs(list(leaves))), *tensors),
        [x for x in tensors if isinstance(x, TensorBase)],
        problem.outputs(problem.tensors()),
    )
    if case.orders:
        xs = problem.chosen()
        yield trace(problem.gradient, *xs), xs, problem.gradient(*xs)


def steps_of(graph, inputs):
    """Each step of a graph, with the arrays it reads and the array its eager rule gives."""
    known = {symbol: x.numpy() for symbol, x in zip(graph.inputs, inputs, strict=True)}
    known |= dict(graph.constants)
    for step in graph.steps:
        arrays = [known[x] for x in step.inputs]
        with np.errstate(all="ignore"):
            known[step.output] = np.asarray(step.primitive.eager(np, *arrays))
        yield step, arrays, known[step.output]


@parameters(lambda case: case.traced)
def test_reading_the_elements_is_eager(case, dtype):
    for graph, inputs, wanted in graphs(case, dtype):
        agree([fathom.from_numpy(y) for y in run(graph, *[x.numpy() for x in inputs])], wanted)
        for step, arrays, y in steps_of(graph, inputs):
            assert (step.output.shape, step.output.dtype) == (y.shape, y.dtype), step.primitive
            try:
                found = interpreted(step.primitive, arrays)
            except NotImplementedError:
                assert type(step.primitive).__name__ in WITHOUT_ELEMENT
                continue
            assert (found.shape, found.dtype) == (y.shape, y.dtype), step.primitive
            agree([found], [y])


# ---- 6: memory ---------------------------------------------------------------------------------------


def strided(x: np.ndarray) -> np.ndarray:
    """The same numbers, with gaps between them and the dims in another order in memory."""
    wide = np.zeros([2 * n for n in x.shape[::-1]], x.dtype)
    view = wide.transpose()[(..., *(slice(None, None, 2) for _ in x.shape))]
    view[...] = x
    return view


# A view of memory with gaps has no other shape: view() says so.
VIEWS = ("Tensor.view", "Tensor.view_as")


@parameters(lambda case: case.name not in VIEWS, wide=True)
def test_strides_do_not_matter(case, dtype):
    problem = Problem(case, dtype)
    agree(problem.outputs(problem.tensors(layout=strided)), problem.outputs(problem.tensors()))


@parameters(wide=True)
def test_inputs_are_not_written_to(case, dtype):
    problem = Problem(case, dtype)
    tensors = problem.tensors()
    for k in problem.variables if case.orders else ():
        tensors[k].requires_grad_()
    for y in problem.outputs(tensors):
        if isinstance(y, TensorBase) and y.requires_grad:
            y.backward(y.detach().clone(), retain_graph=True)
    for x, array in zip(tensors, problem.arrays, strict=True):
        if isinstance(x, TensorBase):
            np.testing.assert_array_equal(x.detach().numpy(), array)


# ---- 7: primitives are values ------------------------------------------------------------------------


def namespace() -> dict:
    """The names of all primitives, for reading their prints."""
    names = {}
    for module in pkgutil.iter_modules(fathom.ops.__path__, "fathom.ops."):
        names |= vars(importlib.import_module(module.name))
    names |= vars(fathom.core.body)
    return names | {"fathom": fathom, "device": fathom.device}


@parameters(lambda case: case.traced, wide=True)
def test_primitives_are_values_with_a_formula(case, dtype):
    names = namespace()
    for graph, *_ in graphs(case, dtype):
        for step in graph.steps:
            primitive = step.primitive
            assert dataclasses.is_dataclass(primitive)
            twin = dataclasses.replace(primitive)
            assert twin == primitive and hash(twin) == hash(primitive)
            assert eval(repr(primitive), names) == primitive
            if type(primitive).__name__ not in WITHOUT_ELEMENT:
                arrays = [Array("abcd"[k], x.shape, x.dtype) for k, x in enumerate(step.inputs[:4])]
                if len(arrays) == len(step.inputs):
                    assert_sound(formula(primitive, *arrays))


def assert_sound(latex: str) -> None:
    """Braces, \\left and \\right, and environments are closed, and nothing of Python is left in it."""
    depth = 0
    for letter in latex:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0, latex
    assert depth == 0, latex
    assert latex.count(r"\left") == latex.count(r"\right"), latex
    assert latex.count(r"\begin") == latex.count(r"\end"), latex
    assert "None" not in latex and "object" not in latex, latex


# ---- the table is complete -----------------------------------------------------------------------

# Why a function that PyTorch has, too, is not in the table.
NOT_IN_THE_TABLE = {
    "made from numbers, no tensor in: tests/test_tensors.py": """
        tensor as_tensor asarray from_numpy from_dlpack zeros ones empty full arange range linspace logspace eye
        zeros_like ones_like empty_like full_like scalar_tensor empty_strided tril_indices triu_indices
        hann_window hamming_window blackman_window bartlett_window kaiser_window fft.fftfreq fft.rfftfreq""",
    "random: tests/core/test_random.py": """
        rand randn randint randperm normal bernoulli multinomial binomial poisson rand_like randn_like
        randint_like manual_seed seed initial_seed get_rng_state set_rng_state dropout alpha_dropout rrelu""",
    "about dtypes, shapes and settings, no tensor out: tests/core, tests/test_printing.py": """
        promote_types result_type can_cast broadcast_shapes set_default_dtype get_default_dtype is_tensor
        set_default_tensor_type set_printoptions typename use_deterministic_algorithms
        are_deterministic_algorithms_enabled set_float32_matmul_precision get_float32_matmul_precision
        get_num_threads set_num_threads""",
    "the tape, transforms and files have tests of their own": "is_grad_enabled vmap save load compile",
    "written in place": "relu_",
}


def function_of(library, name: str):
    """The function under a dotted name, without what is wrapped around it; None where there is none."""
    for part in name.split("."):
        library = getattr(library, part, None)
    return inspect.unwrap(library) if callable(library) else None


def exempt() -> set[str]:
    return {name for names in NOT_IN_THE_TABLE.values() for name in names.split()}


def test_every_public_function_that_pytorch_has_is_in_the_table():
    torch = pytest.importorskip("torch")
    covered = {function_of(fathom, case.name) for case in CASES}  # also under another name
    spaces = ("linalg", "fft", "special")
    names = dir(fathom) + [
        f"{space}.{name}" for space in spaces for name in dir(getattr(fathom, space))
    ]
    missing = [
        name
        for name in names
        if not name.split(".")[-1].startswith("_")
        and function_of(torch, name)
        and function_of(fathom, name) not in covered | {None}
        and not isinstance(function_of(fathom, name), type)
        and name not in exempt()
    ]
    assert not missing, "add a case to fathom/testing, or a reason above: " + " ".join(missing)


def test_no_exemption_is_left_that_the_table_has():
    assert not {case.name for case in CASES} & exempt()
