"""PyTorch's `utils`: what lives elsewhere in fathom, under the names that PyTorch gives it."""

from fathom.utils import data

__all__ = ["data"]
