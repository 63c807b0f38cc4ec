"""Transforms of functions, with PyTorch's names (`torch.func`)."""

from fathom.func.batching import vmap
from fathom.func.forward import jvp
from fathom.func.jacobians import hessian, jacfwd, jacrev
from fathom.func.reverse import grad, grad_and_value, vjp

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "vjp", "vmap"]
