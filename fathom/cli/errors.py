"""Mistakes and mishaps that the command tells in a line, without a traceback."""

from __future__ import annotations

GOOD, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130  # exit statuses


class UsageError(Exception):
    """The command was asked for something that it does not do; the message says what it does."""
