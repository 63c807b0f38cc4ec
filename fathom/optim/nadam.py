"""NAdam: Adam that looks one step ahead, as Nesterov's momentum does."""

from __future__ import annotations

from typing import Any

from fathom.ops.creation import ones, zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State, number
from fathom.tensors import Tensor


class NAdam(Optimizer):
    r"""NAdam (Dozat 2016, "Incorporating Nesterov Momentum into Adam").

    $$\mu_t = \beta_1 (1 - \tfrac12\, 0.96^{t\psi}) \qquad M_t = \prod_{i \le t} \mu_i$$
    $$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2$$
    $$\hat m_t = \frac{\mu_{t+1} m_t}{1 - M_t \mu_{t+1}} + \frac{(1 - \mu_t) g_t}{1 - M_t} \qquad
      \theta_t = \theta_{t-1} - \alpha \frac{\hat m_t}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}$$

    $\alpha$ lr, $\psi$ momentum_decay. weight_decay $\lambda$ adds $\lambda\theta$ to g; with
    decoupled_weight_decay it shrinks theta by $1 - \alpha\lambda$ instead (see AdamW).

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.NAdam([x], lr=0.1)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([2.8944, 3.8944], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr", "eps", "weight_decay", "momentum_decay")
        checks.decay_rates(self, group)

    def start(self, theta: Tensor, group: Options) -> State:
        return {
            "step": zeros(()), "mu_product": ones(()),
            "exp_avg": zeros_like(theta), "exp_avg_sq": zeros_like(theta),
        }  # fmt: skip

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        alpha, (beta1, beta2), psi = group["lr"], group["betas"], group["momentum_decay"]
        decay, t = group["weight_decay"], number(state["step"])
        if decay and group["decoupled_weight_decay"]:
            theta = (1 - alpha * decay) * theta
        elif decay:
            g = g + decay * theta
        mu = beta1 * (1 - 0.5 * 0.96 ** (t * psi))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * psi))
        product = state["mu_product"] * mu
        total = number(product)
        m = beta1 * state["exp_avg"] + (1 - beta1) * g
        v = beta2 * state["exp_avg_sq"] + (1 - beta2) * g * g
        ahead = (mu_next / (1 - total * mu_next)) * m + ((1 - mu) / (1 - total)) * g
        root = (v / (1 - beta2**t)).sqrt()
        after = theta - alpha * ahead / (root + group["eps"])
        return after, {"mu_product": product, "exp_avg": m, "exp_avg_sq": v}
