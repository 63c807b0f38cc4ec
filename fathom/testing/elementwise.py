"""Cases of the operations that treat each element alone: arithmetic, exponentials, comparisons."""

from __future__ import annotations

import numpy as np

from fathom.testing.case import COMPLEX, case, each, edges, normal, positive, truth, uniform, whole

SHAPES = ((3, 4), (), (0, 3))
BROADCAST = (((3, 4), (3, 4)), ((3, 1), (4,)), ((2, 1, 3), ()), ((0, 3), (3,)), ((), ()))

UNARY = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
    "sinh": np.sinh, "cosh": np.cosh, "atan": np.arctan, "arctan": np.arctan, "asinh": np.arcsinh,
    "arcsinh": np.arcsinh, "neg": np.negative, "negative": np.negative, "square": np.square,
    "abs": np.abs, "absolute": np.abs, "positive": np.positive, "deg2rad": np.deg2rad,
    "rad2deg": np.rad2deg, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "sgn": np.sign,
    "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "round": np.round,
    "frac": lambda x: x - np.trunc(x), "relu": lambda x: np.maximum(x, 0), "nan_to_num": np.nan_to_num,
}  # fmt: skip
OF_POSITIVE = {
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x), "reciprocal": np.reciprocal, "tan": None,
}  # fmt: skip
BETWEEN_ONES = {
    "asin": np.arcsin, "arcsin": np.arcsin, "acos": np.arccos, "arccos": np.arccos,
    "atanh": np.arctanh, "arctanh": np.arctanh,
}  # fmt: skip
ABOVE_ONE = {"acosh": np.arccosh, "arccosh": np.arccosh}
OF_COMPLEX = "exp log sqrt sin cos tanh sigmoid neg square reciprocal abs sgn conj angle real imag"
BINARY = {
    "add": np.add, "sub": np.subtract, "subtract": np.subtract, "mul": np.multiply,
    "multiply": np.multiply, "atan2": np.arctan2, "arctan2": np.arctan2, "logaddexp": np.logaddexp,
    "maximum": np.maximum, "minimum": np.minimum, "fmax": np.fmax, "fmin": np.fmin,
}  # fmt: skip
QUOTIENTS = {
    "div": np.divide, "divide": np.divide, "true_divide": np.divide, "fmod": np.fmod,
    "remainder": np.remainder, "floor_divide": np.floor_divide,
}  # fmt: skip
COMPARED = {
    "lt": np.less, "less": np.less, "le": np.less_equal, "less_equal": np.less_equal,
    "gt": np.greater, "greater": np.greater, "ge": np.greater_equal,
    "greater_equal": np.greater_equal, "eq": np.equal, "ne": np.not_equal, "not_equal": np.not_equal,
}  # fmt: skip
WITHOUT_GRADIENT = ("floor_divide",)


def of_one(table: dict, draw) -> list:
    return [case(name, draw(*s), numpy=f) for name, f in table.items() for s in SHAPES]


def of_two(table: dict, first, second) -> list:
    return [
        case(name, first(*a), second(*b), numpy=f, orders=0 if name in WITHOUT_GRADIENT else 2)
        for name, f in table.items()
        for a, b in BROADCAST
    ]


CASES = [
    *of_one(UNARY, normal),
    *of_one(OF_POSITIVE, positive),
    *of_one(BETWEEN_ONES, lambda *shape: uniform(-0.9, 0.9, *shape)),
    *of_one(ABOVE_ONE, lambda *shape: uniform(1.1, 3.0, *shape)),
    *of_two(BINARY, normal, normal),
    *of_two(QUOTIENTS, normal, positive),
    *[case(name, normal(3, 4), normal(4), numpy=f, orders=0) for name, f in COMPARED.items()],
    *[case(name, whole(0, 3, 5), whole(0, 3, 5), numpy=f, orders=0) for name, f in COMPARED.items()],
    *each(OF_COMPLEX, (normal(3, 4),), (normal(),), dtypes=COMPLEX, orders=1),
    *each("add sub mul div", (normal(3, 4), normal(4)), dtypes=COMPLEX, orders=1),
    *each("real conj angle", (normal(3, 4),)),
    case("complex", normal(3), normal(3), orders=1),
    case("polar", positive(3), normal(3), orders=1),
    *each("is_complex is_floating_point", (normal(3),), orders=0, mapped=False, traced=False),
    # ---- arithmetic with options and numbers ----
    case("add", normal(3, 4), normal(4), alpha=2.5),
    case("sub", normal(3, 4), normal(4), alpha=-2),
    case("rsub", normal(3), normal(3), alpha=2, numpy=lambda a, b: b - 2 * a),
    case("add", normal(3), 2.5),
    case("sub", normal(3), 2),
    case("rsub", normal(3), 2),
    case("mul", normal(3), True),
    case("div", normal(3), 3),
    case("div", normal(3, 4), positive(4), rounding_mode="floor", orders=0),
    case("div", normal(3, 4), positive(4), rounding_mode="trunc", orders=0),
    case("div", whole(-9, 9, 6), whole(1, 4, 6), rounding_mode="trunc", orders=0),
    case("div", whole(-9, 9, 6), whole(1, 4, 6), orders=0),
    case("floor_divide", whole(-9, 9, 6), whole(1, 4, 6), orders=0, numpy=np.floor_divide),
    case("remainder", whole(-9, 9, 6), whole(1, 4, 6), orders=0, numpy=np.remainder),
    case("fmod", whole(-9, 9, 6), whole(1, 4, 6), orders=0, numpy=np.fmod),
    case("remainder", normal(6), -1.5),
    case("fmod", normal(6), -1.5),
    case("round", normal(6), decimals=2),
    case("round", uniform(-300, 300, 6), decimals=-1),
    *[case("pow", normal(3, 4), k, numpy=lambda x, k: x**k) for k in (0, 1, 2, 3, 5, 2.0)],
    *[case("pow", positive(3, 4), k, numpy=lambda x, k: x**k) for k in (0.5, -0.5, -1, -2, 1.7)],
    case("pow", 2, normal(3), numpy=lambda a, b: a**b),
    case("pow", positive(3, 4), normal(4), numpy=np.power),
    case("pow", whole(-3, 4, 6), 3, orders=0, numpy=np.power),
    case("square", whole(-3, 4, 6), orders=0, numpy=np.square),
    case("lerp", normal(3, 4), normal(4), 0.3),
    case("lerp", normal(3, 4), normal(3, 4), normal(3, 4)),
    case("addcmul", normal(3, 4), normal(4), normal(3, 1), value=0.5),
    case("addcdiv", normal(3, 4), normal(4), positive(3, 1), value=0.5),
    case("logit", uniform(0.1, 0.9, 5)),
    case("logit", uniform(0.0, 1.0, 9), eps=0.2),
    *each("exp log1p sigmoid sin sqrt reciprocal", (whole(1, 5, 4),), orders=0),
    *each("abs neg sign floor ceil trunc round relu", (whole(-5, 5, 4),), orders=0),
    # ---- choosing and testing ----
    *each("clamp clip", (normal(9), -0.5, 0.5), (normal(9), None, 0.2), (normal(9), -0.2)),
    case("clamp", normal(3, 4), normal(4), positive(3, 1)),
    case("clamp", whole(-5, 5, 8), -2, 2, orders=0),
    case("clamp_min", normal(9), 0.3),
    case("clamp_max", normal(9), 0.3),
    case("where", truth(3, 4), normal(3, 4), normal(4), numpy=np.where),
    case("where", truth(4), normal(3, 1), 0.5),
    case("where", truth(40, 40), normal(40, 40), normal(40, 40), orders=1),
    case("where", truth(3, 4), mapped=False, traced=False, orders=0),
    case("masked_fill", normal(3, 4), truth(4), -1.5),
    case("masked_fill", normal(3, 4), truth(3, 4), normal()),
    *each("logical_and logical_or logical_xor", (truth(3, 4), truth(4)), (normal(3), whole(0, 2, 3)), orders=0),
    *each("bitwise_and bitwise_or bitwise_xor", (truth(3, 4), truth(4)), (whole(0, 99, 3), 5), orders=0),
    *each("logical_not bitwise_not", (truth(3, 4),), (whole(0, 3, 5),), orders=0),
    *each("isnan isinf isfinite", (normal(3, 4),), (whole(0, 3, 4),), orders=0),
    case("isclose", normal(9), normal(9), 0.5, 0.1, orders=0, numpy=np.isclose),
    case("equal", normal(3), normal(3), orders=0, mapped=False, traced=False),
    case("allclose", normal(3), normal(3), orders=0, mapped=False, traced=False),
    case("maximum", whole(0, 5, 9), whole(0, 5, 9), orders=0, numpy=np.maximum),
    case("minimum", truth(9), truth(9), orders=0, numpy=np.minimum),
    # ---- the values at the edges of a domain, where only the forward value is asked ----
    *each(
        "log log2 log10 log1p sqrt rsqrt reciprocal exp exp2 expm1 sin cos tan tanh sinh cosh asin acos atan"
        " asinh acosh atanh sigmoid relu abs neg sign sgn floor ceil trunc round frac isnan isinf isfinite"
        " nan_to_num angle square deg2rad logit logical_not",
        (edges(),),
        orders=0,
    ),
    *each(
        "add sub mul div atan2 pow maximum minimum fmax fmin remainder fmod floor_divide logaddexp"
        " lt le gt ge eq ne isclose logical_and logical_or logical_xor",
        (edges(8, 1), edges()),
        orders=0,
    ),
    *each("div", (edges(8, 1), edges()), rounding_mode="trunc", orders=0),
    *each("clamp", (edges(), -0.5, 0.5), (edges(8, 1), normal(8), positive(8)), orders=0),
    *each("pow", (edges(), 2), (edges(), 0.5), (edges(), -1), (edges(), 3), (edges(), 0), (2, edges()), orders=0),
]  # fmt: skip
