"""Attention against PyTorch: outputs, weights, masks, gradients, what is refused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
import torch.nn.functional as TF
from torch.nn.attention import SDPBackend, sdpa_kernel

import fathom
import fathom.nn.functional as F
from fathom import nn, ones
from fathom.compiler.program import Program
from fathom.core.tracing import trace
from fathom.nn.functional import attention
from tests.nn.against_torch import TOLERANCE, both, close, same_function

DTYPES = [np.float32, np.float64]


def numbers(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def causal(length, keys):
    return np.tril(np.ones((length, keys), bool))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shapes, arguments", [
    ([(2, 3, 4, 8), (2, 3, 5, 8), (2, 3, 5, 6)], {}),
    ([(4, 8), (5, 8), (5, 6)], {"scale": 0.5}),
    ([(2, 3, 4, 8), (2, 3, 5, 8), (2, 3, 5, 8)], {"is_causal": True}),
    ([(2, 6, 4, 8), (2, 2, 5, 8), (2, 2, 5, 8)], {"enable_gqa": True}),
])  # fmt: skip
def test_scaled_dot_product_attention_and_its_gradients_are_pytorchs(shapes, arguments, dtype):
    ours, theirs = F.scaled_dot_product_attention, TF.scaled_dot_product_attention
    with sdpa_kernel(SDPBackend.MATH):  # PyTorch's other ways have no second derivative
        same_function(
            lambda *a: ours(*a, **arguments),
            lambda *a: theirs(*a, **arguments),
            numbers(*shapes),
            dtype,
        )


@pytest.mark.parametrize("mask", [
    causal(4, 5), np.random.default_rng(1).standard_normal((4, 5)), np.random.default_rng(2).random((2, 1, 4, 5)) < 0.7
])  # fmt: skip
def test_masks_are_pytorchs(mask):
    arrays = numbers((2, 3, 4, 8), (2, 3, 5, 8), (2, 3, 5, 6))
    same_function(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, fathom.tensor(mask)),
        lambda q, k, v: TF.scaled_dot_product_attention(q, k, v, torch.tensor(mask)),
        arrays,
    )


def test_a_query_that_may_look_nowhere_reads_zeros_and_has_no_gradient():
    q, k, v = (fathom.tensor(x, requires_grad=True) for x in numbers((2, 4), (3, 4), (3, 4)))
    mask = fathom.tensor([[True, True, True], [False, False, False]])
    y = F.scaled_dot_product_attention(q, k, v, mask)
    assert (y[1] == 0).all()
    y.sum().backward()
    assert (q.grad[1] == 0).all() and k.grad.isfinite().all()


def test_dropout_drops_weights():
    fathom.manual_seed(0)
    ones = fathom.ones(1, 4, 2)
    y = F.scaled_dot_product_attention(ones, ones, ones, dropout_p=0.5)
    assert set((y * 2).flatten().tolist()) <= {0.0, 1.0, 2.0, 3.0, 4.0}


def test_attention_maps_over_examples():
    q, k, v = map(fathom.tensor, numbers((3, 4, 8), (3, 5, 8), (3, 5, 6)))
    mapped = fathom.func.vmap(F.scaled_dot_product_attention)(q, k, v)
    assert fathom.allclose(mapped, F.scaled_dot_product_attention(q, k, v))


# ---- more scores than are kept -------------------------------------------------------------------------


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 128 queries, whatever there is to compute."""
    monkeypatch.setattr(attention, "MANY", 0)
    monkeypatch.setattr(attention, "SCORES", 1)
    with fathom.backends.fusion.flags(enabled=False):
        yield


def answers(arguments, q, k, v):
    """What is read, and the gradients of a scalar of it."""
    xs = [fathom.tensor(x, requires_grad=True) for x in (q, k, v)]
    y = F.scaled_dot_product_attention(*xs, **arguments)
    y.sin().sum().backward()
    return [y.detach(), *[x.grad for x in xs]]


LONG = [(2, 2, 300, 4), (2, 2, 200, 4), (2, 2, 200, 3)]


@pytest.mark.parametrize("arguments", [
    {}, {"scale": 0.3}, {"is_causal": True},
    {"attn_mask": np.random.default_rng(1).random((300, 200)) < 0.7},
    {"attn_mask": np.random.default_rng(1).random((2, 1, 1, 200)) < 0.7},
    {"attn_mask": np.random.default_rng(1).standard_normal((2, 300, 200))},
    {"attn_mask": np.random.default_rng(1).standard_normal(200)},
])  # fmt: skip
def test_blocks_of_queries_read_what_all_do_at_once(arguments, small_blocks, monkeypatch):
    arguments = {
        k: fathom.tensor(a) if isinstance(a, np.ndarray) else a for k, a in arguments.items()
    }
    found = answers(arguments, *numbers(*LONG))
    monkeypatch.setattr(attention, "MANY", 1 << 40)
    for y, z in zip(found, answers(arguments, *numbers(*LONG)), strict=True):
        np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-11, atol=1e-12)


def test_blocks_share_heads_map_over_examples_and_have_second_derivatives(small_blocks):
    q, k, v = map(fathom.tensor, numbers((2, 4, 150, 2), (2, 2, 5, 2), (2, 2, 5, 2)))

    def shared(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)

    def gradient(q, k, v):
        return fathom.func.grad(lambda *xs: shared(*xs).sin().sum(), 1)(q, k, v)

    assert fathom.allclose(fathom.func.vmap(shared)(q, k, v), shared(q, k, v))
    direction = fathom.ones_like(k)
    _, found = fathom.func.jvp(lambda k: gradient(q, k, v), (k,), (direction,))
    step = 1e-5 * direction
    wanted = (gradient(q, k + step, v) - gradient(q, k - step, v)) / 2e-5
    assert fathom.allclose(found, wanted, rtol=1e-6, atol=1e-8)


def test_dropout_in_blocks_drops_for_the_gradient_what_it_dropped(small_blocks):
    fathom.manual_seed(0)
    q, k, v = (fathom.zeros(300, 2, requires_grad=True) for _ in range(3))
    y = F.scaled_dot_product_attention(q, k, v + fathom.eye(300)[:, :2], dropout_p=0.5)
    assert set((y * 150).round().unique().tolist()) == {0.0, 1.0}
    y[:, 0].sum().backward()
    assert v.grad[0, 0].item() == pytest.approx(y[:, 0].sum().item())


def test_a_mask_that_does_not_fit_is_told_with_all_scores_in_blocks_too(small_blocks):
    with pytest.raises(ValueError, match=r"\(2, 300, 200\).*\(300, 200\)"):
        F.scaled_dot_product_attention(
            ones(300, 4), ones(200, 4), ones(200, 4), attn_mask=ones(2, 300, 200)
        )


def test_long_sequences_never_hold_all_their_scores():
    scores = 4096 * 4096 * 4  # bytes
    q, k, v = (fathom.zeros(1, 4096, 8, requires_grad=True) for _ in range(3))
    tracemalloc.start()
    with fathom.backends.fusion.flags(enabled=False):
        F.scaled_dot_product_attention(q, k, v, is_causal=True).sum().backward()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < scores


def test_a_compiled_step_over_long_sequences_never_holds_all_their_scores():
    def loss(q, k, v):
        return F.scaled_dot_product_attention(q, k, v).sum()

    xs = [fathom.zeros(1, 4096, 8) for _ in range(3)]
    program = Program(trace(fathom.func.grad(loss, (0, 1, 2)), *xs))
    _, arena = program.source.arranged
    assert arena < 4096 * 4096 * 4


# ---- the layer -----------------------------------------------------------------------------------------

N, L, S, E, H = 2, 4, 5, 8, 2

LAYERS = [  # arguments, whether query, key and value are one tensor
    ({}, True),
    ({"batch_first": True}, True),
    ({"bias": False}, False),
    ({"batch_first": True}, False),
    ({"kdim": 6, "vdim": 7}, False),
    ({"add_bias_kv": True}, False),
    ({"add_zero_attn": True, "batch_first": True}, False),
    ({"add_bias_kv": True, "add_zero_attn": True}, False),
]


def pair(arguments, dtype=np.float64):
    torch.manual_seed(0)
    theirs = torch.nn.MultiheadAttention(
        E, H, **arguments, dtype=torch.float64 if dtype is np.float64 else torch.float32
    )
    for name, p in theirs.named_parameters():  # biases other than 0
        if "bias" in name:
            torch.nn.init.normal_(p)
    ours = nn.MultiheadAttention(
        E, H, **arguments, dtype=fathom.float64 if dtype is np.float64 else fathom.float32
    )
    state = theirs.state_dict()
    assert {k: tuple(v.shape) for k, v in ours.state_dict().items()} == {
        k: tuple(v.shape) for k, v in state.items()
    }
    ours.load_state_dict({key: fathom.tensor(value.numpy()) for key, value in state.items()})
    return ours, theirs


def inputs(arguments, same, dtype, batched=True):
    """(query, key, value), here and there."""
    sizes = (E, arguments.get("kdim", E), arguments.get("vdim", E))
    shapes = []
    for length, size in zip((L, S, S), sizes, strict=True):
        shape = (N, length, size) if arguments.get("batch_first") else (length, N, size)
        shapes.append(shape if batched else (length, size))
    leaves = [both(x, dtype) for x in numbers(*shapes)]
    return [leaves[0]] * 3 if same else leaves


def compare(ours, theirs, leaves, dtype, masks, **arguments):
    tolerance = 10 * TOLERANCE[dtype]
    here, there = ({k: lib.tensor(m) for k, m in masks.items()} for lib in (fathom, torch))
    y, w = ours(*[x for x, _ in leaves], **here, **arguments)
    t, u = theirs(*[x for _, x in leaves], **there, **arguments)
    close(y, t, tolerance, "output")
    assert (w is None) == (u is None)
    if w is not None:
        close(w, u, tolerance, "weights")
    (y * y).sum().backward()
    (t * t).sum().backward()
    for k, (a, b) in enumerate(dict.fromkeys(leaves)):
        close(a.grad, b.grad, tolerance, f"gradient of input {k}")
    for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        close(p.grad, q.grad, tolerance, f"gradient of {name}")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arguments, same", LAYERS)
def test_a_layer_its_weights_and_its_gradients_are_pytorchs(arguments, same, dtype):
    ours, theirs = pair(arguments, dtype)
    compare(ours, theirs, inputs(arguments, same, dtype), dtype, {})


@pytest.mark.parametrize("same", [True, False])
def test_without_a_batch_it_is_pytorchs(same):
    ours, theirs = pair({"batch_first": True})
    compare(ours, theirs, inputs({}, same, np.float64, batched=False), np.float64, {})


MASKS = {
    "attn_mask": ~causal(L, S),
    "attn_mask of numbers": np.random.default_rng(1).standard_normal((L, S)),
    "attn_mask of heads": np.random.default_rng(2).random((N * H, L, S)) < 0.3,
    "key_padding_mask": np.arange(S) >= np.array([[4], [3]]),
}


@pytest.mark.parametrize("need_weights, average", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize(
    "arguments", [{}, {"batch_first": True}, {"add_bias_kv": True, "add_zero_attn": True}]
)
@pytest.mark.parametrize(
    "names", [[name] for name in MASKS] + [["attn_mask", "key_padding_mask"]], ids=str
)
def test_masks_of_the_layer_are_pytorchs(names, arguments, need_weights, average):
    ours, theirs = pair(arguments)
    masks = {name.split()[0]: MASKS[name] for name in names}
    compare(
        ours, theirs, inputs(arguments, False, np.float64), np.float64, masks,
        need_weights=need_weights, average_attn_weights=average,
    )  # fmt: skip


def test_is_causal_hides_what_comes_later():
    ours, _ = pair({"batch_first": True})
    x = fathom.tensor(numbers((N, L, E))[0])
    y, weights = ours(x, x, x, is_causal=True)
    expected, _ = ours(x, x, x, attn_mask=fathom.tensor(~causal(L, L)))
    assert fathom.allclose(y, expected)
    assert (weights.triu(1) == 0).all()


def test_dropout_acts_in_training_only():
    fathom.manual_seed(0)
    layer = nn.MultiheadAttention(E, H, dropout=0.5)
    x = fathom.rand(L, N, E)
    assert not fathom.allclose(layer(x, x, x)[0], layer(x, x, x)[0])
    layer.eval()
    assert fathom.equal(layer(x, x, x)[0], layer(x, x, x)[0])


@pytest.mark.parametrize("call, message", [
    (lambda: F.scaled_dot_product_attention(ones(4, 8), ones(5, 7), ones(5, 8)),
     r"queries and keys must have one size \(dim -1\)"),
    (lambda: F.scaled_dot_product_attention(ones(4, 8), ones(5, 8), ones(6, 8)),
     r"one value for each key \(dim -2\)"),
    (lambda: F.scaled_dot_product_attention(ones(8), ones(5, 8), ones(5, 8)),
     r"expected tensors \(..., length, size\)"),
    (lambda: F.scaled_dot_product_attention(*[ones(4, 8)] * 3, attn_mask=ones(4, 4), is_causal=True),
     "give attn_mask or is_causal=True, not both"),
    (lambda: nn.MultiheadAttention(8, 3),
     "embed_dim must be a positive multiple of num_heads, got embed_dim=8 and num_heads=3"),
    (lambda: nn.MultiheadAttention(8, 2)(*[ones(4, 2, 6)] * 3),
     "the last sizes must be embed_dim 8, kdim 8, vdim 8"),
    (lambda: nn.MultiheadAttention(8, 2)(ones(4, 2, 8), *[ones(4, 3, 8)] * 2), "one batch size"),
    (lambda: nn.MultiheadAttention(8, 2)(ones(8), ones(8), ones(8)), "all three must be 3-d"),
    (lambda: nn.MultiheadAttention(8, 2)(*[ones(4, 2, 8)] * 3, attn_mask=ones(4, 5)),
     r"attn_mask must be \(4, 4\) or \(4, 4, 4\), got \(4, 5\)"),
    (lambda: nn.MultiheadAttention(8, 2)(*[ones(4, 2, 8)] * 3, key_padding_mask=ones(4, 2)),
     r"key_padding_mask must be \(2, 4\), got \(4, 2\)"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        call()
