"""Gradients by the tape: backward, grad, modes, hooks, users' own functions, gradcheck."""

import gc
import threading
import warnings
import weakref

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")
LIBRARIES = pytest.mark.parametrize("m", [fathom, torch], ids=["fathom", "pytorch"])


def leaf(m, values, dtype=None):
    return m.tensor(values, requires_grad=True, dtype=dtype or m.float64)


# ---- backward ------------------------------------------------------------------------------------


@LIBRARIES
def test_gradients_add_up_in_leaves(m):
    x = leaf(m, [1.0, 2.0])
    (x * x).sum().backward()
    (3 * x).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


@LIBRARIES
def test_one_tensor_used_twice_gets_both_gradients(m):
    x = leaf(m, 3.0)
    y = x * x + x
    (y * y + x).backward()
    assert x.grad.item() == 2 * 12 * 7 + 1


@LIBRARIES
def test_backward_of_a_vector_needs_a_gradient(m):
    x = leaf(m, [1.0, 2.0])
    with pytest.raises(
        RuntimeError, match="grad can be implicitly created only for scalar outputs"
    ):
        (x * 2).backward()
    (x * x).backward(gradient=m.tensor([1.0, 10.0], dtype=m.float64))
    assert x.grad.tolist() == [2.0, 40.0]


@LIBRARIES
def test_a_scalar_of_shape_one_is_a_scalar_too(m):
    x = leaf(m, [3.0])
    (x * x).backward()
    assert x.grad.tolist() == [6.0]


@LIBRARIES
def test_a_gradient_of_the_wrong_shape_is_refused(m):
    x = leaf(m, [1.0, 2.0])
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * x).backward(m.ones(3, dtype=m.float64))


@LIBRARIES
def test_backward_of_what_needs_no_gradient_is_an_error(m):
    with pytest.raises(RuntimeError, match="does not require grad"):
        m.ones(()).backward()


@LIBRARIES
def test_a_graph_is_used_once_unless_it_is_retained(m):
    x = leaf(m, 2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


@LIBRARIES
def test_backward_works_inside_no_grad(m):
    x = leaf(m, 2.0)
    y = x * x
    with m.no_grad():
        y.backward()
    assert x.grad.item() == 4 and not x.grad.requires_grad


@LIBRARIES
def test_gradients_of_higher_order(m):
    x = leaf(m, 2.0)
    y = x**4
    (g,) = m.autograd.grad(y, x, create_graph=True)
    (h,) = m.autograd.grad(g, x, create_graph=True)
    (k,) = m.autograd.grad(h, x)
    assert (g.item(), h.item(), k.item()) == (32.0, 48.0, 48.0)


@LIBRARIES
def test_a_penalty_on_the_gradient(m):
    x = leaf(m, [1.0, 2.0])
    (g,) = m.autograd.grad((x**3).sum(), x, create_graph=True)
    (g**2).sum().backward()
    assert x.grad.tolist() == [36.0, 288.0]


@LIBRARIES
def test_create_graph_in_backward_leaves_a_gradient_that_has_a_history(m):
    x = leaf(m, 2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of a reference cycle
        (x**3).backward(create_graph=True, inputs=[x])
    assert x.grad.requires_grad
    g, x.grad = x.grad, None
    g.backward()
    assert x.grad.item() == 12.0


@LIBRARIES
def test_backward_for_chosen_inputs(m):
    x, w = leaf(m, 2.0), leaf(m, 3.0)
    (x * w).backward(inputs=[w])
    assert x.grad is None and w.grad.item() == 2.0


@LIBRARIES
def test_several_roots_at_once(m):
    x = leaf(m, 2.0)
    m.autograd.backward(
        [x * x, 3 * x], [m.tensor(1.0, dtype=m.float64), m.tensor(10.0, dtype=m.float64)]
    )
    assert x.grad.item() == 34.0


@LIBRARIES
def test_a_gradient_has_its_leafs_dtype_and_shape(m):
    x = leaf(m, [[1.0], [2.0]], m.float32)
    b = leaf(m, 1.0, m.float32)
    (x.double() * m.ones(2, 3, dtype=m.float64) + b).sum().backward()
    assert x.grad.dtype == m.float32 and tuple(x.grad.shape) == (2, 1)
    assert b.grad.dtype == m.float32 and b.grad.item() == 6.0


@LIBRARIES
def test_gradients_follow_pythons_control_flow(m):
    def f(a):
        b = a * 2
        while b.norm() < 1000:
            b = b * 2
        return b if b.sum() > 0 else 100 * b

    for value in (0.3, -0.7):
        a = leaf(m, value)
        d = f(a)
        d.backward()
        assert a.grad.item() == pytest.approx((d / a).item())


def test_a_deep_graph_does_not_overflow_the_stack():
    x = leaf(fathom, 1.0)
    y = x
    for _ in range(20_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 20_001


def test_a_used_graph_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        x = leaf(fathom, [1.0, 2.0])
        y = (x * x).exp()
        alive = weakref.ref(y.array)
        y.sum().backward()
        del y
        assert alive() is None
    finally:
        gc.enable()


# ---- autograd.grad -------------------------------------------------------------------------------


@LIBRARIES
def test_grad_gives_a_tuple_and_leaves_grad_alone(m):
    x, w = leaf(m, 2.0), leaf(m, 3.0)
    gx, gw = m.autograd.grad(x * w, [x, w])
    assert (gx.item(), gw.item(), x.grad, w.grad) == (3.0, 2.0, None, None)


@LIBRARIES
def test_grad_of_an_unused_input(m):
    x, w = leaf(m, 2.0), leaf(m, 3.0)
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        m.autograd.grad(x * 2, [x, w])
    assert m.autograd.grad(x * 2, [x, w], allow_unused=True)[1] is None
    assert m.autograd.grad(x * 2, [x, w], materialize_grads=True)[1].item() == 0.0


@LIBRARIES
def test_grad_with_respect_to_a_computed_tensor(m):
    x = leaf(m, 2.0)
    h = x * 3
    (g,) = m.autograd.grad(h * h, h)
    assert g.item() == 12.0


@LIBRARIES
def test_grad_with_weights_for_several_outputs(m):
    x = leaf(m, [1.0, 2.0])
    weights = [m.tensor([1.0, 0.5], dtype=m.float64), None]
    (g,) = m.autograd.grad([x * x, x.sum()], x, weights)
    assert g.tolist() == [3.0, 3.0]


@LIBRARIES
def test_grad_of_what_is_not_tracked_is_an_error(m):
    x = m.ones(2)
    with pytest.raises(RuntimeError, match="does not require grad"):
        m.autograd.grad((leaf(m, [1.0, 2.0]) * 2).sum(), x)


# ---- modes ---------------------------------------------------------------------------------------


@LIBRARIES
@pytest.mark.parametrize("mode", ["no_grad", "inference_mode"])
def test_nothing_is_recorded_inside(m, mode):
    x = leaf(m, 2.0)
    off = getattr(m, mode)
    with off():
        assert not m.is_grad_enabled() and not (x * 2).requires_grad
    assert m.is_grad_enabled()

    @off()
    def with_parentheses():
        return (x * 2).requires_grad

    @off
    def without():
        return (x * 2).requires_grad

    assert not with_parentheses() and not without() and (x * 2).requires_grad


@LIBRARIES
def test_modes_nest_and_end_when_an_error_passes(m):
    with m.no_grad():
        with m.enable_grad():
            assert m.is_grad_enabled()
            with m.no_grad():
                assert not m.is_grad_enabled()
            assert m.is_grad_enabled()
        assert not m.is_grad_enabled()
    with pytest.raises(KeyError), m.no_grad():
        raise KeyError
    assert m.is_grad_enabled()


@LIBRARIES
def test_one_mode_object_may_be_entered_again_and_again(m):
    off = m.no_grad()
    for _ in range(2):
        with off:
            assert not m.is_grad_enabled()
        assert m.is_grad_enabled()


@LIBRARIES
def test_set_grad_enabled_is_a_call_a_context_and_a_decorator(m):
    m.set_grad_enabled(False)
    assert not m.is_grad_enabled()
    m.set_grad_enabled(True)
    with m.set_grad_enabled(False):
        assert not m.is_grad_enabled()
    assert m.is_grad_enabled()

    @m.set_grad_enabled(False)
    def f():
        return m.is_grad_enabled()

    assert not f() and m.is_grad_enabled()
    with m.inference_mode(False):
        assert m.is_grad_enabled()


@LIBRARIES
def test_a_decorated_generator_changes_the_mode_only_while_it_runs(m):
    @m.no_grad()
    def values():
        yield m.is_grad_enabled()
        received = yield m.is_grad_enabled()
        yield received

    steps = values()
    assert next(steps) is False and m.is_grad_enabled()
    assert next(steps) is False and m.is_grad_enabled()
    assert steps.send(5) == 5
    with pytest.raises(StopIteration):
        next(steps)


@LIBRARIES
def test_each_thread_has_its_own_mode(m):
    seen = []
    with m.no_grad():
        thread = threading.Thread(target=lambda: seen.append(m.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_may_run_backward_at_the_same_time():
    x = leaf(fathom, [1.0, 2.0, 3.0])
    results = []

    def work():
        for _ in range(50):
            y = leaf(fathom, [1.0, 2.0])
            ((y * y).sum() + (x * 2).sum()).backward(inputs=[y])
            results.append(y.grad.tolist())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[2.0, 4.0]] * 200


# ---- leaves, detach, requires_grad ---------------------------------------------------------------


@LIBRARIES
def test_what_is_a_leaf(m):
    x = leaf(m, 1.0)
    assert x.is_leaf and m.ones(2).is_leaf and (m.ones(2) * 2).is_leaf
    assert not (x * 2).is_leaf and (x * 2).detach().is_leaf
    assert x.grad_fn is None and (x * 2).grad_fn is not None
    assert (x * 2).detach().grad_fn is None


@LIBRARIES
def test_detach_stops_the_gradient(m):
    x = leaf(m, 3.0)
    (x * x.detach()).backward()
    assert x.grad.item() == 3.0


@LIBRARIES
def test_requires_grad_needs_a_floating_point_leaf(m):
    with pytest.raises(RuntimeError, match="floating point"):
        m.arange(3).requires_grad_()
    with pytest.raises(RuntimeError, match="floating point"):
        m.tensor([1, 2], requires_grad=True)
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf"):
        (leaf(m, 1.0) * 2).requires_grad_(False)
    x = m.ones(2)
    x.requires_grad = True
    assert x.requires_grad and not x.requires_grad_(False).requires_grad


@LIBRARIES
def test_a_clone_passes_gradients_on(m):
    x = leaf(m, [1.0, 2.0])
    x.clone().sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


# ---- hooks ---------------------------------------------------------------------------------------


@LIBRARIES
def test_a_hook_on_a_leaf_sees_and_may_replace_the_gradient(m):
    x, seen = leaf(m, [1.0, 2.0]), []
    x.register_hook(lambda g: seen.append(g.tolist()))
    handle = x.register_hook(lambda g: g * 10)
    (x * x).sum().backward()
    assert seen == [[2.0, 4.0]] and x.grad.tolist() == [20.0, 40.0]
    handle.remove()
    x.grad = None
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


@LIBRARIES
def test_a_hook_on_a_computed_tensor_changes_what_goes_on(m):
    x = leaf(m, 2.0)
    h = x * 3
    h.register_hook(lambda g: g + 1)
    (h * 2).backward()
    assert x.grad.item() == 9.0


@LIBRARIES
def test_a_hook_sees_the_whole_gradient_once(m):
    x, seen = leaf(m, 2.0), []
    h = x * 3
    h.register_hook(lambda g: seen.append(g.item()))
    (h * 2 + h * 5).backward()
    assert seen == [7.0]


@LIBRARIES
def test_retain_grad_keeps_the_gradient_of_a_computed_tensor(m):
    x = leaf(m, 2.0)
    h = x * 3
    h.retain_grad()
    x.retain_grad()  # a leaf keeps its gradient anyway
    (h * h).backward()
    assert h.grad.item() == 12.0 and x.grad.item() == 36.0


@LIBRARIES
def test_hooks_are_for_tracked_tensors(m):
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        m.ones(2).register_hook(lambda g: g)


@LIBRARIES
def test_a_hook_after_accumulation(m):
    x, seen = leaf(m, 2.0), []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.item()))
    (x * 3).backward()
    (x * 3).backward()
    assert seen == [3.0, 6.0]


# ---- users' own functions ------------------------------------------------------------------------


def cube_of(m):
    class Cube(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * g

    return Cube


@LIBRARIES
def test_a_function_of_ones_own(m):
    x = leaf(m, [1.0, 2.0])
    y = cube_of(m).apply(x)
    y.sum().backward()
    assert y.tolist() == [1.0, 8.0] and x.grad.tolist() == [3.0, 12.0]


@LIBRARIES
def test_its_backward_is_differentiated_again(m):
    x = leaf(m, 2.0)
    (g,) = m.autograd.grad(cube_of(m).apply(x), x, create_graph=True)
    (h,) = m.autograd.grad(g, x)
    assert (g.item(), h.item()) == (12.0, 12.0)


@LIBRARIES
def test_several_inputs_and_outputs_numbers_and_none(m):
    class Scale(m.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor, w, nothing):
            ctx.factor = factor
            ctx.save_for_backward(x, w)
            assert ctx.needs_input_grad == (True, False, False, False)
            return x * factor, (x * w).sum(), w * 1

        @staticmethod
        def backward(ctx, g, g_sum, g_w):
            x, w = ctx.saved_tensors
            return g * ctx.factor + g_sum * w, None, None, None

    x, w = leaf(m, [1.0, 2.0]), m.tensor([5.0, 7.0], dtype=m.float64)
    y, total, copy = Scale.apply(x, 10, w, None)
    (y.sum() + 2 * total).backward()
    assert x.grad.tolist() == [20.0, 24.0]
    y, total, copy = Scale.apply(
        x, 10, w, None
    )  # an output that is not used has a gradient of zeros
    x.grad = None
    total.backward()
    assert x.grad.tolist() == [5.0, 7.0]


@LIBRARIES
def test_outputs_without_gradient(m):
    class Largest(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            values, places = x.max(0)
            ctx.mark_non_differentiable(places)
            ctx.save_for_backward(places)
            ctx.n = len(x)
            return values, places

        @staticmethod
        def backward(ctx, g, _):
            (places,) = ctx.saved_tensors
            return (m.arange(ctx.n) == places).to(g.dtype) * g

    x = leaf(m, [1.0, 5.0, 2.0])
    values, places = Largest.apply(x)
    assert not places.requires_grad
    (values * 2).backward()
    assert x.grad.tolist() == [0.0, 2.0, 0.0]


@LIBRARIES
def test_setup_context_apart_from_forward(m):
    class Times(m.autograd.Function):
        @staticmethod
        def forward(a, b):
            return a * b

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * b, g * a

    a, b = leaf(m, 2.0), leaf(m, 5.0)
    Times.apply(a, b).backward()
    assert (a.grad.item(), b.grad.item()) == (5.0, 2.0)


@LIBRARIES
def test_a_saved_output_carries_its_history_into_the_second_derivative(m):
    class Exp(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = leaf(m, 0.5)
    (g,) = m.autograd.grad(Exp.apply(x * 2), x, create_graph=True)
    (h,) = m.autograd.grad(g, x)
    assert h.item() == pytest.approx(4 * np.e)


@LIBRARIES
def test_a_saved_tensor_that_was_overwritten_is_an_error(m):
    x = leaf(m, [1.0, 2.0]) * 1
    y = cube_of(m).apply(x)
    x.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@LIBRARIES
def test_an_input_that_forward_writes_to_takes_on_the_history(m):
    class Double(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return 2 * g

    x = leaf(m, [1.0, 2.0])
    y = x * 3
    z = Double.apply(y)
    assert z.tolist() == y.tolist() == [6.0, 12.0]
    (z.sum() + y.sum()).backward()
    assert x.grad.tolist() == [12.0, 12.0]


@LIBRARIES
def test_gradients_need_not_be_materialized(m):
    class Two(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            assert b is None
            return 2 * a

    x = leaf(m, [1.0, 2.0])
    Two.apply(x)[0].sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@LIBRARIES
def test_a_straight_through_estimator(m):
    class Rounded(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, g):
            return g

    x = leaf(m, [0.4, 1.6])
    (Rounded.apply(x) * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


@LIBRARIES
def test_too_few_gradients_are_an_error(m):
    class Wrong(m.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(RuntimeError, match="Wrong|incorrect number of gradients"):
        Wrong.apply(leaf(m, 1.0), leaf(m, 2.0)).backward()


@LIBRARIES
def test_in_no_grad_a_function_only_computes(m):
    with m.no_grad():
        assert not cube_of(m).apply(leaf(m, 2.0)).requires_grad


# ---- gradcheck -----------------------------------------------------------------------------------


@LIBRARIES
def test_gradcheck_passes_right_gradients_and_catches_wrong_ones(m):
    x = leaf(m, [[0.3, -1.2], [2.0, 0.5]])
    assert m.autograd.gradcheck(lambda x: (x.sin() * x.exp()).sum(0), (x,))

    class Wrong(m.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def backward(ctx, g):
            return g * 2

    with pytest.raises(RuntimeError):
        m.autograd.gradcheck(Wrong.apply, (x,))
    assert not m.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False)


@LIBRARIES
def test_gradgradcheck(m):
    assert m.autograd.gradgradcheck(lambda x: x.sin() * x, (leaf(m, [0.3, -1.2]),))


def test_gradcheck_takes_functions_with_several_outputs():
    x, w = leaf(fathom, [0.3, -1.2]), leaf(fathom, [1.0, 2.0])
    assert fathom.autograd.gradcheck(lambda x, w: (x * w, x.sum()), (x, w))


# ---- complex numbers -----------------------------------------------------------------------------


def test_complex_gradients_have_pytorchs_convention():
    def f(m, z):
        return ((z * z.conj()).real + (z**2).imag + z.abs() + (z.exp() * (1 + 2j)).real).sum()

    z = np.array([1 + 2j, -0.5 + 0.3j])
    gradients = []
    for m in (fathom, torch):
        x = m.from_numpy(z.copy()).requires_grad_()
        f(m, x).backward()
        gradients.append(x.grad.numpy())
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-12)


@LIBRARIES
def test_a_real_leaf_of_a_complex_computation_has_a_real_gradient(m):
    x = leaf(m, 2.0)
    (x * (1 + 2j)).abs().backward()
    assert x.grad.dtype == m.float64 and x.grad.item() == pytest.approx(5**0.5)
