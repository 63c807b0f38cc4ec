"""Rprop: steps from the gradient's sign alone, for whole batches."""

from __future__ import annotations

from typing import Any

from fathom.ops.creation import full_like, ones_like, zeros, zeros_like
from fathom.optim import checks
from fathom.optim.optimizer import After, Optimizer, Options, State
from fathom.tensors import Tensor


class Rprop(Optimizer):
    r"""Rprop (Riedmiller and Braun 1993; here iRprop-, Igel and Huesken 2000).

    Where the gradient keeps its sign, the element's step $\Delta$ grows by $\eta^+$; where the sign
    turns, it shrinks by $\eta^-$ and the element rests for one step:

    $$\Delta_t = \mathrm{clamp}(\eta^\pm \Delta_{t-1}) \qquad
      g_t \leftarrow 0 \text{ where } g_t g_{t-1} < 0 \qquad
      \theta_t = \theta_{t-1} - \mathrm{sign}(g_t)\,\Delta_t$$

    $\Delta_0$ lr, $(\eta^-, \eta^+)$ etas, the clamp's ends step_sizes.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.Rprop([x], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x * x).sum().backward()
    ...     optimizer.step()
    >>> x                                        # 0.1, then 1.2 times 0.1
    tensor([2.7800, 3.7800], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr")
        shrink, grow = group["etas"]
        if not 0 < shrink < 1 < grow:
            raise ValueError(f"Rprop: etas must be 0 < etas[0] < 1 < etas[1], got {group['etas']}")

    def start(self, theta: Tensor, group: Options) -> State:
        step_size = full_like(theta, float(group["lr"]))
        return {"step": zeros(()), "prev": zeros_like(theta), "step_size": step_size}

    @staticmethod
    def update(theta: Tensor, g: Tensor, state: State, group: Options) -> After:
        (shrink, grow), (smallest, largest) = group["etas"], group["step_sizes"]
        agreement = g * state["prev"]
        turned = agreement < 0
        factor = ones_like(g).masked_fill(agreement > 0, grow).masked_fill(turned, shrink)
        step_size = (state["step_size"] * factor).clamp(smallest, largest)
        g = g.masked_fill(turned, 0)
        return theta - g.sign() * step_size, {"step_size": step_size, "prev": g}
