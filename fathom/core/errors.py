"""The errors of wrong sizes and wrong dtypes.

PyTorch raises RuntimeError for both; Python's own words are ValueError and TypeError.
Each error here is both, so that code written for either catches it.
"""

from __future__ import annotations


class ShapeError(ValueError, RuntimeError):
    """Sizes that do not fit together; the message names them and the way out."""


class DtypeError(TypeError, RuntimeError):
    """A dtype the operation does not take; the message names it and the way out."""


class LinAlgError(RuntimeError):
    """A matrix for which there is no result: singular, not positive-definite, not finite."""
