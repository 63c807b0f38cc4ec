"""Transforms of functions, with PyTorch's names (`torch.func`)."""

from fathom.func.batching import vmap
from fathom.func.forward import jvp
from fathom.func.functional_call import functional_call, stack_module_state
from fathom.func.jacobians import hessian, jacfwd, jacrev
from fathom.func.reverse import grad, grad_and_value, vjp

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "stack_module_state",
    "vjp", "vmap",
]  # fmt: skip
