"""More ways to make, split and question tensors."""

from __future__ import annotations

import numpy as np
import pytest

import fathom


def test_asarray_shares_copies_or_refuses():
    array = np.zeros(2)
    fathom.asarray(array)[0] = 1
    assert array[0] == 1
    fathom.asarray(array, copy=True)[0] = 5
    assert array[0] == 1
    with pytest.raises(ValueError, match="cannot be shared"):
        fathom.asarray([1, 2], copy=False)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64", "complex64"])
def test_finfo_is_pytorchs(name):
    torch = pytest.importorskip("torch")
    found, wanted = fathom.finfo(getattr(fathom, name)), torch.finfo(getattr(torch, name))
    for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"):
        assert getattr(found, field) == pytest.approx(getattr(wanted, field)), field
    assert repr(found) == repr(wanted)


def test_limits_are_of_one_kind():
    assert (fathom.iinfo(fathom.uint8).min, fathom.iinfo(fathom.int64).max) == (0, 2**63 - 1)
    with pytest.raises(TypeError, match="use finfo"):
        fathom.iinfo(fathom.float32)
    with pytest.raises(TypeError, match="use iinfo"):
        fathom.finfo(fathom.int32)


def test_as_strided_views_and_stays_inside():
    x = fathom.zeros(4)
    x.as_strided((2,), (2,), 1).fill_(3)
    assert x.tolist() == [0, 3, 0, 3]
    with pytest.raises(RuntimeError, match="reach element 4 of a tensor of 4"):
        x.as_strided((3,), (2,))
    assert fathom.empty_strided((2, 3), (1, 2)).stride() == (1, 2)


def test_splits_that_cannot_be_say_why():
    with pytest.raises(RuntimeError, match="size 5 is not divisible into 2 parts"):
        fathom.hsplit(fathom.ones(5), 2)
    with pytest.raises(RuntimeError, match="vsplit: needs at least 2"):
        fathom.vsplit(fathom.ones(5), 1)
    with pytest.raises(RuntimeError, match="must be larger than 0"):
        fathom.tensor_split(fathom.ones(5), 0)
    with pytest.raises(RuntimeError, match="maximum size for dim 0 is 5 but size is 6"):
        fathom.ones(5).unfold(0, 6, 1)
    with pytest.raises(ValueError, match="not expandable"):
        fathom.ones(2, 3).sum_to_size(2)


def test_meshgrid_gives_views_and_checks_its_indexing():
    x = fathom.zeros(2)
    grid, _ = fathom.meshgrid(x, fathom.zeros(3), indexing="ij")
    x.fill_(1)
    assert grid.sum().item() == 6
    with pytest.raises(RuntimeError, match='one of "xy" or "ij"'):
        fathom.meshgrid(x, indexing="yx")


def test_repeats_are_checked():
    with pytest.raises(RuntimeError, match="repeats must be 2 numbers"):
        fathom.ones(2).repeat_interleave(fathom.tensor([1, 2, 3]))
    with pytest.raises(RuntimeError, match="can not be negative"):
        fathom.ones(2).repeat_interleave(-1)


def test_small_questions_have_pytorchs_answers():
    x = fathom.ones(2, 3)
    assert fathom.is_tensor(x) and not fathom.is_tensor([1])
    assert fathom.numel(x) == 6
    assert fathom.typename(x) == "fathom.FloatTensor"
    assert fathom.typename(3) == "int"
    assert fathom.is_nonzero(fathom.tensor([2]))
    with pytest.raises(RuntimeError, match="ambiguous"):
        fathom.is_nonzero(x)
    assert x.is_cpu and x.get_device() == -1 and not x.is_sparse
    assert x.type_as(fathom.tensor([1])).dtype is fathom.int64
    assert x.new(2, 2).shape == (2, 2)
    assert x[1].storage_offset() == 3
    assert fathom.range(1, 2, 0.5).tolist() == [1, 1.5, 2]
    assert fathom.scalar_tensor(2).dtype is fathom.float32
    assert fathom.randint_like(x, 3).max().item() < 3


def test_resize_keeps_the_elements_that_fit():
    x = fathom.arange(4)
    assert x.resize_(2, 3).tolist() == [[0, 1, 2], [3, 0, 0]]
    assert x.resize_as_(fathom.ones(2)).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="require grad"):
        fathom.ones(2, requires_grad=True).resize_(3)


def test_a_python_function_of_each_element():
    x = fathom.tensor([1.0, 2.0])
    assert x.apply_(lambda k: k * 10).tolist() == [10, 20]
    assert x.map_(fathom.tensor([1.0, 2.0]), lambda a, b: a + b).tolist() == [11, 22]
    assert list(reversed(fathom.arange(3)).tolist()) == [2, 1, 0]


def test_counts_drawn_have_their_mean():
    g = fathom.Generator().manual_seed(0)
    assert fathom.poisson(fathom.full((5000,), 4.0), g).mean().item() == pytest.approx(4, abs=0.15)
    y = fathom.binomial(fathom.full((5000,), 10.0), fathom.tensor(0.3), g)
    assert y.mean().item() == pytest.approx(3, abs=0.15)
    with pytest.raises(RuntimeError, match="0 or more"):
        fathom.poisson(-fathom.ones(1))
    with pytest.raises(RuntimeError, match=r"in \[0, 1\]"):
        fathom.binomial(fathom.ones(1), fathom.tensor(2.0))


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett", "kaiser"])
@pytest.mark.parametrize("size", [0, 1, 2, 7])
@pytest.mark.parametrize("periodic", [True, False])
def test_windows_are_pytorchs(name, size, periodic):
    torch = pytest.importorskip("torch")
    found = getattr(fathom, name + "_window")(size, periodic, dtype=fathom.float64)
    wanted = getattr(torch, name + "_window")(size, periodic, dtype=torch.float64)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-7)


def test_shape_methods_that_write_change_the_tensor_itself():
    x = fathom.zeros(2, 3)
    view = x[0]
    assert x.t_() is x
    assert x.unsqueeze_(0).shape == (1, 3, 2)
    x.fill_(1)
    assert view.tolist() == [1, 1, 1]
    y = fathom.ones(2, 3, requires_grad=True)
    z = (y * 2).transpose_(0, 1)
    z[0].sum().backward()
    assert y.grad.tolist() == [[2, 0, 0], [2, 0, 0]]
    with pytest.raises(RuntimeError, match="leaf"):
        y.t_()
