"""Two constraints on weights: a length that is learnt apart from the direction, and a bounded spectral norm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.autograd import no_grad
from fathom.nn.functional.distance import normalize
from fathom.nn.module import Module
from fathom.nn.utils.parametrize import register_parametrization
from fathom.ops.norms import vector_norm
from fathom.ops.randomness import randn

if TYPE_CHECKING:
    from fathom.tensors import Tensor


def lengths(weight: Tensor, dim: int | None) -> Tensor:
    """The norms of the slices along `dim`, or of the whole (None or -1), with all dims kept as size 1."""
    if dim is None or dim == -1:
        return vector_norm(weight)
    return vector_norm(weight, 2, [d for d in range(weight.ndim) if d != dim], keepdim=True)


class _WeightNorm(Module):
    """The weight from its lengths and its directions."""

    def __init__(self, dim: int | None = 0):
        super().__init__()
        self.dim = dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """g v / |v|."""
        return weight_v * (weight_g / lengths(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """The lengths of the weight, and the weight itself as the directions."""
        return lengths(weight, self.dim), weight.clone()


class _SpectralNorm(Module):
    """The weight divided by its largest singular value, which a power iteration follows."""

    def __init__(
        self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ):
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-weight.ndim}, {weight.ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % weight.ndim
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.ndim > 1:
            rows, columns = self.as_matrix(weight).shape
            for name, size in (("_u", rows), ("_v", columns)):
                start = randn(size, dtype=weight.dtype, device=weight.device)
                self.register_buffer(name, normalize(start, dim=0, eps=eps))
            self.iterate(self.as_matrix(weight), 15)

    def as_matrix(self, weight: Tensor) -> Tensor:
        """The weight with `dim` in front and all other dims as one."""
        return weight.movedim(self.dim, 0).flatten(1)

    def iterate(self, matrix: Tensor, count: int) -> None:
        """Turn u and v towards the first singular vectors, in place."""
        with no_grad():
            for _ in range(count):
                self._u.copy_(normalize(matrix.mv(self._v), dim=0, eps=self.eps))
                self._v.copy_(normalize(matrix.t().mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        """W / (u^T W v); in training u and v take a step first."""
        if weight.ndim == 1:  # its only singular value is its length
            return normalize(weight, dim=0, eps=self.eps)
        matrix = self.as_matrix(weight)
        if self.training:
            self.iterate(matrix, self.n_power_iterations)
        u, v = (
            self._u.clone(),
            self._v.clone(),
        )  # the next forward overwrites them before this backward
        return weight / u.dot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself."""
        return value


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Learn the lengths g of the weight's slices along `dim` apart from their directions v: $w = g\\,v / \\|v\\|$.

    (Salimans and Kingma 2016.) The originals are g (original0) and v (original1).
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide the weight by its largest singular value, so that the layer stretches nothing (Miyato et al. 2018).

    dim is that of the outputs: 1 for transposed convolutions, else 0.
    """
    weight = getattr(module, name)
    if dim is None:
        dim = 1 if "ConvTranspose" in type(module).__name__ else 0
    return register_parametrization(
        module, name, _SpectralNorm(weight.detach(), n_power_iterations, dim, eps)
    )
