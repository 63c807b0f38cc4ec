"""An explanation as one page of HTML that needs nothing else: no network, no font, no other file.

The page is page/page.html with its style and its script; what it shows is data, in JSON. Formulas are
MathML, which browsers typeset; pictures are bytes that the script colours. A detail is made when it is
looked at, so a page of a thousand operations opens at once.
"""

from __future__ import annotations

import base64
import io
import json
import keyword
import re
import string
import tokenize
from collections.abc import Iterable, Iterator
from html import escape
from importlib import resources
from typing import Any

import numpy as np

from fathom.explain.boxes import Box, boxes
from fathom.explain.layout import layout
from fathom.explain.mathml import mathml
from fathom.explain.parts import Explanation, Figures, Group, Operation, Place, Use, Value, by_title
from fathom.explain.svg import drawing

MANY = 150  # operations; in a larger computation the pictures are smaller
SMALL_SIDE = 12
DRAWN = 30  # operations; a larger computation is a list, which folds
SCRIPT = ("page.js", "figures.js", "list.js", "graph.js", "step.js", "time.js")


def html(explanation: Explanation) -> str:
    """The page."""
    data = Data(explanation).all()
    drawn = boxes(explanation) if 0 < len(explanation.operations) <= DRAWN else []
    if drawn:
        data["graph"] = [box_data(box) for box in drawn]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    template = string.Template(asset("page.html"))
    return template.substitute(
        title=escape(explanation.title),
        kind=kind(explanation),
        about=about(explanation),
        facts=facts(explanation),
        style=asset("page.css"),
        views="views" if drawn else "views none",
        graph=drawing(explanation.title, drawn, layout(drawn)) if drawn else "",
        script="\n".join(asset(name) for name in SCRIPT),
        data=text.replace("</", "<\\/").replace("<!--", "<\\!--"),
    )


def kind(explanation: Explanation) -> str:
    """What the page has to show, for its style: steps to go through, a value alone, or words alone."""
    return "steps" if explanation.operations else "one-value" if explanation.values else "words"


def box_data(box: Box) -> dict[str, int | None]:
    """Which step, or which value, a box of the drawing shows."""
    return {
        "o": None if box.operation is None else box.operation.number - 1,
        "v": None if box.value is None else box.value.number,
    }


def framed(explanation: Explanation) -> str:
    """The page in a frame, for a notebook's cell: its style and script stay its own."""
    return (
        f'<iframe srcdoc="{escape(html(explanation))}" title="{escape(explanation.title)}" '
        'style="width: 100%; height: 720px; border: 1px solid #8884; border-radius: 8px"></iframe>'
    )


def asset(name: str) -> str:
    return resources.files("fathom.explain").joinpath("page", name).read_text(encoding="utf-8")


def about(explanation: Explanation) -> str:
    """What is explained: its sentence and formula, what else is said of it, its example, where the book uses it."""
    parts = [f'<p class="about">{prose(explanation.about)}</p>'] if explanation.about else []
    if explanation.formula and f"${explanation.formula}$" not in explanation.about:
        parts.append(f'<div class="math">{typeset(explanation.formula)}</div>')
    for paragraph in explanation.details:
        laid_out = "\n" in paragraph
        parts.append(
            f"<pre>{escape(paragraph)}</pre>"
            if laid_out
            else f'<p class="about">{prose(paragraph)}</p>'
        )
    if explanation.session:
        parts.append(f'<pre class="session">{answered(explanation.session)}</pre>')
    if explanation.uses:
        parts.append(
            f'<p class="book"><b>In the book</b> {"; ".join(places_in_book(explanation.uses))}</p>'
        )
    if explanation.definition:
        place = explanation.definition
        parts.append(
            f"<details><summary>{escape(place.name)}, {escape(place.file)}:{place.line}</summary>"
            f"<pre>{colored(place.text)}</pre></details>"
        )
    return "\n".join(parts)


def places_in_book(uses: Iterable[Use]) -> Iterator[str]:
    """LeNet learns to see: The loss · One step."""
    for title, sections in by_title(uses).items():
        yield f"<cite>{escape(title)}</cite>" + (f": {escape(sections)}" if sections else "")


def answered(session: str) -> str:
    """A session of the interpreter: what is typed as code, what it answers as it is."""
    lines = []
    for line in session.splitlines():
        typed = line[:4] in (">>> ", "... ")
        lines.append(
            f'<span class="prompt">{escape(line[:4])}</span>{colored(line[4:])}'
            if typed
            else escape(line)
        )
    return "\n".join(lines)


def facts(explanation: Explanation) -> str:
    """What there is, in numbers."""
    parameters = [v for v in explanation.values if v.role == "parameter"]
    count = sum(int(np.prod(v.figures.shape)) for v in parameters)
    steps = len(explanation.operations)
    found = [f"the example: {escape(explanation.shapes)}"] if explanation.shapes else []
    if steps:
        found.append(f"<b>{steps:,}</b> operation{'s' if steps > 1 else ''}")
    if parameters:
        found.append(f"<b>{count:,}</b> parameters")
    if explanation.seed:
        found.append(escape(explanation.seed))
    return " · ".join(found)


def prose(text: str) -> str:
    """A sentence of a docstring: $formulas$ typeset, `code` as code."""
    pieces = re.split(r"(\$[^$]+\$|`[^`]+`)", text)
    return "".join(
        typeset(piece[1:-1], display=False) if piece.startswith("$")
        else f"<code>{escape(piece[1:-1])}</code>" if piece.startswith("`")
        else escape(piece)
        for piece in pieces
    )  # fmt: skip


def typeset(formula: str, display: bool = True) -> str:
    """A formula of a docstring, which a person wrote; as code where it is beyond the subset."""
    try:
        return mathml(formula, display)
    except ValueError:
        return f"<code>{escape(formula)}</code>"


class Data:
    """The tree of parts as JSON; what occurs often stands once and is named by its number."""

    def __init__(self, explanation: Explanation):
        self.explanation = explanation
        self.side = SMALL_SIDE if len(explanation.operations) > MANY else None
        self.math: dict[str, int] = {}
        self.places: dict[Place, int] = {}
        self.figures: dict[str, int] = {}

    def all(self) -> dict[str, Any]:
        e = self.explanation
        values = [self.value(v) for v in e.values]
        operations = [self.operation(o) for o in e.operations]
        tree = self.group(e.root, "")
        return {
            "title": e.title, "values": values, "ops": operations, "tree": tree,
            "math": list(self.math), "places": [self.place(p) for p in self.places],
            "figures": [json.loads(text) for text in self.figures],
        }  # fmt: skip

    def value(self, v: Value) -> dict[str, Any]:
        arrivals = [
            {
                "s": a.source,
                "o": None if a.maker is None else a.maker.number - 1,
                "f": self.shown(a.figures),
            }
            for a in v.arrivals
        ]
        return {
            "n": v.name, "r": v.role, "k": plain(v.constant), "f": self.shown(v.figures), "a": arrivals,
            "g": None if v.gradient is None else self.shown(v.gradient),
            "plus": self.formula(v.added),
        }  # fmt: skip

    def operation(self, o: Operation) -> dict[str, Any]:
        pulls = [
            {
                "to": p.to.number, "m": self.formula(p.formula), "d": self.formula(p.partial),
                "w": [self.formula(line) for line in p.worked], "product": self.shown(p.product),
                "local": None if p.local is None or p.local.values is None else self.shown(p.local),
                "jacobian": p.local_is_jacobian, "check": p.check and p.check.text(),
                "kink": bool(p.check and p.check.kink), "error": p.check.error if p.check else 0.0,
            }
            for p in o.pulls
        ]  # fmt: skip
        return {
            "i": o.number - 1, "n": o.name, "p": o.primitive, "in": [v.number for v in o.inputs],
            "l": [self.formula(letter, display=False) for letter in o.letters], "out": o.output.number,
            "m": self.formula(o.formula), "w": [self.formula(line) for line in o.worked],
            "about": prose(o.about), "line": self.line(o.line), "def": self.known(o.definition),
            "turn": o.turn, "pulls": pulls,
        }  # fmt: skip

    def group(self, g: Group, above: str) -> dict[str, Any]:
        children = [
            self.group(child, g.path or above)
            if isinstance(child, Group)
            else {"o": child.number - 1}
            for child in g.children
        ]
        label = g.path.removeprefix(f"{above}.") if g.path else g.name
        return {
            "n": g.name, "k": g.kind, "label": label, "params": g.parameters, "c": children,
            "place": self.known(g.place), "line": self.line(g.line),
        }  # fmt: skip

    def formula(self, text: str | None, display: bool = True) -> int | None:
        if not text:
            return None
        return self.math.setdefault(mathml(text, display), len(self.math))

    def known(self, place: Place | None) -> int | None:
        return None if place is None else self.places.setdefault(place, len(self.places))

    def place(self, place: Place) -> dict[str, Any]:
        return {
            "file": place.file,
            "line": place.line,
            "name": place.name,
            "html": colored(place.text),
        }

    def line(self, place: Place | None) -> dict[str, Any] | None:
        return None if place is None or not place.text else self.place(place)

    def shown(self, f: Figures) -> int:
        """The number of some figures; equal ones are kept once."""
        text = json.dumps(self.as_json(f), separators=(",", ":"))
        return self.figures.setdefault(text, len(self.figures))

    def as_json(self, f: Figures) -> dict[str, Any]:
        found: dict[str, Any] = {
            "s": list(f.shape), "d": f.dtype, "lo": f.low, "me": f.mean, "hi": f.high, "odd": f.odd,
            "v": None, "p": None,
        }  # fmt: skip
        if f.values is not None:
            found["v"] = [plain(x) for x in f.values.reshape(-1).tolist()]
        elif f.picture is not None:
            found["p"] = self.picture(f.picture)
        return found

    def picture(self, tiles: np.ndarray) -> dict[str, Any]:
        """Tiles as bytes: 0 to 254 from the lowest to the highest, 255 for what is no number."""
        if self.side is not None:
            step = -(-max(tiles.shape[1:]) // self.side)
            tiles = np.stack([blocks(tile, step) for tile in tiles[:4]]) if step > 1 else tiles[:4]
        finite = tiles[np.isfinite(tiles)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        scaled = (np.where(np.isfinite(tiles), tiles, low) - low) * (254 / (high - low or 1.0))
        levels = np.where(np.isfinite(tiles), np.round(scaled), 255).astype(np.uint8)
        text = base64.b64encode(levels.tobytes()).decode()
        return {"size": list(tiles.shape), "lo": low, "hi": high, "data": text}


def blocks(tile: np.ndarray, step: int) -> np.ndarray:
    """A tile averaged over blocks of step x step."""
    rows, columns = (range(0, n, step) for n in tile.shape)
    sums = np.add.reduceat(np.add.reduceat(tile, list(rows), 0), list(columns), 1)
    counts = np.add.reduceat(np.add.reduceat(np.ones_like(tile), list(rows), 0), list(columns), 1)
    return sums / counts


def plain(x: Any) -> Any:
    """A number for JSON, to seven digits; NaN and infinities as words."""
    if isinstance(x, float):
        return float(f"{x:.7g}") if np.isfinite(x) else str(x)
    return x


def colored(code: str) -> str:
    """Python code as HTML, with keywords, strings and comments marked."""
    pieces: list[str] = []
    at = (1, 0)
    lines = code.splitlines(keepends=True)

    def between(start: tuple[int, int], end: tuple[int, int]) -> str:
        if start[0] == end[0]:
            return lines[start[0] - 1][start[1] : end[1]] if start[0] <= len(lines) else ""
        first, *rest = lines[start[0] - 1 : end[0]]
        return (
            first[start[1] :]
            + "".join(rest[:-1])
            + (rest[-1][: end[1]] if rest and end[0] <= len(lines) else "")
        )

    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            kind = (
                "c" if token.type == tokenize.COMMENT
                else "s" if token.type == tokenize.STRING
                else "k" if token.type == tokenize.NAME and keyword.iskeyword(token.string)
                else ""
            )  # fmt: skip
            if kind:
                pieces.append(escape(between(at, token.start)))
                pieces.append(f'<span class="{kind}">{escape(token.string)}</span>')
                at = token.end
    except (tokenize.TokenError, IndentationError):  # a line that is a part of a statement
        return escape(code)
    rest = "".join([lines[at[0] - 1][at[1] :], *lines[at[0] :]]) if at[0] <= len(lines) else ""
    return "".join(pieces) + escape(rest)
