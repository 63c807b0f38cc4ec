r"""LaTeX's notation for formulas, read into a tree of parts.

    \frac{a}{b}^{2}  ->  parse  ->  Row((Script(Fraction(...), None, ...),))

The subset is what core/latex.py prints, what docstrings use and what the book writes; `parse` raises
ValueError, with the place, for anything else. mathml.py and plain.py print the tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fathom.explain.symbols import (
    BIG,
    BRACES,
    ENVIRONMENTS,
    GREEK,
    LETTERS,
    MARKS,
    NAMED,
    SIGNS,
    SIZES,
    SPACES,
    WORDS,
)  # fmt: skip

TOKEN = re.compile(r"\\operatorname\*|\\[a-zA-Z]+|\\.|\s+|\d+(?:\.\d+)?|.", re.DOTALL)


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
    """The square root, or the one of a degree."""

    inside: object
    degree: object = None


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


@dataclass(frozen=True)
class Stack:
    """Something with things right below and above it."""

    base: object
    below: object = None
    above: object = None


@dataclass(frozen=True)
class Sized:
    """A bracket of a height that the author chose, in em."""

    text: str
    height: float


Part = Atom | Space | Row | Script | Fraction | Root | Bar | Fence | Table | Stack | Sized


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
        while self.peek() in ("_", "^", "'"):
            mark = self.take()
            if mark == "'":  # x' and x''
                above = joined(above, Atom("mo", "′"))
            elif mark == "_":
                if below is not None:
                    raise self.wrong("a second subscript")
                below = self.argument()
            else:
                if above is not None and not primes(above):
                    raise self.wrong("a second superscript")
                above = joined(above, self.argument())
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
            return Atom("mtext", ",") if row.parts == (Atom("mo", ","),) else row  # 60{,}000
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
        """What a command makes, with what it takes."""
        if name in ("frac", "tfrac", "dfrac"):
            return Fraction(self.argument(), self.argument())
        if name == "binom":
            over, under = self.argument(), self.argument()
            return Table("pmatrix", ((over,), (under,)))
        if name == "sqrt":
            degree = self.degree()
            return Root(self.argument(), degree)
        if name in MARKS:
            return Bar(self.argument(), MARKS[name])
        if name in BRACES:
            return self.braced(name)
        if name in ("underset", "overset", "stackrel"):
            mark, base = self.argument(), self.argument()
            return Stack(base, mark, None) if name == "underset" else Stack(base, None, mark)
        if name in LETTERS:
            return lettered(self.argument(), LETTERS[name])
        if name in WORDS:
            return self.worded(name)
        if name in ("mathbin", "mathrel"):
            return simple(self.one())
        if name == "left":
            return self.fence()
        if name.rstrip("lrm") in SIZES:
            return Sized(self.bracket(), SIZES[name.rstrip("lrm")])
        if name == "begin":
            return self.table()
        if name == "substack":
            return self.lines()
        if name in ("limits", "nolimits", "displaystyle"):  # a browser decides so by itself
            return Row(())
        return self.sign(name)

    def sign(self, name: str) -> Part:
        """A command that stands for one sign or name."""
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

    def degree(self) -> Part | None:
        """The n of \\sqrt[n]{x}."""
        if self.peek() != "[":
            return None
        self.take("[")
        row = self.row(lambda t: t == "]")
        self.take("]")
        return simple(row)

    def braced(self, name: str) -> Part:
        """Something with a brace or a line along it, and what stands at the brace."""
        brace, inside = Atom("mo", BRACES[name]), self.argument()
        if name == "overbrace":
            stack = Stack(inside, None, brace)
            return Stack(stack, None, self.script("^")) if self.peek() == "^" else stack
        stack = Stack(inside, brace, None)
        return Stack(stack, self.script("_"), None) if self.peek() == "_" else stack

    def script(self, mark: str) -> Part:
        self.take(mark)
        return self.argument()

    def worded(self, name: str) -> Part:
        """Words, upright; within \\text there may be formulas."""
        text = self.words()
        if not name.startswith("text"):
            return Atom("mi", unescaped(text))
        pieces = re.split(r"(?<!\\)\$", text)
        if len(pieces) % 2 == 0:
            raise self.wrong("a $ without its other")
        parts = [
            parse(piece) if k % 2 else Atom("mtext", unescaped(piece))
            for k, piece in enumerate(pieces)
            if piece
        ]
        return simple(Row(tuple(parts)))

    def words(self) -> str:
        """The text of a group, with its spaces."""
        start = self.tokens[self.at][0] + 1
        self.take("{")
        depth = 1
        while depth:
            token = self.take()
            depth += (token == "{") - (token == "}")
        return self.formula[start : self.tokens[self.at - 1][0]]

    def fence(self) -> Fence:
        left = self.bracket()
        row = self.row(lambda t: t == r"\right")
        self.take(r"\right")
        return Fence(left, simple(row), self.bracket())

    def bracket(self) -> str:
        token = self.take()
        return SIGNS.get(token[1:], token[1:]) if token.startswith("\\") else token.replace(".", "")

    def table(self) -> Part:
        name = self.words()
        if name not in ENVIRONMENTS:
            raise self.wrong(f"no environment {name}")
        rows = self.rows(r"\end")
        if self.words() != name:
            raise self.wrong(f"expected the end of {name}")
        if name.startswith("equation"):
            return rows[0][0]
        return Table(name.rstrip("*"), rows)

    def lines(self) -> Part:
        """The lines of \\substack."""
        self.take("{")
        return Table("substack", self.rows("}"))

    def rows(self, end: str) -> tuple:
        """Rows of cells up to the token that ends them, which is taken as well."""
        rows: list[tuple] = []
        cells: list[Part] = []
        while True:
            cells.append(simple(self.row(lambda t: t in ("&", r"\\", end))))
            mark = self.take()
            if mark == "&":
                continue
            rows.append(tuple(cells))
            cells = []
            if mark == end or self.peek() == end:
                self.at += mark != end  # a \\ behind the last row makes no other
                return tuple(rows)


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def joined(above: Part | None, more: Part) -> Part:
    """What stands at the head, with more behind it."""
    if above is None:
        return more
    return Row((*above.parts, more) if isinstance(above, Row) else (above, more))


def primes(part: Part) -> bool:
    """Whether it is nothing but primes."""
    parts = part.parts if isinstance(part, Row) else (part,)
    return all(p == Atom("mo", "′") for p in parts)


def lettered(part: Part, letters: dict[str, str]) -> Part:
    """A letter, or letters in a group, in another style; what the style does not have stays."""
    if isinstance(part, Row):
        return Row(tuple(lettered(p, letters) for p in part.parts))
    if (
        isinstance(part, Atom)
        and part.kind in ("mi", "mn")
        and all(c in letters for c in part.text)
    ):
        return Atom(part.kind, "".join(letters[c] for c in part.text))
    return part


def simple(part: Part) -> Part:
    """A row of one thing is that thing."""
    return part.parts[0] if isinstance(part, Row) and len(part.parts) == 1 else part
