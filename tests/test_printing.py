"""Tensors print as PyTorch prints them, character by character."""

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")

INF, NAN = float("inf"), float("nan")
DTYPES = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
LISTS = [
    1.5, 3, -2.0, True, 0.0, -0.0, NAN, INF, -INF, 1e10, 1e-10, 123456.789, 2 + 3j, 1e-5 + 2j,
    [], [[]], [[], []], [1, 2, 3], [1.0, 2.0, 3.0], [0.1, 0.25, 1000.0], [0.1, 0.25, 10000.0],
    [1e-5, 1.0], [1e-4, 1.0], [1e8, 1.0], [1e9, 1.0], [1e8], [1e9], [0.00012, 0.5], [1.0, NAN],
    [NAN, INF, -INF], [1.5, NAN, -INF], [1e10, NAN], [-1.0, 2.0], [-1.5, 22.75], [0.0, 0.0], [-0.0],
    [1.0, 1e3], [1.0, 1001.0], [0.001, 1.0], [999999.5, 1.0], [True, False], [[True], [False]],
    [[1, -2], [30, 4]], [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]], [[[1]]],
    [100000000], [-5], [2**40, 1], [1 + 2j, -3.5j], [1 + 1e5j, 2], [0j], [NAN + 1j, 2.5 - INF * 1j],
    [[1.0], [10.0], [100.0]], [12345.678, 0.001], [1e38, 1e-38], [3e-39], [16777216.0, 1.0],
    [0.3333333, 66.66667], [1 / 3] * 30, list(range(50)), [x / 7 for x in range(40)],
]  # fmt: skip
SHAPES = [
    (0,),
    (0, 3),
    (3, 0),
    (2, 0, 4),
    (1000,),
    (1001,),
    (40, 30),
    (7, 6, 5),
    (8, 8, 8, 8),
    (1, 2000),
    (2000, 1),
    (3, 500),
]


def both(make):
    """The print in each library, with the library's name made equal."""
    return repr(make(fathom)), repr(make(torch)).replace("torch.", "fathom.")


@pytest.mark.parametrize("data", LISTS, ids=lambda data: str(data)[:40])
def test_numbers_and_lists(data):
    found, wanted = both(lambda m: m.tensor(data))
    assert found == wanted


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("data", [1, [0, 1, 2], [[3, 0], [1, 100]], [], 0])
def test_every_dtype(data, dtype):
    found, wanted = both(lambda m: m.tensor(data, dtype=getattr(m, dtype)))
    assert found == wanted


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "complex64"])
def test_many_elements_are_summarised(shape, dtype):
    rng = np.random.default_rng(0)
    array = (rng.standard_normal(shape) * 3).astype(dtype)
    found, wanted = both(lambda m: m.from_numpy(array.copy()))
    assert found == wanted


@pytest.mark.parametrize("scale", [1e-12, 1e-5, 1e-3, 1.0, 100.0, 1e5, 1e12])
@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (2, 3, 4)], ids=str)
def test_random_numbers_of_every_size(shape, scale):
    array = np.asarray(np.random.default_rng(1).standard_normal(shape) * scale).astype("float32")
    found, wanted = both(lambda m: m.from_numpy(array.copy()))
    assert found == wanted


@pytest.mark.parametrize(
    "make",
    [
        lambda m: m.ones(2, requires_grad=True),
        lambda m: m.ones(2, 3, requires_grad=True, dtype=m.float64),
        lambda m: m.tensor([0.123456789] * 9, requires_grad=True, dtype=m.float64),
        lambda m: m.tensor(1.0, requires_grad=True),
        lambda m: m.zeros(3, dtype=m.int64).to(m.float16),
        lambda m: m.ones(0, requires_grad=True),
        lambda m: m.arange(12.0).reshape(3, 4).t(),
        lambda m: m.ones(3)[::2],
    ],
)
def test_what_stands_behind_the_numbers(make):
    found, wanted = both(make)
    assert found == wanted


def test_a_computed_tensor_shows_the_operation_that_made_it():
    x = fathom.ones(2, requires_grad=True)
    assert repr(x * 2) == "tensor([2., 2.], grad_fn=<MulBackward>)"


def test_shapes_dtypes_and_devices_print_as_in_pytorch():
    assert str(fathom.ones(2, 3).shape) == str(torch.ones(2, 3).shape).replace("torch", "fathom")
    assert repr(fathom.float32) == "fathom.float32"
    assert repr(fathom.device("cpu")) == repr(torch.device("cpu"))
    assert str(fathom.device("cuda:1")) == "cuda:1"


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2},
        {"sci_mode": True},
        {"sci_mode": False},
        {"linewidth": 40},
        {"edgeitems": 1, "threshold": 5},
        {"profile": "short"},
        {"profile": "full"},
    ],
    ids=str,
)
def test_print_options_mean_the_same(options):
    array = np.random.default_rng(2).standard_normal((6, 7)).astype("float32")
    try:
        for m in (fathom, torch):
            m.set_printoptions(**options)
        found, wanted = both(lambda m: m.from_numpy(array.copy()))
    finally:
        for m in (fathom, torch):
            m.set_printoptions(profile="default")
    assert found == wanted


def test_str_and_format():
    x = fathom.tensor([1.0, 2.5])
    assert str(x) == repr(x) == f"{x}"
    assert f"{fathom.tensor(3.14159):.2f}" == "3.14"
    assert f"{fathom.tensor(7):4d}" == "   7"
    assert f"{fathom.tensor(3.14159)}" == f"{torch.tensor(3.14159)}"
    with pytest.raises(TypeError):
        f"{x:.2f}"


def test_under_a_transform_the_print_says_what_is_known():
    seen = []
    fathom.func.vmap(lambda x: seen.append(repr(x)) or x)(fathom.ones(2, 3))
    assert seen == ["Batched(shape=(3,), dtype=fathom.float32)"]
