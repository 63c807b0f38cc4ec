"""Transformers against PyTorch: outputs, masks, gradients, parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fathom
from fathom import nn, ones
from tests.nn.against_torch import TOLERANCE, both, close

N, S, T, E = 2, 5, 4, 8
DTYPES = [np.float32, np.float64]


def numbers(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def with_state_of(theirs, ours):
    """Our module with the same parameters, none of them 0 or 1 throughout."""
    with torch.no_grad():
        for k, p in enumerate(theirs.parameters()):
            p.copy_(
                torch.randn(p.shape, generator=torch.Generator().manual_seed(k), dtype=p.dtype)
                * 0.3
            )
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict({key: fathom.tensor(value.numpy()) for key, value in state.items()})
    return ours


def compare(ours, theirs, arrays, dtype, masks=None, **arguments):
    tolerance = 20 * TOLERANCE[dtype]
    leaves = [both(x, dtype) for x in arrays]
    here, there = ({k: lib.tensor(m) for k, m in (masks or {}).items()} for lib in (fathom, torch))
    y, t = (
        ours(*[x for x, _ in leaves], **here, **arguments),
        theirs(*[x for _, x in leaves], **there, **arguments),
    )
    close(y, t, tolerance, "output")
    y.square().sum().backward()
    t.square().sum().backward()
    for k, (a, b) in enumerate(leaves):
        close(a.grad, b.grad, 10 * tolerance, f"gradient of input {k}")
    for (name, p), (_, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        close(p.grad, q.grad, 10 * tolerance, f"gradient of {name}")


def made(name, *args, dtype=np.float64, **arguments):
    """The module here and there, with the same parameters."""
    own, other = (
        (fathom.float64, torch.float64) if dtype is np.float64 else (fathom.float32, torch.float32)
    )
    theirs = getattr(torch.nn, name)(*args, **arguments, dtype=other)
    return with_state_of(theirs, getattr(nn, name)(*args, **arguments, dtype=own)), theirs


VARIANTS = [
    {},
    {"batch_first": True, "norm_first": True},
    {"activation": "gelu", "bias": False},
    {"layer_norm_eps": 0.1, "norm_first": True, "activation": "gelu"},
]


def laid_out(arguments, *lengths):
    return [(N, n, E) if arguments.get("batch_first") else (n, N, E) for n in lengths]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arguments", VARIANTS, ids=str)
def test_an_encoder_layer_is_pytorchs(arguments, dtype):
    ours, theirs = made("TransformerEncoderLayer", E, 2, 16, dropout=0.0, dtype=dtype, **arguments)
    compare(ours, theirs, numbers(*laid_out(arguments, S)), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("arguments", VARIANTS, ids=str)
def test_a_decoder_layer_is_pytorchs(arguments, dtype):
    ours, theirs = made("TransformerDecoderLayer", E, 2, 16, dropout=0.0, dtype=dtype, **arguments)
    compare(ours, theirs, numbers(*laid_out(arguments, T, S)), dtype)


PADDING = np.arange(S) >= np.array([[4], [3]])
LATER = np.triu(np.ones((S, S), bool), 1)


@pytest.mark.parametrize("masks", [
    {"src_mask": LATER}, {"src_key_padding_mask": PADDING}, {"src_mask": LATER, "src_key_padding_mask": PADDING}
], ids=lambda masks: "+".join(masks))  # fmt: skip
def test_masks_of_an_encoder_layer_are_pytorchs(masks):
    ours, theirs = made("TransformerEncoderLayer", E, 2, 16, dropout=0.0)
    compare(ours, theirs, numbers((S, N, E)), np.float64, masks)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")  # PyTorch's
@pytest.mark.parametrize("arguments", VARIANTS[:2], ids=str)
def test_a_transformer_with_all_its_masks_is_pytorchs(arguments):
    ours, theirs = made("Transformer", E, 2, 2, 1, 16, dropout=0.0, **arguments)
    masks = {
        "src_mask": LATER,
        "tgt_mask": LATER[:T, :T],
        "memory_mask": np.random.default_rng(3).random((T, S)) < 0.2,
        "src_key_padding_mask": PADDING,
        "tgt_key_padding_mask": PADDING[:, :T],
        "memory_key_padding_mask": PADDING,
    }
    compare(ours, theirs, numbers(*laid_out(arguments, S, T)), np.float64, masks)
    ours.zero_grad()
    theirs.zero_grad()
    compare(ours, theirs, numbers(*laid_out(arguments, S, T)), np.float64)


def test_the_mask_of_later_positions_is_pytorchs():
    for size in (1, 4):
        ours = nn.Transformer.generate_square_subsequent_mask(size)
        np.testing.assert_array_equal(
            ours.numpy(), torch.nn.Transformer.generate_square_subsequent_mask(size).numpy()
        )
    layer = nn.TransformerEncoderLayer(E, 2, 16, dropout=0.0)
    x = fathom.tensor(numbers((S, N, E))[0], dtype=fathom.float32)
    mask = nn.Transformer.generate_square_subsequent_mask(S)
    assert fathom.allclose(layer(x, src_mask=mask), layer(x, is_causal=True), atol=1e-6)


def test_copies_begin_with_the_same_parameters_and_are_learnt_apart():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(E, 2, 16), 3, nn.LayerNorm(E))
    first, second = encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight
    assert fathom.equal(first, second) and first is not second
    assert len(list(encoder.parameters())) == 3 * 12 + 2


def test_it_prints_as_pytorchs_but_for_the_name_of_the_output_map():
    ours, theirs = nn.TransformerDecoderLayer(E, 2, 16), torch.nn.TransformerDecoderLayer(E, 2, 16)
    assert repr(ours) == repr(theirs).replace("NonDynamicallyQuantizableLinear", "Linear")


def test_dropout_acts_in_training_only():
    fathom.manual_seed(0)
    layer = nn.TransformerEncoderLayer(E, 2, 16)
    x = fathom.rand(S, N, E)
    assert not fathom.allclose(layer(x), layer(x))
    layer.eval()
    assert fathom.equal(layer(x), layer(x))


@pytest.mark.parametrize("call, message", [
    (lambda: nn.TransformerEncoderLayer(8, 2, activation="tanh"), "activation should be relu/gelu, not tanh"),
    (lambda: nn.TransformerEncoderLayer(8, 2, 16)(ones(4, 2, 6)),
     r"self_attn MultiheadAttention\(.*\): got query \(4, 2, 6\)"),
    (lambda: nn.Transformer(8, 2, 1, 1, 16)(ones(4, 2, 6), ones(4, 2, 8)), "their last size must be d_model=8"),
    (lambda: nn.Transformer(8, 2, 1, 1, 16)(ones(4, 2, 8), ones(4, 3, 8)),
     r"their batch sizes \(dim 1\) must be equal"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        call()
