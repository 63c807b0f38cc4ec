r"""Formulas for a browser: the LaTeX that fathom writes, as MathML, which browsers typeset by themselves.

    \frac{a}{b}^{2}  ->  parse  ->  Row((Script(Fraction(...), None, ...),))  ->  <math>...</math>

The subset is what core/latex.py prints and what docstrings use; `parse` raises ValueError, with the
place, for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\s+|\d+(?:\.\d+)?|.", re.DOTALL)

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "eta": "η",
    "theta": "θ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "ϕ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Phi": "Φ", "Psi": "Ψ", "Sigma": "Σ",
    "ell": "ℓ", "varphi": "φ", "infty": "∞", "partial": "∂", "top": "⊤",
}  # fmt: skip
SIGNS = {
    "le": "≤", "ge": "≥", "ne": "≠", "neq": "≠", "cdot": "·", "times": "×", "vee": "∨", "wedge": "∧",
    "neg": "¬", "oplus": "⊕", "ll": "≪", "gg": "≫", "odot": "⊙", "in": "∈", "notin": "∉", "to": "→", "mid": "∣",
    "sim": "∼", "approx": "≈", "pm": "±", "dots": "…", "ldots": "…", "cdots": "⋯", "lfloor": "⌊",
    "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "|": "‖", "{": "{", "}": "}", "&": "&", "%": "%", "star": "⋆",
    "leftarrow": "←", "rightarrow": "→", "equiv": "≡", "propto": "∝", "bmod": "mod", "ast": "∗",
}  # fmt: skip
BIG = {"sum": "∑", "prod": "∏", "int": "∫"}
NAMED = (
    "log", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "max", "min", "arg", "det", "ln", "sgn",
    "arctan", "arcsin", "arccos",
)  # fmt: skip
LIMITS = ("max", "min")  # what stands at their foot goes below
SPACES = {",": 0.17, ":": 0.22, ";": 0.28, " ": 0.33, "quad": 1.0, "qquad": 2.0, "!": -0.17}
FONTS = ("text", "mathrm", "operatorname", "mathbf", "mathit", "textrm", "mathbb", "mathcal")
ENVIRONMENTS = ("cases", "bmatrix", "matrix", "pmatrix", "aligned")


@dataclass(frozen=True)
class Atom:
    """A letter, number, sign or word. kind: "mi", "mn", "mo" or "mtext", MathML's names."""

    kind: str
    text: str


@dataclass(frozen=True)
class Space:
    """Space of so many em."""

    width: float


@dataclass(frozen=True)
class Row:
    """Things side by side."""

    parts: tuple


@dataclass(frozen=True)
class Script:
    """A base with something at its foot and at its head."""

    base: object
    below: object = None
    above: object = None


@dataclass(frozen=True)
class Fraction:
    """One thing over another."""

    over: object
    under: object


@dataclass(frozen=True)
class Root:
    """The square root."""

    inside: object


@dataclass(frozen=True)
class Bar:
    """Something with a bar (or hat, or tilde) on it."""

    inside: object
    mark: str


@dataclass(frozen=True)
class Fence:
    """Something between brackets that grow with it."""

    left: str
    inside: object
    right: str


@dataclass(frozen=True)
class Table:
    """Rows of cells, between brackets: a case distinction or a matrix."""

    name: str
    rows: tuple


MARKS = {"bar": "¯", "hat": "^", "tilde": "~", "overline": "¯", "dot": "˙"}
Part = Atom | Space | Row | Script | Fraction | Root | Bar | Fence | Table


def mathml(formula: str, display: bool = True) -> str:
    """The formula as a <math> element; with `display` on a line of its own.

    >>> mathml("y_{i} = x_{i}", display=False)
    '<math><mrow><msub><mi>y</mi><mi>i</mi></msub><mo>=</mo><msub><mi>x</mi><mi>i</mi></msub></mrow></math>'
    """
    way = ' display="block"' if display else ""
    return f"<math{way}>{written(parse(formula))}</math>"


def parse(formula: str) -> Row:
    """The formula as a tree of parts. Raises ValueError for what is not in the subset."""
    reader = Reader(formula)
    row = reader.row(lambda token: False)
    return row


class Reader:
    """Reads a formula from left to right."""

    def __init__(self, formula: str):
        self.formula = formula
        self.tokens = [(m.start(), m[0]) for m in TOKEN.finditer(formula) if not m[0].isspace()]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise self.wrong(f"expected {expected or 'more'}")
        self.at += 1
        return token

    def wrong(self, why: str) -> ValueError:
        place = self.tokens[self.at][0] if self.at < len(self.tokens) else len(self.formula)
        return ValueError(
            f"formula: {why} at character {place}: {self.formula[:place]} ▸ {self.formula[place:]}"
        )

    def row(self, ends: Callable[[str], bool]) -> Row:
        """Everything up to a token that ends it."""
        parts: list[Part] = []
        while self.peek() and not ends(self.peek()):
            parts.append(self.scripted())
        return Row(tuple(parts))

    def scripted(self) -> Part:
        """One thing with its scripts."""
        base = self.one()
        below = above = None
        while self.peek() in ("_", "^"):
            if self.take() == "_":
                if below is not None:
                    raise self.wrong("a second subscript")
                below = self.argument()
            else:
                if above is not None:
                    raise self.wrong("a second superscript")
                above = self.argument()
        return base if below is above is None else Script(base, below, above)

    def argument(self) -> Part:
        """What a command takes: a group in braces, or one character."""
        token = self.peek()
        if token == "{":
            return simple(self.one())
        if token[:1].isdigit() and len(token) > 1:  # \frac12 is one half
            start, _ = self.tokens[self.at]
            self.tokens[self.at] = (start + 1, token[1:])
            return Atom("mn", token[0])
        return self.one()

    def one(self) -> Part:
        """One letter, number, sign, group or command."""
        token = self.take()
        if token == "{":
            row = self.row(lambda t: t == "}")
            self.take("}")
            return row
        if token.startswith("\\"):
            return self.command(token[1:])
        if token[0].isdigit():
            return Atom("mn", token)
        if token.isalpha():
            return Atom("mi", token)
        if token in "}&_^":
            self.at -= 1
            raise self.wrong(f"{token} stands alone")
        return Atom("mo", {"-": "−", "*": "∗", "'": "′"}.get(token, token))

    def command(self, name: str) -> Part:
        if name in ("frac", "tfrac", "dfrac"):
            return Fraction(self.argument(), self.argument())
        if name == "sqrt":
            return Root(self.argument())
        if name in MARKS:
            return Bar(self.argument(), MARKS[name])
        if name in FONTS:
            return Atom("mtext" if name.startswith("text") else "mi", self.words())
        if name in ("mathbin", "mathrel"):
            return simple(self.one())
        if name == "left":
            return self.fence()
        if name == "begin":
            return self.table()
        if name in SPACES:
            return Space(SPACES[name])
        if name in BIG:
            return Atom("mo", BIG[name])
        if name in NAMED:
            return Atom("mi", name)
        if name in GREEK:
            return Atom("mi", GREEK[name])
        if name in SIGNS:
            return Atom("mo", SIGNS[name])
        self.at -= 1
        raise self.wrong(f"no command \\{name}")

    def words(self) -> str:
        """The text of a group, with its spaces."""
        start = self.tokens[self.at][0] + 1
        self.take("{")
        depth = 1
        while depth:
            token = self.take()
            depth += (token == "{") - (token == "}")
        return re.sub(r"\\(.)", r"\1", self.formula[start : self.tokens[self.at - 1][0]])

    def fence(self) -> Fence:
        left = self.bracket()
        row = self.row(lambda t: t == r"\right")
        self.take(r"\right")
        return Fence(left, simple(row), self.bracket())

    def bracket(self) -> str:
        token = self.take()
        return SIGNS.get(token[1:], token[1:]) if token.startswith("\\") else token.replace(".", "")

    def table(self) -> Table:
        name = self.words()
        if name not in ENVIRONMENTS:
            raise self.wrong(f"no environment {name}")
        rows: list[tuple] = []
        cells: list[Part] = []
        while True:
            cells.append(simple(self.row(lambda t: t in ("&", r"\\", r"\end"))))
            mark = self.take()
            if mark == "&":
                continue
            rows.append(tuple(cells))
            cells = []
            if mark == r"\end":
                if self.words() != name:
                    raise self.wrong(f"expected the end of {name}")
                return Table(name, tuple(rows))


def simple(part: Part) -> Part:
    """A row of one thing is that thing."""
    return part.parts[0] if isinstance(part, Row) and len(part.parts) == 1 else part


# ---- writing -------------------------------------------------------------------------------------


def written(part: Part | object) -> str:
    """A part as MathML."""
    match part:
        case Atom("mtext", text):
            return f"<mtext>{escape(text).replace(' ', '&#160;')}</mtext>"
        case Atom("mi", text) if len(text) > 1:
            return f'<mi mathvariant="normal">{escape(text)}</mi>'
        case Atom(kind, text):
            return f"<{kind}>{escape(text)}</{kind}>"
        case Space(width):
            return f'<mspace width="{width}em"></mspace>'
        case Row(parts):
            return f"<mrow>{''.join(side_by_side(parts))}</mrow>"
        case Fraction(over, under):
            return f"<mfrac>{written(over)}{written(under)}</mfrac>"
        case Root(inside):
            return f"<msqrt>{written(inside)}</msqrt>"
        case Bar(inside, mark):
            return f'<mover accent="true">{written(inside)}<mo stretchy="false">{mark}</mo></mover>'
        case Fence(left, inside, right):
            return f"<mrow>{bracket(left)}{written(inside)}{bracket(right)}</mrow>"
        case Script(base, below, above):
            return scripts(base, below, above)
        case Table(name, rows):
            return table(name, rows)
    raise AssertionError(f"no part of a formula: {part!r}")


def side_by_side(parts: tuple) -> Iterator[str]:
    """The parts of a row. A minus after another sign belongs to the number behind it: = -1, not = - 1."""
    before: object = None
    for part in parts:
        lonely = before is None or (
            isinstance(before, Atom) and before.kind == "mo" and before.text not in ")]}"
        )
        if lonely and part == Atom("mo", "−"):
            yield '<mo form="prefix" lspace="0" rspace="0">−</mo>'
        else:
            yield written(part)
        before = part


def scripts(base: object, below: object, above: object) -> str:
    text = base.text if isinstance(base, Atom) else ""
    under = text in BIG.values() or text in LIMITS
    names = ("munder", "mover", "munderover") if under else ("msub", "msup", "msubsup")
    name = names[2] if below is not None and above is not None else names[0 if above is None else 1]
    given = "".join(written(part) for part in (below, above) if part is not None)
    return f"<{name}>{written(base)}{given}</{name}>"


def bracket(text: str) -> str:
    return f'<mo stretchy="true" fence="true">{escape(text)}</mo>' if text else ""


def table(name: str, rows: tuple) -> str:
    align = ' columnalign="left"' if name in ("cases", "aligned") else ""
    cells = "".join(
        f"<mtr>{''.join(f'<mtd>{written(cell)}</mtd>' for cell in row)}</mtr>" for row in rows
    )
    left, right = {"cases": ("{", ""), "bmatrix": ("[", "]"), "pmatrix": ("(", ")")}.get(
        name, ("", "")
    )
    return f'<mrow>{bracket(left)}<mtable class="{name}"{align}>{cells}</mtable>{bracket(right)}</mrow>'
