"""Networks: modules, layers, losses, initialisation; with PyTorch's names (`torch.nn`)."""

from fathom.nn import functional, init, parallel, utils
from fathom.nn.activation import (
    CELU, ELU, GELU, GLU, SELU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSigmoid,
    LogSoftmax, Mish, PReLU, ReLU, ReLU6, RReLU, Sigmoid, SiLU, Softmax, Softmax2d, Softmin, Softplus,
    Softshrink, Softsign, Tanh, Tanhshrink, Threshold,
)  # fmt: skip
from fathom.nn.containers import ModuleDict, ModuleList, Sequential
from fathom.nn.distance import CosineSimilarity, PairwiseDistance
from fathom.nn.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from fathom.nn.embedding import Embedding, EmbeddingBag
from fathom.nn.flatten import Flatten, Unflatten
from fathom.nn.lazy import LazyModuleMixin
from fathom.nn.linear import Bilinear, Identity, LazyLinear, Linear
from fathom.nn.loss import (
    BCELoss, BCEWithLogitsLoss, CosineEmbeddingLoss, CrossEntropyLoss, GaussianNLLLoss, HingeEmbeddingLoss,
    HuberLoss, KLDivLoss, L1Loss, MarginRankingLoss, MSELoss, MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss, MultiMarginLoss, NLLLoss, PoissonNLLLoss, SmoothL1Loss, SoftMarginLoss,
    TripletMarginLoss, TripletMarginWithDistanceLoss,
)  # fmt: skip
from fathom.nn.module import Module
from fathom.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from fathom.nn.parallel import DataParallel
from fathom.nn.parameter_containers import ParameterDict, ParameterList
