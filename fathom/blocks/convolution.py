"""Convolution: the same small filters everywhere in an image.

N images, C channels of H x W in, O channels of I x J out, filters of P x Q.
"""

from __future__ import annotations

import numpy as np

from fathom.blocks.functions import Array
from fathom.blocks.operation import ParamOperation
from fathom.blocks.windows import fold, places, unfold


class Convolution(ParamOperation):
    r"""$y_{noij} = \sum_{cpq} x_{n,c,si+p,sj+q}\, w_{ocpq}$, x with a border of zeros.

    x (N, C, H, W), w (O, C, P, Q) -> (N, O, I, J). With all windows as columns it is a product of
    matrices, and so are both gradients:

        y = w columns(x)        dL/dw = g columns(x)^T        dL/dx = fold(w^T g)

    >>> edge = np.array([[[[-1.0, 1.0]]]])    # the pixel to the right less this one
    >>> Convolution(edge).forward(np.array([[[[3.0, 3.0, 9.0, 9.0]]]]))
    array([[[[0., 6., 0.]]]])
    """

    def __init__(self, w: Array, padding: int = 0, stride: int = 1) -> None:
        super().__init__(w)
        if padding < 0 or stride < 1:
            raise ValueError(
                "Convolution: padding must be 0 or more and stride 1 or more, got"
                f" padding={padding}, stride={stride}"
            )
        self.padding, self.stride = padding, stride

    def output(self, x: Array) -> Array:
        O, C, P, Q = self.parameter.value.shape
        if x.ndim != 4 or x.shape[1] != C:
            raise ValueError(f"Convolution: x must be (N, {C}, H, W), got {x.shape}")
        border = (self.padding, self.padding)
        padded = np.pad(x, ((0, 0), (0, 0), border, border))
        self.padded_shape = padded.shape
        self.columns = unfold(padded, P, Q, self.stride)  # (N, CPQ, IJ)
        N, _, H, W = padded.shape
        y = self.parameter.value.reshape(O, -1) @ self.columns  # (N, O, IJ)
        return y.reshape(N, O, places(H, P, self.stride), places(W, Q, self.stride))

    def input_gradient(self, g: Array) -> Array:
        w = self.parameter.value
        O, _, P, Q = w.shape
        columns = w.reshape(O, -1).T @ g.reshape(len(g), O, -1)  # (N, CPQ, IJ)
        padded = fold(columns, self.padded_shape, P, Q, self.stride)
        H, W = self.x.shape[2:]
        return padded[:, :, self.padding : self.padding + H, self.padding : self.padding + W]

    def parameter_gradient(self, g: Array) -> Array:
        w = self.parameter.value
        of_each_image = g.reshape(len(g), len(w), -1) @ self.columns.transpose(0, 2, 1)
        return of_each_image.sum(axis=0).reshape(w.shape)
