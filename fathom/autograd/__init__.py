"""Gradients by the tape, with the names of `torch.autograd`."""

from fathom.autograd.checking import gradcheck, gradgradcheck
from fathom.autograd.function import Function
from fathom.autograd.gradients import RemovableHandle, backward, grad
from fathom.autograd.modes import (
    enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled,
)  # fmt: skip

__all__ = [
    "Function", "RemovableHandle", "backward", "enable_grad", "grad", "gradcheck", "gradgradcheck",
    "inference_mode", "is_grad_enabled", "no_grad", "set_grad_enabled",
]  # fmt: skip
