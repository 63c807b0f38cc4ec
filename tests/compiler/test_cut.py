"""What the forward program keeps for the gradient, and what the gradient computes again."""

from __future__ import annotations

import numpy as np

import fathom
import fathom.nn.functional as F
from fathom.compiler.capture import capture
from fathom.compiler.cut import cut
from fathom.compiler.reference import run


def parts(f, *shapes):
    """The two parts of f, cut where it ends; its arguments require gradients."""
    xs = [fathom.ones(*shape, requires_grad=True) for shape in shapes]
    captured = capture(f, tuple(xs), {}, [])
    return captured, cut(captured.graph, captured.pullback.gradients)


def forms(found):
    return [(symbol.shape, symbol.dtype.name) for symbol in found.kept]


def test_what_is_elementwise_from_an_argument_is_computed_again():
    _, found = parts(lambda x, w: (x * w).sigmoid() * x, (3, 4), (3, 4))
    assert found.kept == []


def test_a_product_that_the_gradient_reads_is_kept_and_what_follows_it_is_not():
    _, found = parts(lambda x, w: F.gelu(x @ w).sum(), (3, 4), (4, 5))
    assert forms(found) == [((3, 5), "float32")]


def test_of_a_rectifier_without_its_argument_a_mask_is_kept():
    _, found = parts(lambda x, w: (x @ w).relu().sum(), (3, 4), (4, 5))
    assert forms(found) == [((3, 5), "bool")]


def test_of_windows_the_image_is_kept():
    _, found = parts(
        lambda x, w: F.conv2d((x * w).tanh(), w[:, :, :3, :3]), (1, 1, 8, 8), (1, 1, 8, 8)
    )
    assert all(len(shape) <= 4 for shape, _ in forms(found))


def test_what_a_maximum_is_compared_with_is_kept_as_it_was():
    _, found = parts(lambda x, w: (x * w).amax(1), (3, 4), (3, 4))
    assert ((3, 4), "float32") in forms(found)
    _, found = parts(lambda x, w: (x * w).reshape(4, 3).amax(1), (3, 4), (3, 4))
    assert ((4, 3), "float32") in forms(found)
    _, found = parts(lambda x, w: F.max_pool2d(x * w, 3, stride=1), (1, 1, 8, 8), (1, 1, 8, 8))
    assert sorted(forms(found)) == [((1, 1, 6, 6), "float32"), ((1, 1, 8, 8), "float32")]


def test_random_numbers_are_drawn_once():
    _, found = parts(lambda x: F.dropout(x, 0.5), (3, 4))
    assert not any(type(step.primitive).__name__ == "RandomBits" for step in found.back.steps)


def test_the_parts_make_the_gradient():
    captured, found = parts(lambda x, w: F.gelu(x @ w).exp().mean(), (3, 4), (4, 5))
    x, w = np.full((3, 4), 0.3, np.float32), np.full((4, 5), 0.2, np.float32)
    kept = run(found.ahead, x, w)[1:]
    back = found.back
    back.inputs = [*back.inputs, *found.kept, *captured.pullback.cotangents]
    gradients = run(back, x, w, *kept, np.float32(1.0))
    a, b = [fathom.tensor(v, requires_grad=True) for v in (x, w)]
    F.gelu(a @ b).exp().mean().backward()
    np.testing.assert_allclose(gradients[0], a.grad.numpy(), rtol=1e-5)
    np.testing.assert_allclose(gradients[1], b.grad.numpy(), rtol=1e-5)
