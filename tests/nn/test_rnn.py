"""Recurrent networks against PyTorch: outputs, states, gradients, packed sequences, what is refused."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.utils.rnn as torch_rnn

import fathom
from fathom import nn, ones
from fathom.compiler import trace
from fathom.nn.utils import rnn as fathom_rnn
from tests.nn.against_torch import TOLERANCE, both, close

DTYPES = [np.float32, np.float64]

CASES = [  # class, arguments after (3, 5), x, whether a state is given
    *[
        (name, *case)
        for name in ("RNN", "LSTM", "GRU")
        for case in [
            ({}, (7, 2, 3), False),
            ({"num_layers": 2, "batch_first": True}, (2, 7, 3), True),
            ({"num_layers": 2, "bidirectional": True}, (7, 2, 3), True),
            ({"bias": False, "bidirectional": True}, (7, 3), False),
            ({"num_layers": 2}, (7, 3), True),
            ({}, (1, 2, 3), True),
        ]
    ],
    ("RNN", {"nonlinearity": "relu", "num_layers": 2}, (7, 2, 3), False),
    ("LSTM", {"proj_size": 4, "num_layers": 2, "bidirectional": True}, (7, 2, 3), True),
    *[
        (name, *case)
        for name in ("RNNCell", "LSTMCell", "GRUCell")
        for case in [({}, (2, 3), True), ({"bias": False}, (3,), False), ({}, (3,), True)]
    ],
    ("RNNCell", {"nonlinearity": "relu"}, (2, 3), True),
]


def flat(tree):
    return [leaf for part in tree for leaf in flat(part)] if isinstance(tree, tuple) else [tree]


def pair(name, arguments, dtype, seed=0):
    """The same layer twice, here and there, with the same parameters."""
    torch.manual_seed(seed)
    theirs = getattr(torch.nn, name)(
        3, 5, **arguments, dtype=torch.float64 if dtype is np.float64 else torch.float32
    )
    ours = getattr(nn, name)(
        3, 5, **arguments, dtype=fathom.float64 if dtype is np.float64 else fathom.float32
    )
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(
        {key: fathom.tensor(value.numpy()) for key, value in theirs.state_dict().items()}
    )
    return ours, theirs


def initial_state(name, arguments, x, dtype):
    """The states' arrays: h, and of an LSTM c."""
    rng = np.random.default_rng(1)
    lead = arguments.get("num_layers", 1) * (2 if arguments.get("bidirectional") else 1)
    if name.endswith("Cell"):
        shapes = [(*x[:-1], 5)] * 2
    else:
        batch = () if len(x) == 2 else (x[0] if arguments.get("batch_first") else x[1],)
        shapes = [(lead, *batch, arguments.get("proj_size", 5)), (lead, *batch, 5)]
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    return arrays if name.startswith("LSTM") else arrays[:1]


def same_gradients(ys, ts, leaves, modules, tolerance):
    sum((y * y).sum() for y in ys).backward()
    sum((t * t).sum() for t in ts).backward()
    for k, (x, u) in enumerate(leaves):
        close(x.grad, u.grad, tolerance, f"gradient of input {k}")
    for (key, p), q in zip(modules[0].named_parameters(), modules[1].parameters(), strict=True):
        close(p.grad, q.grad, tolerance, f"gradient of {key}")


@pytest.mark.filterwarnings(
    "ignore:LSTM with projections is not supported with oneDNN"
)  # PyTorch's
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name, arguments, x, given", CASES)
def test_outputs_states_and_gradients_are_pytorchs(name, arguments, x, given, dtype):
    ours, theirs = pair(name, arguments, dtype)
    leaves = [both(np.random.default_rng(0).standard_normal(x), dtype)]
    state = ()
    if given:
        states = [both(s) for s in initial_state(name, arguments, x, dtype)]
        leaves += states
        state = [
            s[0] if len(s) == 1 else s
            for s in (tuple(a for a, _ in states), tuple(b for _, b in states))
        ]
    ys = flat(ours(leaves[0][0], *state[:1]))
    ts = flat(theirs(leaves[0][1], *state[1:]))
    tolerance = 10 * TOLERANCE[dtype]
    for k, (y, t) in enumerate(zip(ys, ts, strict=True)):
        close(y, t, tolerance, f"output {k}")
    same_gradients(ys, ts, leaves, (ours, theirs), tolerance)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("lengths", [[6, 4, 4, 1], [4, 1, 6, 4], [3]])
@pytest.mark.parametrize("given", [False, True], ids=["", "state"])
def test_packed_sequences_are_pytorchs(name, lengths, given):
    arguments = {"num_layers": 2, "bidirectional": True}
    ours, theirs = pair(name, arguments, np.float64)
    x = (max(lengths), len(lengths), 3)
    leaves = [both(np.random.default_rng(0).standard_normal(x))]
    state = ()
    if given:
        states = [both(s) for s in initial_state(name, arguments, x, np.float64)]
        leaves += states
        state = [
            s[0] if len(s) == 1 else s
            for s in (tuple(a for a, _ in states), tuple(b for _, b in states))
        ]
    packed = fathom_rnn.pack_padded_sequence(leaves[0][0], lengths, enforce_sorted=False)
    expected = torch_rnn.pack_padded_sequence(
        leaves[0][1], torch.tensor(lengths), enforce_sorted=False
    )
    (y, last), (t, end) = ours(packed, *state[:1]), theirs(expected, *state[1:])
    assert y.batch_sizes.tolist() == t.batch_sizes.tolist()
    y, n = fathom_rnn.pad_packed_sequence(y, padding_value=2.0, total_length=7)
    t, m = torch_rnn.pad_packed_sequence(t, padding_value=2.0, total_length=7)
    assert n.tolist() == m.tolist() == lengths
    ys, ts = flat((y, last)), flat((t, end))
    for k, (a, b) in enumerate(zip(ys, ts, strict=True)):
        close(a, b, 1e-11, f"output {k}")
    same_gradients(ys, ts, leaves, (ours, theirs), 1e-10)


def test_packing_and_padding_undo_each_other():
    xs = [fathom.arange(float(n)) for n in (2, 5, 1)]
    packed = fathom_rnn.pack_sequence(xs, enforce_sorted=False)
    expected = torch_rnn.pack_sequence(
        [torch.arange(float(n)) for n in (2, 5, 1)], enforce_sorted=False
    )
    for name in ("data", "batch_sizes", "sorted_indices", "unsorted_indices"):
        assert getattr(packed, name).tolist() == getattr(expected, name).tolist()
    assert [x.tolist() for x in fathom_rnn.unpack_sequence(packed)] == [x.tolist() for x in xs]
    padded = fathom_rnn.pad_sequence(xs, padding_value=-1, padding_side="left")
    theirs = torch_rnn.pad_sequence(
        [torch.arange(float(n)) for n in (2, 5, 1)], padding_value=-1, padding_side="left"
    )
    assert padded.tolist() == theirs.tolist()


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_the_program_of_a_long_sequence_is_no_longer_than_that_of_a_short_one(name):
    layer = getattr(nn, name)(3, 4, num_layers=2, bidirectional=True)

    def loss(x):
        return fathom.func.grad(lambda x: layer(x)[0].sum())(x)

    short, long = (trace(loss, fathom.ones(steps, 2, 3)) for steps in (10, 1000))
    assert len(short.steps) == len(long.steps)


def test_dropout_stands_between_layers_and_in_training_only():
    fathom.manual_seed(0)
    layer = nn.LSTM(3, 4, num_layers=2, dropout=1.0)
    x = fathom.ones(5, 2, 3)
    in_training, _ = layer(x)
    second = copy.deepcopy(layer).eval()
    second.weight_ih_l1.data.zero_()  # what dropout(1.0) does to the input of the second layer
    assert fathom.allclose(in_training, second(x)[0])
    assert not fathom.allclose(in_training, layer.eval()(x)[0])
    with pytest.warns(UserWarning, match="dropout=0.5 has no effect with num_layers=1"):
        nn.GRU(3, 4, dropout=0.5)


def test_the_names_of_the_weights_are_pytorchs():
    ours, theirs = nn.LSTM(3, 5, 2, bidirectional=True), torch.nn.LSTM(3, 5, 2, bidirectional=True)
    assert ours._flat_weights_names == theirs._flat_weights_names
    assert [tuple(w.shape) for w in ours._flat_weights] == [
        tuple(w.shape) for w in theirs._flat_weights
    ]
    assert [len(w) for w in ours.all_weights] == [len(w) for w in theirs.all_weights]
    assert ours.flatten_parameters() is None
    assert list(ours._parameters) == list(theirs._parameters)
    for p in ours.parameters():
        assert p.abs().max() <= 1 / np.sqrt(5)


def test_a_recurrent_layer_maps_over_sequences():
    layer = nn.GRU(3, 4)
    x = fathom.rand(5, 6, 3)
    mapped = fathom.func.vmap(lambda s: layer(s)[0])(x)
    assert fathom.allclose(mapped, fathom.stack([layer(s)[0] for s in x]), atol=1e-6)


@pytest.mark.parametrize("call, message", [
    (lambda: nn.RNN(3, 5)(ones(7, 2, 4)),
     r"RNN\(3, 5\): got x \(7, 2, 4\); its last size must be input_size=3"),
    (lambda: nn.LSTM(3, 5)(ones(7, 2, 3, 1)), "expected input to be 2-d or 3-d, got 4-d"),
    (lambda: nn.LSTM(3, 5)(ones(7, 2, 3), ones(1, 2, 5)), r"the state must be a tuple \(h, c\)"),
    (lambda: nn.GRU(3, 5)(ones(7, 2, 3), ones(1, 3, 5)), r"expected hx of \(1, 2, 5\), got \(1, 3, 5\)"),
    (lambda: nn.GRU(3, 5)(ones(7, 2, 3), ones(2, 5)), "for a batched input hx should be 3-d, got 2-d"),
    (lambda: nn.GRU(3, 5)(ones(0, 2, 3)), "expected a sequence of at least one step"),
    (lambda: nn.RNN(3, 5, nonlinearity="sigmoid"), "unknown nonlinearity 'sigmoid'"),
    (lambda: nn.LSTM(3, 5, proj_size=5), "proj_size must be from 0 to hidden_size - 1"),
    (lambda: nn.GRU(3, 0), "must be greater than zero, got 3, 0 and 1"),
    (lambda: nn.GRUCell(3, 5)(ones(2, 4)),
     r"GRUCell\(3, 5\): got x \(2, 4\); its last size must be input_size=3"),
    (lambda: nn.GRUCell(3, 5)(ones(2, 3), ones(1, 5)),
     r"got a state \(1, 5\); for x \(2, 3\) it must be \(2, 5\)"),
    (lambda: fathom_rnn.pack_padded_sequence(ones(4, 2), [3, 4]), "lengths must be sorted in decreasing order"),
    (lambda: fathom_rnn.pack_padded_sequence(ones(4, 2), [5, 1]), "lengths must be from 1 to 4"),
    (lambda: fathom_rnn.pack_padded_sequence(ones(4, 2), [4]), "got 1 lengths for 2 sequences"),
    (lambda: fathom_rnn.pad_sequence([]), "received an empty list of sequences"),
])  # fmt: skip
def test_what_does_not_fit_is_said_with_its_numbers(call, message):
    with pytest.raises((ValueError, RuntimeError), match=message):
        call()
