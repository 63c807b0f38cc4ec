"""Explanations: math, code, diagram and the actual numbers, of an operation or of a whole computation.

    explain(fathom.softmax)            what an operation is
    explain(y)                         how a tensor came to be, from its tape
    explain(f, *inputs)                what a function does with these inputs
    explain(module, x, target, loss)   what a network does, and how its loss reaches the parameters
    summary(module, input_size)        its layers in a table, with what each costs

parts.py is the tree that comes out; text, html, svg and tex print it.
"""

import sys
import types

from fathom.explain.parts import Explanation
from fathom.explain.subjects import explain
from fathom.explain.summary import summary


class Package(types.ModuleType):
    """This package, which can be called: `fathom.explain(y)` is `fathom.explain.explain(y)`."""

    def __call__(self, *subject, **options):
        return explain(*subject, **options)


sys.modules[__name__].__class__ = Package

__all__ = ["Explanation", "explain", "summary"]
