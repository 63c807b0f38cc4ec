"""exp, log, tanh and erf of float32, as plain arithmetic on vectors: within 3 units in the last place.

The ranges are reduced as in Cody and Waite, *Software Manual for the Elementary Functions* (1980). The coefficients of
log are those of Moshier's Cephes library (logf); the others are least-squares fits with Lawson's weights, which
make the largest error small. Other functions, and float64, call the C library lane by lane.
"""

from __future__ import annotations

import numpy as np

from fathom.compiler.text import BOOL, FLOAT32, INT32, Text, Value, literal, type_name

LOG2 = (
    0.693145751953125,
    1.42860682030941723e-6,
)  # of few digits, so that multiples are exact; and the rest
ROUND = 12582912.0  # 1.5 * 2^23: a number added to it loses its fraction, and the whole is in the low bits
# (e^r - 1 - r) / r^2 for |r| <= log(2) / 2, and (e^(2r) - 1 - 2r) / r^2 for |r| <= log(2) / 4
EXP = (1.3814559768e-3, 8.3687355696e-3, 4.1668389861e-2, 1.6666520478e-1, 4.9999993437e-1)
EXP_TWICE = (8.8848115805e-2, 2.6772922093e-1, 6.6667520479e-1, 1.3333234793, 1.9999999260)
LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
# erf x / x - 1 in powers of x^2 for |x| < 0.9, and 1 - erf x in powers of t for 0.9 <= x, t from -1 at 0.9 to 1 at 3.95
ERF = (
    8.5132480249e-5, -8.1756774068e-4, 5.2038630449e-3, -2.6860510366e-2,
    1.1283715078e-1, -3.7612634984e-1, 1.2837916677e-1,
)  # fmt: skip
ERFC = (
    -4.4819740031e-4, 1.6496621001e-4, 2.8596081202e-3, -3.4809157422e-3, -4.5602846985e-3,
    1.4642552013e-2, -1.3210217461e-2, -6.7271522169e-3, 3.8171072936e-2, -6.1238482454e-2,
    6.0355047608e-2, -4.0100826638e-2, 1.7774111847e-2, -4.8060343321e-3, 6.0476444578e-4,
)  # fmt: skip
LIBRARY = {"erf": "erf", "erfc": "erfc", "expm1": "expm1", "log1p": "log1p", "atan2": "atan2", "tan": "tan",
           "sin": "sin", "cos": "cos", "exp": "exp", "log": "log", "tanh": "tanh", "pow": "pow"}  # fmt: skip


def f(x: float) -> Value:
    return literal(x, FLOAT32)


def fma(t: Text, a: Value, b: Value, c: Value) -> Value:
    a, b, c = t.together(a, b, c)
    suffix = f"v{a.lanes}f32" if a.lanes else "f32"
    return t.call(f"llvm.fma.{suffix}", FLOAT32, a.lanes, a, b, c)


def polynomial(t: Text, x: Value, coefficients: tuple[float, ...]) -> Value:
    """Horner's scheme, the highest power first."""
    y = f(coefficients[0])
    for c in coefficients[1:]:
        y = fma(t, y, x, f(c))
    return y


def clamp(t: Text, x: Value, low: float, high: float) -> Value:
    """x in [low, high]; NaN stays."""
    x = t.select(t.binary("fcmp olt", x, f(low), BOOL), f(low), x)
    return t.select(t.binary("fcmp ogt", x, f(high), BOOL), f(high), x)


def bits(t: Text, x: Value, to: np.dtype) -> Value:
    return t.op(f"bitcast {x} to {type_name(to, x.lanes)}", to, x.lanes)


def power_of_two(t: Text, n: Value) -> Value:
    """2^n for -126 <= n <= 127, from its bits."""
    biased = t.binary("add", n, literal(127, INT32))
    return bits(t, t.binary("shl", biased, literal(23, INT32)), FLOAT32)


def scaled(t: Text, y: Value, n: Value) -> Value:
    """y 2^n, rounded once where it has fewer digits than others; n from -252 to 254."""
    if y.lanes == 16:  # AVX-512 has an instruction for it; elsewhere LLVM calls the C library
        return t.call("llvm.ldexp.v16f32.v16i32", FLOAT32, 16, y, n)
    half = t.binary("ashr", n, literal(1, INT32))  # in two factors: 2^n alone may overflow
    y = t.binary("fmul", y, power_of_two(t, half))
    return t.binary("fmul", y, power_of_two(t, t.binary("sub", n, half)))


def reduced(t: Text, x: Value, step: tuple[float, float]) -> tuple[Value, Value]:
    """n and r with x = n * step + r and |r| <= step / 2, the step being a sum of two numbers."""
    shifted = fma(t, x, f(1 / sum(step)), f(ROUND))
    n = t.binary("fsub", shifted, f(ROUND))
    r = fma(t, n, f(-step[1]), fma(t, n, f(-step[0]), x))
    return t.binary("sub", bits(t, shifted, INT32), bits(t, f(ROUND), INT32)), r


def exp(t: Text, x: Value) -> Value:
    """e^x = 2^n e^r with |r| <= log(2) / 2."""
    n, r = reduced(t, clamp(t, x, -104.0, 89.0), LOG2)
    y = fma(t, t.binary("fmul", r, r), polynomial(t, r, EXP), r)
    return scaled(t, t.binary("fadd", y, f(1.0)), n)


def log(t: Text, x: Value) -> Value:
    """log x = n log 2 + log m with m in [sqrt(1/2), sqrt 2)."""
    tiny = t.binary("fcmp olt", x, f(1.17549435e-38), BOOL)
    scaled = t.select(tiny, t.binary("fmul", x, f(2.0**25)), x)
    pattern = bits(t, scaled, INT32)
    n = t.binary("sub", t.binary("ashr", pattern, literal(23, INT32)), literal(126, INT32))
    n = t.select(tiny, t.binary("sub", n, literal(25, INT32)), n)
    mantissa = t.binary(
        "or", t.binary("and", pattern, literal(0x007FFFFF, INT32)), literal(0x3F000000, INT32)
    )
    m = bits(t, mantissa, FLOAT32)  # in [1/2, 1)
    small = t.binary("fcmp olt", m, f(0.70710678118), BOOL)
    n = t.select(small, t.binary("sub", n, literal(1, INT32)), n)
    m = t.binary("fsub", t.select(small, t.binary("fadd", m, m), m), f(1.0))
    e = t.op(f"sitofp {n} to {type_name(FLOAT32, n.lanes)}", FLOAT32, n.lanes)
    z = t.binary("fmul", m, m)
    y = t.binary("fmul", t.binary("fmul", polynomial(t, m, LOG), m), z)
    y = fma(t, e, f(-2.12194440e-4), y)
    y = fma(t, z, f(-0.5), y)
    y = fma(t, e, f(0.693359375), t.binary("fadd", m, y))
    y = t.select(t.binary("fcmp oeq", x, f(0.0), BOOL), f(-np.inf), y)
    y = t.select(t.binary("fcmp olt", x, f(0.0), BOOL), f(np.nan), y)
    unbounded = t.binary("fcmp ueq", x, f(np.inf), BOOL)  # infinite, or NaN
    return t.select(unbounded, x, y)


def tanh(t: Text, x: Value) -> Value:
    """u / (u + 2) with u = e^(2x) - 1 = 2^n (e^(2r) - 1) + (2^n - 1), which keeps its digits near 0."""
    n, r = reduced(t, clamp(t, x, -9.1, 9.1), (LOG2[0] / 2, LOG2[1] / 2))
    u = fma(t, t.binary("fmul", r, r), polynomial(t, r, EXP_TWICE), t.binary("fadd", r, r))
    scale = power_of_two(t, n)
    u = fma(t, scale, u, t.binary("fsub", scale, f(1.0)))
    return t.binary("fdiv", u, t.binary("fadd", u, f(2.0)))


def erf(t: Text, x: Value) -> Value:
    """A polynomial near 0, elsewhere 1 minus another one, with the sign of x; 1 in float32 from 4 on."""
    suffix = f"v{x.lanes}f32" if x.lanes else "f32"
    size = t.call(f"llvm.fabs.{suffix}", FLOAT32, x.lanes, x)
    near = fma(t, polynomial(t, t.binary("fmul", x, x), ERF), x, x)
    capped = t.select(t.binary("fcmp ogt", size, f(3.95), BOOL), f(3.95), size)  # NaN stays
    from_middle = fma(t, capped, f(2 / 3.05), f(-4.85 / 3.05))
    far = t.binary("fsub", f(1.0), polynomial(t, from_middle, ERFC))
    far = t.call(
        f"llvm.copysign.{suffix}", FLOAT32, x.lanes, t.splat(far, x.lanes) if x.lanes else far, x
    )
    return t.select(t.binary("fcmp olt", size, f(0.9), BOOL), near, far)


OWN = {"exp": exp, "log": log, "tanh": tanh, "erf": erf}


def library(t: Text, name: str, args: list[Value]) -> Value:
    """The C library's function, called for each lane."""
    args = t.together(*args)
    dtype, lanes = args[0].dtype, args[0].lanes
    function = LIBRARY[name] + ("f" if dtype == FLOAT32 else "")
    if not lanes:
        return t.call(function, dtype, 0, *args)
    y = Value("poison", dtype, lanes)
    for lane in range(lanes):
        one = [t.op(f"extractelement {a}, i64 {lane}", dtype) for a in args]
        y = t.op(f"insertelement {y}, {t.call(function, dtype, 0, *one)}, i64 {lane}", dtype, lanes)
    return y
