"""Dropout layers: active in training mode, the identity in evaluation mode."""

from __future__ import annotations

from fathom.nn import functional as F
from fathom.nn.module import Module
from fathom.tensors import Tensor


class Dropping(Module):
    """What the dropout layers share: the probability p of an element (or a channel) to become 0."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(Dropping):
    """Elements become 0 with probability p, the others are divided by 1 - p."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(Dropping):
    """Dropout of whole channels of sequences."""

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, L) or (C, L) -> the same."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(Dropping):
    """Dropout of whole channels of images."""

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, H, W) -> the same."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(Dropping):
    """Dropout of whole channels of volumes."""

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, D, H, W) or (C, D, H, W) -> the same."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(Dropping):
    """Dropout that keeps mean 0 and variance 1, for networks of SELU."""

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*)."""
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(Dropping):
    """AlphaDropout of whole channels."""

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> the same."""
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
