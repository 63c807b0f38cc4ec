"""Distances as modules."""

from __future__ import annotations

from fathom.nn import functional as F
from fathom.nn.module import Module
from fathom.tensors import Tensor


class PairwiseDistance(Module):
    r"""$y = \|a - b + \epsilon\|_p$ along the last dim. a (N, D), b (N, D) -> (N)."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """a (N, D), b (N, D) -> (N)."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    r"""$y = \cos(a, b)$ along `dim`. a (N, D), b (N, D) -> (N)."""

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """a (N, D), b (N, D) -> (N)."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
