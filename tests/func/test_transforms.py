"""func: grad, vjp, jvp, vmap, jacrev, jacfwd, hessian, alone and inside each other, beside torch.func."""

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")
# PyTorch's own jvp is made with its deprecated compiler.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
LIBRARIES = pytest.mark.parametrize("m", [fathom, torch], ids=["fathom", "pytorch"])


def values(tree):
    """Tensors of either library, nested, as arrays."""
    if isinstance(tree, dict):
        return {key: values(x) for key, x in tree.items()}
    if isinstance(tree, (tuple, list)):
        return [values(x) for x in tree]
    return tree.detach().numpy()


def same(make, rtol=1e-10):
    """make(library) gives the same numbers in both."""
    found, wanted = values(make(fathom)), values(make(torch))
    compare(found, wanted, rtol)


def compare(found, wanted, rtol):
    if isinstance(wanted, dict):
        assert list(found) == list(wanted)
        for key in wanted:
            compare(found[key], wanted[key], rtol)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            compare(a, b, rtol)
    else:
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-12)


def numbers(m, *shape, seed=0):
    return m.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def quadratic(x):
    return (x.sin() * x).sum() + x.prod()


# ---- each of them --------------------------------------------------------------------------------

SINGLE = {
    "grad": lambda m: m.func.grad(quadratic)(numbers(m, 4)),
    "grad of the second argument": lambda m:
        m.func.grad(lambda a, b: (a * b * b).sum(), argnums=1)(numbers(m, 3), numbers(m, 3, seed=1)),
    "grad of both arguments": lambda m:
        m.func.grad(lambda a, b: (a * b * b).sum(), argnums=(0, 1))(numbers(m, 3), numbers(m, 3, seed=1)),
    "grad with aux": lambda m: m.func.grad(lambda x: ((x * x).sum(), {"twice": x * 2}), has_aux=True)(numbers(m, 3)),
    "grad_and_value": lambda m: m.func.grad_and_value(quadratic)(numbers(m, 4)),
    "grad_and_value with aux": lambda m: m.func.grad_and_value(lambda x: (x.sum(), x * 2), has_aux=True)(numbers(m, 3)),
    "grad with keyword": lambda m: m.func.grad(lambda x, power=1: (x**power).sum())(numbers(m, 3), power=3),
    "grad over a dict": lambda m:
        m.func.grad(lambda p, x: (p["w"] * x + p["b"]).sin().sum())({"w": numbers(m, 3), "b": numbers(m, 1)},
        numbers(m, 3, seed=2)),
    "grad over a list of tuples": lambda m:
        m.func.grad(lambda p: sum((w * w * b).sum() for w, b in p))([(numbers(m, 2), numbers(m, 2, seed=1)),
        (numbers(m, 3), numbers(m, 3, seed=2))]),
    "grad of a constant": lambda m: m.func.grad(lambda x: x.detach().sum() + 0 * x.sum())(numbers(m, 3)),
    "vjp": lambda m: vjp_of(m, lambda x: x * x.sum(), numbers(m, 3)),
    "vjp of two in, two out": lambda m: vjp_of(m, lambda a, b: (a * b, a.sum()), numbers(m, 3), numbers(m, 3, seed=1)),
    "jvp": lambda m: m.func.jvp(lambda x: x * x.sum(), (numbers(m, 3),), (numbers(m, 3, seed=1),)),
    "jvp of two in, two out": lambda m:
        m.func.jvp(lambda a, b: (a * b, a.sum()), (numbers(m, 3), numbers(m, 3, seed=1)), (numbers(m, 3, seed=2),
        numbers(m, 3, seed=3))),
    "jvp with aux": lambda m:
        m.func.jvp(lambda x: (x * x, x + 1), (numbers(m, 3),), (numbers(m, 3, seed=1),), has_aux=True),
    "jacrev": lambda m: m.func.jacrev(lambda x: m.outer(x, x * x))(numbers(m, 3)),
    "jacfwd": lambda m: m.func.jacfwd(lambda x: m.outer(x, x * x))(numbers(m, 3)),
    "jacrev of several": lambda m:
        m.func.jacrev(lambda a, b: a * b.sum(), argnums=(0, 1))(numbers(m, 3), numbers(m, 2, seed=1)),
    "jacfwd of several": lambda m:
        m.func.jacfwd(lambda a, b: a * b.sum(), argnums=(0, 1))(numbers(m, 3), numbers(m, 2, seed=1)),
    "jacrev of a dict": lambda m:
        m.func.jacrev(lambda p: p["w"] * p["b"])({"w": numbers(m, 3), "b": numbers(m, 3, seed=1)}),
    "jacrev to a dict": lambda m: m.func.jacrev(lambda x: {"a": x * x, "b": x.sum()})(numbers(m, 3)),
    "jacrev with aux": lambda m: m.func.jacrev(lambda x: (x * x, x + 1), has_aux=True)(numbers(m, 3)),
    "jacfwd with aux": lambda m: m.func.jacfwd(lambda x: (x * x, x + 1), has_aux=True)(numbers(m, 3)),
    "jacrev of a matrix": lambda m: m.func.jacrev(lambda x: x @ x)(numbers(m, 2, 2)),
    "hessian": lambda m: m.func.hessian(quadratic)(numbers(m, 4)),
    "hessian of several": lambda m:
        m.func.hessian(lambda a, b: (a * a * b).sum(), argnums=(0, 1))(numbers(m, 2), numbers(m, 2, seed=1)),
}  # fmt: skip


def vjp_of(m, f, *xs):
    y, pullback = m.func.vjp(f, *xs)
    ones = tuple(m.ones_like(part) for part in y) if isinstance(y, tuple) else m.ones_like(y)
    return y, pullback(ones)


@pytest.mark.parametrize("make", SINGLE.values(), ids=SINGLE)
def test_a_transform(make):
    same(make)


# ---- vmap ----------------------------------------------------------------------------------------

MAPPED = {
    "one argument": lambda m: m.vmap(lambda x: x * x.sum())(numbers(m, 3, 4)),
    "two arguments": lambda m: m.vmap(m.dot)(numbers(m, 3, 4), numbers(m, 3, 4, seed=1)),
    "one is shared": lambda m:
        m.vmap(lambda x, w: x @ w, in_dims=(0, None))(numbers(m, 3, 4), numbers(m, 4, 2, seed=1)),
    "along another dim": lambda m: m.vmap(lambda x: x.cumsum(0), in_dims=1)(numbers(m, 3, 4)),
    "along the last dim": lambda m: m.vmap(lambda x: x.sum(), in_dims=-1)(numbers(m, 3, 4)),
    "out along another dim": lambda m: m.vmap(lambda x: m.outer(x, x), out_dims=2)(numbers(m, 3, 4)),
    "out along the last dim": lambda m: m.vmap(lambda x: m.outer(x, x), out_dims=-1)(numbers(m, 3, 4)),
    "several out": lambda m: m.vmap(lambda x: (x.sum(), x * 2), out_dims=(0, 1))(numbers(m, 3, 4)),
    "dict in, dict out": lambda m:
        m.vmap(lambda p: {"y": p["w"] * p["x"].sum()}, in_dims=({"w": 0, "x": None},))({"w": numbers(m, 3, 2),
        "x": numbers(m, 5)}),
    "a result that does not vary": lambda m:
        m.vmap(lambda x, w: w.sum(), in_dims=(0, None))(numbers(m, 3), numbers(m, 4)),
    "nested": lambda m:
        m.vmap(m.vmap(lambda a, b: (a * b).sum(), in_dims=(None, 0)), in_dims=(0, None))(numbers(m, 3, 4),
        numbers(m, 2, 4, seed=1)),
    "thrice": lambda m: m.vmap(m.vmap(m.vmap(lambda x: x.exp() / 2)))(numbers(m, 2, 3, 4)),
    "control flow of shapes": lambda m:
        m.vmap(lambda x: x.reshape(-1, 2).sum(0) if x.shape[0] % 2 == 0 else x)(numbers(m, 3, 4)),
    "basic indexing": lambda m: m.vmap(lambda x: x[1:, None] * x[0])(numbers(m, 3, 4)),
    "index by a mapped index": lambda m:
        m.vmap(lambda x, i: x[i])(numbers(m, 3, 4), m.tensor([[0, 1], [2, 3], [1, 1]])),
    "concatenation": lambda m: m.vmap(lambda x, y: m.cat([x, y]))(numbers(m, 3, 2), numbers(m, 3, 1, seed=1)),
    "keyword": lambda m: m.vmap(lambda x, scale=1.0: x * scale)(numbers(m, 3), scale=3.0),
    "where": lambda m: m.vmap(lambda x: m.where(x > 0, x, x.exp() - 1))(numbers(m, 3, 4)),
    "mapped max": lambda m: m.vmap(lambda x: x.max(0))(numbers(m, 3, 4)),
    "sorting": lambda m: tuple(m.vmap(lambda x: tuple(x.sort()))(numbers(m, 3, 4))),
    "scalars mapped": lambda m: m.vmap(lambda x: x * 2)(numbers(m, 3)),
}  # fmt: skip


@pytest.mark.parametrize("make", MAPPED.values(), ids=MAPPED)
def test_vmap(make):
    same(make)


# ---- inside each other ---------------------------------------------------------------------------

NESTED = {
    "grad of grad": lambda m: m.func.grad(lambda x: m.func.grad(lambda y: (y**3).sum())(x).sum())(numbers(m, 3)),
    "perturbation confusion, reverse": lambda m:
        m.func.grad(lambda x: x * m.func.grad(lambda y: x + y)(m.tensor(1.0, dtype=m.float64)))(m.tensor(2.0,
        dtype=m.float64)),
    "perturbation confusion, forward": lambda m: slope(m, lambda x: x * slope(m, lambda y: x + y, 1.0), 2.0),
    "perturbation confusion, mixed": lambda m:
        slope(m, lambda x: x * m.func.grad(lambda y: x * y)(m.tensor(1.0, dtype=m.float64)), 3.0),
    "grad of a jvp": lambda m:
        m.func.grad(lambda x: m.func.jvp(lambda y: (y**3).sum(), (x,), (m.ones_like(x),))[1])(numbers(m, 3)),
    "jvp of a grad": lambda m: m.func.jvp(m.func.grad(quadratic), (numbers(m, 4),), (numbers(m, 4, seed=1),)),
    "jvp of a jvp": lambda m:
        m.func.jvp(lambda x: m.func.jvp(lambda y: y**4, (x,), (m.ones_like(x),))[1], (numbers(m, 3),), (numbers(m,
        3, seed=1),)),
    "vmap of grad": lambda m: m.vmap(m.func.grad(quadratic))(numbers(m, 3, 4)),
    "per-sample gradients": lambda m:
        m.vmap(m.func.grad(lambda w, x, y: ((x @ w - y) ** 2).mean()), in_dims=(None, 0, 0))(numbers(m, 4),
        numbers(m, 5, 4, seed=1), numbers(m, 5, seed=2)),
    "grad of vmap": lambda m: m.func.grad(lambda x: m.vmap(lambda r: (r * r.sum()).sum())(x).sum())(numbers(m, 3, 4)),
    "grad of vmap of grad": lambda m:
        m.func.grad(lambda x: (m.vmap(m.func.grad(quadratic))(x) ** 2).sum())(numbers(m, 2, 3)),
    "grad of vmap of a closure's grad": lambda m:
        m.func.grad(lambda w: (m.vmap(m.func.grad(lambda x: (x.sin() * w).sum()))(numbers(m, 2,
        3)) ** 2).sum())(numbers(m, 3, seed=5)),
    "grad of jvp of grad": lambda m:
        m.func.grad(lambda x: m.func.jvp(m.func.grad(quadratic), (x,), (x * 2,))[1].sum())(numbers(m, 3)),
    "jvp of vmap of grad": lambda m:
        m.func.jvp(m.vmap(m.func.grad(quadratic)), (numbers(m, 2, 3),), (numbers(m, 2, 3, seed=1),)),
    "grad of vmap of jvp of grad": lambda m:
        m.func.grad(lambda x: m.vmap(lambda r: m.func.jvp(m.func.grad(quadratic), (r,),
        (r,))[1])(x).sum())(numbers(m, 2, 3)),
    "hessian of a vmap": lambda m: m.func.hessian(lambda x: m.vmap(quadratic)(x).prod())(numbers(m, 2, 2)),
    "vmap of jacrev of jacfwd": lambda m: m.vmap(m.func.jacrev(m.func.jacfwd(quadratic)))(numbers(m, 2, 3)),
    "vmap of jvp": lambda m:
        m.vmap(lambda x, dx: m.func.jvp(lambda y: y.sin() * y.sum(), (x,), (dx,)))(numbers(m, 3, 4), numbers(m, 3,
        4, seed=1)),
    "jvp of vmap": lambda m:
        m.func.jvp(m.vmap(lambda r: r * r.sum()), (numbers(m, 3, 4),), (numbers(m, 3, 4, seed=1),)),
    "vmap of hessian": lambda m: m.vmap(m.func.hessian(quadratic))(numbers(m, 2, 3)),
    "jacfwd of jacrev": lambda m: m.func.jacfwd(m.func.jacrev(quadratic))(numbers(m, 3)),
    "jacrev of jacfwd": lambda m: m.func.jacrev(m.func.jacfwd(quadratic))(numbers(m, 3)),
    "jacrev of jacrev": lambda m: m.func.jacrev(m.func.jacrev(quadratic))(numbers(m, 3)),
    "jacfwd of jacfwd": lambda m: m.func.jacfwd(m.func.jacfwd(quadratic))(numbers(m, 3)),
    "third derivative": lambda m: m.func.grad(m.func.grad(m.func.grad(lambda x: x**5)))(m.tensor(2.0, dtype=m.float64)),
    "vjp twice": lambda m: vjp_of(m, lambda x: vjp_of(m, lambda y: y**3, x)[1][0], numbers(m, 3)),
    "hessian-vector product": lambda m: m.func.vjp(m.func.grad(quadratic), numbers(m, 4))[1](numbers(m, 4, seed=1)),
    "ensemble": lambda m:
        m.vmap(lambda p, x: m.tanh(x @ p["w"] + p["b"]), in_dims=(0, None))({"w": numbers(m, 5, 3, 2),
        "b": numbers(m, 5, 2, seed=1)}, numbers(m, 7, 3, seed=2)),
    "detach inside": lambda m: m.func.grad(lambda x: (x * x.detach()).sum())(numbers(m, 3)),
    "in place inside": lambda m: m.func.grad(lambda x: (x * 2).add_(x * x).sum())(numbers(m, 3)),
    "slice written inside": lambda m: m.func.grad(lambda x: written(m, x))(numbers(m, 3)),
    "slice written inside vmap": lambda m: m.vmap(lambda x: written_value(m, x))(numbers(m, 4, 3)),
    "slice written inside jvp": lambda m:
        m.func.jvp(lambda x: written_value(m, x), (numbers(m, 3),), (numbers(m, 3, seed=1),)),
}  # fmt: skip


def slope(m, f, at):
    x = at if hasattr(at, "shape") else m.tensor(at, dtype=m.float64)
    return m.func.jvp(f, (x,), (m.ones_like(x),))[1]


def written_value(m, x):
    y = x * 2
    y[0] = y[1] + y[2]
    y[1:] *= 3
    return y


def written(m, x):
    return (written_value(m, x) ** 2).sum()


@pytest.mark.parametrize("make", NESTED.values(), ids=NESTED)
def test_transforms_inside_each_other(make):
    same(make)


# ---- with the tape -------------------------------------------------------------------------------


@LIBRARIES
def test_what_grad_gives_is_tracked_if_something_outside_is(m):
    w = m.tensor(3.0, requires_grad=True)
    g = m.func.grad(lambda x: w * x * x)(m.tensor(2.0))
    assert g.requires_grad and g.item() == 12.0
    g.backward()
    assert w.grad.item() == 4.0
    v = m.tensor([0.0, 1.0], requires_grad=True)
    m.func.grad(lambda x: (v * x * x).sum())(m.ones(2)).sum().backward()
    assert v.grad.tolist() == [2.0, 2.0]
    assert not m.func.grad(lambda x: x * x)(m.tensor(2.0)).requires_grad


@LIBRARIES
def test_backward_through_vmap(m):
    w = m.tensor([1.0, 2.0], requires_grad=True)
    m.vmap(lambda x: (x * w).sum())(m.ones(3, 2)).sum().backward()
    assert w.grad.tolist() == [3.0, 3.0]


@LIBRARIES
def test_backward_through_jvp(m):
    w = m.tensor([1.0, 2.0], requires_grad=True)
    _, dy = m.func.jvp(lambda x: (x * w * w).sum(), (m.ones(2),), (m.ones(2),))
    dy.backward()
    assert w.grad.tolist() == [2.0, 4.0]


@LIBRARIES
def test_grad_inside_no_grad(m):
    with m.no_grad():
        g = m.func.grad(lambda x: (x * x).sum())(m.tensor([1.0, 2.0]))
    assert g.tolist() == [2.0, 4.0] and not g.requires_grad


@LIBRARIES
def test_no_grad_inside_grad_stops_the_gradient(m):
    def f(x):
        with m.no_grad():
            c = x * x
        return (c * x).sum()

    assert m.func.grad(f)(m.tensor([2.0])).tolist() == [4.0]


@LIBRARIES
def test_a_pullback_may_be_called_again_and_again(m):
    _, pullback = m.func.vjp(lambda x: x**2, m.tensor([1.0, 2.0]))
    for k in (1.0, 3.0):
        assert pullback(m.tensor([k, k]))[0].tolist() == [2 * k, 4 * k]


@LIBRARIES
def test_the_input_is_left_alone(m):
    x = m.tensor([1.0, 2.0], requires_grad=True)
    m.func.grad(lambda x: (x * x).sum())(x)
    assert x.grad is None and x.is_leaf


# ---- wrong calls ---------------------------------------------------------------------------------


@LIBRARIES
def test_grad_needs_a_scalar(m):
    with pytest.raises(RuntimeError, match="scalar"):
        m.func.grad(lambda x: x * 2)(m.ones(3))


@LIBRARIES
def test_integers_have_no_gradient(m):
    with pytest.raises(RuntimeError, match="float"):
        m.func.grad(lambda x: x.sum())(m.arange(3))


def test_vmap_needs_one_batch_size_and_says_which_it_got():
    with pytest.raises(ValueError, match=r"got sizes \[2, 3\]"):
        fathom.vmap(lambda a, b: a)(fathom.ones(2), fathom.ones(3))
    with pytest.raises(ValueError, match="no argument is mapped"):
        fathom.vmap(lambda a: a, in_dims=None)(fathom.ones(2))
    with pytest.raises(ValueError, match="must return tensors, got float"):
        fathom.vmap(lambda a: 1.0)(fathom.ones(2))


@pytest.mark.parametrize(
    "read",
    [lambda x: x.item(), lambda x: bool(x > 0), float, lambda x: x.numpy(), lambda x: x.tolist()],
)
def test_values_cannot_be_read_under_vmap_and_the_error_says_what_to_do(read):
    with pytest.raises(
        RuntimeError, match="not known inside batched.*use|compute with tensor operations instead"
    ):
        fathom.vmap(lambda x: read(x) and x)(fathom.ones(2))


def test_a_result_whose_shape_depends_on_values_is_refused_under_vmap():
    with pytest.raises(
        RuntimeError, match="nonzero: the shape of its result depends on the values"
    ):
        fathom.vmap(lambda x: x.nonzero())(fathom.ones(2, 3))


@LIBRARIES
def test_jvp_needs_tangents_like_the_primals(m):
    with pytest.raises(RuntimeError):
        m.func.jvp(lambda x: x, (m.ones(3),), (m.ones(2),))


def test_randomness_under_vmap_differs_between_examples_unless_it_is_the_same():
    x = fathom.zeros(50)
    different = fathom.vmap(lambda x: x + fathom.rand(()), randomness="different")(x)
    same = fathom.vmap(lambda x: x + fathom.rand(()), randomness="same")(x)
    assert len(set(different.tolist())) == 50
    assert len(set(same.tolist())) == 1
    with pytest.raises(RuntimeError, match="randomness"):
        fathom.vmap(lambda x: x + fathom.rand(()))(x)
