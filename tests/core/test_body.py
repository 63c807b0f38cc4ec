"""Bodies: programs that are values, and the bodies derived from them."""

from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.core.body import Body, Form, Literal, is_uniform, part, traced
from fathom.core.derived import mapped, parted, pulled, pushed

ROW, SQUARE = Form((3,), fathom.float64), Form((3, 3), fathom.float64)


def bent(x, w):
    return [1 - (x @ w).tanh() ** 2]


def numbers(*forms, seed=0):
    rng = np.random.default_rng(seed)
    return [fathom.from_numpy(rng.standard_normal(form.shape)) for form in forms]


def close(found, wanted):
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-12)


def test_equal_programs_are_equal_bodies():
    body, twin = traced(bent, ROW, SQUARE), traced(bent, ROW, SQUARE)
    assert body == twin
    assert hash(body) == hash(twin)
    assert body != traced(lambda x, w: [2 - (x @ w).tanh() ** 2], ROW, SQUARE)
    assert body != traced(bent, Form((3,), fathom.float32), Form((3, 3), fathom.float32))


def test_its_print_makes_it_again():
    body = traced(bent, ROW, SQUARE)
    names = {"Body": Body, "Form": Form, "Literal": Literal, "fathom": fathom}
    names |= (
        vars(fathom.ops.contraction) | vars(fathom.ops.arithmetic) | vars(fathom.ops.exponential)
    )
    assert eval(repr(body), names) == body


def test_it_runs_on_arrays_and_on_tensors():
    x, w = numbers(ROW, SQUARE)
    body = traced(bent, ROW, SQUARE)
    (wanted,) = bent(x, w)
    close(body.replay([x, w])[0], wanted)
    (found,) = body.runner(np)(x.numpy(), w.numpy())
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-12)


def test_a_replay_is_recorded_like_any_other_program():
    x, w = numbers(ROW, SQUARE)
    w.requires_grad_()
    traced(bent, ROW, SQUARE).replay([x, w])[0].sum().backward()
    close(w.grad, fathom.func.grad(lambda w: bent(x, w)[0].sum())(w.detach()))


def test_what_is_not_needed_is_left_out_and_equal_steps_are_taken_once():
    def f(x):
        x.sin()
        return [x.exp() + x.exp()]

    body = traced(f, ROW)
    assert [type(primitive).__name__ for primitive, _ in body.steps] == ["Exp", "Add"]


def test_replays_that_share_a_memo_repeat_nothing():
    x, w = numbers(ROW, SQUARE)
    body, memo = traced(bent, ROW, SQUARE), {}
    (first,) = body.replay([x, w], memo)
    (second,) = body.replay([x, w], memo)
    assert first is second
    assert body.replay([x.clone(), w], memo)[0] is not first


def test_a_part_of_a_body_leads_from_any_values_to_any():
    body = traced(lambda x: [(x.exp() * x).sin()], ROW)
    product = body.first + 1
    half = part(body, [product], body.outputs)
    assert [type(primitive).__name__ for primitive, _ in half.steps] == ["Sin"]
    (x,) = numbers(ROW)
    close(half.replay([x])[0], x.sin())


@pytest.mark.parametrize("array, same", [
    (np.full((2, 3), 2.5), True),
    (np.broadcast_to(np.float32(1), (4, 5)), True),
    (np.zeros(3), True),
    (np.array([0.0, -0.0]), False),
    (np.array([np.nan, np.nan]), False),
    (np.arange(3), False),
    (np.array(True), True),
    (np.zeros((0, 3)), False),
])  # fmt: skip
def test_an_array_of_one_number_is_known_bit_for_bit(array, same):
    assert is_uniform(array) == same


def test_arrays_that_a_program_makes_are_kept_exactly():
    table = np.array([[0.0, -0.0, np.nan], [np.inf, 1e-300, 3.0]])
    body = traced(lambda x: [x.new_tensor(table) + x], Form((2, 3), fathom.float64))
    (literal,) = body.literals
    assert literal.array().tobytes() == table.tobytes()
    assert literal.array() is body.literals[0].array()


# ---- derived -------------------------------------------------------------------------------------


@pytest.mark.parametrize("batched", [(True, True), (True, False), (False, True)])
def test_a_mapped_body_is_vmap(batched):
    forms = [
        Form((5, *f.shape), f.dtype) if b else f
        for f, b in zip((ROW, SQUARE), batched, strict=True)
    ]
    xs = numbers(*forms)
    dims = tuple(0 if b else None for b in batched)
    wanted = fathom.func.vmap(lambda x, w: bent(x, w)[0], in_dims=dims)(*xs)
    close(mapped(traced(bent, ROW, SQUARE), 5, batched).replay(xs)[0], wanted)


def test_what_depends_on_no_example_is_computed_once():
    body = mapped(traced(lambda x, w: [w.exp(), x + w.exp()], ROW, ROW), 5, (True, False))
    exp = next(k for k, (p, _) in enumerate(body.steps, body.first) if type(p).__name__ == "Exp")
    assert body.forms[exp].shape == (3,)
    assert [body.forms[k].shape for k in body.outputs] == [(5, 3), (5, 3)]


def test_a_pulled_body_is_vjp_and_a_pushed_one_jvp():
    body = traced(bent, ROW, SQUARE)
    xs, (g,) = numbers(ROW, SQUARE), numbers(ROW, seed=1)
    _, pullback = fathom.func.vjp(lambda *xs: bent(*xs)[0], *xs)
    for found, wanted in zip(pulled(body, (True, True)).replay([*xs, g]), pullback(g), strict=True):
        close(found, wanted)
    (only,) = pulled(body, (False, True)).replay([*xs, g])
    close(only, pullback(g)[1])
    dxs = numbers(ROW, SQUARE, seed=2)
    _, wanted = fathom.func.jvp(lambda *xs: bent(*xs)[0], tuple(xs), tuple(dxs))
    close(pushed(body, (True, True)).replay([*xs, *dxs])[0], wanted)


def test_nothing_varies_with_what_no_gradient_passes():
    body = traced(lambda x: [x.detach() * 2, x.floor()], ROW)
    (x,) = numbers(ROW)
    g = fathom.ones(3, dtype=fathom.float64)
    assert pulled(body, (True,)).replay([x, g, g])[0].tolist() == [0, 0, 0]
    assert [y.tolist() for y in pushed(body, (True,)).replay([x, g])] == [[0, 0, 0]] * 2


def test_a_loop_is_parted_into_what_its_state_changes_and_what_it_does_not():
    def step(h, x, w):
        return [(h * w.exp() + x.sin() + 1).tanh()]

    parts = parted(traced(step, ROW, ROW, ROW), 1)
    names = [
        [type(primitive).__name__ for primitive, _ in body.steps]
        for body in (parts.each, parts.once, parts.loop)
    ]
    assert names == [["Sin"], ["Exp"], ["Mul", "Add", "Add", "Tanh"]]
    h, x, w = numbers(ROW, ROW, ROW)
    read = [*parts.each.replay([x, w]), *parts.once.replay([w])]
    close(parts.loop.replay([h, *read])[0], step(h, x, w)[0])
