"""Adam: a rate for each element, from running averages of the gradient and of its square."""

from __future__ import annotations

from typing import Any

from fathom.ops.comparison import maximum
from fathom.ops.creation import zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, number
from fathom.tensors import Tensor


class Adam(Optimizer):
    r"""Adam (Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 1).

    $$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$$
    $$\hat m_t = \frac{m_t}{1 - \beta_1^t} \qquad \hat v_t = \frac{v_t}{1 - \beta_2^t} \qquad
      \theta_t = \theta_{t-1} - \alpha \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}$$

    $\alpha$ lr. weight_decay $\lambda$ adds $\lambda\theta$ to g; with decoupled_weight_decay it
    shrinks theta instead (see AdamW). amsgrad takes the largest v so far in place of v (Reddi, Kale
    and Kumar 2018, "On the Convergence of Adam and Beyond").

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.Adam([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x                                    # the first step has length lr, whatever the gradient
    tensor([2.9000, 3.9000], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "eps", "weight_decay")
        checks.decay_rates(self, group)

    def start(self, theta: Tensor, group: Options) -> State:
        state = {"step": zeros(()), "exp_avg": zeros_like(theta), "exp_avg_sq": zeros_like(theta)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(theta)
        return state

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        alpha, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        t = number(state["step"])
        if decay and group["decoupled_weight_decay"]:
            theta = (1 - alpha * decay) * theta
        elif decay:
            g = g + decay * theta
        m = beta1 * state["exp_avg"] + (1 - beta1) * g
        v = beta2 * state["exp_avg_sq"] + (1 - beta2) * g * g
        changed = {"exp_avg": m, "exp_avg_sq": v}
        if group["amsgrad"]:
            v = changed["max_exp_avg_sq"] = maximum(state["max_exp_avg_sq"], v)
        root = (v / (1 - beta2**t)).sqrt()
        # the correction of m is a number and joins the rate, sparing a pass over m
        return theta - (alpha / (1 - beta1**t)) * m / (root + group["eps"]), changed
