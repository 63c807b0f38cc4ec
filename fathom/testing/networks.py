"""Cases of the functions that networks are made of: convolution, pooling, normalisation, activations."""

from __future__ import annotations

from fathom.testing.case import case, distinct, each, normal, positive, uniform

CASES = [
    # ---- convolution ----
    case("conv1d", normal(2, 3, 8), normal(4, 3, 3), normal(4)),
    case("conv1d", normal(3, 8), normal(4, 3, 3)),
    case("conv2d", normal(2, 3, 6, 5), normal(4, 3, 3, 2), normal(4)),
    case("conv2d", normal(2, 4, 6, 5), normal(6, 2, 3, 2), stride=2, padding=1, groups=2),
    case("conv2d", normal(1, 2, 7, 7), normal(3, 2, 3, 3), dilation=(2, 1), padding="same"),
    case("conv3d", normal(1, 2, 4, 4, 3), normal(2, 2, 2, 3, 2), normal(2), padding=1),
    case("conv_transpose1d", normal(2, 3, 5), normal(3, 2, 3), normal(2), stride=2),
    case("conv_transpose2d", normal(1, 4, 3, 4), normal(4, 2, 3, 2), stride=2, padding=1, groups=2),
    case("conv_transpose2d", normal(1, 2, 3, 3), normal(2, 2, 3, 3), stride=2, output_padding=1),
    case("conv_transpose3d", normal(1, 2, 2, 3, 2), normal(2, 2, 2, 2, 2)),
    # ---- pooling ----
    *each("max_pool1d", (distinct(2, 3, 8), 3), (distinct(2, 3, 8), 2, 1, 1)),
    *each("max_pool2d", (distinct(1, 2, 6, 6), 2), (distinct(1, 2, 7, 6), 3, 2, 1)),
    *each("max_pool3d", (distinct(1, 2, 4, 4, 4), 2)),
    *each("avg_pool1d", (normal(2, 3, 8), 3), (normal(2, 3, 8), 2, 1, 1)),
    *each("adaptive_avg_pool1d", (normal(2, 3, 8), 3)),
    *each("pixel_shuffle", (normal(1, 8, 2, 3), 2)),
    *each("pixel_unshuffle", (normal(1, 2, 4, 6), 2)),
    *each("channel_shuffle", (normal(1, 6, 2, 2), 3)),
    # ---- normalisation and distance ----
    case("layer_norm", normal(2, 3, 4), (3, 4), normal(3, 4), normal(3, 4)),
    case("layer_norm", normal(2, 4), (4,)),
    case("rms_norm", normal(2, 4), (4,), normal(4)),
    case("group_norm", normal(2, 6, 3), 3, normal(6), normal(6)),
    case("bilinear", normal(2, 3), normal(2, 4), normal(5, 3, 4), normal(5)),
    *each("cosine_similarity", (normal(3, 4), normal(3, 4)), (normal(3, 4), normal(3, 4), 0)),
    *each("pairwise_distance", (normal(3, 4), normal(3, 4)), (normal(3, 4), normal(3, 4), 1.0)),
    # ---- activations ----
    *each("celu selu", (normal(3, 4),)),
    *each("celu", (normal(9), 0.5)),
    *each("hardshrink", (uniform(-2, 2, 9), 0.3)),
    *each("threshold", (normal(9), 0.1, -1.0)),
    *each("prelu", (normal(2, 3, 4), positive(3)), (normal(3), positive(1))),
]  # fmt: skip
