"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, absent
from fathom.tensors import Tensor


class SGD(Optimizer):
    r"""Stochastic gradient descent (Robbins and Monro 1951), with Polyak's or Nesterov's momentum.

    $$b_t = \mu b_{t-1} + (1 - \tau) g_t, \qquad \theta_t = \theta_{t-1} - \eta\, b_t$$

    $\eta$ lr, $\mu$ momentum, $\tau$ dampening; weight_decay $\lambda$ adds $\lambda\theta$ to g.
    The first $b$ is $g$. Nesterov's form goes along $g_t + \mu b_t$ (Sutskever et al. 2013, "On the
    importance of initialization and momentum in deep learning"); it takes a momentum and no
    dampening.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.SGD([x], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x * x).sum().backward()
    ...     optimizer.step()
    >>> x
    tensor([1.3800, 1.8400], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                "SGD: Nesterov momentum requires a momentum above 0 and no dampening, got momentum"
                f" {group['momentum']} and dampening {group['dampening']}"
            )

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        eta, mu, tau = group["lr"], group["momentum"], group["dampening"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * theta
        if absent(mu):
            return theta - eta * g, {}
        b = g
        if "momentum_buffer" in state:
            b = mu * state["momentum_buffer"] + (g if tau == 0 else (1 - tau) * g)
        along = g + mu * b if group["nesterov"] else b
        return theta - eta * along, {"momentum_buffer": b}
