"""The folder that Sphinx reads: pages as notebooks with their outputs, values in place, and what lies beside them.

book/tensors.md + its run  ->  source/tensors.ipynb
book/images/, _static/     ->  source/images/, _static/
an explanation's page      ->  source/_extra/frames/
"""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

from fathom.publish.execute import Run
from fathom.publish.frames import taken_out
from fathom.publish.pages import Page, hidden
from fathom.publish.values import as_role, caption, replaced, values_of, written

CONFIGURATION = '''"""The book's configuration; see fathom/publish/settings.py."""
from pathlib import Path

from fathom.publish.settings import settings

globals().update(settings(Path(__file__).parent))
'''


def stage(book: Path, found: list[tuple[Page, Run]], source: Path) -> None:
    """Make the folder anew from the pages of a book and what their runs said."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "_extra").mkdir(parents=True)
    (source / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    for path in sorted(book.rglob("*")):
        place = path.relative_to(book)
        kept = path.suffix != ".md" and (place.parts[0] == "_static" or not hidden(place))
        if path.is_file() and kept:
            (source / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, source / place)
    for page, run in found:
        notebook = with_outputs(page, run)
        framed(notebook, page, source / "_extra")
        place = source / f"{page.name}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(notebook, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def with_outputs(page: Page, run: Run) -> Any:
    """The page as a notebook: outputs behind their cells, computed text in the value roles."""
    notebook = copy.deepcopy(page.notebook)
    texts = texts_of(page, run)
    for count, (number, outputs) in enumerate(zip(page.codes, run.outputs), start=1):
        notebook.cells[number].outputs = [copy.deepcopy(x) for x in outputs if not blank(x)]
        notebook.cells[number].execution_count = count
    for number, cell in enumerate(notebook.cells):
        waiting = iter(texts.get(number, []))

        def says(_: str, waiting: Any = waiting) -> str:
            return as_role(next(waiting))

        if cell.cell_type == "code":
            if caption(cell):
                figure = cell.metadata["mystnb"]["figure"]
                figure["caption"] = replaced(figure["caption"], says)
            continue
        lines = cell.source.split("\n")
        for line, text in written(page.cells[number]):
            lines[line - 1] = replaced(text, says)
        cell.source = "\n".join(lines)
    return notebook


def blank(output: dict[str, Any]) -> bool:
    """Whether it is text without a letter, which would be an empty box on the page."""
    return output["output_type"] == "stream" and not output["text"].strip()


def texts_of(page: Page, run: Run) -> dict[int, list[str]]:
    """The computed texts, by the number of the cell in which they stand, in order."""
    texts: dict[int, list[str]] = {}
    said = dict(zip(page.codes, run.values))
    for code, values in values_of(page).items():
        for value, text in zip(values, said[code]):
            texts.setdefault(value.cell, []).append(text)
    return texts


def framed(notebook: Any, page: Page, extra: Path) -> None:
    """Put the pages that outputs carry in frames into files of their own."""
    above = "../" * page.name.count("/")
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            found = taken_out("".join(data.get("text/html", "")), above)
            if found is None:
                continue
            name, text, element = found
            (extra / name).parent.mkdir(parents=True, exist_ok=True)
            (extra / name).write_text(text, encoding="utf-8")
            output["metadata"] = {"fathom-page": data["text/html"]}  # for the page's own notebook
            output["data"] = {"text/html": element, "text/plain": data.get("text/plain", "")}
