"""What is wrong with a book, told to its author."""

from __future__ import annotations


class BookError(ValueError):
    """A page cannot be run, built or read; the message names the page, and the line where it is known."""
