"""scan is the loop that it stands for: results, gradients of any order, transforms; and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom import func, scan
from fathom.autograd import gradcheck, gradgradcheck
from fathom.compiler import trace
from fathom.ops.loops import written_out


def numbers(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [fathom.from_numpy(rng.standard_normal(shape)) for shape in shapes]


def close(found, wanted):
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), atol=1e-12)


def rnn(h, x, w):
    """The last state of a tanh network, and all of them."""

    def step(h, x):
        h = (x + h @ w).tanh()
        return h, h

    return scan(step, h, x)


RNN = ((2, 3), (4, 2, 3), (3, 3))


# ---- what comes out ------------------------------------------------------------------------------


def test_a_running_sum_is_a_scan():
    last, before = scan(lambda s, x: (s + x, s), fathom.tensor(0.0), fathom.arange(1.0, 5.0))
    assert last.item() == 10
    assert before.tolist() == [0, 1, 3, 6]


def test_in_reverse_the_last_comes_first_and_outputs_stay_in_their_places():
    last, before = scan(
        lambda s, x: (s + x, s), fathom.tensor(0.0), fathom.arange(1.0, 5.0), reverse=True
    )
    assert last.item() == 10
    assert before.tolist() == [9, 7, 4, 0]


def test_without_xs_the_length_says_how_many_steps():
    last, powers = scan(lambda s, _: (2 * s, s), fathom.tensor(1.0), length=4)
    assert last.item() == 16
    assert powers.tolist() == [1, 2, 4, 8]


def test_states_xs_and_outputs_may_be_nested_and_what_is_no_tensor_is_handed_over():
    def step(state, x):
        h, c = state["h"], state["c"]
        return {"h": h + x["a"], "c": c * x["scale"]}, (h, {"c": c}, "word", None)

    init = {"h": fathom.zeros(2), "c": fathom.ones(3)}
    xs = {"a": fathom.ones(4, 2), "scale": 2.0}
    state, (h, c, word, nothing) = scan(step, init, xs)
    assert state["h"].tolist() == [4, 4]
    assert state["c"].tolist() == [16, 16, 16]
    assert h[:, 0].tolist() == [0, 1, 2, 3]
    assert c["c"][:, 0].tolist() == [1, 2, 4, 8]
    assert (word, nothing) == ("word", None)


def test_an_output_that_never_changes_stands_at_every_step():
    w = fathom.tensor([1.0, 2.0])
    _, y = scan(lambda s, x: (s, w), fathom.tensor(0.0), fathom.ones(3))
    assert y.tolist() == [[1, 2]] * 3


def test_a_loop_of_no_steps_gives_the_state_back():
    h, x, w = numbers((2, 3), (0, 2, 3), (3, 3))
    last, y = rnn(h, x, w)
    assert last.tolist() == h.tolist()
    assert y.shape == (0, 2, 3)


def test_whole_numbers_may_be_the_state():
    last, y = scan(lambda n, x: (n + x, n), fathom.tensor(0), fathom.tensor([1, 2, 3]))
    assert (last.dtype, last.item(), y.tolist()) == (fathom.int64, 6, [0, 1, 3])
    assert not last.requires_grad


def test_the_state_may_be_written_in_place_by_the_function():
    def step(state, x):
        h, c = state
        h += x
        c *= 2
        return (h, c), h

    h, c = fathom.zeros(2), fathom.ones(2)
    (last, doubled), y = scan(step, (h, c), fathom.ones(3, 2))
    assert last.tolist() == [3, 3]
    assert doubled.tolist() == [8, 8]
    assert y[:, 0].tolist() == [1, 2, 3]
    assert (h.tolist(), c.tolist()) == ([0, 0], [1, 1])


def test_the_function_may_write_to_what_it_makes_itself():
    w = fathom.ones(3, requires_grad=True)

    def step(h, x):
        mine = fathom.zeros(3)
        scaled = mine + x * w
        mine[0] = (h * w).sum()
        mine += scaled
        return mine, mine * 2

    def run():
        w.grad = None
        last, y = scan(step, fathom.ones(3), fathom.ones(4))
        (last.sum() + y.sum()).backward()
        return last, y, w.grad

    for found, wanted in zip(run(), written(run)(), strict=True):
        close(found, wanted)


def test_random_numbers_are_the_same_at_every_step():
    _, y = scan(lambda s, x: (s, fathom.rand(5) * x), fathom.tensor(0.0), fathom.ones(3))
    assert y[0].tolist() == y[1].tolist() == y[2].tolist()


def test_written_out_it_is_the_loop():
    h, x, w = numbers(*RNN)
    for found, wanted in zip(rnn(h, x, w), written(rnn)(h, x, w), strict=True):
        close(found, wanted)


def written(f):
    """f with its scans as Python loops."""

    def loop(*args):
        with written_out():
            return f(*args)

    return loop


# ---- gradients and transforms --------------------------------------------------------------------


def test_gradients_are_those_of_finite_differences_to_second_order():
    xs = [x.requires_grad_() for x in numbers(*RNN)]
    assert gradcheck(lambda *xs: rnn(*xs)[1], xs)
    assert gradgradcheck(lambda *xs: rnn(*xs)[1], xs)


def test_gradients_flow_to_what_the_function_closes_over():
    h, x, w = numbers(*RNN)
    w.requires_grad_()
    rnn(h, x, w)[1].sum().backward()
    found, w.grad = w.grad, None
    written(rnn)(h, x, w)[1].sum().backward()
    close(found, w.grad)


def test_a_tensor_and_its_detached_self_are_two():
    w = fathom.tensor(2.0, requires_grad=True)
    last, _ = scan(lambda s, _: (s * w * w.detach(), None), fathom.tensor(1.0), length=2)
    last.backward()
    assert (last.item(), w.grad.item()) == (16, 16)  # w^2 times 4


def test_a_gradient_that_nothing_leads_to_is_zero_or_none():
    h, x = (t.requires_grad_() for t in numbers((2,), (3, 2)))
    last, _ = scan(lambda h, x: (x, None), h, x)
    last.sum().backward()
    assert h.grad.tolist() == [0, 0]
    assert x.grad.tolist() == [[0, 0], [0, 0], [1, 1]]


def test_every_transform_sees_the_loop():
    xs, dxs = numbers(*RNN), numbers(*RNN, seed=1)

    def loss(f):
        return lambda *xs: (f(*xs)[1] ** 2).sum()

    def slope(f):
        return func.grad(loss(f), (0, 1, 2))

    many = numbers(*[(5, *shape) for shape in RNN], seed=2)
    for transformed in (
        lambda f: func.jvp(loss(f), tuple(xs), tuple(dxs))[1:],
        lambda f: func.jvp(slope(f), tuple(xs), tuple(dxs))[1],
        lambda f: func.vmap(slope(f))(*many),
        lambda f: func.vmap(slope(f), in_dims=(None, 0, None))(xs[0], many[1], xs[2]),
        lambda f: [func.hessian(lambda h: loss(f)(h, *xs[1:]))(xs[0])],
    ):
        for found, wanted in zip(transformed(rnn), transformed(written(rnn)), strict=True):
            close(found, wanted)


def test_a_scan_may_stand_in_a_scan():
    def inner(total, row):
        return scan(lambda s, x: ((s * x).sin(), s), total, row)

    def both(x):
        return scan(inner, fathom.tensor(1.0, dtype=fathom.float64), x)[1].sum()

    (x,) = numbers((3, 4))
    close(both(x), written(both)(x))
    close(func.grad(both)(x), func.grad(written(both))(x))


# ---- the program ---------------------------------------------------------------------------------


def kinds(graph):
    return [type(step.primitive).__name__ for step in graph.steps]


def test_the_program_is_as_long_for_a_thousand_steps_as_for_two():
    gradient = func.grad(lambda *xs: rnn(*xs)[1].sum(), (0, 1, 2))
    short, long = (trace(gradient, *numbers((2, 3), (T, 2, 3), (3, 3))) for T in (2, 1000))
    assert kinds(short) == kinds(long)
    assert kinds(long).count("Scan") == 2


def test_the_gradient_of_a_weight_is_one_contraction_over_time_and_samples():
    graph = trace(func.grad(lambda w, h, x: rnn(h, x, w)[1].sum()), *numbers((3, 3), *RNN[:2]))
    (product,) = [
        step for step in graph.steps
        if type(step.primitive).__name__ == "Contract" and step.output.shape == (3, 3)
    ]  # fmt: skip
    assert [x.shape for x in product.inputs] == [(4, 2, 3), (4, 2, 3)]


def test_what_does_not_depend_on_the_state_is_computed_before_the_loop():
    def f(h, x, w, u):
        return scan(lambda h, x: ((x @ w + h @ u.t()).tanh(), None), h, x)[0]

    graph = trace(f, *numbers((2, 3), (4, 2, 5), (5, 3), (3, 3)))
    first = graph.steps[kinds(graph).index("Contract")]
    assert first.output.shape == (4, 2, 3)
    loop = graph.steps[kinds(graph).index("Scan")].primitive
    assert [type(primitive).__name__ for primitive, _ in loop.body.steps] == [
        "Contract",
        "Add",
        "Tanh",
    ]


def test_equal_loops_are_equal_primitives():
    def loop(x, factor):
        return trace(lambda x: scan(lambda s, x: (s * x * factor, None), x[0], x)[0], x).steps[-2]

    x = fathom.ones(3, 2)
    assert loop(x, 2.0).primitive == loop(x, 2.0).primitive
    assert hash(loop(x, 2.0).primitive) == hash(loop(x, 2.0).primitive)
    assert loop(x, 2.0).primitive != loop(fathom.ones(4, 2), 2.0).primitive


# ---- what does not fit ---------------------------------------------------------------------------

ZERO = fathom.tensor(0.0)


@pytest.mark.parametrize("call, error, message", [
    (lambda: scan(lambda s, x: (s, x), 0.0, fathom.ones(3)), TypeError, "state must be made of tensors, got float"),
    (lambda: scan(lambda s, x: (s, x), (), fathom.ones(3)), TypeError, "must be made of tensors, got none"),
    (lambda: scan(lambda s, x: (s, x), (ZERO, fathom.tensor(0)), fathom.ones(3)), TypeError,
     r"must have one dtype, got float32 and int64; .* fathom.arange\(T\)"),
    (lambda: scan(lambda s, x: (s, x), ZERO, ZERO), fathom.core.errors.ShapeError, "needs a dim 0 to loop over"),
    (lambda: scan(lambda s, x: (s, x), ZERO), ValueError, r"say how many steps: scan\(f, init, length=10\)"),
    (lambda: scan(lambda s, x: (s, x), ZERO, length=-1), ValueError, "length must be 0 or more, got -1"),
    (lambda: scan(lambda s, x: (s, x), ZERO, (fathom.ones(3), fathom.ones(4))), ValueError,
     "one size along dim 0, got 3, 4"),
    (lambda: scan(lambda s, x: (s, x), ZERO, fathom.ones(3), length=2), ValueError, "got 3, length=2"),
    (lambda: scan(lambda s, x: s, ZERO, fathom.ones(3)), TypeError, r"must return \(state, y\), got Tensor"),
    (lambda: scan(lambda s, x: ((s, s), x), ZERO, fathom.ones(3)), TypeError,
     "nested as it is given: 1 tensors, got 2"),
    (lambda: scan(lambda s, x: (1.0, x), ZERO, fathom.ones(3)), TypeError, "tensor 0 of the state comes back as float"),
    (lambda: scan(lambda s, x: (s + x, x), ZERO, fathom.ones(3, 2)), ValueError,
     r"tensor 0 of it is \(\) float32, and comes back as \(2,\) float32"),
    (lambda: scan(lambda s, x: (s + 1 if s > 0 else s, x), ZERO, fathom.ones(3)), RuntimeError,
     "the values are not known"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_write_to_a_tensor_outside_is_refused_and_undone():
    count = fathom.zeros(2)

    def step(s, x):
        count.add_(x)
        return s, None

    with pytest.raises(RuntimeError, match="wrote in place to a tensor outside of it"):
        scan(step, fathom.tensor(0.0), fathom.ones(3))
    assert count.tolist() == [0, 0]


def test_a_function_with_a_backward_of_its_own_is_refused_where_gradients_are_recorded():
    class Through(fathom.autograd.Function):
        """Rounds; its gradient pretends that it does not."""

        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, g):
            return g

    def step(h, x):
        return Through.apply(h + x), None

    h, x = fathom.tensor(0.25), fathom.tensor([0.5, 0.5])
    with pytest.raises(RuntimeError, match="Through: scan cannot see the backward"):
        scan(step, h, x)
    with fathom.no_grad():
        assert scan(step, h, x)[0].item() == 2
    assert Through.apply(h).item() == 0  # and outside it is as before
