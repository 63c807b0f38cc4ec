"""L-BFGS: steps along a quasi-Newton direction, for a loss that can be evaluated repeatedly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fathom.autograd import enable_grad, no_grad
from fathom.ops.shaping import cat
from fathom.optim import checks
from fathom.optim.line_search import Place, strong_wolfe
from fathom.optim.optimizer import Optimizer, Options, State
from fathom.tensors import Tensor

LEAST_CURVATURE = 1e-10  # of y . s, for a pair that is worth remembering


class LBFGS(Optimizer):
    r"""L-BFGS (Liu and Nocedal 1989, "On the Limited Memory BFGS Method").

    All parameters are one vector $\theta$. From the last steps $s_i$ and changes of the gradient
    $y_i$ comes a direction $d = -H g$, H near the inverse Hessian; a step goes
    $\theta \leftarrow \theta + t d$ with t the rate, or found by a line search for the strong Wolfe
    conditions (line_search_fn="strong_wolfe").

    `step(closure)` needs a closure that clears the gradients, computes the loss and its gradients,
    and returns the loss. One call makes up to max_iter such steps and up to max_eval (default 5/4
    max_iter) evaluations, and ends early where the gradient is below tolerance_grad, or the change
    below tolerance_change. It takes one parameter group of real tensors.

    >>> x = fathom.tensor([3., 4.], requires_grad=True)
    >>> optimizer = fathom.optim.LBFGS([x], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((x - 1) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)                  # the loss before the step
    tensor(97., grad_fn=<...>)
    >>> closure().item() < 1e-6
    True
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)

    def check(self, group: Options) -> None:
        checks.at_least_zero(self, group, "lr")
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                "LBFGS: line_search_fn must be None or 'strong_wolfe',"
                f" got {group['line_search_fn']!r}"
            )
        if group["history_size"] < 1:
            raise ValueError(f"LBFGS: history_size must be at least 1, got {group['history_size']}")
        if any(theta.is_complex() for theta in group["params"]):
            raise ValueError("LBFGS: takes real parameters; optimize view_as_real of complex ones")
        if self.param_groups:
            raise ValueError("LBFGS has one parameter group: its parameters are one vector")

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Minimise the closure's loss for up to max_iter steps; returns the loss before them."""
        (group,) = self.param_groups
        state = self.state[group["params"][0]]  # all is kept with the first, as PyTorch does
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss, loss, g = self.evaluate(closure)
        state["func_evals"] += 1
        if largest(g) > group["tolerance_grad"]:
            self.minimise(closure, loss, g, state, group)
        return first_loss

    def minimise(
        self, closure: Callable, loss: float, g: Tensor, state: State, group: Options
    ) -> None:
        """Step until a tolerance or a limit is reached."""
        rate, smallest = float(group["lr"]), group["tolerance_change"]
        evaluations = 1
        for k in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d, t = -g, min(1.0, 1.0 / g.abs().sum().item()) * rate
                state.update(old_dirs=[], old_stps=[], ro=[], H_diag=g.new_ones(()))
            else:
                remember(state, g - state["prev_flat_grad"], state["d"] * state["t"], group)
                d, t = direction(state, g), rate
            state.update(d=d, t=t, prev_flat_grad=g, prev_loss=loss)
            slope = g.dot(d).item()
            if not slope <= -smallest:  # too flat, or not a number
                return
            before, used = loss, 0
            if group["line_search_fn"]:
                at = self.evaluator(closure, d)
                origin = Place(0.0, loss, g, slope)
                place, used = strong_wolfe(
                    at, origin, t, largest(d), smallest, group["max_eval"] - evaluations
                )
                loss, g, t = place.f, place.g, place.t
                self.move(t, d)
            else:
                self.move(t, d)
                if k < group["max_iter"]:  # after the last step nobody asks
                    _, loss, g = self.evaluate(closure)
                    used = 1
            state["t"] = t
            state["func_evals"] += used
            evaluations += used
            if (
                evaluations >= group["max_eval"]
                or largest(g) <= group["tolerance_grad"]
                or largest(d) * abs(t) <= smallest
                or abs(loss - before) < smallest
            ):
                return

    def evaluate(self, closure: Callable) -> tuple[Any, float, Tensor]:
        """The loss as the closure gave it, as a number, and its gradient as one vector."""
        with enable_grad():
            loss = closure()
        return loss, float(loss), self.gradient()

    def evaluator(self, closure: Callable, d: Tensor) -> Callable[[float], Place]:
        """The function that looks at a distance t along d, and comes back."""
        params = self.param_groups[0]["params"]
        here = [theta.detach().clone() for theta in params]

        def at(t: float) -> Place:
            self.move(t, d)
            _, loss, g = self.evaluate(closure)
            for theta, value in zip(params, here, strict=True):
                theta.copy_(value)
            return Place(t, loss, g, g.dot(d).item())

        return at

    def gradient(self) -> Tensor:
        """All gradients as one vector of its own memory; zeros where a parameter has none."""
        params = self.param_groups[0]["params"]
        parts = [
            theta.new_zeros(theta.shape) if theta.grad is None else theta.grad for theta in params
        ]
        return cat([part.detach().flatten() for part in parts])

    def move(self, t: float, d: Tensor) -> None:
        """theta += t d, for each parameter its part of d."""
        params = self.param_groups[0]["params"]
        parts = d.split([theta.numel() for theta in params])
        for theta, part in zip(params, parts, strict=True):
            theta.add_(t * part.reshape(theta.shape))


def largest(x: Tensor) -> float:
    """The largest element, without its sign."""
    return x.abs().max().item()


def remember(state: State, y: Tensor, s: Tensor, group: Options) -> None:
    """Keep the last step s and its change of gradient y; forget the oldest beyond history_size."""
    curvature = y.dot(s)
    if not curvature.item() > LEAST_CURVATURE:
        return
    for name, value in (("old_dirs", y), ("old_stps", s), ("ro", 1 / curvature)):
        state[name].append(value)
        del state[name][: -group["history_size"]]
    state["H_diag"] = curvature / y.dot(y)


def direction(state: State, g: Tensor) -> Tensor:
    """-H g by the two loops over the memory (Nocedal and Wright 2006, Algorithm 7.4)."""
    ys, ss, rhos = state["old_dirs"], state["old_stps"], state["ro"]
    q = -g
    alphas = []
    for y, s, rho in zip(reversed(ys), reversed(ss), reversed(rhos), strict=True):
        alphas.append(rho * s.dot(q))
        q = q - alphas[-1] * y
    d = state["H_diag"] * q
    for y, s, rho, alpha in zip(ys, ss, rhos, reversed(alphas), strict=True):
        d = d + (alpha - rho * y.dot(d)) * s
    return d
