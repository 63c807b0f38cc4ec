r"""An explanation as a document for LaTeX: every step with its formula and its numbers, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator

from fathom.explain.figures import sizes
from fathom.explain.parts import Explanation, Operation, by_title

SPECIAL = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "^": r"\^{}", "~": r"\~{}",
}  # fmt: skip
HEAD = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\usepackage[a4paper,margin=2.5cm]{geometry}
\begin{document}
"""


def latex(explanation: Explanation) -> str:
    """The document, from \\documentclass to \\end{document}."""
    return HEAD + "\n".join(body(explanation)) + "\n\\end{document}\n"


def body(e: Explanation) -> Iterator[str]:
    yield rf"\section*{{{words(e.title)}}}"
    if e.formula:
        yield rf"\[ {e.formula} \]"
    if e.session:
        yield f"\\begin{{verbatim}}\n{e.session}\n\\end{{verbatim}}"
    if e.uses:
        places = [words(f"{title}: {of}".rstrip(": ")) for title, of in by_title(e.uses).items()]
        yield rf"\paragraph{{In the book}} {'; '.join(places)}"
    if e.operations:
        yield r"\subsection*{Forward}"
    for operation in e.operations:
        yield heading(operation)
        if operation.formula:
            yield rf"\[ {operation.formula} \]"
        yield from (rf"\[ {line} \]" for line in operation.worked)
    backward = e.backward()
    if backward:
        yield rf"\subsection*{{Backward}} {words(e.seed)}"
    for operation in backward:
        for pull in operation.pulls:
            yield rf"\paragraph{{{words(operation.output.name)} $\to$ {words(pull.to.name)}}}"
            yield from (
                rf"\[ {line} \]" for line in (pull.partial, pull.formula, *pull.worked) if line
            )
            if pull.check:
                yield words(pull.check.text()) + "."
    for value in e.values:
        if value.added:
            yield rf"\paragraph{{{words(value.name)}}} \[ {value.added} \]"


def heading(operation: Operation) -> str:
    """The name of a step, and what the letters of its formula are."""
    times = r"$\times$"
    where = ", ".join(
        f"${letter}$ = {words(value.name)} ({sizes(value.figures.shape).replace('×', times)})"
        for letter, value in zip(operation.letters, operation.inputs)
        if value.constant is None
    )
    return rf"\paragraph{{{words(operation.output.name)}}} {where}"


def words(text: str) -> str:
    """Text in which no character means something to LaTeX."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)
