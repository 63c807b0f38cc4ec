"""Embeddings: a table of learnt vectors. Letters: V entries, D their length, B bags."""

from __future__ import annotations

from typing import Any, Self

from fathom.autograd import no_grad
from fathom.core.errors import ShapeError
from fathom.nn import functional as F
from fathom.nn import init
from fathom.nn.functional.embedding import padding_row
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.ops import creation
from fathom.tensors import Tensor


class Table(Module):
    """A table (num_embeddings, embedding_dim) of numbers that start standard normal; the padding row starts at 0."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        weight: Tensor | None,
        frozen: bool,
        device: Any,
        dtype: Any,
    ):
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_row(padding_idx, num_embeddings)
        if weight is None:
            table = creation.empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not frozen)
            self.reset_parameters()
        else:
            if tuple(weight.shape) != (num_embeddings, embedding_dim):
                raise AssertionError(
                    f"Shape of weight {tuple(weight.shape)} does not match num_embeddings and embedding_dim"
                    f" ({num_embeddings}, {embedding_dim})"
                )
            self.weight = Parameter(weight, requires_grad=not frozen)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, **options: Any) -> Self:
        """A layer with this table (V, D), which is not learnt on unless freeze=False.

        >>> table = fathom.tensor([[1., 2.], [3., 4.]])
        >>> fathom.nn.Embedding.from_pretrained(table)(fathom.tensor([1]))
        tensor([[3., 4.]])
        """
        if embeddings.ndim != 2:
            raise ShapeError(
                f"Embeddings parameter is expected to be 2-dimensional, got {tuple(embeddings.shape)}"
            )
        layer: Any = cls  # either layer takes the table as _weight
        return layer(*embeddings.shape, _weight=embeddings, _freeze=freeze, **options)

    def extra_repr(self) -> str:
        """Its sizes, and the options that are not the defaults."""
        chosen = {
            "padding_idx": (self.padding_idx, None),
            "max_norm": (self.max_norm, None),
            "norm_type": (self.norm_type, 2.0),
            "scale_grad_by_freq": (self.scale_grad_by_freq, False),
            "sparse": (self.sparse, False),
        }
        options = "".join(
            f", {name}={value}" for name, (value, usual) in chosen.items() if value != usual
        )
        return f"{self.num_embeddings}, {self.embedding_dim}{options}"


class Embedding(Table):
    """The vector of each number. x (*) of integers below V -> (*, D).

    >>> fathom.nn.Embedding(10, 3)(fathom.tensor([[1, 2], [4, 9]])).shape
    fathom.Size([2, 2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device, dtype
        )
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse

    def forward(self, input: Tensor) -> Tensor:
        """x (*) -> (*, D)."""
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )


class EmbeddingBag(Table):
    """The sum, mean or maximum of the vectors of each bag of numbers -> (B, D).

    x (B, L), bags of one length; or x (N) with offsets (B), where each bag begins.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
        _freeze: bool = False,
    ):
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device, dtype
        )
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset

    def forward(
        self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None
    ) -> Tensor:
        """x (B, L), or x (N) and offsets (B) -> (B, D)."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Its sizes, and the options that are not the defaults."""
        chosen = {
            "max_norm": (self.max_norm, None),
            "norm_type": (self.norm_type, 2.0),
            "scale_grad_by_freq": (self.scale_grad_by_freq, False),
        }
        options = "".join(
            f", {name}={value}" for name, (value, usual) in chosen.items() if value != usual
        )
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{options}, mode={self.mode!r}{padding}"
