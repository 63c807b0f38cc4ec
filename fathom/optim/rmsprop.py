"""RMSprop: the gradient divided by its running root mean square."""

from __future__ import annotations

from typing import Any

from fathom.ops.creation import zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, absent
from fathom.tensors import Tensor


class RMSprop(Optimizer):
    r"""RMSprop (Tieleman and Hinton 2012, "Neural Networks for Machine Learning", lecture 6.5).

    $$v_t = \alpha v_{t-1} + (1 - \alpha) g_t^2 \qquad
      \theta_t = \theta_{t-1} - \eta \frac{g_t}{\sqrt{v_t} + \epsilon}$$

    $\eta$ lr; weight_decay $\lambda$ adds $\lambda\theta$ to g. `centered` divides by the standard
    deviation, $\sqrt{v_t - m_t^2} + \epsilon$ with the running mean m (Graves 2013, "Generating
    Sequences With Recurrent Neural Networks"). momentum $\mu$ goes along
    $b_t = \mu b_{t-1} + g_t / (\sqrt{v_t} + \epsilon)$.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.RMSprop([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x                                    # v starts at 0: the first step is lr / sqrt(1 - alpha)
    tensor([2.0000, 3.0000], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "eps", "momentum", "weight_decay", "alpha")

    def start(self, theta: Tensor, group: Options) -> State:
        state = {"step": zeros(()), "square_avg": zeros_like(theta)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(theta)
        if group["centered"]:
            state["grad_avg"] = zeros_like(theta)
        return state

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        eta, alpha, mu = group["lr"], group["alpha"], group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * theta
        v = alpha * state["square_avg"] + (1 - alpha) * g * g
        changed = {"square_avg": v}
        if group["centered"]:
            m = changed["grad_avg"] = alpha * state["grad_avg"] + (1 - alpha) * g
            v = v - m * m
        along = g / (v.sqrt() + group["eps"])
        if not absent(mu):
            along = changed["momentum_buffer"] = mu * state["momentum_buffer"] + along
        return theta - eta * along, changed
