"""RAdam: Adam that trusts its second moment only once enough gradients went into it."""

from __future__ import annotations

from typing import Any

from fathom.ops.creation import zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, number
from fathom.tensors import Tensor


class RAdam(Optimizer):
    r"""RAdam (Liu et al. 2020, "On the Variance of the Adaptive Learning Rate and Beyond").

    With Adam's m and v, and $\rho_\infty = 2/(1 - \beta_2) - 1$:

    $$\rho_t = \rho_\infty - \frac{2t\beta_2^t}{1 - \beta_2^t} \qquad
      r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\rho_\infty}
                      {(\rho_\infty - 4)(\rho_\infty - 2)\rho_t}}$$
    $$\theta_t = \theta_{t-1} - \alpha \frac{m_t}{1 - \beta_1^t} \cdot
      \begin{cases} r_t \sqrt{1 - \beta_2^t} / (\sqrt{v_t} + \epsilon) & \rho_t > 5 \\
                    1 & \text{else} \end{cases}$$

    $\alpha$ lr. weight_decay $\lambda$ adds $\lambda\theta$ to g; with decoupled_weight_decay it
    shrinks theta by $1 - \alpha\lambda$ instead (see AdamW).

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.RAdam([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x                                        # the first steps are plain momentum
    tensor([2.4000, 3.2000], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "eps", "weight_decay")
        checks.decay_rates(self, group)

    def start(self, theta: Tensor, group: Options) -> State:
        return {"step": zeros(()), "exp_avg": zeros_like(theta), "exp_avg_sq": zeros_like(theta)}

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        alpha, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if decay and group["decoupled_weight_decay"]:
            theta = (1 - alpha * decay) * theta
        elif decay:
            g = g + decay * theta
        m = beta1 * state["exp_avg"] + (1 - beta1) * g
        v = beta2 * state["exp_avg_sq"] + (1 - beta2) * g * g
        t = state["step"].double()
        longest = 2 / (1 - beta2) - 1  # rho at infinity
        bias = 1 - beta2**t
        rho = longest - 2 * t * beta2**t / bias
        ratio = (rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho)
        # both cases in one formula, so that a trace holds both: one of the two numbers is 0
        scale = number((ratio * bias).sqrt().masked_fill(rho <= 5, 0))
        plain = number((rho <= 5).double())
        factor = scale / (v.sqrt() + group["eps"]) + plain
        after = theta - (alpha / (1 - beta1 ** number(t))) * m * factor
        return after, {"exp_avg": m, "exp_avg_sq": v}
