"""Products in halves are those of float32 to 18 bits, and are there only where they were asked for and pay.

The instructions of AMX are emulated (emulated.py), but for one test that runs where a machine has them.
"""

from __future__ import annotations

import re
import struct

import ml_dtypes
import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from benchmarks.models import gpt
from fathom import nn
from fathom.compiler import amx, eager, precision, products, source
from fathom.compiler.engine import Other, assembly, compiled
from fathom.compiler.program import Program
from fathom.compiler.show import Shown
from fathom.compiler.source import Source
from fathom.compiler.threads import one_thread
from fathom.core.tracing import trace
from tests.compiler.emulated import emulated

PRODUCT = "call void @tdpbf16ps("


@pytest.fixture(autouse=True)
def setting(monkeypatch, tmp_path):
    """Each test begins with the default, and an empty cache."""
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(precision.setting, "word", "highest")


@pytest.fixture
def tiles(monkeypatch):
    """A machine with AMX, as far as programs can tell."""
    original = Source.llvm
    monkeypatch.setattr(Source, "llvm", lambda self: emulated(original(self)))
    monkeypatch.setattr(precision, "has_tiles", lambda: True)
    monkeypatch.setattr(products, "COPY", 4)  # smaller matrices than those that pay will do
    with one_thread():
        yield


def arrays(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def program(f, xs, **options) -> Program:
    return Program(trace(f, *map(fathom.from_numpy, xs)), **options)


def halves(x):
    high = x.astype(ml_dtypes.bfloat16).astype(np.float32)
    return high, (x - high).astype(ml_dtypes.bfloat16).astype(np.float32)


def product_of_halves(x, w):
    """The formula, in float64."""
    (a, b), (c, d) = [[h.astype(np.float64) for h in halves(m)] for m in (x, w)]
    return a @ c + a @ d + b @ c


def swapped(x):
    return x.swapaxes(-1, -2)


def rows(x, w):
    return x @ w


def linear(x, w):
    return x @ w.transpose(-1, -2)


def gradient(x, w):
    return x.transpose(-1, -2) @ w


def both(x, w):
    return x.transpose(-1, -2) @ w.transpose(-1, -2)


PRODUCTS = [
    (rows, lambda x, w: (x, w), (256, 160), (160, 192)),
    (linear, lambda x, w: (x, swapped(w)), (256, 192), (256, 192)),
    (gradient, lambda x, w: (swapped(x), w), (512, 160), (512, 128)),
    (both, lambda x, w: (swapped(x), swapped(w)), (192, 256), (160, 192)),
    (rows, lambda x, w: (x, w), (250, 283), (283, 251)),  # no whole tiles
    (linear, lambda x, w: (x, swapped(w)), (383, 250), (251, 250)),
    (rows, lambda x, w: (x, w), (3, 2, 160, 160), (3, 2, 160, 160)),
    (linear, lambda x, w: (x, swapped(w)), (4, 256, 192), (4, 256, 192)),
    (rows, lambda x, w: (x, w), (4, 60, 256), (256, 224)),  # one matrix for all rows
    (rows, lambda x, w: (x, w), (160, 256), (3, 256, 100)),  # one matrix for all columns
]


@pytest.mark.parametrize(("f", "in_order", "first", "second"), PRODUCTS)
def test_a_product_is_what_the_formula_says_and_near_the_exact_one(
    tiles, f, in_order, first, second
):
    xs = arrays(first, second)
    made = program(f, xs, halves=True)
    assert PRODUCT in made.llvm()
    y = made.run(xs)[0]
    x, w = in_order(*xs)
    wanted, exact = product_of_halves(x, w), x.astype(np.float64) @ w
    assert np.abs(y - wanted).max() < 1e-6 * np.abs(exact).max()
    assert 1e-6 < np.linalg.norm(y - exact) / np.linalg.norm(exact) < 6e-6


def test_what_is_left_out_is_at_most_three_times_2_to_the_minus_18_of_each_term(tiles):
    x, w = arrays((128, 128), (128, 128))
    made = program(rows, [x, w], halves=True)
    assert PRODUCT in made.llvm()
    y = made.run([x, w])[0]
    bound = 3 * 2.0**-18 * (np.abs(x).astype(np.float64) @ np.abs(w))
    assert (np.abs(y - x.astype(np.float64) @ w) < bound * (1 + 1e-3)).all()


@pytest.mark.parametrize("width", [16, 8])
def test_what_is_computed_on_the_sums_stays_a_kernel_around_them(tiles, width):
    def layer(x, w, b):
        return F.gelu(x @ w.T + b) * 2

    xs = arrays((4, 90, 128), (160, 128), (160,))
    made = program(layer, xs, halves=True, width=width)
    assert PRODUCT in made.llvm()
    wanted = program(layer, xs, halves=False).run(xs)[0]
    assert np.linalg.norm(made.run(xs)[0] - wanted) < 6e-6 * np.linalg.norm(wanted)


def test_heads_that_lie_apart_are_summed_over_as_they_are(tiles):
    def mixed(x, w):
        return x.transpose(1, 2).reshape(4, 96, 128) @ w.T

    xs = arrays((4, 4, 96, 32), (128, 128))
    made = program(mixed, xs, halves=True)
    assert PRODUCT in made.llvm()
    x = xs[0].transpose(0, 2, 1, 3).reshape(4, 96, 128)
    wanted = product_of_halves(x, xs[1].T)
    np.testing.assert_allclose(made.run(xs)[0], wanted, rtol=0, atol=3e-5)


@pytest.mark.parametrize(("rows", "columns"), [(128, 512), (512, 128)])
def test_a_long_sum_goes_strip_by_strip(tiles, monkeypatch, rows, columns):
    monkeypatch.setattr(amx, "NEAR", 1 << 16)
    xs = arrays((rows, 1000), (1000, columns))
    made = program(lambda x, w: x @ w, xs, halves=True)
    assert "call void @tileloadd64(i8 0," in made.llvm()  # sums from the strip before
    wanted = product_of_halves(*xs)
    assert np.abs(made.run(xs)[0] - wanted).max() < 1e-6 * np.abs(wanted).max()


def test_tiles_compute_what_the_kernel_says(tiles, monkeypatch):
    """The kernel is an expression like any other: written out by the schedule's rules it gives the same."""
    xs = arrays((120, 256), (256, 150))
    by_tiles = program(rows, xs, halves=True).run(xs)[0]
    monkeypatch.setattr(source, "by_tiles", lambda kernel: False)
    made = program(rows, xs, halves=True, width=1)
    assert PRODUCT not in made.llvm() and "fpext <1 x bfloat>" in made.llvm()
    assert np.linalg.norm(made.run(xs)[0] - by_tiles) < 1e-6 * np.linalg.norm(by_tiles)


def test_a_processor_with_amx_computes_what_the_formula_says():
    if not precision.has_tiles():
        pytest.skip("this machine has no AMX")
    xs = arrays((1000, 700), (700, 900))
    made = program(rows, xs, halves=True)
    assert "@llvm.x86.tdpbf16ps(" in made.llvm()
    wanted = product_of_halves(*xs)
    for _ in range(20):  # by all threads
        assert np.abs(made.run(xs)[0] - wanted).max() < 1e-6 * np.abs(wanted).max()


# ---- whole steps -----------------------------------------------------------------------------------


def trained(model, loss, batch, steps: int = 3):
    """The last loss and the parameters after some compiled steps."""
    optimizer = fathom.optim.AdamW(model.parameters(), lr=1e-3)

    @fathom.compile
    def step(*batch):
        optimizer.zero_grad()
        value = loss(model, *batch)
        value.backward()
        optimizer.step()
        return value

    for _ in range(steps):
        value = step(*batch)
    return value.item(), [p.detach().numpy().copy() for p in model.parameters()]


def gradients(model, loss, batch):
    """The loss and its gradients, compiled."""

    @fathom.compile
    def step(*batch):
        model.zero_grad()
        value = loss(model, *batch)
        value.backward()
        return value

    value = step(*batch)
    return value.item(), [p.grad.numpy().copy() for p in model.parameters()]


def layer():
    return nn.Sequential(nn.Linear(128, 200), nn.Tanh(), nn.Linear(200, 96))


def square(model, x, y):
    return F.mse_loss(model(x), y)


def both_ways(run):
    """What a function gives with float32 and with halves."""
    found = []
    for word in ("highest", "high"):
        fathom.set_float32_matmul_precision(word)
        fathom.manual_seed(0)
        found.append(run())
    return found


def test_layers_learn_alike_in_halves(tiles):
    batch = [fathom.from_numpy(x) for x in arrays((300, 128), (300, 96))]
    found = both_ways(lambda: trained(layer(), square, batch))
    (loss, parameters), (in_halves, others) = found
    assert loss == pytest.approx(in_halves, rel=1e-5)
    for p, q in zip(parameters, others, strict=True):
        assert 0 < np.linalg.norm(p - q) < 1e-5 * np.linalg.norm(p)


def test_a_gpt_has_the_same_gradients_in_halves(tiles, monkeypatch):
    monkeypatch.setattr(gpt, "BLOCKS", 1)
    g = fathom.Generator().manual_seed(0)
    batch = [fathom.randint(gpt.VOCABULARY, (8, gpt.LENGTH), generator=g) for _ in range(2)]

    def loss(model, *batch):
        return gpt.loss(fathom, model, *batch)

    found = both_ways(lambda: gradients(gpt.build(fathom), loss, batch))
    (value, exact), (other, rough) = found
    assert value == pytest.approx(other, rel=1e-5)
    for a, b in zip(exact, rough, strict=True):
        assert np.linalg.norm(a - b) < 2e-5 * np.linalg.norm(a)
    assert any((a != b).any() for a, b in zip(exact, rough, strict=True))


# ---- where they are --------------------------------------------------------------------------------


def made_of(f, *shapes, **options) -> str:
    return program(f, arrays(*shapes), **options).llvm()


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (rows, [(64, 32), (32, 64)]),
        (rows, [(4096, 256), (256, 10)]),  # few columns
        (rows, [(4096, 8), (8, 256)]),  # a short sum
        (linear, [(64, 64, 32), (64, 64, 32)]),  # attention's scores, of small heads
        (lambda x, w: F.conv2d(x, w), [(8, 64, 24, 24), (64, 64, 3, 3)]),
        (
            lambda x, w: (x * w).sum(1),
            [(512, 512), (512, 512)],
        ),  # no sum over one row and one column
    ],
)
def test_what_would_not_pay_stays_float32(f, shapes):
    assert made_of(f, *shapes, halves=True) == made_of(f, *shapes)


def test_double_precision_stays_as_it_is():
    xs = [x.astype(np.float64) for x in arrays((256, 256), (256, 256))]
    assert program(rows, xs, halves=True).llvm() == program(rows, xs).llvm()


def test_each_call_sets_the_tiles_up_and_gives_them_back():
    text = made_of(rows, (256, 256), (256, 256), halves=True)
    (kernel,) = [part for part in text.split("\n}\n") if "tdpbf16ps(i8 0" in part]
    lines = [line.strip() for line in kernel.splitlines() if "@llvm.x86." in line]
    assert lines[0] == "call void @llvm.x86.ldtilecfg(ptr @tile_shapes)"
    assert lines[-1] == "call void @llvm.x86.tilerelease()"
    assert "ret void" not in kernel.split("tilerelease")[0]


def test_the_shapes_are_those_of_eight_whole_tiles():
    palette, row, *shapes = struct.unpack("<BB14x16H16B", amx.SHAPES)
    assert (palette, row) == (1, 0)
    assert shapes == [64] * 8 + [0] * 8 + [16] * 8 + [0] * 8  # bytes of a row, then rows


def test_llvm_makes_amx_of_it():
    text = made_of(rows, (256, 2048), (2048, 1024), halves=True)
    target = Other("x86_64-unknown-linux-gnu", "sapphirerapids", "", 16)
    found = assembly(text, target.machine())
    for name in ("ldtilecfg", "tilezero", "tileloadd", "tdpbf16ps", "tilestored", "tilerelease"):
        assert f"\t{name}" in found
    assert re.search(r"vcvtneps2bf16\t.*%zmm", found) and "__truncsfbf2" not in found
    assert compiled(text, target.machine())[:4] == b"\x7fELF"


def test_the_loops_and_the_reasons_can_be_read(tiles):
    xs = arrays((256, 128), (128, 96))
    shown = Shown(program(rows, xs, halves=True).source, trace(rows, *map(fathom.from_numpy, xs)))
    assert "bfloat16(a0[i * 16 + l, k * 32 + m])" in shown.text("loops")
    assert "tiles      of AMX: four hold 32 x 32 of 24576 sums" in shown.text("schedule")
    assert re.search(r"split\d+ +\(1, 16, 2, 4, 16, 32\) +bfloat16", shown.text("memory"))
    assert re.search(r"k\d .*a2 \(256, 96\)", shown.text("time"))


# ---- the setting -----------------------------------------------------------------------------------


def test_the_word_is_kept():
    assert fathom.get_float32_matmul_precision() == "highest"
    for word in ("high", "medium", "highest"):
        fathom.set_float32_matmul_precision(word)
        assert fathom.get_float32_matmul_precision() == word
    with pytest.raises(ValueError, match='must be "highest", "high" or "medium", got \'low\''):
        fathom.set_float32_matmul_precision("low")


def test_only_who_wants_halves_asks_the_machine(monkeypatch):
    asked = []
    monkeypatch.setattr(precision, "has_tiles", lambda: bool(asked.append(1)))
    assert not precision.in_halves() and not asked
    fathom.set_float32_matmul_precision("medium")
    assert not precision.in_halves() and asked


def test_other_systems_have_no_tiles(monkeypatch):
    monkeypatch.setattr(precision.sys, "platform", "darwin")
    assert not precision.has_tiles.__wrapped__()


def test_without_amx_the_setting_changes_nothing(monkeypatch):
    monkeypatch.setattr(precision, "has_tiles", lambda: False)
    xs = arrays((256, 256), (256, 256))
    before = program(rows, xs)
    fathom.set_float32_matmul_precision("high")
    after = program(rows, xs)
    assert after.llvm() == before.llvm() and after.entry == before.entry


def test_the_setting_is_a_part_of_what_a_program_depends_on(tiles):
    x, w = map(fathom.from_numpy, arrays((256, 128), (128, 256)))
    f = fathom.compile(lambda x, w: x @ w)
    exact = f(x, w)
    fathom.set_float32_matmul_precision("high")
    rough = f(x, w)
    assert f.recompiles == ["set_float32_matmul_precision changed"]
    assert not exact.equal(rough) and exact.allclose(rough, atol=1e-3)
    fathom.set_float32_matmul_precision("highest")
    assert f(x, w).equal(exact) and len(f.recompiles) == 1


def test_the_cache_tells_halves_apart():
    xs = arrays((256, 256), (256, 256))
    assert program(rows, xs, halves=True).entry != program(rows, xs).entry


def test_composites_of_eager_mode_follow_the_setting_and_its_products_do_not(tiles, monkeypatch):
    monkeypatch.setattr(fathom.backends.fusion, "enabled", True)
    q, k, v = map(fathom.from_numpy, arrays(*[(2, 2, 256, 128)] * 3))
    x, w = map(fathom.from_numpy, arrays((256, 256), (256, 256)))
    exact, product = F.scaled_dot_product_attention(q, k, v), x @ w
    made = len(eager.runs)
    fathom.set_float32_matmul_precision("high")
    rough = F.scaled_dot_product_attention(q, k, v)
    assert len(eager.runs) == made + 1 and exact.allclose(rough, atol=1e-4)
    assert not exact.equal(rough)
    assert (x @ w).equal(product)


# ---- numbers at the ends ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3.4e38])
def test_what_has_no_halves_makes_its_row_nan_and_no_other(tiles, value):
    x, w = arrays((256, 128), (128, 128))
    x[7, 5] = value
    y = program(rows, [x, w], halves=True).run([x, w])[0]
    assert np.isnan(y[7]).all()
    assert np.isfinite(np.delete(y, 7, axis=0)).all()
