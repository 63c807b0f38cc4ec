"""Adagrad: rates that fall with the squares of all gradients so far."""

from __future__ import annotations

from typing import Any

from fathom.ops.creation import full_like, zeros
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, number
from fathom.tensors import Tensor


class Adagrad(Optimizer):
    r"""Adagrad (Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods").

    $$s_t = s_{t-1} + g_t^2 \qquad
      \theta_t = \theta_{t-1} - \frac{\eta}{1 + (t - 1)\gamma} \frac{g_t}{\sqrt{s_t} + \epsilon}$$

    $\eta$ lr, $\gamma$ lr_decay, $s_0$ initial_accumulator_value; weight_decay $\lambda$ adds
    $\lambda\theta$ to g.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.Adagrad([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([2.9000, 3.9000], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(
            self, group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"
        )

    def start(self, theta: Tensor, group: Options) -> State:
        return {"step": zeros(()), "sum": full_like(theta, group["initial_accumulator_value"])}

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        t = number(state["step"])
        if group["weight_decay"]:
            g = g + group["weight_decay"] * theta
        eta = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        s = state["sum"] + g * g
        return theta - eta * g / (s.sqrt() + group["eps"]), {"sum": s}
