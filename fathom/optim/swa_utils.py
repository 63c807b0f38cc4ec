"""Averages of a model's weights along the way, and the schedule that goes with them.

The average of the last weights often does better than the last ones: stochastic weight averaging
(Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization") takes
the plain mean, an exponential moving average forgets the older ones.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fathom.autograd import no_grad
from fathom.core import dtypes
from fathom.nn.module import Module
from fathom.ops.creation import tensor
from fathom.optim.lr_scheduler.cosine import half_cosine
from fathom.optim.lr_scheduler.scheduler import LRScheduler, Rate, one_for_each
from fathom.optim.optimizer import Optimizer
from fathom.tensors import Tensor

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


# ---- averages ------------------------------------------------------------------------------------


def get_swa_avg_fn() -> Average:
    r"""The plain mean, $\bar\theta + (\theta - \bar\theta)/(n + 1)$, after n models before."""

    @no_grad()
    def average(mean: Tensor, theta: Tensor, count: Any) -> Tensor:
        return mean + (theta - mean) / (count + 1)

    return average


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    r"""The exponential moving average, $d\,\bar\theta + (1 - d)\,\theta$, of decay d."""
    check_decay(decay)

    @no_grad()
    def average(mean: Tensor, theta: Tensor, count: Any) -> Tensor:
        return decay * mean + (1 - decay) * theta

    return average


def get_swa_multi_avg_fn() -> Averages:
    """The plain mean, of lists of tensors, in place."""
    return in_place_for_all(get_swa_avg_fn())


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """The exponential moving average, of lists of tensors, in place."""
    return in_place_for_all(get_ema_avg_fn(decay))


def in_place_for_all(average: Average) -> Averages:
    """The function that averages lists of tensors, writing into those of the first."""

    @no_grad()
    def averages(means: Sequence[Tensor], thetas: Sequence[Tensor], count: Any) -> None:
        for mean, theta in zip(means, thetas, strict=True):
            mean.copy_(average(mean, theta, count).to(mean.dtype))

    return averages


def check_decay(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"get_ema_avg_fn: decay must be between 0 and 1, got {decay}")


class AveragedModel(Module):
    """A model whose parameters are the average of another's, as it was at each `update_parameters`.

    The plain mean, unless avg_fn (of the mean, the value, and how many were averaged before) or
    multi_avg_fn (the same of lists, in place) says otherwise. Buffers are copied, or averaged too
    with use_buffers.

    >>> model = fathom.nn.Linear(1, 1)
    >>> average = fathom.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = fathom.nn.init.constant_(model.weight, value)
    ...     average.update_parameters(model)
    >>> average.module.weight.item()
    3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: give avg_fn or multi_avg_fn, not both")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, dtype=dtypes.int64, device=device))
        self.averages = multi_avg_fn or in_place_for_all(avg_fn or get_swa_avg_fn())
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters into the average; the first time, copy them."""
        means, thetas = averaged(self.module, self.use_buffers), averaged(model, self.use_buffers)
        thetas = [theta.to(mean.device) for mean, theta in zip(means, thetas, strict=True)]
        if self.n_averaged == 0:
            copy_all(means, thetas)
        else:
            self.averages(means, thetas, self.n_averaged)
        if not self.use_buffers:
            copy_all(self.module.buffers(), model.buffers())
        self.n_averaged += 1


def averaged(model: Module, use_buffers: bool) -> list[Tensor]:
    """What of a model is averaged."""
    more = model.buffers() if use_buffers else ()
    return [x.detach() for x in itertools.chain(model.parameters(), more)]


def copy_all(targets: Iterable[Tensor], sources: Iterable[Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


@no_grad()
def update_bn(loader: Iterable, model: Module, device: Any = None) -> None:
    """Compute the running means and variances of an averaged model's batch norms anew, in one pass.

    The loader gives inputs, or tuples that begin with one.
    """
    norms = [module for module in model.modules() if hasattr(module, "reset_running_stats")]
    if not norms:
        return
    momenta, was_training = [norm.momentum for norm in norms], model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    for batch in loader:
        x = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(x if device is None else x.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


# ---- the schedule --------------------------------------------------------------------------------


class SWALR(LRScheduler):
    r"""To swa_lr within anneal_epochs, along half a cosine ("cos") or a line ("linear").

    It mixes: $\eta_t = a_t\,\eta_{swa} + (1 - a_t)\,\eta$, with a from 0 to 1 and $\eta$ the rate
    that the optimizer would have without it.

    >>> optimizer = fathom.optim.SGD([fathom.zeros(1)], lr=1.0)
    >>> scheduler = fathom.optim.swa_utils.SWALR(optimizer, 0.5, 2, anneal_strategy="linear")
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print(scheduler.get_last_lr())
    [0.75]
    [0.5]
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"SWALR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(
                f"SWALR: anneal_epochs must be an int of at least 0, got {anneal_epochs}"
            )
        for group, rate in zip(
            optimizer.param_groups, one_for_each("swa_lr", optimizer, swa_lr), strict=True
        ):
            group["swa_lr"] = rate
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def share(self, step: int) -> float:
        """How much of the rate is swa_lr after so many steps: from 0 to 1."""
        part = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return part if self.anneal_strategy == "linear" else 1 - half_cosine(part)

    def get_lr(self) -> list[Rate]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self.share(step - 1), self.share(step)
        rates = []
        for group in self.optimizer.param_groups:
            goal = group["swa_lr"]
            # the rate without this schedule, from the mixture that its last step left
            other = goal if before == 1 else (group["lr"] - before * goal) / (1 - before)
            rates.append(now * goal + (1 - now) * other)
        return rates
