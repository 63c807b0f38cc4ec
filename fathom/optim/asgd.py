"""ASGD: gradient descent that also keeps the average of where it has been."""

from __future__ import annotations

from typing import Any

from fathom.ops.creation import full, ones, zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, number
from fathom.tensors import Tensor


class ASGD(Optimizer):
    r"""Averaged stochastic gradient descent (Polyak and Juditsky 1992, "Acceleration of Stochastic
    Approximation by Averaging"; the schedule is Bottou's).

    $$\theta_t = (1 - \lambda\eta_t)\,\theta_{t-1} - \eta_t g_t \qquad
      \bar\theta_t = \bar\theta_{t-1} + \mu_t (\theta_t - \bar\theta_{t-1})$$
    $$\eta_{t+1} = \frac{\eta}{(1 + \lambda\eta t)^\alpha} \qquad
      \mu_{t+1} = \frac{1}{\max(1, t - t_0)}$$

    $\eta$ lr, $\lambda$ lambd; averaging starts after step t0. The average is
    `optimizer.state[p]["ax"]`; the parameter itself holds $\theta$.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.ASGD([x], lr=0.1, t0=0)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x * x).sum().backward()
    ...     optimizer.step()
    >>> x
    tensor([1.9200, 2.5599], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "weight_decay")

    def start(self, theta: Tensor, group: Options) -> State:
        return {
            "step": zeros(()), "eta": full((), float(group["lr"])), "mu": ones(()),
            "ax": zeros_like(theta),
        }  # fmt: skip

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        rate, shrink = group["lr"], group["lambd"]
        eta, mu, average = number(state["eta"]), number(state["mu"]), state["ax"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * theta
        theta = (1 - shrink * eta) * theta - eta * g
        average = average + mu * (theta - average)
        t = state["step"].double()
        eta = rate / (1 + shrink * rate * t) ** group["alpha"]
        mu = 1 / (t - group["t0"]).clamp(min=1)
        return theta, {"eta": eta, "mu": mu, "ax": average}
