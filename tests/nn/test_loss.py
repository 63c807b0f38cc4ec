"""Losses against PyTorch: values, first and second gradients, every option."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import fathom
import fathom.nn.functional as F
from fathom import nn
from tests.nn.against_torch import same_function

DTYPES = [np.float32, np.float64]
REDUCTIONS = ["mean", "sum", "none"]
random = np.random.default_rng(0)
N, C = 5, 4
X = random.normal(size=(N, C)) * 2
T = random.normal(size=(N, C))
SIGNS = np.where(random.random((N, C)) < 0.5, -1.0, 1.0)
BITS = (SIGNS + 1) / 2
CLASSES = np.array([0, 3, 1, 1, 2])
CHANCES = random.dirichlet(np.ones(C), N)
WEIGHTS = np.array([0.2, 1.0, 3.0, 0.5])
IMAGES = random.normal(size=(2, C, 3, 3))
PIXELS = random.integers(0, C, (2, 3, 3))
LABELS = np.array([[0, 3, -1, 1], [2, -1, 0, 0], [-1, 0, 1, 2], [0, 1, 2, 3], [1, -1, 3, -1]])
A, B, D = (random.normal(size=(N, 7)) for _ in range(3))
POSITIVE = random.random((N, C)) * 0.9 + 0.05

CASES = [
    ("mse_loss", [X, T], {}),
    ("mse_loss", [X, T, POSITIVE], {"names": ("weight",)}),
    ("l1_loss", [X, T], {}),
    ("smooth_l1_loss", [X, T], {}),
    ("smooth_l1_loss", [X, T], {"beta": 0.3}),
    ("smooth_l1_loss", [X, T], {"beta": 0.0}),
    ("huber_loss", [X, T], {}),
    ("huber_loss", [X, T], {"delta": 0.4}),
    ("binary_cross_entropy", [POSITIVE, BITS], {}),
    ("binary_cross_entropy", [POSITIVE, CHANCES, WEIGHTS], {"names": ("weight",)}),
    ("binary_cross_entropy_with_logits", [X * 20, BITS], {}),
    ("binary_cross_entropy_with_logits", [X, CHANCES, WEIGHTS], {"names": ("weight",)}),
    ("binary_cross_entropy_with_logits", [X, BITS, WEIGHTS], {"names": ("pos_weight",)}),
    ("kl_div", [np.log(POSITIVE), CHANCES], {}),
    ("kl_div", [np.log(POSITIVE), np.log(CHANCES)], {"log_target": True}),
    ("kl_div", [np.log(POSITIVE), BITS], {"constant": True}),
    ("poisson_nll_loss", [X, np.abs(T) * 3], {}),
    ("poisson_nll_loss", [X, np.abs(T) * 3], {"full": True}),
    ("poisson_nll_loss", [POSITIVE, np.abs(T)], {"log_input": False}),
    ("gaussian_nll_loss", [X, T, POSITIVE], {}),
    ("gaussian_nll_loss", [X, T, POSITIVE[:, :1]], {"full": True}),
    ("gaussian_nll_loss", [X, T, POSITIVE[:, 0]], {}),
    ("gaussian_nll_loss", [X, T, POSITIVE], {"eps": 0.4}),
    ("hinge_embedding_loss", [X, SIGNS], {}),
    ("hinge_embedding_loss", [X, SIGNS], {"margin": 0.3}),
    ("margin_ranking_loss", [X, T, SIGNS], {"margin": 0.2}),
    ("soft_margin_loss", [X, SIGNS], {}),
    ("multilabel_soft_margin_loss", [X, BITS], {}),
    ("multilabel_soft_margin_loss", [X, BITS, WEIGHTS], {"names": ("weight",)}),
    ("cosine_embedding_loss", [A, B, SIGNS[:, 0]], {"margin": 0.1}),
    ("triplet_margin_loss", [A, B, D], {}),
    ("triplet_margin_loss", [A, B, D], {"margin": 2.0, "swap": True}),
    ("triplet_margin_loss", [A, B, D], {"p": 1}),
    ("triplet_margin_with_distance_loss", [A, B, D], {}),
    ("multi_margin_loss", [X, CLASSES], {}),
    ("multi_margin_loss", [X, CLASSES, WEIGHTS], {"names": ("weight",), "p": 2, "margin": 0.7}),
    ("multi_margin_loss", [X[0], np.array(2)], {}),
    ("multilabel_margin_loss", [X, LABELS], {}),
    ("multilabel_margin_loss", [X[0], np.array([3, 0, -1, 1])], {}),
    ("nll_loss", [X, CLASSES], {}),
    ("nll_loss", [X, CLASSES, WEIGHTS], {"names": ("weight",)}),
    ("nll_loss", [X, CLASSES], {"ignore_index": 1}),
    ("nll_loss", [IMAGES, PIXELS, WEIGHTS], {"names": ("weight",), "ignore_index": 2}),
    ("cross_entropy", [X, CLASSES], {}),
    ("cross_entropy", [X * 100, CLASSES], {}),
    ("cross_entropy", [X[0], np.array(3)], {}),
    ("cross_entropy", [X, CLASSES, WEIGHTS], {"names": ("weight",)}),
    ("cross_entropy", [X, CLASSES], {"label_smoothing": 0.1}),
    ("cross_entropy", [X, CLASSES, WEIGHTS], {"names": ("weight",), "label_smoothing": 0.2, "ignore_index": 1}),
    ("cross_entropy", [X, CLASSES], {"ignore_index": 1}),
    ("cross_entropy", [X, CHANCES], {}),
    ("cross_entropy", [X, CHANCES, WEIGHTS], {"names": ("weight",), "label_smoothing": 0.3}),
    ("cross_entropy", [IMAGES, PIXELS], {}),
    ("cross_entropy", [IMAGES, PIXELS, WEIGHTS], {"names": ("weight",), "label_smoothing": 0.1}),
    ("cross_entropy", [IMAGES, np.exp(IMAGES)], {}),
]  # fmt: skip
# PyTorch has no gradient of these by the target, or none of second order
CONSTANT_TARGET = {"binary_cross_entropy", "multilabel_soft_margin_loss", "soft_margin_loss"}


def with_options(library, name: str, options: dict, reduction: str):
    """The loss as a function of its arrays; the last of them go to the keywords in `names`."""
    options = dict(options)
    names = options.pop("names", ())
    constant = options.pop("constant", name in CONSTANT_TARGET)

    def loss(*xs):
        count = len(xs) - len(names)
        named = {key: x.detach() for key, x in zip(names, xs[count:], strict=True)}
        rest = [x.detach() if k == 1 and constant else x for k, x in enumerate(xs[:count])]
        return getattr(library, name)(*rest, **named, **options, reduction=reduction)

    return loss


@pytest.mark.filterwarnings("ignore:reduction. .mean. divides:UserWarning")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "arrays", "options"), CASES)
def test_a_loss_agrees_with_pytorch_to_second_order(name, arrays, options, reduction, dtype):
    ours, theirs = (
        with_options(F, name, options, reduction),
        with_options(TF, name, options, reduction),
    )
    hard = name in (
        "multi_margin_loss",
        "multilabel_margin_loss",
    )  # PyTorch cannot differentiate these twice
    same_function(ours, theirs, arrays, dtype, second_order=dtype is np.float64 and not hard)


@pytest.mark.parametrize("dtype", DTYPES)
def test_batchmean_divides_by_the_number_of_examples(dtype):
    same_function(
        lambda x, t: F.kl_div(x, t, reduction="batchmean"),
        lambda x, t: TF.kl_div(x, t, reduction="batchmean"),
        [np.log(POSITIVE), CHANCES],
        dtype,
    )


MODULES = [
    ("L1Loss", {"reduction": "sum"}, [X, T]),
    ("MSELoss", {}, [X, T]),
    ("SmoothL1Loss", {"beta": 0.5}, [X, T]),
    ("HuberLoss", {"delta": 0.5}, [X, T]),
    (
        "CrossEntropyLoss",
        {"label_smoothing": 0.1, "ignore_index": 3, "weight": WEIGHTS},
        [X, CLASSES],
    ),
    ("NLLLoss", {"weight": WEIGHTS, "reduction": "sum"}, [X, CLASSES]),
    ("MultiMarginLoss", {"p": 2, "margin": 0.5, "weight": WEIGHTS}, [X, CLASSES]),
    ("MultiLabelMarginLoss", {}, [X, np.tile([1, 0, -1, 2], (N, 1))]),
    ("MultiLabelSoftMarginLoss", {"weight": WEIGHTS}, [X, BITS]),
    ("SoftMarginLoss", {}, [X, SIGNS]),
    ("BCELoss", {"weight": WEIGHTS}, [POSITIVE, BITS]),
    ("BCEWithLogitsLoss", {"weight": WEIGHTS, "pos_weight": WEIGHTS}, [X, BITS]),
    ("KLDivLoss", {"reduction": "batchmean", "log_target": True}, [X, T]),
    ("PoissonNLLLoss", {"full": True}, [X, np.abs(T)]),
    ("GaussianNLLLoss", {"full": True, "reduction": "sum"}, [X, T, POSITIVE]),
    ("HingeEmbeddingLoss", {"margin": 0.5}, [X, SIGNS]),
    ("MarginRankingLoss", {"margin": 0.1}, [X, T, SIGNS]),
    ("CosineEmbeddingLoss", {"margin": 0.1}, [A, B, SIGNS[:, 0]]),
    ("TripletMarginLoss", {"margin": 2.0, "p": 2.0, "swap": True}, [A, B, D]),
    ("TripletMarginWithDistanceLoss", {"margin": 2.0, "swap": True}, [A, B, D]),
]


@pytest.mark.parametrize(("name", "options", "arrays"), MODULES)
def test_a_module_hands_on_its_options(name, options, arrays):
    def made(library, tensor):
        given = {
            key: tensor(value) if isinstance(value, np.ndarray) else value
            for key, value in options.items()
        }
        return getattr(library, name)(**given)

    ours, theirs = made(nn, fathom.tensor), made(torch.nn, torch.tensor)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours, theirs = ours.double(), theirs.double()
    value = ours(*[fathom.tensor(a) for a in arrays])
    np.testing.assert_allclose(
        value.numpy(), theirs(*[torch.tensor(a) for a in arrays]).numpy(), rtol=1e-12
    )


def test_the_older_arguments_say_the_reduction_too():
    assert nn.MSELoss(size_average=False).reduction == "sum"
    assert nn.MSELoss(reduce=False).reduction == "none"
    assert nn.MSELoss(size_average=True).reduction == "mean"


def test_cross_entropy_of_huge_scores_is_exact():
    scores = fathom.tensor([[1e4, 0.0], [0.0, 1e4]], requires_grad=True)
    loss = F.cross_entropy(scores, fathom.tensor([0, 0]), reduction="none")
    assert loss.tolist() == [0.0, 10000.0]
    loss.sum().backward()
    assert scores.grad.tolist() == [[0.0, 0.0], [-1.0, 1.0]]


def test_all_targets_ignored_give_nan_as_in_pytorch():
    loss = F.cross_entropy(fathom.zeros(2, 3), fathom.tensor([7, 7]), ignore_index=7)
    assert loss.isnan().item()


def test_bce_of_sure_probabilities_is_at_most_100_and_has_no_infinite_gradient():
    x = fathom.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(x, fathom.tensor([0.0, 1.0, 1.0, 0.0]), reduction="none")
    assert loss.tolist() == [0.0, 0.0, 100.0, 100.0]
    loss.sum().backward()
    assert bool(x.grad.isfinite().all())


def test_losses_of_single_examples_under_vmap_equal_those_of_the_batch():
    x, t = fathom.tensor(X), fathom.tensor(CLASSES)
    mapped = fathom.func.vmap(lambda x, t: F.cross_entropy(x, t))(x, t)
    np.testing.assert_allclose(
        mapped.numpy(), F.cross_entropy(x, t, reduction="none").numpy(), rtol=1e-12
    )
    gradients = fathom.func.vmap(fathom.func.grad(lambda x, t: F.cross_entropy(x, t)))(x, t)
    x.requires_grad_()
    F.cross_entropy(x, t, reduction="sum").backward()
    np.testing.assert_allclose(gradients.numpy(), x.grad.numpy(), rtol=1e-9)


# ---- wrong calls -----------------------------------------------------------------------------------


def test_a_target_that_is_no_class_is_named():
    with pytest.raises(IndexError, match="Target 4 is out of bounds: there are 4 classes"):
        F.cross_entropy(fathom.zeros(2, 4), fathom.tensor([0, 4]))


def test_targets_of_a_wrong_shape_are_told_the_right_one():
    with pytest.raises(ValueError, match=r"so the target must be \(2, 5\), got \(2,\)"):
        F.cross_entropy(fathom.zeros(2, 4, 5), fathom.tensor([0, 1]))
    with pytest.raises(ValueError, match="must have the input's shape .* classes must be integers"):
        F.cross_entropy(fathom.zeros(2, 4), fathom.tensor([0.0, 1.0]))


def test_classes_that_are_bools_are_refused():
    with pytest.raises(TypeError, match="expected target classes to be integers, got fathom.bool"):
        F.nll_loss(fathom.zeros(2, 4), fathom.tensor([True, False]))


def test_a_target_that_is_broadcast_warns():
    with pytest.warns(UserWarning, match="different to the input size"):
        F.mse_loss(fathom.zeros(2, 1), fathom.zeros(2))


def test_probabilities_outside_0_and_1_are_refused():
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        F.binary_cross_entropy(fathom.tensor([2.0]), fathom.tensor([1.0]))
    with pytest.raises(ValueError, match="must be the same as"):
        F.binary_cross_entropy_with_logits(fathom.zeros(2), fathom.zeros(3))


def test_kl_div_warns_that_mean_is_not_the_divergence():
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(fathom.zeros(2, 2), fathom.ones(2, 2))


def test_options_out_of_range_are_refused():
    x = fathom.zeros(2, 3)
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        F.mse_loss(x, x, reduction="average")
    with pytest.raises(RuntimeError, match="label_smoothing must be between"):
        F.cross_entropy(x, fathom.tensor([0, 1]), label_smoothing=1.5)
    with pytest.raises(ValueError, match="delta must be positive"):
        F.huber_loss(x, x, delta=0.0)
    with pytest.raises(ValueError, match="beta must not be negative"):
        F.smooth_l1_loss(x, x, beta=-1.0)
    with pytest.raises(ValueError, match="margin must be greater than 0"):
        F.triplet_margin_loss(x, x, x, margin=0.0)
    with pytest.raises(ValueError, match="p == 1 and p == 2"):
        F.multi_margin_loss(x, fathom.tensor([0, 1]), p=3)
    with pytest.raises(ValueError, match="negative entry"):
        F.gaussian_nll_loss(x, x, fathom.full((2, 3), -1.0))
    with pytest.raises(ValueError, match="var is of incorrect size"):
        F.gaussian_nll_loss(x, x, fathom.ones(5))
