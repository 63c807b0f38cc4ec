"""What the compiler makes of a program before it is scheduled: plans with samples in the lanes, loops, memory."""

import numpy as np
import pytest

import fathom
from fathom import nn
from fathom.compiler import trace
from fathom.compiler.fuse import Kernel, Loop
from fathom.compiler.memory import Span, arranged
from fathom.compiler.program import Program
from fathom.compiler.reads import loads
from fathom.compiler.regions import Phase, first_labels
from fathom.compiler.scatter import scattered
from fathom.nn import functional as F

WIDTH = 8  # lanes, on any computer


def small_network():
    fathom.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)
    )


def gradients_of(model):
    """A function of a batch: the loss, and the gradients of the parameters."""
    parameters = list(model.parameters())

    def run(x, y):
        loss = F.cross_entropy(model(x), y)
        return [loss, *fathom.autograd.grad(loss, parameters)]

    return run


def batch(count):
    fathom.manual_seed(1)
    return fathom.randn(count, 1, 6, 6), fathom.randint(0, 5, (count,))


def regions(program):
    return [p for p in program.plan.phases if isinstance(p, Phase) and p.region]


@pytest.mark.parametrize("count", [8, 24, 19, 9])
def test_samples_in_the_lanes_give_what_eager_mode_gives_for_whole_and_partial_blocks(count):
    run, (x, y) = gradients_of(small_network()), batch(count)
    program = Program(trace(run, x, y), width=WIDTH)
    assert len(regions(program)) == 1  # forward and backward of a block at once
    for found, wanted in zip(program.run([x.numpy(), y.numpy()]), run(x, y), strict=True):
        np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=1e-4, atol=1e-6)


def test_a_sum_over_samples_of_what_the_caller_gets_comes_after_it():
    fathom.manual_seed(0)
    layer = nn.RNN(3, 5)

    def f(x):
        y, _ = layer(x)
        return [y, (y[-1] * 2).sum() + (y**2).sum()]

    x = fathom.randn(2, WIDTH + 1, 3)
    program = Program(trace(f, x), width=WIDTH)
    plan = program.plan
    phases = [
        (
            {r.array.name for k in p.kernels for r in loads(k.body)},
            {plan.names[k.output] for k in p.kernels},
        )
        for p in plan.phases
    ]
    for n, (reads, _) in enumerate(phases):
        assert not reads & {name for _, written in phases[n + 1 :] for name in written}
    assert program.run([x.numpy()])[1] == pytest.approx(f(x)[1].item(), rel=1e-5)


@pytest.mark.parametrize(
    ("shape", "dtype", "counted"),
    [((5, 40), "float32", False), ((5, 40, 3), "float32", True), ((5, 40), "int64", True)],
)
def test_the_second_axis_counts_samples_after_time_and_not_in_a_table(shape, dtype, counted):
    """A table of whole numbers may be words, time by time."""
    graph = trace(lambda x: x + x, fathom.zeros(*shape, dtype=getattr(fathom, dtype)))
    assert bool(first_labels(graph, {graph.inputs[0]: "a0"}, 1, WIDTH)) is counted


def test_a_batch_that_fills_no_vector_keeps_its_order():
    x, y = batch(3)
    assert not regions(Program(trace(gradients_of(small_network()), x, y), width=WIDTH))


def test_batch_norm_couples_samples_and_ends_a_region():
    fathom.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.ReLU(), nn.Flatten(), nn.Linear(64, 5)
    )  # fmt: skip
    run, (x, y) = gradients_of(model), batch(16)
    program = Program(trace(run, x, y), width=WIDTH)
    assert len(regions(program)) > 1
    for found, wanted in zip(program.run([x.numpy(), y.numpy()]), run(x, y), strict=True):
        np.testing.assert_allclose(found, wanted.detach().numpy(), rtol=1e-3, atol=1e-6)


def test_the_gradient_of_a_padded_convolution_is_computed_inside_the_border_alone():
    w = fathom.ones(4, 3, 3, 3)

    def gradient(x, g):
        return fathom.func.vjp(lambda x: F.conv2d(x, w, padding=1), x)[1](g)[0]

    program = Program(
        trace(gradient, fathom.ones(2, 3, 5, 5), fathom.ones(2, 4, 5, 5)), width=WIDTH
    )
    made = [k.output.shape for p in program.plan.phases for k in p.kernels if k.borders]
    assert made and all(5 in shape and 7 not in shape for shape in made)


def test_an_embeddings_gradient_is_scattered():
    table = fathom.randn(100, 6, requires_grad=True)

    def run(numbers):
        return fathom.autograd.grad((table[numbers] ** 2).sum(), table)

    numbers = fathom.tensor([3, 7, 3, 99])
    program = Program(trace(run, numbers), width=WIDTH)
    kernels = [k for p in program.plan.phases for k in p.kernels]
    assert sum(scattered(k) is not None for k in kernels) == 1
    (found,) = program.run([numbers.numpy()])
    np.testing.assert_allclose(found, run(numbers)[0].numpy(), rtol=1e-6)


def test_what_would_be_copied_is_computed_where_the_copy_would_be():
    program = Program(
        trace(lambda x: (x @ x).reshape(4, 4).clone(), fathom.ones(4, 4)), width=WIDTH
    )
    assert [len(p.kernels) for p in program.plan.phases] == [1]


@pytest.mark.parametrize("cell", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_loop_over_time_is_as_small_a_program_for_many_steps_as_for_few(cell):
    fathom.manual_seed(0)
    layer = cell(3, 4)
    sizes = []
    for steps in (5, 50):
        x = fathom.randn(steps, 8, 3)
        program = Program(trace(lambda x: layer(x)[0].sum(), x), width=WIDTH)
        loops = [i for p in program.plan.phases for i in p.items if isinstance(i, Loop)]
        assert [loop.length for loop in loops] == [steps]
        sizes.append(len(loops[0].kernels))
        (found,) = program.run([x.numpy()])
        assert found == pytest.approx(layer(x)[0].sum().item(), rel=1e-4, abs=1e-5)
    assert sizes[0] == sizes[1]


def test_products_with_the_inputs_are_outside_of_the_loop():
    fathom.manual_seed(0)
    layer = nn.GRU(3, 4)
    program = Program(trace(lambda x: layer(x)[0], fathom.ones(6, 2, 3)), width=WIDTH)
    items = [i for p in program.plan.phases for i in p.items]
    whole = [i for i in items if isinstance(i, Kernel) and i.output.shape == (6, 2, 12)]
    assert len(whole) == 1


def test_arrays_that_are_needed_at_once_do_not_share_memory():
    spans = [Span(0, 2, 100), Span(1, 3, 50), Span(3, 4, 100), Span(4, 5, 200)]
    offsets, total = arranged(spans)
    assert total < sum(s.size for s in spans)
    for k, a in enumerate(spans):
        for j, b in enumerate(spans[:k]):
            together = a.first <= b.last and b.first <= a.last
            apart = offsets[k] + a.size <= offsets[j] or offsets[j] + b.size <= offsets[k]
            assert apart or not together


def trained():
    fathom.manual_seed(0)
    layer = nn.Linear(300, 300)
    optimizer = fathom.optim.SGD(layer.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = layer(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    return layer, step


def test_parameters_are_written_over_in_the_memory_that_they_have():
    layer, step = trained()
    other, eager = trained()
    step = fathom.compile(step)
    memory, x = layer.weight.array, fathom.ones(4, 300)
    view = layer.weight.detach()[0]
    for _ in range(3):
        step(x), eager(x)
    assert layer.weight.array is memory
    np.testing.assert_allclose(memory, other.weight.array, rtol=1e-5, atol=1e-7)
    assert (view.numpy() == memory[0]).all()


def test_a_gradient_that_somebody_holds_is_not_written_to_again():
    layer, step = trained()
    step, x = fathom.compile(step), fathom.ones(4, 300)
    held = []
    for _ in range(5):
        step(x)
        held.append((layer.weight.grad, layer.weight.grad.numpy().copy()))
    for grad, before in held:
        assert (grad.numpy() == before).all()
