"""Graphs of primitives, and what is made of them. One stage a file; it sees `core` only."""

from fathom.compile.trace import Graph, trace

__all__ = ["Graph", "trace"]
