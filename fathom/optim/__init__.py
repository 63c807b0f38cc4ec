"""Optimizers, one a file, each stating its paper's equations; and schedules of the rate."""

from fathom.optim import lr_scheduler, swa_utils
from fathom.optim.adadelta import Adadelta
from fathom.optim.adagrad import Adagrad
from fathom.optim.adam import Adam
from fathom.optim.adamax import Adamax
from fathom.optim.adamw import AdamW
from fathom.optim.asgd import ASGD
from fathom.optim.lbfgs import LBFGS
from fathom.optim.nadam import NAdam
from fathom.optim.optimizer import Optimizer
from fathom.optim.radam import RAdam
from fathom.optim.rmsprop import RMSprop
from fathom.optim.rprop import Rprop
from fathom.optim.sgd import SGD

__all__ = [
    "ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam", "Optimizer",
    "RAdam", "RMSprop", "Rprop", "SGD", "lr_scheduler", "swa_utils",
]  # fmt: skip
