"""What the compiler prints of its stages is what a person would write, and true."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn, optim
from fathom.compiler.show import STAGES, Shown, eager_peak
from fathom.compiler.source import Source
from fathom.core.tracing import trace
from tests.compiler.golden.renew import PROGRAMS, path, printed
from tests.compiler.golden.renew import STAGES as GOLDEN


@pytest.mark.parametrize("stage", GOLDEN)
@pytest.mark.parametrize("name", PROGRAMS)
def test_stages_are_printed_as_in_the_golden_files(name, stage):
    """Renew them with `python -m tests.compiler.golden.renew`."""
    assert printed(name, stage) == path(name, stage).read_text(encoding="utf-8")


# ---- the printed loops are a program ---------------------------------------------------------------

WORDS = {
    "exp": np.exp, "tanh": np.tanh, "log": np.log, "sqrt": np.sqrt, "inf": np.inf, "nan": np.nan,
    "float32": np.float32, "float64": np.float64, "int64": np.int64, "max": max, "min": min, "range": range,
}  # fmt: skip


def run_as_printed(graph, inputs, width):
    """The output of a program whose loops Python executes as they are printed."""
    program = Source(graph, width=width)
    given = [*inputs, *[np.asarray(array) for _, array in program.graph.constants]]
    known = {
        program.names[s]: x if x.ndim else x[()]
        for s, x in zip(program.given, given, strict=True)
        if s in program.names
    }
    for symbol, name in program.names.items():
        array = program.array(symbol)
        known.setdefault(name, np.zeros(array.shape, array.dtype))
    text = Shown(program, graph).text("loops")
    exec(text, WORDS | known | {"tile": 0}, known)
    return known[program.names[program.results[0]]]


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (lambda a, b: (a @ b).softmax(1), [(5, 4), (4, 6)]),
        (lambda x, w: F.max_pool2d(F.conv2d(x, w, padding=1), 2), [(8, 2, 4, 4), (2, 2, 3, 3)]),
        (lambda a, b: (a - b / (a * b)) * (1 / (a + 2) - (b - a)), [(3, 4), (3, 4)]),
        (lambda x: fathom.where(x > 0, x, -x).flip(0).cumsum(0), [(7,)]),
        (lambda x, w: (x @ w).tanh() @ w.T - x.amax(), [(8, 3), (3, 5)]),
        (lambda x, w: fathom.func.grad(lambda w: (x @ w).tanh().sum())(w), [(8, 3), (3, 5)]),
        (lambda x, w: (x + w.sum()).softmax(2).flip(0), [(2, 3, 5), (2,)]),
        (lambda x, g: fathom.func.grad(lambda x: (x.softmax(1) * g).sum())(x), [(40, 9), (40, 9)]),
        (lambda x, b: fathom.func.grad(lambda b: (x + b).exp().sum())(b), [(3, 11, 5), (5,)]),
    ],
)
@pytest.mark.parametrize("width", [1, 4])
def test_the_printed_loops_compute_what_the_program_computes(f, shapes, width):
    g = fathom.Generator().manual_seed(0)
    xs = [fathom.randn(*shape, generator=g) for shape in shapes]
    found = run_as_printed(trace(f, *xs), [x.numpy() for x in xs], width)
    np.testing.assert_allclose(found, f(*xs).numpy(), rtol=1e-5, atol=1e-6)


# ---- on a training step ----------------------------------------------------------------------------


@pytest.fixture
def step():
    """A compiled training step that has run."""
    fathom.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    updates = optim.Adam(model.parameters())

    @fathom.compile
    def step(x, y):
        updates.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        updates.step()
        return loss

    x, y = fathom.randn(16, 6), fathom.randint(3, (16,))
    step(x, y), step(x, y)
    return step


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_of_a_training_step_prints(step, capsys, stage):
    step.show(stage)
    assert len(capsys.readouterr().out.splitlines()) > 10


def test_parameters_rates_and_moments_have_their_names(step, capsys):
    step.show("loops")
    text = capsys.readouterr().out
    for name in ("0.weight", "2.bias", "lr", "betas[1]", "exp_avg of 0.weight"):
        assert re.search(rf"^# a\d+ .* {re.escape(name)}$", text, re.MULTILINE), name


def test_times_are_those_of_all_kernels_and_name_the_peak(step, capsys):
    step.show("time")
    lines = capsys.readouterr().out.splitlines()
    kernels = [line.split() for line in lines if re.match(r"k\d+ ", line)]
    total = next(float(line.split()[1]) for line in lines if line.startswith("all"))
    assert sum(float(k[1]) for k in kernels) == pytest.approx(total, abs=1e-4 * len(kernels))
    assert "GFLOP/s of float32 in registers" in lines[-1]


def test_an_unknown_stage_names_the_known_ones(step):
    with pytest.raises(ValueError, match="expected one of graph, loops, .* got 'loop'"):
        step.show("loop")


def test_a_step_that_has_not_run_has_nothing_to_show():
    with pytest.raises(RuntimeError, match="there is no program yet"):
        fathom.compile(lambda x: x).show()


def test_eager_mode_frees_what_nobody_reads_and_keeps_what_views_look_at():
    """100 numbers of 4 bytes each. exp(x) lives on in its transposed view until the tanh is there."""
    graph = trace(lambda x: x.exp().T.tanh().exp(), fathom.ones(10, 10))
    assert eager_peak(graph) == 2 * 400
    graph = trace(lambda x: (x.exp(), x.tanh(), x.sqrt().T), fathom.ones(10, 10))
    assert eager_peak(graph) == 3 * 400
