"""The older forms of weight and spectral normalisation: a hook computes the weight before each forward.

They keep PyTorch's names in the state dict (weight_g, weight_v; weight_orig, weight_u, weight_v). New
code takes `fathom.nn.utils.parametrizations`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fathom.autograd import no_grad
from fathom.nn.functional.distance import normalize
from fathom.nn.module import Module
from fathom.nn.parameter import Parameter
from fathom.nn.utils.parametrizations import _SpectralNorm, _WeightNorm


class Normalized:
    """A forward pre-hook that sets module.name from other parameters."""

    def __init__(self, name: str, compute: Callable[[Module], Any], originals: tuple[str, ...]):
        self.name, self.compute, self.originals = name, compute, originals

    def __call__(self, module: Module, args: tuple) -> None:
        object.__setattr__(module, self.name, self.compute(module))


def hooked(
    module: Module, name: str, compute: Callable[[Module], Any], originals: tuple[str, ...]
) -> Module:
    hook = Normalized(name, compute, originals)
    hook(module, ())
    module.register_forward_pre_hook(hook)
    return module


def unhooked(module: Module, name: str, kind: str) -> Module:
    """Let the weight be a parameter again, with the value that it has."""
    hooks = module._forward_pre_hooks
    found = [k for k, hook in hooks.items() if isinstance(hook, Normalized) and hook.name == name]
    if not found:
        raise ValueError(f"{kind} of '{name}' not found in {module}")
    hook = hooks.pop(found[0])
    with no_grad():
        value = hook.compute(module).detach().clone()
    for original in hook.originals:
        delattr(module, original)
    delattr(module, name)
    module.register_parameter(name, Parameter(value))
    return module


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    r"""Learn the lengths and the directions of the weight apart, $w = g\,v / \|v\|$: name_g and name_v."""
    formula = _WeightNorm(dim)
    g, v = formula.right_inverse(getattr(module, name).detach())
    delattr(module, name)
    module.register_parameter(f"{name}_g", Parameter(g))
    module.register_parameter(f"{name}_v", Parameter(v))

    def compute(module: Module) -> Any:
        return formula(getattr(module, f"{name}_g"), getattr(module, f"{name}_v"))

    return hooked(module, name, compute, (f"{name}_g", f"{name}_v"))


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Undo `weight_norm`; the weight keeps its value."""
    return unhooked(module, name, "weight_norm")


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide the weight by its largest singular value: name_orig is learnt, name_u and name_v follow its vectors."""
    if dim is None:
        dim = 1 if "ConvTranspose" in type(module).__name__ else 0
    weight = getattr(module, name)
    formula = _SpectralNorm(weight.detach(), n_power_iterations, dim, eps)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", Parameter(weight.detach()))
    module.register_buffer(f"{name}_u", formula._u)
    module.register_buffer(f"{name}_v", formula._v)

    def compute(module: Module) -> Any:
        weight, u, v = (getattr(module, f"{name}_{part}") for part in ("orig", "u", "v"))
        matrix = formula.as_matrix(weight)
        if module.training:
            with no_grad():
                for _ in range(n_power_iterations):  # v first: the newer form begins with u
                    v.copy_(normalize(matrix.t().mv(u), dim=0, eps=eps))
                    u.copy_(normalize(matrix.mv(v), dim=0, eps=eps))
        return weight / u.clone().dot(matrix.mv(v.clone()))

    return hooked(module, name, compute, (f"{name}_orig", f"{name}_u", f"{name}_v"))


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undo `spectral_norm`; the weight keeps its value."""
    return unhooked(module, name, "spectral_norm")
