"""A small book for the tests: an index and one page with everything that a page may have."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts import house

HEAD = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

"""
INDEX = """\
# A small book

It has {ref}`one page <sec-one>`, in which {numref}`fig-line` shows a line.

```{toctree}
:numbered:

one
```
"""
ONE = """\
(sec-one)=
# One page

A formula in a line, $y = \\sum_i w_i x_i$, and one with a number:

$$
\\frac{\\partial L}{\\partial x} = \\frac{\\partial L}{\\partial y}\\,\\frac{\\partial y}{\\partial x}
$$ (chain)

By {eq}`chain` slopes are multiplied {cite:p}`rumelhart1986`.

```{code-cell}
import fathom

x = fathom.tensor([1.0, 2.0], requires_grad=True)
y = (x * x).sum()
y
```

The sum of squares is {value}`y.item():.2f`, written ``{value}`y` `` on the page.

```{note}
Of {value}`len(x)` numbers.
```

| name | value |
|------|-------|
| sum  | {value}`y.item()` |

```{code-cell}
---
tags: [hide-input]
mystnb:
  figure:
    name: fig-line
    caption: A line of {value}`len(x)` points.
---
import matplotlib.pyplot as plt

plt.plot(x.detach().numpy());
```

## Seen from inside

{numref}`fig-line` shows what {ref}`sec-one` has.

```{code-cell}
fathom.explain(y)
```

```{explain} exp
```

```{library} fathom.ops.exponential.Exp
:without-docstring:
```

```{code-cell}
:tags: [raises-exception]

1 / 0
```

## References

```{bibliography}
```
"""
REFERENCES = """\
@article{rumelhart1986,
  author = {Rumelhart, David E. and Hinton, Geoffrey E. and Williams, Ronald J.},
  title = {Learning representations by back-propagating errors},
  journal = {Nature},
  year = {1986},
}
"""


def write_book(folder: Path, one: str = ONE) -> Path:
    """The book in a folder, with this page in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(INDEX, encoding="utf-8")
    (folder / "one.md").write_text(HEAD + one, encoding="utf-8")
    (folder / "references.bib").write_text(REFERENCES, encoding="utf-8")
    shutil.copytree(house.ROOT / "book" / "_static", folder / "_static")  # it looks like the book
    return folder


def write_page(folder: Path, *cells: str) -> Path:
    """A book of one page, `index`, with these cells of code and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    fences = "\n\n".join(f"```{{code-cell}}\n{cell}\n```" for cell in cells)
    (folder / "index.md").write_text(f"{HEAD}# A page\n\n{fences}\n", encoding="utf-8")
    return folder
