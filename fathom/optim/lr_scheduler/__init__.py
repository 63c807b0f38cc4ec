"""Schedules: how the learning rate changes while training."""

from fathom.optim.lr_scheduler.combine import ChainedScheduler, SequentialLR
from fathom.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from fathom.optim.lr_scheduler.cyclic import CyclicLR
from fathom.optim.lr_scheduler.functions import LambdaLR, MultiplicativeLR
from fathom.optim.lr_scheduler.one_cycle import OneCycleLR
from fathom.optim.lr_scheduler.plateau import ReduceLROnPlateau
from fathom.optim.lr_scheduler.ramps import ConstantLR, LinearLR, PolynomialLR
from fathom.optim.lr_scheduler.scheduler import LRScheduler
from fathom.optim.lr_scheduler.steps import ExponentialLR, MultiStepLR, StepLR

_LRScheduler = LRScheduler  # its name in programs written before PyTorch 2

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts",
    "CyclicLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR",
    "MultiplicativeLR", "OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
