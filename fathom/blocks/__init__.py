"""Networks by hand: forward and backward written out, on plain NumPy arrays, with no autodiff.

The first chapter of fathom, to be read in this order; the rest of fathom does the same by itself.

    functions      boxes, boxes in a row, the derivative, the chain rule
    block          what has a forward and a backward; a chain of them is one again
    operation      the smallest blocks: Operation, ParamOperation
    affine, activations, between                  multiply, add, bend, flatten, drop
    windows, convolution, pooling                 the same for images
    initial, layer                                operations that belong together: Dense, Conv2D
    nodes, recurrent                              one step of time, and many
    loss, network, optimizer, trainer             what learns

>>> x = np.random.default_rng(0).uniform(-2, 2, (200, 1))
>>> network = NeuralNetwork(
...     Dense(1, 16, Tanh, generator=1), Dense(16, 1, generator=2), loss=MeanSquaredError()
... )
>>> trainer = Trainer(network, SGDMomentum(network.parameters(), lr=0.02), generator=3)
>>> epochs = trainer.fit((x, np.sin(2 * x)), (x, np.sin(2 * x)), epochs=100)
>>> epochs[-1].valid_loss < 0.01 < epochs[0].valid_loss
True
"""

from __future__ import annotations

from fathom.blocks.activations import Linear, ReLU, Sigmoid, Softmax, Tanh
from fathom.blocks.affine import BiasAdd, WeightMultiply
from fathom.blocks.between import Dropout, Flatten, OneHot
from fathom.blocks.block import Block, Chain, Parameter
from fathom.blocks.convolution import Convolution
from fathom.blocks.functions import Array, chain, chain_deriv, derivative, gradient
from fathom.blocks.initial import glorot
from fathom.blocks.layer import Conv2D, Dense, Layer
from fathom.blocks.loss import Loss, MeanSquaredError, SoftmaxCrossEntropy
from fathom.blocks.network import NeuralNetwork
from fathom.blocks.nodes import GRUNode, LSTMNode, Node, RNNNode
from fathom.blocks.operation import Operation, ParamOperation
from fathom.blocks.optimizer import (
    SGD,
    Optimizer,
    SGDMomentum,
    clip_gradients,
    exponential_decay,
    linear_decay,
)
from fathom.blocks.pooling import AveragePool2D, MaxPool2D
from fathom.blocks.recurrent import GRULayer, LSTMLayer, Recurrence, RNNLayer
from fathom.blocks.trainer import Epoch, Trainer

__all__ = [
    "SGD",
    "Array",
    "AveragePool2D",
    "BiasAdd",
    "Block",
    "Chain",
    "Conv2D",
    "Convolution",
    "Dense",
    "Dropout",
    "Epoch",
    "Flatten",
    "GRULayer",
    "GRUNode",
    "LSTMLayer",
    "LSTMNode",
    "Layer",
    "Linear",
    "Loss",
    "MaxPool2D",
    "MeanSquaredError",
    "NeuralNetwork",
    "Node",
    "OneHot",
    "Operation",
    "Optimizer",
    "ParamOperation",
    "Parameter",
    "RNNLayer",
    "RNNNode",
    "ReLU",
    "Recurrence",
    "SGDMomentum",
    "Sigmoid",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Tanh",
    "Trainer",
    "WeightMultiply",
    "chain",
    "chain_deriv",
    "clip_gradients",
    "derivative",
    "exponential_decay",
    "glorot",
    "gradient",
    "linear_decay",
]
