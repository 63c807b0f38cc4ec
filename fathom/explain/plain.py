r"""Formulas for a terminal: \frac{a_{i}}{2} as a[i] / 2."""

from __future__ import annotations

from fathom.explain.notation import (
    Atom,
    Bar,
    Fence,
    Fraction,
    Root,
    Row,
    Script,
    Sized,
    Space,
    Stack,
    Table,
    parse,
)  # fmt: skip
from fathom.explain.symbols import BIG, LIMITS

NARROW = (Atom, Script, Bar, Fence, Root)  # what needs no brackets beside a stroke
SPACED = "=+−<>≤≥≠×·∧∨∈→≈⊙∗"
UP = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


def plain(formula: str) -> str:
    r"""The formula in one line of text.

    >>> plain(r"y_{ij} = \sum_{k} a_{ik}\,b_{kj}")
    'y[i,j] = Σ_k a[i,k] b[k,j]'
    """
    return " ".join(said(parse(formula)).split())


def said(part: object) -> str:
    match part:
        case Atom("mtext", text):
            return f" {text} "
        case Atom("mo", text):
            return (
                f" {text} "
                if text in SPACED or text == "mod"
                else {"∑": "Σ", "∏": "Π"}.get(text, text)
            )
        case Atom(_, text):
            return text
        case Space():
            return " "
        case Row(parts):
            return row(parts)
        case Fraction(over, under):
            return f"{bracketed(over)} / {bracketed(under)}"
        case Root(inside, degree):
            return f"{'' if degree is None else said(degree)}√{bracketed(inside)}"
        case Bar(inside, mark):
            return said(inside) + {"¯": "\u0304", "^": "\u0302", "~": "\u0303"}.get(mark, "")
        case Fence(left, inside, right):
            return f"{left}{said(inside).strip()}{right}"
        case Script(base, below, above):
            return scripts(base, below, above)
        case Stack(base):
            return said(base)
        case Sized(text):
            return text
        case Table(name, rows):
            cells = "; ".join(" ".join(said(cell).strip() for cell in cells) for cells in rows)
            return f"{{{cells}}}" if name == "cases" else f"[{cells}]"
    raise AssertionError(f"no part of a formula: {part!r}")


def row(parts: tuple) -> str:
    """Parts side by side; a minus that begins a number stays close to it, a big sign keeps away."""
    text = ""
    for k, part in enumerate(parts):
        if part == Atom("mo", "−") and (not text.strip() or text.rstrip()[-1] in SPACED + "(,["):
            text += "−"
            continue
        base = part.base if isinstance(part, Script) else part
        big = isinstance(base, Atom) and (
            base.text in BIG.values() or (base.text in LIMITS and part is not base)
        )
        named = isinstance(base, Atom) and base.kind == "mi" and len(base.text) > 1
        follows = parts[k + 1] if k + 1 < len(parts) else None
        text += said(part) + (
            " " if big or (named and not isinstance(follows, (Fence, type(None)))) else ""
        )
    return text


def scripts(base: object, below: object, above: object) -> str:
    text = said(base)
    if below is not None:
        inner = said(below).strip()
        big = isinstance(base, Atom) and base.text in (*BIG.values(), *LIMITS)
        letters = isinstance(below, Row) and all(
            isinstance(p, Atom) and p.kind == "mi" for p in below.parts
        )
        at = ",".join(inner) if letters else ",".join(part.strip() for part in inner.split(","))
        text += f"_{at}" if big and len(at) == 1 else f"_({at})" if big else f"[{at}]"
    if above is not None:
        inner = said(above).strip()
        raised = inner.translate(UP)
        simple = isinstance(above, Atom) or inner.replace(".", "").isdigit()
        text += (
            raised
            if not set(inner) - set("0123456789-−")
            else f"^{inner if simple else f'({inner})'}"
        )
    return text


def bracketed(part: object) -> str:
    text = said(part).strip()
    return text if isinstance(part, NARROW) or " " not in text else f"({text})"
