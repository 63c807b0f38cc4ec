"""Views share memory, in-place writes are seen by autograd, and a saved value that was overwritten is an error."""

import copy
import threading

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")

X = np.arange(1.0, 13.0).reshape(3, 4)


def in_both(f):
    """f(library, x) run in both; results and x's gradient must be equal."""
    outcomes = []
    for library in (fathom, torch):
        x = library.from_numpy(X.copy()).requires_grad_()
        y = f(library, x)
        y.sum().backward()
        outcomes.append((y.detach().numpy(), x.grad.numpy()))
    (y, g), (wanted, wanted_g) = outcomes
    np.testing.assert_allclose(y, wanted, rtol=1e-12)
    np.testing.assert_allclose(g, wanted_g, rtol=1e-12)


# ---- memory --------------------------------------------------------------------------------------

VIEWS = {
    "slice": lambda x: x[1:, ::2],
    "int": lambda x: x[2],
    "ellipsis": lambda x: x[..., 1],
    "none": lambda x: x[None],
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "permute": lambda x: x.permute(1, 0),
    "transpose": lambda x: x.transpose(0, 1),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "movedim": lambda x: x.movedim(0, 1),
    "reshape": lambda x: x.reshape(4, 3),
    "view": lambda x: x.view(-1),
    "flatten": lambda x: x.flatten(),
    "ravel": lambda x: x.ravel(),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "squeeze": lambda x: x.unsqueeze(0).squeeze(0),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "split": lambda x: x.split(2, 1)[1],
    "chunk": lambda x: x.chunk(2, 1)[0],
    "unbind": lambda x: x.unbind(0)[1],
    "detach": lambda x: x.detach(),
    "data": lambda x: x.data,
    "iteration": lambda x: next(iter(x)),
    "view of a view": lambda x: x.t()[1:][:, 0],
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_shares_memory_in_both_directions(view):
    for library in (fathom, torch):
        x = library.from_numpy(X.copy())
        y = view(x)
        y.fill_(0)
        changed = X.size - int((x.numpy() != 0).sum())
        assert changed == y.numel()
        x.fill_(7)
        assert (y == 7).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.clone(),
        lambda x: x + 0,
        lambda x: x[[0, 1]],
        lambda x: x.flip(0),
        lambda x: x.repeat(1, 1),
        lambda x: x.t().reshape(-1),
    ],
)
def test_what_is_no_view_has_memory_of_its_own(make):
    x = fathom.from_numpy(X.copy())
    make(x).fill_(0)
    np.testing.assert_array_equal(x.numpy(), X)


def test_expand_shares_memory_and_cannot_be_written():
    x = fathom.ones(3, 1)
    y = x.expand(3, 4)
    x[0] = 5
    assert y[0].tolist() == [5.0] * 4
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        y.add_(1)


def test_view_refuses_to_copy_and_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"use \.reshape"):
        fathom.ones(3, 4).t().view(-1)


def test_numpy_and_from_numpy_share_memory():
    array = np.zeros(3, np.float32)
    x = fathom.from_numpy(array)
    x[0] = 1
    array[1] = 2
    assert x.tolist() == [1.0, 2.0, 0.0]
    assert np.shares_memory(x.numpy(), array)
    assert not np.shares_memory(fathom.tensor(array).numpy(), array)
    assert np.shares_memory(fathom.as_tensor(array).numpy(), array)
    assert not np.shares_memory(fathom.as_tensor(array, dtype=fathom.float64).numpy(), array)


def test_dlpack_shares_memory_with_pytorch_both_ways():
    x = fathom.arange(4.0)
    theirs = torch.from_dlpack(x)
    theirs[0] = 9
    assert x[0].item() == 9
    ours = fathom.from_dlpack(torch.ones(3))
    assert ours.tolist() == [1.0, 1.0, 1.0]
    t = torch.zeros(2)
    fathom.from_dlpack(t)[1] = 4
    assert t.tolist() == [0.0, 4.0]


def test_read_only_memory_is_not_written():
    array = np.ones(3)
    array.flags.writeable = False
    with pytest.raises(RuntimeError, match="read-only"):
        fathom.from_numpy(array).add_(1)


def test_numpy_functions_take_tensors_and_pandas_like_users_get_arrays():
    x = fathom.tensor([1.0, 4.0])
    assert isinstance(np.asarray(x), np.ndarray)
    np.testing.assert_array_equal(np.array(x, dtype=np.int64), [1, 4])
    assert np.sqrt(np.asarray(x)).tolist() == [1.0, 2.0]


def test_numpy_of_a_tracked_tensor_raises_and_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
        fathom.ones(2, requires_grad=True).numpy()


# ---- operators and methods -----------------------------------------------------------------------


def test_augmented_assignment_keeps_the_object_and_its_memory():
    x = fathom.from_numpy(X.copy())
    memory, before = x.numpy(), id(x)
    x += 1
    x -= fathom.ones(4)
    x *= 2
    x /= 4
    x **= 2
    assert id(x) == before and np.shares_memory(x.numpy(), memory)
    np.testing.assert_allclose(memory, (X / 2) ** 2)


def test_in_place_methods_return_the_tensor():
    x = fathom.ones(3)
    assert x.add_(1) is x and x.zero_() is x and x.fill_(3) is x and x.copy_(fathom.ones(3)) is x
    assert x.clamp_(0, 0.5) is x and x.tolist() == [0.5] * 3


def test_an_in_place_result_that_is_larger_is_refused():
    with pytest.raises(ValueError, match=r"result has shape \(3, 4\).*tensor of shape \(4,\)"):
        fathom.ones(4).add_(fathom.ones(3, 4))


def test_an_in_place_result_of_a_higher_kind_is_refused():
    with pytest.raises(
        RuntimeError,
        match="result type fathom.float32 can't be cast to the desired output type fathom.int64",
    ):
        fathom.arange(3).add_(0.5)
    with pytest.raises(RuntimeError, match="can't be cast"):
        x = fathom.arange(3)
        x /= 2


def test_overlapping_reads_and_writes_use_the_values_from_before():
    for library in (fathom, torch):
        x = library.arange(5.0)
        x[1:] = x[:-1].clone()
        assert x.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]
    x = fathom.arange(5.0)
    x[1:].add_(x[:-1] * 1)
    assert x.tolist() == [0.0, 1.0, 3.0, 5.0, 7.0]


# ---- history -------------------------------------------------------------------------------------

HISTORIES = {
    "mul_": lambda m, x: (x * 1).mul_(3),
    "add_ of itself": lambda m, x: square_after(x * 1),
    "exp_ then used": lambda m, x: (x * 0.1).exp_() * 2,
    "slice assigned": lambda m, x: assigned(x * 2, (slice(1, 2),), 0.0),
    "slice assigned from x": lambda m, x: assigned(x * 2, (0,), x[1] * x[2]),
    "view written": lambda m, x: through_view(x * 2),
    "view of a view written": lambda m, x: through_two_views(x * 2),
    "sibling views": lambda m, x: siblings(x * 2),
    "base written, view used": lambda m, x: base_written(x * 2),
    "base written, then view written": lambda m, x: base_then_view(x * 2),
    "view written, then base, then another view": lambda m, x: to_and_fro(x * 2),
    "overwritten by what it was not": lambda m, x: (x * 2).zero_() + x,
    "exp_ of a view": lambda m, x: view_exp(x * 0.1),
    "pow_ and div_": lambda m, x: (x * 1).pow_(3).div_(x),
    "addcmul_": lambda m, x: (x * 1).addcmul_(x, x, value=2),
    "transposed written": lambda m, x: transposed(x * 2),
    "reshape written": lambda m, x: reshaped(x * 2),
    "mask assigned": lambda m, x: masked(x * 2),
    "index assigned": lambda m, x: assigned(x * 2, ([0, 2],), x[1] * 3),
    "masked_fill_": lambda m, x: (x * 2).masked_fill_(x > 5, 0.0),
    "copy_": lambda m, x: m.zeros(3, 4, dtype=m.float64).copy_(x * x),
    "copy_ into a slice": lambda m, x: copied(m, x),
    "fill a new tensor in a loop": lambda m, x: looped(m, x),
    "clamp_": lambda m, x: (x * 1).clamp_(2, 9),
    "several writes": lambda m, x: several(x * 1),
    "detached then written": lambda m, x: detached(x * 2),
    "square_ twice": lambda m, x: (x * 1).square_().square_(),
    "unsqueezed written": lambda m, x: unsqueezed(x * 2),
    "chunks written": lambda m, x: chunks(x * 2),
    "iteration written": lambda m, x: iterated(x * 2),
}  # fmt: skip


def square_after(y):
    y += y
    return y * y


def assigned(y, key, value):
    y[key] = value
    return y * y


def through_view(y):
    v = y[1]
    v.mul_(y[0].clone())
    return y * y + v.sum()


def through_two_views(y):
    v = y[1:]
    w = v[:, 2:]
    w.mul_(5)
    return y.sum() + (v * v).sum() + w.sum()


def siblings(y):
    a, b = y[0], y[0]
    a.mul_(3)
    return b * b + a + y[0]


def base_written(y):
    v = y[0]
    y.mul_(2)
    return v * v


def base_then_view(y):
    v = y[0]
    y.mul_(3)
    v.mul_(v * 1)
    return y * y


def to_and_fro(y):
    v, w = y[:, 1], y.t()[1]
    v.mul_(3)
    y.square_()
    w.add_(v)
    return y * v.sum() + w.sum()


def view_exp(y):
    y[1:].sin_()
    y[:, 0].cos_()
    return y * y


def transposed(y):
    y.t()[0].mul_(7)
    return y * y


def reshaped(y):
    y.view(-1)[3:5] = 0
    y.reshape(2, 6)[1].mul_(2)
    return y * y


def masked(y):
    y[y > 10] = 1.5
    return y * y


def copied(m, x):
    y = m.zeros(3, 4, dtype=m.float64)
    y[1].copy_(x[0] * x[1])
    return y * 2


def looped(m, x):
    y = m.zeros(3, dtype=m.float64)
    for i in range(3):
        y[i] = (x[i] * x[i]).sum()
    return y


def several(y):
    y.add_(1)
    z = y * 2
    y.mul_(3)
    return z + y


def detached(y):
    d = y.detach()
    z = y + 1
    d[0] = 100
    return z + y[1].sum()


def unsqueezed(y):
    y.unsqueeze(0)[0, 1].mul_(4)
    return y * y


def chunks(y):
    a, b = y.chunk(2, 1)
    a.mul_(2)
    b.add_(a)
    return y * y


def iterated(y):
    for k, row in enumerate(y):
        row.mul_(k + 1)
    return y * y


@pytest.mark.parametrize("f", HISTORIES.values(), ids=HISTORIES)
def test_gradients_through_in_place_writes(f):
    if f in (HISTORIES["chunks written"], HISTORIES["iteration written"]):
        chunk_like(f)  # PyTorch forbids writing to one of several views
    else:
        in_both(f)


def chunk_like(f):
    x = fathom.from_numpy(X.copy()).requires_grad_()
    fathom.autograd.gradcheck(lambda x: f(fathom, x), x)


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (lambda x: (x * x, x), "Mul"),
        (lambda x: (y := x.exp(), y), "Exp"),
        (lambda x: (x.sin(), x), "Sin"),
        (lambda x: (x[0] * x[1], x), "Mul"),
        (lambda x: (y := x.sigmoid(), y), "Sigmoid"),
        (lambda x: (x @ x.t(), x), "Contract"),
    ],
)
def test_a_saved_value_that_was_overwritten_is_an_error_that_names_the_operation(use, name):
    x = fathom.from_numpy(X.copy()).requires_grad_() * 1
    y, saved = use(x)
    saved.mul_(2)
    with pytest.raises(
        RuntimeError,
        match=rf"modified by an inplace operation: (in|out)put.* of {name}.*version 1; expected version 0",
    ):
        y.sum().backward()


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x + 1,
        lambda x: x * 3,
        lambda x: x.sum(),
        lambda x: x.reshape(-1) + 0,
        lambda x: x.t() * 2,
    ],
)
def test_a_value_that_is_not_needed_may_be_overwritten(use):
    for library in (fathom, torch):
        x = library.from_numpy(X.copy()).requires_grad_()
        z = x * 1
        y = use(z)
        z.mul_(2)
        y.sum().backward()
        assert x.grad is not None


def test_a_write_through_a_view_counts_for_the_base():
    x = fathom.from_numpy(X.copy()).requires_grad_() * 1
    y = x * x
    x[0].zero_()
    with pytest.raises(RuntimeError, match="expected version 0"):
        y.sum().backward()


def test_writing_to_a_detached_view_is_noticed_and_to_data_is_not():
    for library in (fathom, torch):
        x = library.from_numpy(X.copy()).requires_grad_()
        z = x * 1
        y = z * z
        z.data.zero_()
        y.sum().backward()
        assert (x.grad == 0).all()
        z = x * 1
        y = z * z
        z.detach().zero_()
        with pytest.raises(RuntimeError, match="inplace operation"):
            y.sum().backward()


def test_the_version_counts_writes():
    x = fathom.zeros(3)
    assert x._version == 0
    x.add_(1)
    v = x[1:]
    v.zero_()
    assert x._version == v._version == 2


# ---- leaves --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write", [lambda x: x.add_(1), lambda x: x.__setitem__(0, 1.0), lambda x: x.zero_()]
)
def test_a_leaf_that_requires_grad_is_not_written(write):
    x = fathom.ones(3, requires_grad=True)
    with pytest.raises(
        RuntimeError,
        match="a leaf Variable that requires grad is being used in an in-place operation.*no_grad",
    ):
        write(x)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_a_view_of_a_leaf_is_not_written():
    x = fathom.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        x[:2].add_(1)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable"):
        x[0] += 1


def test_a_leaf_is_updated_under_no_grad_and_stays_a_leaf():
    for library in (fathom, torch):
        x = library.ones(3, requires_grad=True)
        (x * x).sum().backward()
        with library.no_grad():
            x -= 0.1 * x.grad
            x[0] = 5
            x.grad.zero_()
        assert x.is_leaf and x.requires_grad
        (x * x).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), [10.0, 1.6, 1.6], rtol=1e-6)


def test_a_tensor_without_gradient_takes_one_on_by_an_in_place_write():
    for library in (fathom, torch):
        x = library.ones(3, requires_grad=True)
        y = library.zeros(3)
        assert y.is_leaf and not y.requires_grad
        y += x * 2
        assert y.requires_grad and not y.is_leaf
        y.sum().backward()
        assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_gradients_can_be_scaled_in_place():
    x = fathom.ones(2, 3, requires_grad=True)
    (x * 2).sum().backward()
    x.grad[:] *= 0.5
    assert x.grad.tolist() == [[1.0] * 3] * 2


def test_a_failed_write_leaves_the_tensor_as_it_was():
    x = fathom.ones(3)
    with pytest.raises(ValueError, match="shape"):
        x.add_(fathom.ones(2, 3))
    assert x.tolist() == [1.0] * 3 and x._version == 0


# ---- copies --------------------------------------------------------------------------------------


def test_deepcopy_copies_leaves_and_their_gradients():
    x = fathom.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    twin = copy.deepcopy({"x": x, "again": x})
    assert twin["x"] is twin["again"] and twin["x"].requires_grad
    twin["x"].data[0] = 9
    assert x.tolist() == [1.0, 1.0, 1.0] and twin["x"].grad.tolist() == [2.0] * 3
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
        copy.deepcopy(x * 2)


def test_out_argument_writes_into_the_given_tensor():
    for library in (fathom, torch):
        y = library.zeros(3)
        memory = y.numpy()
        assert library.add(library.ones(3), 2, out=y) is y
        assert memory.tolist() == [3.0, 3.0, 3.0]


def test_a_write_in_one_thread_is_seen_in_another():
    x = fathom.zeros(3)
    thread = threading.Thread(target=lambda: x.add_(1))
    thread.start()
    thread.join()
    assert x.tolist() == [1.0, 1.0, 1.0]


# ---- random programs -----------------------------------------------------------------------------


RANDOM_VIEWS = (
    lambda y, k: y[k],
    lambda y, k: y[:, 1:],
    lambda y, k: y.t(),
    lambda y, k: y[k:],
    lambda y, k: y.unsqueeze(0)[0],
)


def run_program(library, seed: int):
    """A random program of views and in-place writes; what it computes, and its gradient."""
    rng = np.random.default_rng(seed)
    x = library.from_numpy(X.copy() / 10).requires_grad_()
    pool = [x * 2]
    total = 0
    for _ in range(12):
        y = pool[rng.integers(len(pool))]
        other = pool[rng.integers(len(pool))]
        action = rng.integers(11)
        if action < 4 and y.ndim == 2:
            k = int(rng.integers(y.shape[0]))
            pool.append(RANDOM_VIEWS[rng.integers(len(RANDOM_VIEWS))](y, k))
        elif action == 4:
            y.mul_(float(rng.integers(1, 4)))
        elif action == 5:
            y.add_(other.sum())
        elif action == 6:
            y.sin_()
        elif action == 7:
            y.square_()
        elif action == 8:
            y[0] = other.mean()
        elif action == 9:
            pool.append(y * 1.5)
        else:
            total = total + (y.clone() * other.sum()).sum()
    total = total + sum((y * y).sum() for y in pool)
    total.backward()
    return total.item(), x.grad.numpy()


@pytest.mark.parametrize("seed", range(300))
def test_random_programs_of_views_and_writes_give_pytorchs_gradients(seed):
    try:
        wanted = run_program(torch, seed)
    except RuntimeError as error:
        assert "inplace operation" in str(error)
        return  # a saved value was overwritten: PyTorch cannot say more
    found = run_program(fathom, seed)
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-10)
    np.testing.assert_allclose(found[1], wanted[1], rtol=1e-8)
