"""Adadelta: steps in the unit of the parameter, with no rate to choose."""

from __future__ import annotations

from typing import Any

from fathom.ops.creation import zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State
from fathom.tensors import Tensor


class Adadelta(Optimizer):
    r"""Adadelta (Zeiler 2012, "ADADELTA: An Adaptive Learning Rate Method", Algorithm 1).

    $$v_t = \rho v_{t-1} + (1 - \rho) g_t^2 \qquad
      \Delta_t = \frac{\sqrt{u_{t-1} + \epsilon}}{\sqrt{v_t + \epsilon}}\, g_t \qquad
      u_t = \rho u_{t-1} + (1 - \rho) \Delta_t^2 \qquad \theta_t = \theta_{t-1} - \eta\Delta_t$$

    $\eta$ lr, 1 in the paper; weight_decay $\lambda$ adds $\lambda\theta$ to g.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.Adadelta([x])
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x                                        # it starts slowly: u grows from eps
    tensor([2.9968, 3.9968], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "eps", "weight_decay")
        if not 0 <= group["rho"] <= 1:
            raise ValueError(f"Adadelta: rho must be between 0 and 1, got {group['rho']}")

    def start(self, theta: Tensor, group: Options) -> State:
        return {
            "step": zeros(()), "square_avg": zeros_like(theta), "acc_delta": zeros_like(theta),
        }  # fmt: skip

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        rho, eps, u = group["rho"], group["eps"], state["acc_delta"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * theta
        v = rho * state["square_avg"] + (1 - rho) * g * g
        delta = ((u + eps) / (v + eps)).sqrt() * g
        u = rho * u + (1 - rho) * delta * delta
        return theta - group["lr"] * delta, {"square_avg": v, "acc_delta": u}
