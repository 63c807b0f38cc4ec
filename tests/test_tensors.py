"""What Python asks of a tensor: numbers, len, iteration, truth, operators with numbers and arrays."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")
LIBRARIES = pytest.mark.parametrize("m", [fathom, torch], ids=["fathom", "pytorch"])


@LIBRARIES
def test_a_tensor_of_one_element_is_a_number(m):
    x = m.tensor([[2.5]])
    assert float(x) == x.item() == 2.5 and int(x) == 2 and bool(x) and complex(x) == 2.5
    assert isinstance(m.tensor(3).item(), int) and isinstance(m.tensor(True).item(), bool)
    assert math.sqrt(m.tensor(4.0)) == 2.0
    assert [10, 20, 30][m.tensor(1)] == 20
    assert list(range(m.tensor(3))) == [0, 1, 2]


@LIBRARIES
def test_a_tensor_of_many_elements_is_not_a_number(m):
    x = m.ones(2)
    with pytest.raises(RuntimeError, match="2 elements cannot be converted to Scalar"):
        x.item()
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with .* ambiguous"):
        bool(x)
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        float(x)
    with pytest.raises(TypeError, match="integer tensors of a single element"):
        operator.index(m.tensor(1.5))


@LIBRARIES
def test_length_and_iteration(m):
    x = m.arange(6).reshape(3, 2)
    assert len(x) == 3
    assert [row.tolist() for row in x] == [[0, 1], [2, 3], [4, 5]]
    a, b, c = x
    assert c.tolist() == [4, 5]
    with pytest.raises(TypeError, match="0-d tensor"):
        len(m.tensor(1))
    with pytest.raises(TypeError, match="0-d tensor"):
        iter(m.tensor(1))


@LIBRARIES
def test_containment_and_identity(m):
    x, y = m.tensor([1.0, 2.0]), m.tensor([1.0, 2.0])
    assert 2.0 in x and 3.0 not in x
    assert hash(x) != hash(y) and {x: 1}[x] == 1 and x is x
    assert (x == y).tolist() == [True, True] and m.equal(x, y)


@LIBRARIES
def test_comparison_with_other_things(m):
    x = m.ones(2)
    assert (x == None) is False and (x != None) is True  # noqa: E711
    assert (x == "a") is False


@LIBRARIES
def test_shape_and_size(m):
    x = m.zeros(2, 3, 4)
    assert x.shape == (2, 3, 4) == x.size() and x.size(1) == 3 and x.shape[-1] == 4
    assert x.dim() == x.ndim == 3 and x.numel() == x.nelement() == 24
    assert x.shape.numel() == 24 and x.stride() == (12, 4, 1) and x.stride(1) == 4
    assert x.element_size() == x.itemsize == 4 and x.nbytes == 96
    assert x.is_contiguous() and not x.permute(2, 0, 1).is_contiguous()
    assert x.mT.shape == (2, 4, 3)
    with pytest.raises(IndexError):
        x.size(3)


OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow, operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
]  # fmt: skip


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
@pytest.mark.parametrize("number", [2, -3, 0.5, True])
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_operators_with_python_numbers_on_both_sides(op, number, dtype):
    if op is operator.sub and number is True:
        return  # PyTorch refuses; here True counts as 1
    data = np.array([1, 2, 5, 7]).astype(dtype)
    for swap in (False, True):
        outcome = []
        for m in (fathom, torch):
            x = m.from_numpy(data.copy())
            try:
                y = op(number, x) if swap else op(x, number)
            except RuntimeError as error:
                outcome.append(type(error))
                continue
            outcome.append((str(y.dtype).split(".")[-1], y.tolist()))
        if isinstance(outcome[1], type):
            assert isinstance(outcome[0], type)
        else:
            assert outcome[0][0] == outcome[1][0]
            np.testing.assert_allclose(outcome[0][1], outcome[1][1], rtol=1e-6)


@pytest.mark.parametrize(
    "op", [operator.and_, operator.or_, operator.xor], ids=lambda op: op.__name__
)
def test_bit_operators(op):
    for a, b in (([True, False], [True, True]), ([6, 3], [5, 1])):
        assert (
            op(fathom.tensor(a), fathom.tensor(b)).tolist()
            == op(torch.tensor(a), torch.tensor(b)).tolist()
        )
    assert (~fathom.tensor([True, False])).tolist() == [False, True]
    assert (~fathom.tensor([1, -2])).tolist() == (~torch.tensor([1, -2])).tolist()
    assert (fathom.tensor([1, 2]) << 2).tolist() == [4, 8]
    assert (fathom.tensor([4, 9]) >> 1).tolist() == [2, 4]


def test_operators_with_numpy_arrays_give_tensors():
    x, a = fathom.ones(2), np.array([1.0, 2.0], np.float32)
    for y in (x + a, a + x, a * x, x - a, a / x):
        assert isinstance(y, fathom.Tensor)
    assert (a - x).tolist() == [0.0, 1.0]
    assert (np.float32(3) * x).tolist() == [3.0, 3.0]


def test_other_operands_are_refused_by_name():
    with pytest.raises(
        TypeError, match="expected a tensor or a number, got str|unsupported operand"
    ):
        fathom.ones(2) + "a"
    with pytest.raises(TypeError, match="list"):
        fathom.ones(2) * [1, 2]


@LIBRARIES
def test_unary_operators(m):
    x = m.tensor([-1.5, 2.0])
    assert (
        (-x).tolist() == [1.5, -2.0]
        and (+x).tolist() == [-1.5, 2.0]
        and abs(x).tolist() == [1.5, 2.0]
    )
    with pytest.raises(RuntimeError):
        -m.tensor([True])
    with pytest.raises(RuntimeError):
        m.tensor([True]) - m.tensor([True])


@LIBRARIES
def test_lists_of_numbers(m):
    assert m.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert m.tensor(5).tolist() == 5
    assert m.tensor([m.tensor(1.0), m.tensor(2.0)]).tolist() == [1.0, 2.0]
    assert m.tensor(
        [np.array([1, 2]), np.array([3, 4])] if m is fathom else np.array([[1, 2], [3, 4]])
    ).tolist() == [[1, 2], [3, 4]]
    assert m.zeros(2, 0).tolist() == [[], []]


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match="ragged"):
        fathom.tensor([[1, 2], [3]])
    with pytest.raises((TypeError, ValueError)):
        fathom.tensor(["a"])


@LIBRARIES
def test_a_tensor_is_a_copy_of_its_data(m):
    array = np.ones(2, np.float32)
    x = m.tensor(array)
    array[0] = 5
    assert x.tolist() == [1.0, 1.0]


@LIBRARIES
def test_arange_linspace_and_friends(m):
    assert m.arange(2, 8, 2).tolist() == [2, 4, 6]
    assert m.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert m.arange(0, 1, 0.25).tolist() == [0.0, 0.25, 0.5, 0.75]
    assert m.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
    assert m.eye(2, 3).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert m.full((2,), 7).tolist() == [7, 7] and m.zeros((2, 1)).shape == m.ones([2, 1]).shape
    assert m.zeros_like(m.ones(2, dtype=m.int64)).dtype is m.int64
    assert m.empty(2, 3).shape == m.empty_like(m.ones(2, 3)).shape == (2, 3)
    assert m.logspace(0, 2, 3).tolist() == [1.0, 10.0, 100.0]
    with pytest.raises(RuntimeError):
        m.arange(3, 0)
    with pytest.raises(RuntimeError):
        m.zeros(-1)


@LIBRARIES
def test_new_tensors_take_after_the_old(m):
    x = m.ones(2, dtype=m.float64)
    for y in (
        x.new_zeros(3),
        x.new_ones(3),
        x.new_full((3,), 2),
        x.new_empty(3),
        x.new_tensor([1, 2, 3]),
    ):
        assert y.dtype is m.float64 and y.shape == (3,)


@LIBRARIES
def test_pickling_and_copying(m):
    x = m.tensor([1.0, 2.0], requires_grad=True)
    y = pickle.loads(pickle.dumps(x))  # noqa: S301  (what it just wrote)
    assert y.tolist() == [1.0, 2.0] and y.requires_grad and y.is_leaf
    z = copy.copy(x)
    assert z.tolist() == [1.0, 2.0]
    assert copy.deepcopy(x.detach()).tolist() == [1.0, 2.0]


@LIBRARIES
def test_shapes_that_do_not_fit_are_an_error_in_both_libraries(m):
    for wrong in (
        lambda: m.ones(2) + m.ones(3),
        lambda: m.ones(2, 3) @ m.ones(2, 3),
        lambda: m.ones(6).reshape(4, 2),
        lambda: m.cat([m.ones(2, 2), m.ones(3, 3)]),
        lambda: m.stack([m.ones(2), m.ones(3)]),
        lambda: m.ones(2, 3).expand(3, 3),
        lambda: m.ones(3).dot(m.ones(4)),
        lambda: m.ones(2, 3).permute(0, 0),
        lambda: m.ones(2, 3).mm(m.ones(3)),
    ):
        with pytest.raises(RuntimeError):
            wrong()
    for outside in (lambda: m.ones(2).sum(1), lambda: m.ones(2).squeeze(3), lambda: m.ones(2)[5]):
        with pytest.raises(IndexError):
            outside()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: fathom.ones(3, 4) @ fathom.ones(5, 6),
         r"matmul: a \(3, 4\) and b \(5, 6\) do not fit: a's last size 4 must equal b's first size 5"),
        (lambda: fathom.ones(2, 3) + fathom.ones(2, 4), r"add: shapes \(2, 3\) and \(2, 4\) do not fit"),
        (lambda: fathom.ones(6).reshape(4, 2), r"reshape: shape \(4, 2\) is invalid for \(6,\), which has 6 elements"),
        (lambda: fathom.ones(6).reshape(-1, -1), "reshape: only one size can be -1"),
        (lambda: fathom.cat([fathom.ones(2, 2), fathom.ones(3, 3)]),
         r"cat: .* tensor 0 is \(2, 2\), tensor 1 is \(3, 3\)"),
        (lambda: fathom.ones(2, 3).sum(5), r"expected to be in range of \[-2, 1\], but got 5"),
        (lambda: fathom.arange(3).mean(), r"mean: .* floating point.*got fathom.int64; use x.float\(\).mean\(\)"),
        (lambda: fathom.ones(2) @ fathom.ones(2, dtype=fathom.float64),
         "same dtype, got fathom.float32 and fathom.float64"),
        (lambda: fathom.ones(2, 0).amax(1), "amax: .* size 0"),
        (lambda: fathom.ones(3).topk(5), "topk: .* k is 5, and dim -1 has size 3"),
        (lambda: fathom.where(fathom.ones(2), 1.0, 2.0), "boolean"),
        (lambda: fathom.bitwise_and(fathom.ones(2), 1), "integer or bool"),
        (lambda: fathom.ones(2, device="cuda"), r'pip install "fathom-dl\[cuda\]"'),
    ],
)  # fmt: skip
def test_a_wrong_call_is_answered_with_the_numbers_and_the_way_out(wrong, message):
    with pytest.raises((RuntimeError, IndexError), match=message):
        wrong()


@LIBRARIES
def test_numpys_spellings_are_taken_where_pytorch_takes_them(m):
    x = m.arange(6.0).reshape(2, 3)
    assert x.sum(axis=0).tolist() == [3.0, 5.0, 7.0]
    assert m.sum(x, axis=1, keepdims=True).tolist() == [[3.0], [12.0]]
    assert x.mean(axis=0, keepdim=True).shape == (1, 3) and x.max(axis=1).values.tolist() == [
        2.0,
        5.0,
    ]
    assert x.argmax(axis=1).tolist() == [2, 2] and m.cat([x, x], axis=1).shape == (2, 6)
    assert m.stack([x, x], axis=2).shape == (2, 3, 2) and x.T.shape == (3, 2)
    with pytest.raises(TypeError):
        x.sum(dim=0, axis=0)
