r"""A scalar expression as mathematics: `latex` prints what `element` says, in LaTeX."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fathom.core.loop import Array, Call, Const, Expr, Index, Load, Reduce

# How tightly an operator binds; what is looser inside something tighter gets parentheses.
OR, AND, RELATION, SUM, PRODUCT, POWER, TIGHT = range(7)

INFIX = {
    "or": (OR, r" \vee "), "and": (AND, r" \wedge "),
    "<": (RELATION, " < "), "<=": (RELATION, r" \le "), "==": (RELATION, " = "),
    "+": (SUM, " + "), "-": (SUM, " - "), "*": (PRODUCT, r"\,"), "%": (PRODUCT, r" \bmod "),
    "bitand": (PRODUCT, r" \mathbin{\&} "), "bitor": (SUM, r" \mathbin{|} "), "xor": (SUM, r" \oplus "),
    "<<": (RELATION, r" \ll "), ">>": (RELATION, r" \gg "),
}  # fmt: skip
ASSOCIATIVE = ("or", "and", "+", "*")
FORMS = {
    "exp": (POWER, "e^{%s}"), "expm1": (SUM, "e^{%s} - 1"), "sqrt": (TIGHT, r"\sqrt{%s}"),
    "abs": (TIGHT, r"\left|%s\right|"), "floor": (TIGHT, r"\left\lfloor %s \right\rfloor"),
    "/": (TIGHT, r"\frac{%s}{%s}"), "log": (TIGHT, r"\log\left(%s\right)"),
    "log1p": (TIGHT, r"\log\left(1 + %s\right)"), "sign": (TIGHT, r"\operatorname{sgn}\left(%s\right)"),
    "sin": (TIGHT, r"\sin\left(%s\right)"), "cos": (TIGHT, r"\cos\left(%s\right)"),
    "tan": (TIGHT, r"\tan\left(%s\right)"), "tanh": (TIGHT, r"\tanh\left(%s\right)"),
    "max": (TIGHT, r"\max\left(%s, %s\right)"), "min": (TIGHT, r"\min\left(%s, %s\right)"),
    "lgamma": (TIGHT, r"\log\Gamma\left(%s\right)"), "digamma": (TIGHT, r"\psi\left(%s\right)"),
    "erfinv": (TIGHT, r"\operatorname{erf}^{-1}\left(%s\right)"),
}  # fmt: skip
BIG = {"+": r"\sum", "*": r"\prod", "max": r"\max", "min": r"\min"}
LOGICAL = ("<", "<=", "==", "and", "or", "not")


def formula(primitive, *arrays: Array, out: str = "y") -> str:
    """y_{ij} = ..., for a primitive on inputs of these names, shapes and dtypes.

    A reduction that is needed more than once gets a letter, and stands behind.

    >>> import numpy as np
    >>> from fathom.core.latex import formula
    >>> from fathom.core.loop import Array
    >>> from fathom.ops.reduction import Sum
    >>> print(formula(Sum((1,)), Array("x", (3, 4), np.dtype("float32"))))
    y_{i} = \\sum_{j} x_{ij}
    """
    indices = [Index(size) for size in primitive.shape(*[a.shape for a in arrays])]
    return equation(out, indices, primitive.element(tuple(indices), *arrays))


def equation(out: str, indices: Sequence[Index], body: Expr) -> str:
    """out_{ij} = body."""
    names = Names()
    left = subscript(out, [names[i] for i in indices])
    repeated = [e for e, n in Counter(reductions(body)).items() if n > 1 and e != body]
    definitions = []
    for e in repeated:
        text = latex(e, names)
        names.given[e] = next(names.fresh)
        definitions.append(rf", \quad {names.given[e]} = {text}")
    return f"{left} = {latex(body, names, bracket=True)}{''.join(definitions)}"


def reductions(e: Expr) -> Iterator[Reduce]:
    """The outermost reductions of an expression, as often as they stand there."""
    match e:
        case Reduce():
            yield e
        case Call(args=parts) | Load(at=parts):
            for part in parts:
                yield from reductions(part)


class Names:
    """Letters for indices (and for reductions that got one), in the order of their first appearance."""

    def __init__(self, letters: str = "ijklmnopqrstuvw"):
        self.fresh: Iterator[str] = iter(letters)
        self.given: dict[Expr, str] = {}

    def __getitem__(self, i: Index) -> str:
        if i not in self.given:
            letter = i.letter if i.letter and i.letter not in self.given.values() else None
            self.given[i] = letter or next(self.fresh, f"i_{{{i.number}}}")
        return self.given[i]


def latex(e: Expr, names: Names | None = None, bracket: bool = False) -> str:
    """The expression in LaTeX. `bracket`: a condition is printed as a value, [i < j] (1 if true, else 0)."""
    text = _latex(e, Names() if names is None else names)[0]
    return rf"\left[{text}\right]" if bracket and is_logical(e) else text


def is_logical(e: Expr) -> bool:
    return isinstance(e, Call) and e.name in LOGICAL


def _latex(e: Expr, names: Names) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    if e in names.given:
        return names.given[e], TIGHT
    match e:
        case Const():
            return number(e.value), TIGHT if not str(e.value).startswith("-") else SUM
        case Index():
            return names[e], TIGHT
        case Load():
            return subscript(e.array.name, [latex(i, names) for i in e.at]), TIGHT
        case Reduce():
            over = ",".join(names[k] for k in e.over)
            body = (
                latex(e.body, names, True)
                if is_logical(e.body)
                else wrapped(e.body, names, PRODUCT)
            )
            return f"{BIG[e.name]}_{{{over}}} {body}", PRODUCT
        case Call(name="cast"):
            inner = e.args[0]
            return (latex(inner, names, True), TIGHT) if is_logical(inner) else _latex(inner, names)
        case Call(name="neg"):
            return f"-{wrapped(e.args[0], names, PRODUCT)}", SUM
        case Call(name="pow"):
            base, exponent = e.args
            return f"{wrapped(base, names, TIGHT)}^{{{latex(exponent, names)}}}", POWER
        case Call(name="not", args=(Call(name="==", args=(a, b)),)):
            if a == b:
                return rf"{wrapped(a, names, SUM)} \text{{ is NaN}}", RELATION
            return rf"{wrapped(a, names, SUM)} \ne {wrapped(b, names, SUM)}", RELATION
        case Call(name="not"):
            return rf"\neg {wrapped(e.args[0], names, TIGHT)}", POWER
        case Call(name="==", args=(a, b)) if a == b:
            return rf"{wrapped(a, names, SUM)} \text{{ is a number}}", RELATION
        case Call(name="and"):
            parts = intervals(list(conjuncts(e)), names)
            return r" \wedge ".join(parts), AND if len(parts) > 1 else RELATION
        case Call(name="where"):
            condition, a, b = (latex(x, names) for x in e.args)
            otherwise = rf"{b} & \text{{otherwise}}"
            return (
                rf"\begin{{cases}} {a} & \text{{if }} {condition} \\ {otherwise} \end{{cases}}",
                TIGHT,
            )
        case Call(name="//"):
            return (
                rf"\lfloor {wrapped(e.args[0], names, PRODUCT)} / {wrapped(e.args[1], names, TIGHT)} \rfloor",
                TIGHT,
            )
        case Call(name="*", args=(a, Const() as n)) if not isinstance(a, Const):
            return _latex(Call("*", (n, a)), names)  # 2i, not i2
        case Call(name="*", args=(Const(value=int() as n), Index() as i)):
            return f"{n}{names[i]}", PRODUCT
    if not isinstance(e, Call):
        raise AssertionError(f"no scalar expression: {e!r}")
    if e.name in INFIX:
        level, sign = INFIX[e.name]
        right = level if e.name in ASSOCIATIVE else level + 1
        before, after = wrapped(e.args[0], names, level), wrapped(e.args[1], names, right)
        mixed = after.startswith(r"\frac") and before[-1].isdigit()
        if e.name == "*" and (after[0].isdigit() or mixed):
            sign = r" \times "  # 2 x 3, not 2 3; 1 x 1/2 is not one and a half
        return before + sign + after, level
    if e.name in FORMS:
        level, form = FORMS[e.name]
        return form % tuple(latex(a, names) for a in e.args), level
    args = ", ".join(latex(a, names) for a in e.args)
    return rf"\operatorname{{{e.name.replace('_', ' ')}}}\left({args}\right)", TIGHT


def wrapped(e: Expr, names: Names, level: int) -> str:
    """The text of e, in parentheses where it binds less tightly than `level`."""
    text, binds = _latex(e, names)
    return text if binds >= level else rf"\left({text}\right)"


def conjuncts(e: Expr) -> Iterator[Expr]:
    """a, b, c of (a and b) and c."""
    if isinstance(e, Call) and e.name == "and":
        for part in e.args:
            yield from conjuncts(part)
    else:
        yield e


def intervals(conditions: list[Expr], names: Names) -> list[str]:
    """The conditions in LaTeX; low <= x and x < high, one after the other, are said as one."""
    parts = []
    while conditions:
        match conditions:
            case [Call(name="<=", args=(low, x)), Call(name="<", args=(same, high)), *rest] if (
                x == same
            ):
                parts.append(interval(low, x, high, names))
                conditions = rest
            case [first, *rest]:
                parts.append(wrapped(first, names, AND))
                conditions = rest
    return parts


def interval(low: Expr, x: Expr, high: Expr, names: Names) -> str:
    """low <= x < high, with a shift of x moved to the bounds: 1 <= i < 3 for 0 <= i - 1 < 2."""
    match x:
        case Call(name="-", args=(inner, Const(value=shift))):
            low, x, high = low + shift, inner, high + shift
    return rf"{wrapped(low, names, SUM)} \le {wrapped(x, names, SUM)} < {wrapped(high, names, SUM)}"


def subscript(name: str, at: Sequence[str]) -> str:
    """x_{ij} of letters, x_{i,\\,2j} of more than letters."""
    if not at:
        return name
    between = "" if all(len(i) == 1 and i.isalpha() for i in at) else r",\,"
    return f"{name}_{{{between.join(at)}}}"


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
