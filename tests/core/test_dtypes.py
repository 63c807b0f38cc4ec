"""The dtype of a result: all pairs of dtypes, with dims, without, and with Python numbers, beside PyTorch."""

import itertools

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")

NAMES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
PAIRS = list(itertools.product(NAMES, NAMES))
SCALARS = [True, 2, 1.5, 2j]


# PyTorch's complex numbers of two halves: NumPy has none, fathom computes in complex64.
pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental:UserWarning")


def name_of(dtype) -> str:
    return str(dtype).split(".")[-1]


def same_dtype(found: str, wanted: str) -> bool:
    """Whether two names are equal; in place of complex32 stands a wider complex."""
    return found == wanted or (wanted == "complex32" and found.startswith("complex"))


def one(m, name: str, shape: tuple):
    return m.ones(shape, dtype=getattr(m, name))


@pytest.mark.parametrize("shapes", list(itertools.product([(2,), ()], repeat=2)), ids=str)
def test_two_tensors(shapes):
    for a, b in PAIRS:
        results = [
            name_of((one(m, a, shapes[0]) * one(m, b, shapes[1])).dtype) for m in (fathom, torch)
        ]
        assert same_dtype(*results), (a, b)


@pytest.mark.parametrize("scalar", SCALARS, ids=str)
@pytest.mark.parametrize("shape", [(2,), ()], ids=str)
def test_a_tensor_and_a_python_number(shape, scalar):
    for name in NAMES:
        for f in (lambda x: x * scalar, lambda x: scalar * x):
            assert same_dtype(*[name_of(f(one(m, name, shape)).dtype) for m in (fathom, torch)]), (
                name
            )


@pytest.mark.parametrize("scalar", SCALARS, ids=str)
def test_division_by_a_number(scalar):
    for name in NAMES:
        if (name, scalar) == ("float16", 2j):  # PyTorch cannot
            continue
        found, wanted = (name_of((one(m, name, (2,)) / scalar).dtype) for m in (fathom, torch))
        assert same_dtype(found, wanted), name


def test_promote_types_and_result_type():
    for a, b in PAIRS:
        found, wanted = (
            name_of(m.promote_types(getattr(m, a), getattr(m, b))) for m in (fathom, torch)
        )
        assert same_dtype(found, wanted), (a, b)
        found, wanted = (
            name_of(m.result_type(one(m, a, (2,)), one(m, b, ()))) for m in (fathom, torch)
        )
        assert same_dtype(found, wanted), (a, b)


# (function, dtype) that PyTorch refuses or, with uint8 as its old bool, answers in uint8
UNLIKE = {
    ("amax", "complex"),
    ("argmax", "complex"),
    ("argmax", "bool"),
    ("abs", "bool"),
    ("any", "uint8"),
}


@pytest.mark.parametrize(
    "f", ["sum", "prod", "exp", "abs", "sigmoid", "cumsum", "amax", "argmax", "any"]
)
def test_functions_of_every_dtype(f):
    for name in NAMES:
        if (f, name.rstrip("0123456789")) in UNLIKE or (f, name) in UNLIKE:
            continue
        outcome = []
        for m in (fathom, torch):
            function = getattr(m, f)
            y = function(one(m, name, (2,)), 0) if f == "cumsum" else function(one(m, name, (2,)))
            outcome.append(name_of(y.dtype))
        assert outcome[0] == outcome[1], name


@pytest.mark.parametrize("m", [fathom, torch], ids=["fathom", "pytorch"])
def test_the_dtype_of_data(m):
    def dtype_of(data):
        return name_of(m.tensor(data).dtype)

    assert dtype_of(1) == "int64" and dtype_of(1.0) == "float32" and dtype_of(True) == "bool"
    assert (
        dtype_of([1, 2.0]) == "float32"
        and dtype_of(1j) == "complex64"
        and dtype_of([]) == "float32"
    )
    assert dtype_of([True, 2]) == "int64" and dtype_of(np.float64(1)) == "float64"
    assert dtype_of(np.ones(2, np.int16)) == "int16" and dtype_of([np.float32(1)]) == "float32"
    assert name_of(m.arange(3).dtype) == "int64" and name_of(m.arange(3.0).dtype) == "float32"
    assert (
        name_of(m.full((2,), 1).dtype) == "int64" and name_of(m.full((2,), 1.0).dtype) == "float32"
    )


@pytest.mark.parametrize("m", [fathom, torch], ids=["fathom", "pytorch"])
def test_the_default_dtype_can_be_changed(m):
    m.set_default_dtype(m.float64)
    try:
        assert m.get_default_dtype() is m.float64
        assert m.tensor(1.0).dtype is m.zeros(2).dtype is m.rand(2).dtype is m.float64
        assert (m.arange(3) / 2).dtype is m.float64 and m.tensor(1j).dtype is m.complex128
    finally:
        m.set_default_dtype(m.float32)
    with pytest.raises(TypeError):
        m.set_default_dtype(m.int64)


@pytest.mark.parametrize("m", [fathom, torch], ids=["fathom", "pytorch"])
def test_conversion(m):
    x = m.tensor([1.7, -1.7, 0.0])
    assert x.long().tolist() == [1, -1, 0] and x.bool().tolist() == [True, True, False]
    assert x.to(m.float64).dtype is m.float64 and x.to(m.float32) is x
    assert x.type(m.int32).dtype is m.int32 and x.half().float().dtype is m.float32
    assert x.to(m.zeros(1, dtype=m.int64)).dtype is m.int64
    assert x.double().dtype is m.float64 and x.int().dtype is m.int32 and x.byte().dtype is m.uint8


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_precision_computes_as_pytorch_does(name):
    data = np.random.default_rng(0).standard_normal((4, 5)).astype("float32")
    for f in (
        lambda m, x: x.sum(),
        lambda m, x: x.mean(0),
        lambda m, x: x @ x.t(),
        lambda m, x: (x * 3 + 1) / 2,
        lambda m, x: m.exp(x),
        lambda m, x: m.tanh(x),
        lambda m, x: x.softmax(-1),
        lambda m, x: x.amax(1),
        lambda m, x: x.sort().values,
    ):
        found, wanted = (
            f(m, m.from_numpy(data.copy()).to(getattr(m, name))) for m in (fathom, torch)
        )
        assert name_of(found.dtype) == name_of(wanted.dtype) == name
        np.testing.assert_allclose(
            found.float().numpy(), wanted.float().numpy(), rtol=2e-2, atol=2e-2
        )


def test_properties_of_a_dtype():
    for name in NAMES:
        ours, theirs = getattr(fathom, name), getattr(torch, name)
        assert ours.is_floating_point == theirs.is_floating_point
        assert ours.is_complex == theirs.is_complex
        assert ours.itemsize == theirs.itemsize
        assert ours.is_signed == theirs.is_signed


def test_an_unknown_dtype_is_refused_with_the_list():
    with pytest.raises(TypeError, match="there are bool, uint8, int8"):
        fathom.zeros(2, dtype="float8")
    with pytest.raises(TypeError, match="no dtype of fathom"):
        fathom.from_numpy(np.array(["a"]))
