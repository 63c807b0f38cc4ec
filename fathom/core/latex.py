r"""A scalar expression as mathematics: `latex` prints what `element` says, in LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce

INFIX = {"+": 1, "-": 1, "*": 2, "<": 0, "<=": 0, "==": 0, "and": -1, "or": -2}
SIGNS = {
    "+": " + ", "-": " - ", "*": r"\,", "<": " < ", "<=": r" \le ", "==": " = ",
    "and": r" \wedge ", "or": r" \vee ",
}  # fmt: skip
FORMS = {
    "exp": "e^{%s}", "sqrt": r"\sqrt{%s}", "abs": r"\left|%s\right|", "floor": r"\lfloor %s \rfloor",
    "/": r"\frac{%s}{%s}", "//": r"\left\lfloor\frac{%s}{%s}\right\rfloor",
    "log": r"\log\left(%s\right)", "sin": r"\sin\left(%s\right)", "cos": r"\cos\left(%s\right)",
    "tan": r"\tan\left(%s\right)", "tanh": r"\tanh\left(%s\right)", "max": r"\max\left(%s, %s\right)",
    "min": r"\min\left(%s, %s\right)", "sign": r"\operatorname{sgn}\left(%s\right)",
}  # fmt: skip
TIGHT = 4                                        # binds tighter than every operator


def formula(primitive, *arrays: Array, out: str = "y") -> str:
    """y_{ij} = ..., for a primitive on inputs of these names, shapes and dtypes.

    >>> import numpy as np
    >>> from fathom.core.latex import formula
    >>> from fathom.core.loop import Array
    >>> from fathom.ops.reduction import Sum
    >>> print(formula(Sum((1,)), Array("x", (3, 4), np.dtype("float32"))))
    y_{i} = \\sum_{j} x_{i\\,j}
    """
    indices = [Index(size) for size in primitive.shape(*[a.shape for a in arrays])]
    names = Names()
    left = subscript(out, [names[i] for i in indices])
    return f"{left} = {latex(primitive.element(tuple(indices), *arrays), names)}"


class Names:
    """Letters for indices, each in the order of its first appearance."""

    def __init__(self, letters: str = "ijklmnopqrstuvw"):
        self.fresh: Iterator[str] = iter(letters)
        self.given: dict[Index, str] = {}

    def __getitem__(self, i: Index) -> str:
        if i not in self.given:
            letter = i.letter if i.letter and i.letter not in self.given.values() else None
            self.given[i] = letter or next(self.fresh, f"i_{{{i.number}}}")
        return self.given[i]


def latex(e: Expr, names: Names | None = None) -> str:
    """The expression in LaTeX."""
    return _latex(e, Names() if names is None else names)[0]


def _latex(e: Expr, names: Names) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    match e:
        case Const():
            return number(e.value), TIGHT if not str(e.value).startswith("-") else 1
        case Index():
            return names[e], TIGHT
        case Load():
            return subscript(e.array.name, [latex(i, names) for i in e.at]), TIGHT
        case Reduce():
            sign = {"+": r"\sum", "*": r"\prod", "max": r"\max", "min": r"\min"}[e.name]
            over = r"\,".join(names[k] for k in e.over)
            return f"{sign}_{{{over}}} {wrapped(e.body, names, 2)}", 2
        case Call(name="cast"):
            return _latex(e.args[0], names)
        case Call(name="neg"):
            return f"-{wrapped(e.args[0], names, 2)}", 1
        case Call(name="pow"):
            base, exponent = e.args
            return f"{wrapped(base, names, TIGHT)}^{{{latex(exponent, names)}}}", 3
        case Call(name="not"):
            return rf"\neg {wrapped(e.args[0], names, TIGHT)}", 3
        case Call(name="%"):
            a, b = e.args
            return rf"{wrapped(a, names, 2)} \bmod {wrapped(b, names, 3)}", 2
        case Call(name="where"):
            condition, a, b = (latex(x, names) for x in e.args)
            return rf"\begin{{cases}} {a} & {condition} \\ {b} & \text{{otherwise}} \end{{cases}}", TIGHT
        case Call(name=name) if name in INFIX:
            a, b = e.args
            level = INFIX[name]
            right = level + 1 if name in "-*" else level
            return wrapped(a, names, level) + SIGNS[name] + wrapped(b, names, right), level
        case Call(name=name) if name in FORMS:
            return FORMS[name] % tuple(latex(a, names) for a in e.args), TIGHT if name != "exp" else 3
        case Call():
            args = ", ".join(latex(a, names) for a in e.args)
            name = e.name if e.name.isidentifier() else {"xor": "xor", ">>": "shift"}.get(e.name, "f")
            return rf"\operatorname{{{name.replace('_', ' ')}}}\left({args}\right)", TIGHT
    raise AssertionError(f"no scalar expression: {e!r}")


def wrapped(e: Expr, names: Names, level: int) -> str:
    """The text of e, in parentheses where it binds less tightly than `level`."""
    text, binds = _latex(e, names)
    return text if binds >= level else rf"\left({text}\right)"


def subscript(name: str, at: Sequence[str]) -> str:
    return name + ("_{" + r"\,".join(at) + "}" if at else "")


def number(value: bool | int | float | complex) -> str:
    if isinstance(value, bool):
        return r"\text{true}" if value else r"\text{false}"
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            return r"\infty" if value > 0 else r"-\infty"
        text = f"{value:.6g}"
        if "e" in text:
            digits, exponent = text.split("e")
            return rf"{digits} \cdot 10^{{{int(exponent)}}}"
        return text
    return str(value)
