"""Networks: modules, layers, losses, initialisation; with PyTorch's names (`torch.nn`)."""

from fathom.nn import functional, init, parallel, utils
from fathom.nn.activation import (
    CELU, ELU, GELU, GLU, SELU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSigmoid,
    LogSoftmax, Mish, PReLU, ReLU, ReLU6, RReLU, Sigmoid, SiLU, Softmax, Softmax2d, Softmin, Softplus,
    Softshrink, Softsign, Tanh, Tanhshrink, Threshold,
)  # fmt: skip
from fathom.nn.attention import MultiheadAttention
from fathom.nn.batch_norm import (
    BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d,
    LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d, LazyInstanceNorm1d, LazyInstanceNorm2d,
    LazyInstanceNorm3d, SyncBatchNorm,
)  # fmt: skip
from fathom.nn.cells import GRUCell, LSTMCell, RNNCell
from fathom.nn.containers import ModuleDict, ModuleList, Sequential
from fathom.nn.conv import (
    Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, LazyConv1d, LazyConv2d,
    LazyConv3d, LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d,
)  # fmt: skip
from fathom.nn.distance import (
    CosineEmbeddingLoss, CosineSimilarity, HingeEmbeddingLoss, MarginRankingLoss, PairwiseDistance,
    TripletMarginLoss, TripletMarginWithDistanceLoss,
)  # fmt: skip
from fathom.nn.dropout import (
    AlphaDropout,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    FeatureAlphaDropout,
)
from fathom.nn.embedding import Embedding, EmbeddingBag
from fathom.nn.flatten import Flatten, Unflatten
from fathom.nn.fold import Fold, Unfold
from fathom.nn.lazy import LazyModuleMixin
from fathom.nn.linear import Bilinear, Identity, LazyLinear, Linear
from fathom.nn.loss import (
    BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, CTCLoss, GaussianNLLLoss, HuberLoss, KLDivLoss, L1Loss,
    MSELoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, NLLLoss, PoissonNLLLoss,
    SmoothL1Loss, SoftMarginLoss,
)  # fmt: skip
from fathom.nn.module import Module
from fathom.nn.norm import GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from fathom.nn.pad import (
    CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad1d, ConstantPad2d, ConstantPad3d,
    ReflectionPad1d, ReflectionPad2d, ReflectionPad3d, ReplicationPad1d, ReplicationPad2d,
    ReplicationPad3d, ZeroPad1d, ZeroPad2d, ZeroPad3d,
)  # fmt: skip
from fathom.nn.parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
from fathom.nn.parallel import DataParallel
from fathom.nn.parameter_containers import ParameterDict, ParameterList
from fathom.nn.pool import (
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d,
    AdaptiveMaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d, LPPool1d, LPPool2d, LPPool3d, MaxPool1d, MaxPool2d,
    MaxPool3d, MaxUnpool1d, MaxUnpool2d, MaxUnpool3d,
)  # fmt: skip
from fathom.nn.rnn import GRU, LSTM, RNN, RNNBase
from fathom.nn.transformer import (
    Transformer, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
)  # fmt: skip
from fathom.nn.upsample import (
    ChannelShuffle, PixelShuffle, PixelUnshuffle, Upsample, UpsamplingBilinear2d, UpsamplingNearest2d,
)  # fmt: skip
