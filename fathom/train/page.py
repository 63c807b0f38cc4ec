"""A report as one page of HTML that needs nothing else: no script, no font, no request.

Light and dark as the reader's system says; from the width of a phone to that of a screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from fathom.train import charts
from fathom.train.history import Line
from fathom.train.layers import Layer

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #d8dee4; --sheet: #f6f8fa;
  --train: #0072b2; --val: #c25200; --right: 0 114 178; --wrong: 213 94 0; --on-strong: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --line: #30363d; --sheet: #161b22;
    --train: #56b4e9; --val: #f0a35e; --right: 86 180 233; --wrong: 240 163 94;
    --on-strong: #0d1117;
  }
}
* { box-sizing: border-box }
body {
  margin: 0 auto; max-width: 1080px; padding: 40px 24px 64px; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; text-wrap: balance }
h2 { font-size: 20px; margin: 48px 0 4px }
h3 { font-size: 15px; margin: 24px 0 8px }
p { margin: 4px 0 16px; max-width: 68ch }
.quiet, figcaption { color: var(--quiet) }
.facts { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 0; padding: 0; list-style: none }
.facts li {
  flex: 1 1 128px; padding: 12px 16px; background: var(--sheet); border: 1px solid var(--line);
  border-radius: 8px;
}
.facts b { display: block; font-size: 24px; line-height: 1.25; font-variant-numeric: tabular-nums }
.facts span { color: var(--quiet); font-size: 13px }
.charts { display: grid; gap: 24px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)) }
svg { display: block; width: 100%; max-width: 520px; height: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
.list { width: 100%; font-size: 14px }
.list th, .list td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); text-align: left;
  overflow-wrap: anywhere; vertical-align: top }
.list th { font-weight: 600; color: var(--quiet) }
.list .count { text-align: right; padding-right: 0; white-space: nowrap }
.list tr:last-child td { border-bottom: 0; font-weight: 600 }
code, pre, .path { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
pre { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 16px;
  margin: 8px 0 16px; white-space: pre-wrap; overflow-wrap: anywhere }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line);
  color: var(--quiet); font-size: 13px; overflow-wrap: anywhere }
@media (max-width: 600px) {
  body { padding: 24px 16px 40px; font-size: 15px }
  h1 { font-size: 24px }
  h2 { margin-top: 36px }
  .list { font-size: 13px }
  .list th, .list td { padding-right: 8px }
}
"""


@dataclass(frozen=True)
class Section:
    """A part of a report: HTML under a title, and the CSS that it needs of its own."""

    title: str
    content: str
    style: str = ""


def page(
    title: str,
    subtitle: str,
    facts: Sequence[tuple[str, str]],
    sections: Iterable[Section],
    footer: str = "",
) -> str:
    """The whole page. `facts` are (value, what it is), shown large below the title."""
    sections = list(sections)
    styles = dict.fromkeys([STYLE, charts.STYLE, *(section.style for section in sections)])
    tiles = "".join(
        f"<li><b>{escape(value)}</b><span>{escape(name)}</span></li>" for value, name in facts
    )
    body = "".join(
        f"<section><h2>{escape(section.title)}</h2>{section.content}</section>\n"
        for section in sections
    )
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{''.join(styles)}</style>\n</head>\n<body>\n"
        f'<header><h1>{escape(title)}</h1><div class="quiet">{escape(subtitle)}</div>'
        f'<ul class="facts">{tiles}</ul></header>\n{body}<footer>{escape(footer)}</footer>\n</body>\n</html>\n'
    )


def curves_section(
    lines: list[Line], names: dict[str, str] | None = None, labels: dict[str, str] | None = None
) -> Section:
    """The metrics by epoch. `names` says what to call metrics, `labels` the curves train and val."""
    drawn = [
        charts.chart_svg(title, curves, labels)
        for title, curves in charts.metric_curves(lines, names)
    ]
    return Section("Curves", f'<div class="charts">{"".join(drawn)}</div>')


def layers_section(layers: Sequence[Layer]) -> Section:
    """The layers in a table."""
    rows = "".join(
        f'<tr><td class="path">{escape(layer.path)}</td><td>{escape(layer.kind)}</td>'
        f'<td>{sizes(layer.shape)}</td><td class="count">{layer.parameters:,}</td></tr>'
        for layer in layers
    )
    total = sum(layer.parameters for layer in layers)
    return Section(
        "Layers",
        '<table class="list"><thead><tr><th>layer</th><th>kind</th><th>output</th>'
        f'<th class="count">parameters</th></tr></thead><tbody>{rows}'
        f'<tr><td colspan="3">in all</td><td class="count">{total:,}</td></tr></tbody></table>',
    )


def sizes(shape: tuple[int, ...] | None) -> str:
    """A shape without its first size, the batch's: 6 × 14 × 14."""
    return "" if shape is None else " × ".join(map(str, shape[1:])) or "1"


def text_section(title: str, text: str, note: str = "") -> Section:
    """A text as it stands."""
    said = f"<p>{escape(note)}</p>" if note else ""
    return Section(title, f"{said}<pre>{escape(text)}</pre>")


def table_section(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], note: str
) -> Section:
    """A table whose first column is text and whose others are numbers."""

    def cells(row: Sequence[str], tag: str) -> str:
        first, *rest = row
        others = "".join(f'<{tag} class="count">{escape(cell)}</{tag}>' for cell in rest)
        return f"<tr><{tag}>{escape(first)}</{tag}>{others}</tr>"

    body = "".join(cells(row, "td") for row in rows)
    return Section(
        title,
        f'<p>{escape(note)}</p><table class="list even"><thead>{cells(header, "th")}</thead>'
        f"<tbody>{body}</tbody></table>",
        ".list.even tr:last-child td { font-weight: inherit } .list.even .count { padding-left: 12px }",
    )
