"""The book's tools: pages of Markdown and code become a website and notebooks, with every number computed.

    build(book, out)     run the pages, make the website and the notebooks
    serve(book, out)     build, show on this computer, build again when a page changes
    examine(book, out)   build, and read every page in a real browser
    index(book)          which names of fathom occur on which page

The way of a page: pages reads it, execute runs it (cache remembers the run), stage writes what it found
where Sphinx will read it, extension/ teaches Sphinx our directives, and markdown writes the notebook.
"""

from fathom.publish.build import build
from fathom.publish.errors import BookError
from fathom.publish.examine import examine
from fathom.publish.index import index
from fathom.publish.serve import serve

__all__ = ["BookError", "build", "examine", "index", "serve"]
