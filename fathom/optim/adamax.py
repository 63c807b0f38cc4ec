"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from typing import Any

from fathom.ops.comparison import maximum
from fathom.ops.creation import zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, number
from fathom.tensors import Tensor


class Adamax(Optimizer):
    r"""Adamax (Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 2).

    $$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t \qquad
      u_t = \max(\beta_2 u_{t-1}, |g_t| + \epsilon)$$
    $$\theta_t = \theta_{t-1} - \frac{\alpha}{1 - \beta_1^t} \frac{m_t}{u_t}$$

    $\alpha$ lr; weight_decay $\lambda$ adds $\lambda\theta$ to g. The $\epsilon$ keeps u above 0.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.Adamax([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([2.9000, 3.9000], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "eps", "weight_decay")
        checks.decay_rates(self, group)

    def start(self, theta: Tensor, group: Options) -> State:
        return {"step": zeros(()), "exp_avg": zeros_like(theta), "exp_inf": zeros_like(theta)}

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        alpha, (beta1, beta2) = group["lr"], group["betas"]
        t = number(state["step"])
        if group["weight_decay"]:
            g = g + group["weight_decay"] * theta
        m = beta1 * state["exp_avg"] + (1 - beta1) * g
        u = maximum(beta2 * state["exp_inf"], g.abs() + group["eps"])
        return theta - (alpha / (1 - beta1**t)) * m / u, {"exp_avg": m, "exp_inf": u}
