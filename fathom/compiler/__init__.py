"""From a function to one native program: trace, improve, fuse, schedule, emit, run. One stage a file.

It sees `core` only: it receives graphs of primitives, and needs to know nothing else. The function that
users call is `fathom.compile`.
"""

from fathom.core.tracing import Graph, trace

__all__ = ["Graph", "trace"]
