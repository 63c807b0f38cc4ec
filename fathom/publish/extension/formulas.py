"""Formulas of the book as MathML; a command that is not known is an error with its page and line."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from fathom.explain.mathml import mathml

LOGGER = logging.getLogger(__name__)


def in_a_line(writer: Any, node: nodes.math) -> None:
    """A formula in a sentence."""
    writer.body.append(f'<span class="math">{typeset(node, node.astext(), False)}</span>')
    raise nodes.SkipNode


def on_its_own(writer: Any, node: nodes.math_block) -> None:
    """A formula on a line of its own, with its number where it has one."""
    writer.body.append(writer.starttag(node, "div", CLASS="math equation"))
    writer.body.append(f'<div class="formula">{typeset(node, by_lines(node.astext()), True)}</div>')
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def by_lines(formula: str) -> str:
    r"""A formula of several lines is one whose lines meet at their &."""
    text = formula.strip()
    if text.startswith(r"\begin") or r"\\" not in text:
        return text
    return rf"\begin{{aligned}}{text}\end{{aligned}}"


def typeset(node: nodes.Element, formula: str, display: bool) -> str:
    try:
        return mathml(formula, display)
    except ValueError as error:
        LOGGER.warning("%s", error, location=node, type="fathom", subtype="formula")
        return ""
