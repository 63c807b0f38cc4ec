r"""Formulas for a browser: LaTeX as MathML, which browsers typeset by themselves.

    \frac{a}{b}^{2}  ->  notation.parse  ->  <math><msup><mfrac>...</mfrac><mn>2</mn></msup></math>

What a browser of today typesets is MathML Core: it knows no styles of letters (notation.py takes the
letters that Unicode has) and no alignment of columns (CSS does that).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from fathom.explain.notation import (
    Atom,
    Bar,
    Fence,
    Fraction,
    Part,
    Root,
    Row,
    Script,
    Sized,
    Space,
    Stack,
    Table,
    parse,
)  # fmt: skip
from fathom.explain.symbols import BIG, ENVIRONMENTS, LIMITS

THIN = '<mspace width="0.167em"></mspace>'
BRACKETS = "()[]{}|‖⌊⌋⌈⌉⟨⟩"
ALIGNED = ("aligned", "align", "split")
BY_LINES = (*ALIGNED, "gathered", "gather")  # large, line below line


def mathml(formula: str, display: bool = True) -> str:
    """The formula as a <math> element; with `display` on a line of its own.

    >>> mathml("y_{i} = x_{i}", display=False)
    '<math><mrow><msub><mi>y</mi><mi>i</mi></msub><mo>=</mo><msub><mi>x</mi><mi>i</mi></msub></mrow></math>'
    """
    way = ' display="block"' if display else ""
    return f"<math{way}>{written(parse(formula))}</math>"


def written(part: Part | object) -> str:
    """A part as MathML."""
    match part:
        case Atom("mtext", text):
            return f"<mtext>{escape(text).replace(' ', '&#160;')}</mtext>"
        case Atom("mi", text) if len(text) > 1:
            return f'<mi mathvariant="normal">{escape(text)}</mi>'
        case Atom("mo", text) if text in BRACKETS:  # they grow where \left and \right say so
            return f'<mo stretchy="false">{escape(text)}</mo>'
        case Atom(kind, text):
            return f"<{kind}>{escape(text)}</{kind}>"
        case Space(width):
            return f'<mspace width="{width}em"></mspace>'
        case Row(parts):
            return f"<mrow>{''.join(side_by_side(parts))}</mrow>"
        case Fraction(over, under):
            return f"<mfrac>{written(over)}{written(under)}</mfrac>"
        case Root(inside, None):
            return f"<msqrt>{written(inside)}</msqrt>"
        case Root(inside, degree):
            return f"<mroot>{written(inside)}{written(degree)}</mroot>"
        case Bar(inside, mark):
            return f'<mover accent="true">{written(inside)}<mo stretchy="false">{mark}</mo></mover>'
        case Fence(left, inside, right):
            return f"<mrow>{bracket(left)}{written(inside)}{bracket(right)}</mrow>"
        case Script(base, below, above):
            return scripts(base, below, above)
        case Table(name, rows):
            return table(name, rows)
        case Stack(base, below, above):
            return scripted(base, below, above, ("munder", "mover", "munderover"))
        case Sized(text, height):
            return (
                f'<mo stretchy="true" symmetric="true" minsize="{height}em" maxsize="{height}em">'
                f"{escape(text)}</mo>"
            )
    raise AssertionError(f"no part of a formula: {part!r}")


def side_by_side(parts: tuple) -> Iterator[str]:
    """The parts of a row. A minus after another sign belongs to the number behind it: = -1, not = - 1.

    The name of a function keeps away from letters beside it: 2 log x, not 2logx.
    """
    before: object = None
    for part in parts:
        lonely = before is None or (
            isinstance(before, Atom) and before.kind == "mo" and before.text not in ")]}"
        )
        if lonely and part == Atom("mo", "−"):
            yield '<mo form="prefix" lspace="0" rspace="0">−</mo>'
        else:
            named = is_name(before) and not opens(part) or is_name(part) and not lonely
            yield (THIN if named and not isinstance(before, Space) else "") + written(part)
        before = part


def is_name(part: object) -> bool:
    """Whether it is the name of a function, with or without scripts."""
    if isinstance(part, (Script, Stack)):
        return is_name(part.base)
    return isinstance(part, Atom) and part.kind == "mi" and len(part.text) > 1


def opens(part: object) -> bool:
    """Whether it is a bracket, a sign or a space, which need no space before them."""
    return isinstance(part, (Fence, Sized, Space)) or (isinstance(part, Atom) and part.kind == "mo")


def scripts(base: object, below: object, above: object) -> str:
    """A base with its foot and its head, beside it or, for sums and limits, below and above it."""
    text = base.text if isinstance(base, Atom) else ""
    under = text in BIG.values() or text in LIMITS
    if isinstance(base, Stack):  # what stands at the foot of a brace
        under = True
    names = ("munder", "mover", "munderover") if under else ("msub", "msup", "msubsup")
    return scripted(base, below, above, names)


def scripted(base: object, below: object, above: object, names: tuple[str, str, str]) -> str:
    name = names[2] if below is not None and above is not None else names[0 if above is None else 1]
    given = "".join(written(part) for part in (below, above) if part is not None)
    return f"<{name}>{written(base)}{given}</{name}>"


def bracket(text: str) -> str:
    return f'<mo stretchy="true" fence="true">{escape(text)}</mo>' if text else ""


def table(name: str, rows: tuple) -> str:
    """Rows of cells between the brackets of their environment."""
    cells = "".join(
        f"<mtr>{''.join(cell_of(name, k, part) for k, part in enumerate(row))}</mtr>"
        for row in rows
    )
    large = ' displaystyle="true"' if name in BY_LINES else ""
    left, right = ENVIRONMENTS.get(name, ("", ""))
    return f'<mrow>{bracket(left)}<mtable class="{name}"{large}>{cells}</mtable>{bracket(right)}</mrow>'


def cell_of(name: str, column: int, part: Part) -> str:
    """One cell; equations meet at their sign, so the columns stand right, left, right, left."""
    style = ""
    if name in ALIGNED:
        gap = "2em" if column and column % 2 == 0 else "0"
        style = f' style="text-align: {("right", "left")[column % 2]}; padding-left: {gap}; padding-right: 0"'
    elif name == "cases":
        style = ' style="text-align: left"'
    return f"<mtd{style}>{written(part)}</mtd>"
