"""x[key] and x[key] = value, with every form of key, beside PyTorch: reading, writing, gradients."""

import numpy as np
import pytest

import fathom

torch = pytest.importorskip("torch")

SHAPE = (4, 5, 3)


def random_key(rng: np.random.Generator):
    """A key for a tensor of SHAPE as a list of items: ints, slices, None, ..., lists, index arrays, masks."""
    key, axis, tensors = [], 0, False
    common = tuple(rng.integers(1, 4, rng.integers(0, 3)))
    ellipsis = False
    while axis < len(SHAPE) and len(key) < 6:
        n = SHAPE[axis]
        kind = rng.choice(
            ["int", "slice", "slice", "none", "ellipsis", "index", "list", "mask", "end"]
        )
        if kind == "int":
            key.append(int(rng.integers(-n, n)))
        elif kind == "slice":
            start, stop = (
                None if rng.random() < 0.3 else int(rng.integers(-n - 1, n + 2)) for _ in "ab"
            )
            key.append(slice(start, stop, None if rng.random() < 0.5 else int(rng.integers(1, 4))))
        elif kind == "none":
            key.append(None)
            continue
        elif kind == "ellipsis":
            if not ellipsis:
                key.append(Ellipsis)
                ellipsis = True
                axis += int(rng.integers(0, len(SHAPE) - axis + 1))
            continue
        elif kind == "index":
            size = tuple(
                1 if rng.random() < 0.2 else m
                for m in common[int(rng.integers(0, len(common) + 1)) :]
            )
            key.append(rng.integers(-n, n, size))
        elif kind == "list":
            key.append([int(k) for k in rng.integers(-n, n, common[-1] if common else 1)])
        elif kind == "mask":
            if tensors:  # its length must fit the other index tensors: ones would
                continue
            mask = np.zeros(n, bool)
            mask[rng.permutation(n)[: common[-1] if common and common[-1] < n else 1]] = True
            key.append(mask)
        else:
            break
        tensors |= kind in ("index", "list", "mask")
        axis += 1
    return key


def key_for(library, key: list):
    items = [library.from_numpy(np.asarray(k)) if isinstance(k, np.ndarray) else k for k in key]
    return tuple(items)


def names(key) -> str:
    return ", ".join(f"array{k.tolist()}" if isinstance(k, np.ndarray) else str(k) for k in key)


def the_same_way(action):
    """The outcome in both libraries, or that both raise."""
    outcomes = []
    for library in (fathom, torch):
        try:
            outcomes.append(action(library))
        except (IndexError, ValueError, TypeError, RuntimeError) as error:
            outcomes.append(error)
    found, wanted = outcomes
    if isinstance(wanted, Exception):
        assert isinstance(found, Exception), f"PyTorch raises {wanted!r}, fathom gives {found}"
        return None
    if isinstance(found, Exception):
        raise found
    return found, wanted


DATA = np.arange(60.0).reshape(SHAPE)
SEEDS = range(400)


@pytest.mark.parametrize("seed", SEEDS)
def test_reading_writing_and_gradients_with_a_random_key(seed):
    rng = np.random.default_rng(seed)
    key = random_key(rng)
    note = f"x[{names(key)}]"

    def read(library):
        x = library.from_numpy(DATA.copy())
        x.requires_grad_()
        y = x[key_for(library, key)]
        (y * y).sum().backward()
        return y.detach().numpy(), x.grad.numpy(), tuple(y.shape)

    both = the_same_way(read)
    if both is None:
        return
    for found, wanted in zip(*both, strict=True):
        np.testing.assert_array_equal(found, wanted, err_msg=note)

    shape = both[0][2]
    value_shape = tuple(
        1 if rng.random() < 0.3 else n for n in shape[int(rng.integers(0, len(shape) + 1)) :]
    )
    value = np.asarray(-np.arange(1.0, 1 + np.prod(value_shape)).reshape(value_shape))
    repeats = len(np.unique(both[0][0])) < both[0][0].size  # then it is open which value wins

    def write(library):
        x = library.from_numpy(DATA.copy())
        x.requires_grad_()
        v = library.from_numpy(np.array(value)).requires_grad_()
        y = x * 1
        y[key_for(library, key)] = v
        (y * library.from_numpy(DATA)).sum().backward()
        gradient = v.grad.numpy() if not repeats else x.grad.numpy()
        return y.detach().numpy() if not repeats else x.grad.numpy(), x.grad.numpy(), gradient

    both = the_same_way(write)
    if both is not None:
        for found, wanted in zip(*both, strict=True):
            np.testing.assert_array_equal(found, wanted, err_msg=note + " = v")

    def fill(library):
        x = library.from_numpy(DATA.copy())
        x[key_for(library, key)] = -7
        return (x.numpy(),)

    both = the_same_way(fill)
    if both is not None:
        np.testing.assert_array_equal(both[0][0], both[1][0], err_msg=note + " = -7")


MASK = DATA % 3 == 0
KEYS = {
    "int": 1,
    "negative": -1,
    "empty tuple": (),
    "ellipsis": ...,
    "none": None,
    "list": [0, 2],
    "range": range(1, 3),
    "tuple of lists": ([0, 1], [2, 3]),
    "numpy int": np.int64(2),
    "numpy array": np.array([3, 1]),
    "mask": MASK,
    "mask of two dims": MASK[:, :, 0],
    "mask and int": (MASK[:, :, 0], 1),
    "slice and mask": (slice(None), MASK[0]),
    "mask of nothing": np.zeros(SHAPE, bool),
    "list of bools": [True, False, True, False],
    "empty list": [],
    "slice past the end": slice(2, 100),
    "slice of nothing": slice(3, 1),
    "negative slice": slice(-3, -1),
    "numpy scalars": (np.int32(1), np.int64(-1)),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_keys_that_people_write(key):
    def convert(library, k):
        return library.from_numpy(k) if isinstance(k, np.ndarray) else k

    def read(library):
        k = (
            tuple(convert(library, item) for item in key)
            if isinstance(key, tuple)
            else convert(library, key)
        )
        x = library.from_numpy(DATA.copy())
        y = x[k]
        x[k] = 0
        return y.numpy().copy(), x.numpy()

    found, wanted = the_same_way(read)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_nested_list_is_one_index_tensor_as_in_numpy():
    np.testing.assert_array_equal(
        fathom.from_numpy(DATA)[[[0, 1], [2, 3]]].numpy(), DATA[[[0, 1], [2, 3]]]
    )


def test_numpy_arrays_index_directly():
    x = fathom.from_numpy(DATA.copy())
    np.testing.assert_array_equal(x[np.array([3, 1])].numpy(), DATA[[3, 1]])
    np.testing.assert_array_equal(x[MASK].numpy(), DATA[MASK])


def test_a_zero_dim_index_tensor_is_an_int_and_gives_a_view():
    x = fathom.zeros(4, 3)
    x[fathom.tensor(1)][:] = 5
    assert x[1].tolist() == [5.0, 5.0, 5.0]
    assert x.sum().item() == 15


def test_basic_keys_give_views_and_index_tensors_copies():
    x = fathom.arange(12).reshape(3, 4)
    x[1:, ::2].zero_()
    assert x.tolist() == [[0, 1, 2, 3], [0, 5, 0, 7], [0, 9, 0, 11]]
    x[[0, 1]].zero_()
    assert x[0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (4, "index 4 is out of bounds for dimension 0 with size 4"),
        (-5, "index -5 is out of bounds for dimension 0 with size 4"),
        ((0, 0, 0, 0), "too many indices for tensor of dimension 3"),
        ([0, 9], "index 9 is out of bounds for dimension 0 with size 4"),
        (fathom.tensor([0.5]), "tensors used as indices must be long, int, byte or bool tensors"),
        (fathom.tensor([True, False]), "shape of the mask .* does not match"),
        (([0, 1], [0, 1, 2]), "do not fit"),
        ("a", "valid indices, got str"),
        (1.5, "valid indices, got float"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_an_index_error_with_the_numbers(key, message):
    x = fathom.from_numpy(DATA.copy())
    with pytest.raises(IndexError, match=message):
        x[key]


def test_a_step_below_zero_raises_as_in_pytorch():
    with pytest.raises(ValueError, match="step must be greater than zero"):
        fathom.arange(4)[::-1]


def test_a_value_that_does_not_fit_is_refused_with_both_shapes():
    x = fathom.zeros(4, 5)
    with pytest.raises(
        ValueError,
        match=r"value of shape \(3,\) cannot be broadcast to the place of shape \(2, 5\)",
    ):
        x[:2] = fathom.ones(3)


def test_values_are_converted_to_the_tensors_dtype():
    x = fathom.zeros(3, dtype=fathom.int64)
    x[1] = 2.7
    x[[2]] = fathom.tensor([3.9])
    assert x.tolist() == [0, 2, 3]


def test_the_last_of_equal_indices_wins():
    x = fathom.zeros(3)
    x[[1, 1, 1]] = fathom.tensor([1.0, 2.0, 3.0])
    assert x.tolist() == [0.0, 3.0, 0.0]


def test_index_add_and_put_count_repeated_indices():
    x = fathom.zeros(3)
    assert x.index_add(0, fathom.tensor([1, 1, 2]), fathom.ones(3)).tolist() == [0.0, 2.0, 1.0]
