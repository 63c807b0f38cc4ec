"""What Sphinx is told: one function, the whole configuration of the book.

A book's folder has no program that is run to configure it; `book.toml` in it names its title and authors.
"""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

from fathom.publish.errors import BookError
from fathom.publish.figures import theme
from fathom.publish.pages import SYNTAX

EXTENSIONS = (
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.bibtex",
    "fathom.publish.extension",
)
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif'
MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'
SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Georgia, serif'
DAY = {
    "color-background-primary": "#fdfcf9",
    "color-background-secondary": "#f6f4ee",
    "color-background-hover": "#efece3",
    "color-background-border": "#e5e2da",
    "color-foreground-primary": "#22262b",
    "color-foreground-secondary": "#565c64",
    "color-foreground-muted": "#6a7078",
    "color-brand-primary": "#2f6690",
    "color-brand-content": "#2f6690",
    "color-brand-visited": "#2f6690",
    "color-code-background": "#f6f4ee",
    "color-inline-code-background": "#f1eee6",
    "paper": "#fdfcf9", "sheet": "#ffffff", "ink": "#22262b", "quiet": "#6a7078", "line": "#e5e2da",
    "forward": "#2f6690", "backward": "#b4552d", "leaf": "#5b7f4a", "scheme": "light",
}  # fmt: skip
NIGHT = {
    "color-background-primary": "#14171b",
    "color-background-secondary": "#1a1e23",
    "color-background-hover": "#212a33",
    "color-background-border": "#2c3239",
    "color-foreground-primary": "#e4e6e8",
    "color-foreground-secondary": "#b3bac2",
    "color-foreground-muted": "#98a0a9",
    "color-brand-primary": "#7db4dd",
    "color-brand-content": "#7db4dd",
    "color-brand-visited": "#7db4dd",
    "color-code-background": "#1a1e23",
    "color-inline-code-background": "#1f242a",
    "paper": "#14171b", "sheet": "#1a1e23", "ink": "#e4e6e8", "quiet": "#98a0a9", "line": "#2c3239",
    "forward": "#7db4dd", "backward": "#e79a72", "leaf": "#9cc487", "scheme": "dark",
}  # fmt: skip
FONTS = {"font-stack": SANS, "font-stack--monospace": MONO, "font-stack--headings": SERIF}


def settings(source: Path) -> dict[str, Any]:
    """The configuration for a folder of pages, by Sphinx's names."""
    about = described(source)
    version = metadata.version("fathom-dl")
    return {
        "project": about["title"],
        "author": about["author"],
        "copyright": about["author"],
        "version": version,
        "release": version,
        "extensions": list(EXTENSIONS),
        "source_suffix": {".ipynb": "myst-nb"},
        "exclude_patterns": ["_extra", "_static"],
        "suppress_warnings": [],
        "nitpicky": True,
        # what pages may be written in
        "myst_enable_extensions": list(SYNTAX),
        "myst_heading_anchors": 3,
        "nb_execution_mode": "off",  # execute.py has run them
        "nb_merge_streams": True,
        "nb_output_stderr": "warn",  # a warning in the middle of a page is a fault of the page
        "nb_render_image_options": {"align": "center"},
        "numfig": True,
        "numfig_format": {"figure": "Figure %s", "table": "Table %s", "code-block": "Listing %s"},
        "numfig_secnum_depth": 1,
        "math_numfig": True,
        "math_eqref_format": "({number})",
        "bibtex_bibfiles": [path.name for path in sorted(source.glob("*.bib"))],
        "bibtex_reference_style": "author_year",
        "bibtex_default_style": "plain",
        "pygments_style": "friendly",
        "pygments_dark_style": "github-dark",
        "copybutton_exclude": ".linenos, .gp, .go",
        # what comes out
        "html_theme": "furo",
        "html_title": about["title"],
        "html_math_renderer": "fathom",
        "html_static_path": ["_static"] if (source / "_static").is_dir() else [],
        "html_css_files": ["fathom.css"] if (source / "_static" / "fathom.css").is_file() else [],
        "html_extra_path": ["_extra"],
        "html_favicon": "_static/favicon.svg"
        if (source / "_static" / "favicon.svg").is_file()
        else None,
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_sphinx": False,
        "html_use_index": False,
        "html_theme_options": {
            "light_css_variables": FONTS | DAY | theme(night=False),
            "dark_css_variables": NIGHT | theme(night=True),
        },
    }


def described(source: Path) -> dict[str, str]:
    """What `book.toml` says. Raises BookError where it says something else than a title and an author."""
    file = source / "book.toml"
    given: dict[str, Any] = {}
    if file.is_file():
        try:
            given = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise BookError(f"{file}: {error}") from error
    unknown = given.keys() - {"title", "author"}
    if unknown:
        raise BookError(
            f"{file}: {', '.join(sorted(unknown))} means nothing; it has a title and an author"
        )
    return {"title": str(given.get("title", "A book")), "author": str(given.get("author", ""))}
