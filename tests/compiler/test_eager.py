"""Eager mode runs large composites as one operation, and nobody can tell but by the clock."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn
from fathom.compiler import eager
from fathom.core import composite, tape
from fathom.core.base import is_tensor
from fathom.core.watch import watching
from tests.compiler.composites import CASES, Case
from tests.compiler.drawn import numbers
from tests.compiler.threads import in_threads


@pytest.fixture
def small(monkeypatch):
    """Composites of any size are fused, so that small numbers show it."""
    monkeypatch.setattr(composite, "LEAST", 1)


@pytest.fixture(autouse=True)
def as_written():
    """Here composites are fused."""


def is_fused(y) -> bool:
    """Whether one operation made y."""
    return y.grad_fn is not None and "CompiledFunction" in str(y.grad_fn)


def results_of(case: Case, dtype) -> list[np.ndarray]:
    """What a composite gives, its gradients, theirs along a direction, and what it wrote to its arguments."""
    args = case.arguments(dtype)
    tracked = [x for x in args if is_tensor(x) and x.requires_grad]
    y = case.call(*args)
    first = fathom.autograd.grad(
        y, tracked, numbers(*y.shape, seed=8, dtype=y.dtype), create_graph=True
    )
    along = sum((g * numbers(*g.shape, seed=9 + k, dtype=dtype)).sum() for k, g in enumerate(first))
    found = [y, *first]
    if along.requires_grad:
        found += [
            g for g in fathom.autograd.grad(along, tracked, allow_unused=True) if g is not None
        ]
    found += [x for x in args if is_tensor(x)]
    return [x.detach().numpy() for x in found]


@pytest.mark.parametrize("dtype", [fathom.float32, fathom.float64], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_a_fused_composite_gives_what_the_written_one_gives(small, name, dtype):
    fused = results_of(CASES[name], dtype)
    with fathom.backends.fusion.flags(enabled=False):
        written = results_of(CASES[name], dtype)
    tolerance = 2e-5 if dtype is fathom.float32 else 1e-12
    for a, b in zip(fused, written, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(1, np.abs(b).max()))


@pytest.mark.parametrize("dtype", [fathom.float32, fathom.float64], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_the_first_gradient_is_native_code(small, name, dtype):
    args = CASES[name].arguments(dtype)
    y = CASES[name].call(*args)
    assert "CompiledFunction" in {node.name for node in tape.reachable([y.node])}
    g = numbers(*y.shape, dtype=y.dtype)
    y.backward(g, retain_graph=True)  # which compiles it
    for x in args:
        x.grad = None
    seen = []
    with watching(lambda primitive, inputs, y: seen.append(type(primitive).__name__)):
        y.backward(g)
    assert set(seen) <= {"Reshape", "StopGradient", "Copy"}  # an image gets its batch dim outside

    with fathom.backends.fusion.flags(enabled=False):
        again = CASES[name].arguments(dtype)
        CASES[name].call(*again).backward(g)
    for x, wanted in zip(args, again, strict=True):
        if is_tensor(x) and x.requires_grad:
            scale = max(1, float(wanted.grad.abs().max()))
            np.testing.assert_allclose(x.grad, wanted.grad, rtol=2e-5, atol=2e-5 * scale)


def test_the_size_of_the_first_argument_decides():
    few, many = numbers(composite.LEAST - 1), numbers(composite.LEAST)
    assert not is_fused(F.gelu(few.requires_grad_()))
    assert is_fused(F.gelu(many.requires_grad_()))
    assert is_fused(F.gelu(input=many))


def test_without_a_gradient_only_the_result_is_computed(small):
    x = numbers(4, 5).requires_grad_()
    with fathom.no_grad():
        y = F.softmax(x, 1)
    assert y.grad_fn is None
    np.testing.assert_allclose(y.sum(1), np.ones(4), rtol=1e-6)


def test_the_setting_turns_it_off_and_on_again(small):
    x = numbers(4, 5).requires_grad_()
    with fathom.backends.fusion.flags(enabled=False):
        assert not fathom.backends.fusion.enabled
        assert not is_fused(F.softmax(x, 1))
    assert is_fused(F.softmax(x, 1))


def test_a_result_is_not_written_over_while_somebody_holds_it():
    x = fathom.zeros(composite.LEAST)
    first = F.gelu(x + 1)
    part = first[3:5].numpy()
    del first
    for k in range(3):
        F.gelu(x + k)
    np.testing.assert_allclose(part, [0.8413447] * 2, rtol=1e-5)


def test_what_is_written_in_place_is_the_tensor_that_was_given(small):
    x = fathom.tensor([-1.0, 2.0])
    assert F.leaky_relu(x, 0.5, inplace=True) is x
    assert x.tolist() == [-0.5, 2.0]
    h = (w := fathom.tensor([-1.0, 2.0], requires_grad=True)) * 3
    assert F.leaky_relu(h, 0.5, inplace=True) is h
    h.sum().backward()
    assert w.grad.tolist() == [1.5, 3.0]


def test_gradients_add_up_where_an_argument_is_given_twice(small):
    x = numbers(3, 3).requires_grad_()
    found = []
    for enabled in (True, False):
        with fathom.backends.fusion.flags(enabled=enabled):
            y = F.layer_norm(x, (3,), x[0], x[1])
            found.append(fathom.autograd.grad(y.sin().sum(), x)[0].numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-5)


# ---- who looks inside sees the operations ----------------------------------------------------------


def test_explain_shows_the_operations_inside(small):
    assert "Exp" in str(fathom.explain(lambda x: F.softmax(x, 0), numbers(3)))


@pytest.mark.parametrize("name", ["softmax of rows", "batch_norm", "a layer of an LSTM"])
def test_explain_sees_inside_what_the_tape_has_as_one_operation(small, name):
    texts, gradients = [], []
    for enabled in (True, False):
        with fathom.backends.fusion.flags(enabled=enabled):
            args = CASES[name].arguments(fathom.float64)
            loss = (CASES[name].call(*args) ** 2).sum()
            texts.append(str(fathom.explain(loss)))
            loss.backward()
        gradients.append(args[0].grad.numpy())
    assert "CompiledFunction" not in texts[0]
    assert texts[0].count("∂y / ∂") == texts[1].count("∂y / ∂")
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-10, atol=1e-12)


def test_debug_nan_finds_the_operation_inside(small):
    x = fathom.tensor([1e30, 1.0])
    with pytest.raises(FloatingPointError, match="Mul made 2 infinite"), fathom.debug.nan():
        F.layer_norm(x, (2,))


def test_watching_one_thread_leaves_the_others_as_they_were(small):
    x = numbers(3).requires_grad_()
    made = []
    with watching(lambda *_: None):
        thread = threading.Thread(target=lambda: made.append(is_fused(F.gelu(x))))
        thread.start()
        thread.join(timeout=60)
        assert not is_fused(F.gelu(x))
    assert made == [True]


def test_transforms_see_the_operations_inside(small):
    x, dx = numbers(4, 3), numbers(4, 3, seed=2)
    f = lambda x: F.softmax(x, -1)  # noqa: E731
    with fathom.backends.fusion.flags(enabled=False):
        wanted = [f(x), fathom.func.jvp(f, (x,), (dx,))[1], fathom.func.vjp(f, x)[1](dx)[0]]
    found = [
        fathom.func.vmap(f)(x),
        fathom.func.jvp(f, (x,), (dx,))[1],
        fathom.func.vjp(f, x)[1](dx)[0],
    ]
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_batch_of_gradients_goes_back_through_a_fused_composite(small):
    x = numbers(3).requires_grad_()
    y = F.softmax(x, 0)
    assert is_fused(y)
    rows = fathom.func.vmap(lambda g: fathom.autograd.grad(y, x, g, retain_graph=True)[0])(
        fathom.eye(3)
    )
    p = y.detach().numpy()
    np.testing.assert_allclose(rows, np.diag(p) - np.outer(p, p), rtol=1e-5, atol=1e-6)


def test_a_compiled_function_is_traced_operation_by_operation(small, capsys):
    f = fathom.compile(lambda x: F.softmax(x, 0), fullgraph=True)
    f(numbers(5))
    f.show("graph")
    assert "Exp" in capsys.readouterr().out


# ---- what cannot be fused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda x: F.softmax(x, 5),
        lambda x: F.softmax(x.long(), 0),
        lambda x: F.gelu(x, "no such thing"),
        lambda x: F.layer_norm(x, (7,)),
        lambda x: F.layer_norm(x, (3,), fathom.ones(2)),
        lambda x: F.cross_entropy(x, fathom.tensor([0, 3])),
        lambda x: F.cross_entropy(x, fathom.tensor([0, 1, 2])),
        lambda x: F.cross_entropy(x, fathom.tensor([0, 2]), weight=fathom.ones(2)),
        lambda x: F.cross_entropy(x, fathom.tensor([0, 2]), reduction="most"),
        lambda x: F.max_pool1d(x, 7),
        lambda x: F.avg_pool2d(x, 1),
        lambda x: F.adaptive_avg_pool1d(x, (1, 2)),
        lambda x: F.batch_norm(x[:1], None, None, training=True),
        lambda x: F.conv1d(x, fathom.ones(1, 5, 2)),
        lambda x: F.conv1d(x, fathom.ones(1, 2, 9)),
        lambda x: F.conv_transpose1d(x, fathom.ones(2, 1, 2), padding=7),
        lambda x: F.scaled_dot_product_attention(x, x[:, :1], x),
        lambda x: F.scaled_dot_product_attention(x, x, x, fathom.ones(7, 7)),
    ],
)
def test_wrong_arguments_are_refused_in_the_same_words(small, call):
    errors = []
    for enabled in (True, False):
        with fathom.backends.fusion.flags(enabled=enabled), pytest.raises(Exception) as caught:
            call(numbers(2, 3))
        errors.append((caught.type, str(caught.value)))
    assert errors[0] == errors[1]


def test_a_number_that_changes_at_each_call_makes_no_programs(small):
    norm = nn.BatchNorm1d(3, momentum=None)  # whose statistics move by 1/n in call n
    before = len(eager.runs)
    for k in range(4):
        norm(numbers(5, 3, seed=k))
    assert len(eager.runs) == before + 1
    found = [s.numpy().copy() for s in (norm.running_mean, norm.running_var)]
    norm.reset_running_stats()
    with fathom.backends.fusion.flags(enabled=False):
        for k in range(4):
            norm(numbers(5, 3, seed=k))
    for a, b in zip(found, (norm.running_mean, norm.running_var), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_objects_that_have_no_value_to_be_known_by_run_as_written(small):
    x = numbers(2, 3).requires_grad_()
    assert is_fused(F.layer_norm(x, [3]))
    assert not is_fused(eager.fused(lambda x, sizes: F.relu(x), (x, object()), {}))


def test_dropout_in_attention_draws_anew_at_each_call(small):
    q = numbers(4, 4)
    a, b = (F.scaled_dot_product_attention(q, q, q, dropout_p=0.5).numpy() for _ in range(2))
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("dtype", [fathom.float16, fathom.bfloat16], ids=str)
def test_dtypes_that_native_code_does_not_compute_with_run_as_written(small, dtype):
    assert not is_fused(F.softmax(numbers(4, dtype=dtype).requires_grad_(), 0))


def test_a_saved_input_that_was_written_over_is_refused(small):
    x = numbers(3).requires_grad_()
    h = x * 1
    y = F.gelu(h)
    h.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


# ---- the same numbers ------------------------------------------------------------------------------


def in_new_process(code: str, **environment: str) -> str:
    """What a script prints in a process of its own."""
    before = "import fathom, fathom.nn.functional as F\n"
    done = subprocess.run(
        [sys.executable, "-c", before + code],
        env=os.environ | environment, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout


TRAINED = """
import hashlib
fathom.manual_seed(0)
x = fathom.randn(300, 300, requires_grad=True)
w = fathom.ones(300, requires_grad=True)
for _ in range(2):
    y = F.softmax(F.gelu(F.layer_norm(x, (300,), w)), 1)
    (y * y).sum().backward()
print(hashlib.sha256(b"".join(t.detach().numpy().tobytes() for t in (y, x.grad, w.grad))).hexdigest())
"""


def test_every_process_computes_the_same_bits(tmp_path):
    cold = in_new_process(TRAINED, FATHOM_CACHE=str(tmp_path))
    assert (tmp_path / "code").exists()
    warm = in_new_process("fathom.set_num_threads(2)\n" + TRAINED, FATHOM_CACHE=str(tmp_path))
    alone = in_new_process("fathom.set_num_threads(1)\n" + TRAINED, FATHOM_CACHE=str(tmp_path))
    assert cold == warm == alone


def test_without_llvmlite_composites_run_as_written():
    code = """
import sys
sys.modules["llvmlite"] = None
x = fathom.linspace(-3, 3, 1 << 17).requires_grad_()
y = F.gelu(x)
y.sum().backward()
print("CompiledFunction" in str(y.grad_fn), round(y[-1].item(), 4), round(x.grad[-1].item(), 4))
"""
    assert in_new_process(code).split() == ["False", "2.996", "1.0119"]


def test_importing_fathom_and_small_tensors_load_no_compiler():
    code = "import sys\nF.softmax(fathom.ones(3), 0)\nprint('llvmlite' in sys.modules)"
    assert in_new_process(code).split() == ["False"]


def test_threads_may_run_one_composite_at_once():
    xs = [numbers(composite.LEAST, seed=k) for k in range(3)]
    wanted = [F.gelu(x).numpy().copy() for x in xs]
    wrong: list[int] = []

    def work(k):
        for _ in range(10):
            if not np.array_equal(F.gelu(xs[k]).numpy(), wanted[k]):
                wrong.append(k)

    in_threads(work, 3)
    assert wrong == []


def test_programs_that_were_not_made_last_are_forgotten(small, monkeypatch):
    monkeypatch.setattr(eager, "MOST", 2)
    monkeypatch.setattr(eager, "runs", {})
    for n in (3, 4, 5, 3):
        np.testing.assert_allclose(F.softmax(fathom.zeros(n), 0), [1 / n] * n, rtol=1e-6)
    assert len(eager.runs) == 2
