"""Losses, networks, optimizers and the trainer."""

import ast
import sys

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import blocks, optim
from fathom.blocks import (
    SGD,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    MeanSquaredError,
    NeuralNetwork,
    Parameter,
    ReLU,
    SGDMomentum,
    SoftmaxCrossEntropy,
    Tanh,
    Trainer,
    clip_gradients,
    exponential_decay,
    gradient,
    linear_decay,
)
from scripts import house
from tests.blocks.agreement import DIFFERENCE, TAPE, numbers, slopes

# ---- losses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "theirs", "prediction", "target"),
    [
        (MeanSquaredError(), F.mse_loss, numbers(4, 3), numbers(4, 3, seed=1)),
        (SoftmaxCrossEntropy(), F.cross_entropy, numbers(4, 3), np.array([0, 2, 1, 2])),
    ],
)
def test_a_loss_agrees_with_fathoms_and_with_differences(loss, theirs, prediction, target):
    leaf = fathom.tensor(prediction).requires_grad_()
    told = theirs(leaf, fathom.tensor(target))
    told.backward()
    assert loss.forward(prediction, target) == pytest.approx(told.item(), rel=1e-12)
    g = loss.backward()
    np.testing.assert_allclose(g, leaf.grad.numpy(), **TAPE)
    np.testing.assert_allclose(
        g, gradient(lambda p: loss.forward(p, target), prediction), **DIFFERENCE
    )


def test_cross_entropy_of_sequences_is_that_of_all_their_steps():
    scores, target = numbers(2, 5, 3), np.array([[0, 1, 2, 0, 1], [2, 2, 1, 0, 0]])
    of_sequences, of_steps = SoftmaxCrossEntropy(), SoftmaxCrossEntropy()
    assert of_sequences.forward(scores, target) == pytest.approx(
        of_steps.forward(scores.reshape(10, 3), target.reshape(10))
    )
    np.testing.assert_allclose(of_sequences.backward().reshape(10, 3), of_steps.backward())


def test_cross_entropy_is_finite_where_the_probability_is_zero():
    loss = SoftmaxCrossEntropy()
    assert loss.forward(np.array([[0.0, 2000.0]]), np.array([0])) == 2000
    assert loss.backward().tolist() == [[-1, 1]]


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "message"),
    [
        (MeanSquaredError(), np.ones((4, 1)), np.ones(4), r"prediction \(4, 1\) and target \(4,\)"),
        (
            SoftmaxCrossEntropy(),
            np.ones((4, 3)),
            np.zeros((4, 3), int),
            r"the target must be \(4,\)",
        ),
        (
            SoftmaxCrossEntropy(),
            np.ones((2, 3)),
            np.array([0, 3]),
            "a target is 0 to 2, got 0 to 3",
        ),
        (
            SoftmaxCrossEntropy(),
            np.ones((2, 3)),
            np.array([-1, 0]),
            "a target is 0 to 2, got -1 to 0",
        ),
    ],
)
def test_a_target_that_does_not_fit_raises(loss, prediction, target, message):
    with pytest.raises(ValueError, match=message):
        loss.forward(prediction, target)


def test_a_loss_has_no_gradient_before_it_has_a_value():
    with pytest.raises(RuntimeError, match="MeanSquaredError: call forward before backward"):
        MeanSquaredError().backward()


# ---- networks ------------------------------------------------------------------------------------


def test_all_gradients_of_a_convolutional_network_are_what_differences_say():
    generator = np.random.default_rng(0)
    network = NeuralNetwork(
        Conv2D(1, 2, 3, ReLU, padding=1, generator=generator),
        MaxPool2D(2),
        Flatten(),
        Dense(8, 4, Tanh, generator),
        Dense(4, 3, generator=generator),
        loss=SoftmaxCrossEntropy(),
    )
    x, target = numbers(3, 1, 4, 4), np.array([0, 2, 1])
    network.loss_and_gradients(x, target)
    for parameter in network.parameters():
        told = slopes(parameter, lambda: network.loss.forward(network.forward(x), target))
        np.testing.assert_allclose(parameter.gradient, told, **DIFFERENCE)


def test_gradients_of_one_batch_do_not_add_to_those_of_the_last():
    network = NeuralNetwork(Dense(2, 1, generator=0), loss=MeanSquaredError())
    x, target = numbers(4, 2), numbers(4, 1, seed=1)
    network.loss_and_gradients(x, target)
    once = [parameter.gradient.copy() for parameter in network.parameters()]
    network.loss_and_gradients(x, target)
    for parameter, before in zip(network.parameters(), once, strict=True):
        np.testing.assert_array_equal(parameter.gradient, before)


def test_a_network_drops_where_it_learns_and_not_where_it_predicts():
    network = NeuralNetwork(Dropout(0.5, generator=0), loss=MeanSquaredError())
    x = np.ones((10, 10))
    assert network.loss_and_gradients(x, x) == 1  # each element is now 0 or 2
    np.testing.assert_array_equal(network.predict(x), x)


@pytest.mark.parametrize("count", [0, 1, 7, 10])
def test_predicting_in_batches_is_predicting(count):
    network = NeuralNetwork(Dense(2, 3, Tanh, generator=0), loss=MeanSquaredError())
    x = numbers(count, 2)
    np.testing.assert_allclose(network.predict(x, batch_size=5), network.forward(x))


# ---- optimizers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD, lambda ps: optim.SGD(ps, lr=0.1)),
        (SGDMomentum, lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9)),
    ],
)
def test_an_optimizer_walks_fathoms_walk(ours, theirs):
    w = Parameter(numbers(3))
    t = fathom.tensor(w.value.copy()).requires_grad_()
    optimizer, other = ours([w], lr=0.1), theirs([t])
    for _ in range(10):
        w.clear_gradient()
        w.add_gradient(np.sin(w.value))
        optimizer.step()
        t.grad = fathom.sin(t.detach())
        other.step()
    np.testing.assert_allclose(w.value, t.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize(
    ("decay", "rates"), [(linear_decay, [0.8, 0.5, 0.2]), (exponential_decay, [0.8, 0.4, 0.2])]
)
def test_the_learning_rate_goes_from_first_to_last(decay, rates):
    optimizer = SGD([], lr=0.8, last_lr=0.2, decay=decay)
    for progress, rate in zip((0, 0.5, 1), rates, strict=True):
        optimizer.advance(progress)
        assert optimizer.lr == pytest.approx(rate)


def test_without_a_last_rate_the_learning_rate_stays():
    optimizer = SGDMomentum([], lr=0.3)
    optimizer.advance(0.7)
    assert optimizer.lr == 0.3


def test_clipping_shortens_all_gradients_by_one_factor_and_leaves_short_ones():
    a, b = Parameter(np.zeros(1)), Parameter(np.zeros((1, 2)))
    a.add_gradient(np.array([2.0]))
    b.add_gradient(np.array([[1.0, 2.0]]))
    assert clip_gradients([a, b], 5.0) == 3.0
    assert a.gradient.item() == 2.0
    assert clip_gradients([a, b], 1.5) == 3.0
    np.testing.assert_allclose(np.append(a.gradient, b.gradient), [1.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD([], lr=0.0), "learning rates must be above 0, got lr=0.0"),
        (lambda: SGD([], lr=0.1, last_lr=-1.0), "last_lr=-1.0"),
        (lambda: SGDMomentum([], momentum=1.0), "momentum must be at least 0 and below 1, got 1.0"),
    ],
)
def test_an_optimizer_that_could_not_arrive_raises(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- the trainer ---------------------------------------------------------------------------------


def trainer_of(network, lr=0.1, seed=0, **options):
    return Trainer(network, SGD(network.parameters(), lr=lr), generator=seed, **options)


def small_network():
    return NeuralNetwork(Dense(2, 1, generator=0), loss=MeanSquaredError())


def plane(count, seed):
    """Examples of y = 3 x_0 - x_1 + 2."""
    x = numbers(count, 2, seed=seed)
    return x, x @ np.array([[3.0], [-1.0]]) + 2


def test_training_finds_the_plane_that_made_the_data():
    network = small_network()
    history = trainer_of(network).fit(plane(100, 0), plane(20, 1), epochs=30)
    W, b = network.parameters()
    np.testing.assert_allclose(np.append(W.value, b.value), [3, -1, 2], atol=1e-3)
    assert [epoch.number for epoch in history] == list(range(1, 31))
    assert history[-1].valid_loss < 1e-6 < history[0].valid_loss


def test_the_same_seeds_train_the_same_network():
    def weights(seed):
        network = small_network()
        trainer_of(network, seed=seed).fit(plane(50, 0), plane(5, 1), epochs=2, batch_size=8)
        return np.concatenate([p.value.ravel() for p in network.parameters()])

    np.testing.assert_array_equal(weights(0), weights(0))
    assert not np.array_equal(weights(0), weights(1))


def test_every_example_is_learnt_from_once_in_an_epoch_the_last_batch_too():
    seen = []

    class Watching(NeuralNetwork):
        def loss_and_gradients(self, x, target):
            seen.append(x[:, 0])
            return super().loss_and_gradients(x, target)

    network = Watching(Dense(1, 1, generator=0), loss=MeanSquaredError())
    x = np.arange(10.0).reshape(10, 1) / 10
    trainer_of(network).fit((x, x), (x, x), epochs=1, batch_size=4)
    assert [len(part) for part in seen] == [4, 4, 2]
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), x[:, 0])


class Scripted(Trainer):
    """A trainer that is told what the validation loss is after each epoch."""

    script: list

    def step(self, x, target, progress):
        self.network.parameters()[0].value += 1  # so that every epoch leaves another network
        return 0.0

    def evaluate(self, pairs):
        return self.script.pop(0)


def test_training_stops_early_and_goes_back_to_the_best_network():
    network = small_network()
    trainer = Scripted(network, SGD(network.parameters()))
    trainer.script = [5.0, 3.0, 4.0, 3.5, 1.0, 0.5]
    start = network.parameters()[0].value.copy()
    history = trainer.fit(plane(4, 0), plane(4, 1), epochs=6, batch_size=4, patience=2)
    assert [epoch.valid_loss for epoch in history] == [5.0, 3.0, 4.0, 3.5]
    np.testing.assert_allclose(
        network.parameters()[0].value, start + 2
    )  # as after the second epoch


def test_with_patience_the_best_network_is_kept_even_where_nothing_stops():
    network = small_network()
    trainer = Scripted(network, SGD(network.parameters()))
    trainer.script = [2.0, 1.0, 3.0]
    start = network.parameters()[0].value.copy()
    assert len(trainer.fit(plane(4, 0), plane(4, 1), epochs=3, batch_size=4, patience=5)) == 3
    np.testing.assert_allclose(network.parameters()[0].value, start + 2)


def test_without_patience_the_last_network_stays():
    network = small_network()
    trainer = Scripted(network, SGD(network.parameters()))
    trainer.script = [2.0, 1.0, 3.0]
    start = network.parameters()[0].value.copy()
    trainer.fit(plane(4, 0), plane(4, 1), epochs=3, batch_size=4)
    np.testing.assert_allclose(network.parameters()[0].value, start + 3)


def test_the_rate_decays_while_training_and_each_epoch_is_reported():
    network, told = small_network(), []
    optimizer = SGD(network.parameters(), lr=0.1, last_lr=0.01)
    Trainer(network, optimizer, generator=0).fit(
        plane(8, 0), plane(8, 1), epochs=3, batch_size=8, report=told.append
    )
    assert [epoch.lr for epoch in told] == pytest.approx([0.1, 0.07, 0.04])


def test_clipping_bounds_the_step():
    network = small_network()
    before = [parameter.value.copy() for parameter in network.parameters()]
    x, y = plane(8, 0)
    trainer_of(network, lr=1.0, longest_gradient=1e-3).step(x, 1e6 * y, progress=0)
    moved = [np.sum((p.value - b) ** 2) for p, b in zip(network.parameters(), before, strict=True)]
    assert np.sqrt(sum(moved)) == pytest.approx(1e-3)


def test_a_loss_that_is_no_number_stops_and_says_what_to_do():
    x, y = plane(8, 0)
    with pytest.raises(FloatingPointError, match=r"the loss is nan.*lower lr \(it is 0.1\)"):
        trainer_of(small_network()).fit((x, np.full_like(y, np.nan)), (x, y), epochs=1)


@pytest.mark.parametrize(("inputs", "targets"), [(3, 2), (0, 0)])
def test_examples_without_targets_raise(inputs, targets):
    with pytest.raises(ValueError, match=f"{inputs} inputs and {targets} targets"):
        trainer_of(small_network()).fit(
            (np.ones((inputs, 2)), np.ones((targets, 1))), plane(2, 0), 1
        )


# ---- the library ---------------------------------------------------------------------------------


def test_blocks_import_numpy_and_themselves_only():
    for file in house.files_of("blocks"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                ours = name.startswith("fathom.blocks.")
                top = name.split(".")[0]
                elsewhere = top != "numpy" and top not in sys.stdlib_module_names
                assert ours or not elsewhere, f"{file.name}: {name}"


def test_every_public_name_is_there_and_has_a_docstring():
    for name in blocks.__all__:
        assert getattr(blocks, name).__doc__, name
