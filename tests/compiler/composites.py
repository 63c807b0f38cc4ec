"""The composites that eager mode runs as one operation, with arguments for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import fathom
import fathom.nn.functional as F
from fathom.nn.functional.recurrence import gru_step, lstm_step, rnn_step, walk


@dataclass(frozen=True)
class Case:
    """A call of a composite: tuples are the shapes of tensors that want gradients, other tensors are given
    as they are."""

    call: Callable
    given: tuple

    def arguments(self, dtype) -> list:
        """New arguments, always the same."""
        g = fathom.Generator().manual_seed(1)
        found = []
        for x in self.given:
            if isinstance(x, tuple):
                found.append(fathom.randn(*x, generator=g).to(dtype).requires_grad_())
            else:
                found.append(x.to(dtype, copy=True) if x.is_floating_point() else x)
        return found


def classes(*shape):
    """Numbers of classes 0 to 4, and one that is ignored."""
    numbers = fathom.arange(fathom.Size(shape).numel()) % 5
    numbers[1] = -100
    return numbers.reshape(shape)


CASES = {
    "softmax of rows": Case(lambda x: F.softmax(x, -1), ((5, 7),)),
    "softmax along the first dim": Case(lambda x: F.softmax(x, dim=0), ((5, 7),)),
    "softmax in another dtype": Case(
        lambda x: fathom.softmax(x, 0, dtype=fathom.float64), ((3, 2),)
    ),
    "log_softmax": Case(lambda x: F.log_softmax(x, 1), ((3, 19, 4),)),
    "gelu": Case(F.gelu, ((4, 5),)),
    "gelu with tanh": Case(lambda x: F.gelu(x, approximate="tanh"), ((4, 5),)),
    "silu": Case(F.silu, ((4, 5),)),
    "leaky_relu": Case(F.leaky_relu, ((4, 5),)),
    "hardswish": Case(F.hardswish, ((4, 5),)),
    "layer_norm": Case(lambda x, w, b: F.layer_norm(x, (6,), w, b), ((4, 6), (6,), (6,))),
    "layer_norm of two dims": Case(lambda x: F.layer_norm(x, [3, 4]), ((5, 3, 4),)),
    "rms_norm": Case(lambda x, w: F.rms_norm(x, (6,), w), ((4, 6), (6,))),
    "group_norm": Case(lambda x, w, b: F.group_norm(x, 2, w, b), ((3, 4, 5), (4,), (4,))),
    "batch_norm": Case(
        lambda x, w, b, mean, variance: F.batch_norm(x, mean, variance, w, b, True),
        ((4, 3, 2, 2), (3,), (3,), fathom.zeros(3), fathom.ones(3)),
    ),
    "batch_norm by running statistics": Case(
        lambda x, w, b, mean, variance: F.batch_norm(x, mean, variance, w, b),
        ((4, 3, 2, 2), (3,), (3,), fathom.tensor([0.5, -1.0, 2.0]), fathom.tensor([1.0, 3.0, 0.2])),
    ),
    "cross_entropy": Case(F.cross_entropy, ((6, 5), classes(6))),
    "cross_entropy of pixels, smoothed": Case(
        lambda x, t, w: F.cross_entropy(x, t, w, label_smoothing=0.1),
        ((3, 5, 2, 2), classes(3, 2, 2), (5,)),
    ),
    "cross_entropy, one by one": Case(
        lambda x, t: F.cross_entropy(x, t, ignore_index=3, reduction="none"),
        ((4, 5), classes(4).abs() % 5),
    ),
    "cross_entropy of probabilities": Case(
        lambda x, t: F.cross_entropy(x, F.softmax(t, 1), reduction="sum"), ((6, 5), (6, 5))
    ),
    "max_pool1d": Case(lambda x: F.max_pool1d(x, 3, 2), ((2, 3, 9),)),
    "max_pool2d": Case(lambda x: F.max_pool2d(x, 2), ((2, 3, 4, 6),)),
    "max_pool2d, padded": Case(lambda x: F.max_pool2d(x, 3, 2, 1), ((2, 3, 7, 7),)),
    "max_pool2d of one image": Case(lambda x: F.max_pool2d(x, 2), ((3, 4, 6),)),
    "avg_pool2d": Case(lambda x: F.avg_pool2d(x, 2), ((2, 3, 4, 6),)),
    "avg_pool3d, without the padding": Case(
        lambda x: F.avg_pool3d(x, 3, 2, 1, count_include_pad=False), ((2, 3, 5, 4, 5),)
    ),
    "adaptive_avg_pool2d": Case(lambda x: F.adaptive_avg_pool2d(x, (2, 3)), ((2, 3, 5, 7),)),
    "adaptive_max_pool2d": Case(lambda x: F.adaptive_max_pool2d(x, (2, 3)), ((2, 3, 5, 7),)),
    "conv1d": Case(lambda x, w, b: F.conv1d(x, w, b, 2), ((2, 3, 9), (4, 3, 3), (4,))),
    "conv2d": Case(
        lambda x, w, b: F.conv2d(x, w, b, padding=1), ((2, 3, 5, 5), (4, 3, 3, 3), (4,))
    ),
    "conv2d in groups, with strides": Case(
        lambda x, w: F.conv2d(x, w, None, 2, 1, groups=2), ((2, 4, 6, 6), (6, 2, 3, 3))
    ),
    "conv2d, dilated": Case(
        lambda x, w, b: F.conv2d(x, w, b, padding="same", dilation=2),
        ((2, 3, 6, 6), (4, 3, 3, 3), (4,)),
    ),
    "conv2d of one image": Case(F.conv2d, ((3, 5, 5), (4, 3, 3, 3), (4,))),
    "conv_transpose2d": Case(
        lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1), ((2, 3, 4, 4), (3, 2, 4, 4), (2,))
    ),
    "a layer of an LSTM": Case(
        lambda x, w, b, h, c, own: walk(x, w, b, (h, c), lstm_step, (own, None), 4, False)[0],
        ((12, 5), (8, 5), (8,), (3, 2), (3, 2), (8, 2)),
    ),
    "a layer of a GRU, backwards": Case(
        lambda x, w, b, h, own, more: walk(x, w, b, (h,), gru_step, (own, more), 4, True)[0],
        ((12, 5), (6, 5), (6,), (3, 2), (6, 2), (6,)),
    ),
    "a layer of an RNN, its last state": Case(
        lambda x, w, h, own: walk(x, w, None, (h,), rnn_step, (own, None, "tanh"), 4, False)[1][0],
        ((12, 5), (2, 5), (3, 2), (2, 2)),
    ),
    "attention": Case(F.scaled_dot_product_attention, ((2, 3, 4), (2, 5, 4), (2, 5, 6))),
    "attention to the past": Case(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), ((2, 4, 3),) * 3
    ),
    "attention with a mask": Case(
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m),
        ((2, 4, 3), (2, 4, 3), (2, 4, 3), (4, 4)),
    ),
}
