"""Kernels that read each other row by row run block by block; those that do not, do not."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom.compiler.program import Program
from fathom.compiler.threads import get_num_threads, set_num_threads
from fathom.core.tracing import trace

WIDTH = 4  # lanes, on any computer: the processor's own may be more


def numbers(*shape):
    return fathom.randn(*shape, generator=fathom.Generator().manual_seed(len(shape)))


def layer_norm(x, weight, bias, g):
    """The layer's output, and the gradients of its product with g."""

    def loss(x, weight, bias):
        return (F.layer_norm(x, x.shape[-1:], weight, bias) * g).sum()

    gradients = fathom.func.grad(loss, (0, 1, 2))(x, weight, bias)
    return [F.layer_norm(x, x.shape[-1:], weight, bias), *gradients]


def softmax(x, g):
    """The quotients, and the gradient of their product with g."""
    return [x.softmax(-1), fathom.func.grad(lambda x: (x.softmax(-1) * g).sum())(x)]


def gelu(x, g):
    """A layer with a bias: the value, and the gradients of its product with g."""
    bias = numbers(x.shape[-1])
    loss = fathom.func.grad(lambda x, b: (F.gelu(x + b) * g).sum(), (0, 1))
    return [F.gelu(x + bias), *loss(x, bias)]


def cross_entropy(x, g):
    """The loss of each row, and the gradient of their sum."""
    classes = (g[..., 0] > 0).to(fathom.int64)

    def losses(x):
        return F.cross_entropy(x, classes, reduction="none")

    return [losses(x), fathom.func.grad(lambda x: losses(x).sum())(x)]


def groups(f, *xs):
    """The phases of f's program in which several kernels run row by row."""
    program = Program(trace(f, *xs), width=WIDTH)
    return program, [phase for phase in program.plan.phases if phase.rows]


def ran(program, *xs):
    return program.run([x.numpy() for x in xs])


SHAPES = [(1, 6), (6, 1), (1, 1), (37, 5), (3000, 7), (2, 3, 50, 16), (9, 2000), (4, 0)]
CASES = [(f, shape) for f in (softmax, gelu) for shape in SHAPES]
CASES += [(cross_entropy, shape) for shape in [(1, 6), (37, 5), (3000, 7)]]


@pytest.mark.parametrize(("f", "shape"), CASES)
def test_rows_in_blocks_give_what_eager_mode_gives(f, shape):
    x, g = numbers(*shape), numbers(*shape)
    for found, wanted in zip(ran(Program(trace(f, x, g)), x, g), f(x, g), strict=True):
        np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 6), (37, 5), (3000, 7), (2, 3, 50, 16), (40, 2000)])
def test_layer_norm_in_blocks_gives_what_eager_mode_gives(shape):
    xs = [numbers(*shape), numbers(shape[-1]), numbers(shape[-1]), numbers(*shape)]
    for found, wanted in zip(
        ran(Program(trace(layer_norm, *xs)), *xs), layer_norm(*xs), strict=True
    ):
        np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-3, atol=1e-4 * shape[0] ** 0.5)


def test_a_softmax_is_one_pass_over_its_rows():
    program, (group,) = groups(lambda x: x.softmax(-1), numbers(2, 3, 500, 10))
    assert len(program.plan.phases) == 1
    assert group.rows == 3000 and group.block < 3000


def test_what_only_the_group_reads_is_kept_for_one_block():
    program, (group,) = groups(lambda x: x.softmax(-1), numbers(3000, 10))
    made = {program.plan.names[k.output] for k in group.kernels}
    outputs = {program.plan.names[y] for y in program.graph.outputs}
    assert set(group.local) == made - outputs
    assert sum(group.local.values()) < 3000 * 10 * 4 // 2
    assert program.source.arranged == ({}, 0)  # nothing in the arena


def test_what_somebody_else_reads_is_kept_for_all_rows():
    x, w = numbers(200, 8), numbers(8, 8)
    program, (group,) = groups(lambda x, w: ((y := x.softmax(-1)) @ w, y.exp()), x, w)
    (product,) = [k for p in program.plan.phases if not p.rows for k in p.kernels]
    read = {a for a in program.plan.names.values() if a in str(product.body)}
    assert read and not read & set(group.local)


def test_the_gradients_of_a_layer_norm_are_one_pass_and_the_sums_of_tiles():
    xs = [numbers(3000, 64), numbers(64), numbers(64), numbers(3000, 64)]
    program, (group,) = groups(layer_norm, *xs)
    assert len(group.sums) == 2  # of the weight and of the bias
    assert [len(p.kernels) for p in program.plan.phases if not p.rows] == [1, 1]


def test_attention_scores_are_kept_for_one_head_of_one_sample():
    q, k = numbers(2, 3, 128, 64), numbers(2, 3, 64, 128)
    program, (group,) = groups(lambda q, k: (q @ k).softmax(-1), q, k)
    assert len(program.plan.phases) == 1 and (group.rows, group.block) == (2 * 3, 1)
    scores = group.kernels[0].output
    assert scores.shape == (2, 3, 128, 128)
    assert group.local[program.plan.names[scores]] == 128 * 128 * 4
    np.testing.assert_allclose(ran(program, q, k)[0], (q @ k).softmax(-1).numpy(), atol=1e-5)


def test_the_products_of_small_heads_run_by_themselves_for_all_heads():
    q, k = numbers(2, 3, 64, 32), numbers(2, 3, 32, 64)
    program, (group,) = groups(lambda q, k: (q @ k).softmax(-1), q, k)
    assert [len(phase.kernels) for phase in program.plan.phases] == [1, len(group.kernels)]


def test_a_product_with_a_matrix_for_all_rows_runs_by_itself():
    x, w = numbers(300, 16), numbers(16, 16)
    program, found = groups(lambda x, w: ((x * 2).softmax(-1) @ w).softmax(-1), x, w)
    assert len(found) == 2 and len(program.plan.phases) == 3


def test_a_reader_of_another_row_comes_after_the_group():
    x = numbers(300, 16)
    program, (group,) = groups(lambda x: (y := x.softmax(-1)) - y.flip(0), x)
    assert len(group.kernels) == 4 and len(program.plan.phases) == 2
    np.testing.assert_allclose(
        ran(program, x)[0], (x.softmax(-1) - x.softmax(-1).flip(0)).numpy(), atol=1e-6
    )


def test_rows_that_are_too_long_for_a_cache_make_no_group():
    _, found = groups(lambda x: x.softmax(-1), numbers(3, 100_000))
    assert not found


def test_an_update_is_written_over_what_it_replaces_beside_a_group():
    """The step's weight is read by the group, and written after it."""
    weight = fathom.ones(10)

    @fathom.compile
    def step(x):
        y = F.layer_norm(x, (10,), weight)
        weight.sub_(y.sum(0) * 0.1)
        return y

    x = numbers(300, 10)
    wanted = F.layer_norm(x, (10,), fathom.ones(10))
    np.testing.assert_allclose(step(x).numpy(), wanted.numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        weight.numpy(), 1 - 0.1 * wanted.sum(0).numpy(), rtol=1e-4, atol=1e-4
    )


def test_a_read_that_a_condition_guards_stays_in_its_block():
    """Of a row that the mask leaves out nothing is read, not even the first element of the array."""
    x, mask = numbers(5000, 3), numbers(5000, 1) > 0

    def f(x, mask):
        s = x.exp().sum(1, keepdim=True)
        return fathom.where(mask, x / s, s.log())

    (found,) = ran(Program(trace(f, x, mask)), x, mask)
    np.testing.assert_allclose(found, f(x, mask).numpy(), rtol=1e-5, atol=1e-5)


def test_the_number_of_threads_changes_no_bit_of_a_sum_over_rows():
    xs = [numbers(5000, 64), numbers(64), numbers(64), numbers(5000, 64)]
    program = Program(trace(layer_norm, *xs))
    before = get_num_threads()
    try:
        found = []
        for threads in (1, 2, 4):
            set_num_threads(threads)
            found.append(ran(program, *xs))
    finally:
        set_num_threads(before)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_kernels_that_count_their_cycles_compute_the_same():
    xs = [numbers(300, 8), numbers(8), numbers(8), numbers(300, 8)]
    graph = trace(layer_norm, *xs)
    timed = Program(graph, timed=True)
    for a, b in zip(ran(timed, *xs), ran(Program(graph), *xs), strict=True):
        np.testing.assert_array_equal(a, b)
    assert all(count > 0 for count in timed.cycles().values())
