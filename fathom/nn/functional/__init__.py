"""The functions that layers are made of, with PyTorch's names: `import fathom.nn.functional as F`."""

from fathom.nn.functional.activations import (
    celu, celu_, elu, elu_, gelu, glu, gumbel_softmax, hardshrink, hardsigmoid, hardswish, hardtanh,
    hardtanh_, leaky_relu, leaky_relu_, log_softmax, logsigmoid, mish, prelu, relu, relu6, relu_, rrelu,
    selu, selu_, sigmoid, silu, softmax, softmin, softplus, softshrink, softsign, tanh, tanhshrink,
    threshold,
)  # fmt: skip
from fathom.nn.functional.adaptive import (
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d, adaptive_max_pool1d,
    adaptive_max_pool2d, adaptive_max_pool3d,
)  # fmt: skip
from fathom.nn.functional.attention import scaled_dot_product_attention
from fathom.nn.functional.classification import (
    cross_entropy,
    multi_margin_loss,
    multilabel_margin_loss,
    nll_loss,
)
from fathom.nn.functional.convolution import (
    conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d,
)  # fmt: skip
from fathom.nn.functional.ctc import ctc_loss
from fathom.nn.functional.distance import (
    cosine_embedding_loss, cosine_similarity, hinge_embedding_loss, margin_ranking_loss,
    multilabel_soft_margin_loss, normalize, pairwise_distance, soft_margin_loss,
    triplet_margin_loss, triplet_margin_with_distance_loss,
)  # fmt: skip
from fathom.nn.functional.dropout import (
    alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout,
)  # fmt: skip
from fathom.nn.functional.embedding import embedding, embedding_bag
from fathom.nn.functional.folding import fold, unfold
from fathom.nn.functional.linear import bilinear, linear
from fathom.nn.functional.losses import (
    binary_cross_entropy, binary_cross_entropy_with_logits, gaussian_nll_loss, huber_loss, kl_div,
    l1_loss, mse_loss, poisson_nll_loss, smooth_l1_loss,
)  # fmt: skip
from fathom.nn.functional.normalization import (
    batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, rms_norm,
)  # fmt: skip
from fathom.nn.functional.padding import pad
from fathom.nn.functional.pooling import (
    avg_pool1d, avg_pool2d, avg_pool3d, lp_pool1d, lp_pool2d, lp_pool3d, max_pool1d, max_pool2d,
    max_pool3d, max_unpool1d, max_unpool2d, max_unpool3d,
)  # fmt: skip
from fathom.nn.functional.resizing import (
    channel_shuffle, interpolate, pixel_shuffle, pixel_unshuffle, upsample,
)  # fmt: skip
from fathom.ops.counting import one_hot
from fathom.ops.norms import pdist
