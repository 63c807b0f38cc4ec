"""AdamW: Adam whose weight decay does not pass through the averages."""

from __future__ import annotations

from typing import Any

from fathom.optim.adam import Adam
from fathom.tensors import Tensor


class AdamW(Adam):
    r"""AdamW (Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", Algorithm 2).

    $$\theta_t = (1 - \alpha\lambda)\,\theta_{t-1}
      - \alpha \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}$$

    with Adam's $\hat m$ and $\hat v$ of the plain gradient: every weight shrinks by the same
    factor, where Adam's own weight_decay would be divided by $\sqrt{\hat v}$ like the rest of the
    gradient.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.AdamW([x], lr=0.1, weight_decay=0.5)
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x
    tensor([2.7500, 3.7000], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad,
            foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
