"""Small networks of every kind that the compiler must get right, each with its batches and its loss.

N examples, C channels, T steps in time, D numbers for each, K classes or symbols.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import fathom
import fathom.nn.functional as F
from fathom import nn

K = 7


@dataclass(frozen=True)
class Task:
    """A network, batches for it, and its loss.

    build: () -> model. batch: N, generator -> tensors. loss: model, *tensors -> loss.
    """

    build: Callable
    batch: Callable
    loss: Callable


def classify(model, x, y):
    """Cross-entropy of the scores, whose last axis are the classes."""
    return F.cross_entropy(model(x).reshape(-1, K), y.reshape(-1))


def rows(N, g):
    """x (N, 20), y (N)."""
    return fathom.randn(N, 20, generator=g), fathom.randint(K, (N,), generator=g)


def images(N, g):
    """x (N, 3, 8, 8), y (N)."""
    return fathom.randn(N, 3, 8, 8, generator=g), fathom.randint(K, (N,), generator=g)


def sequences(N, g):
    """x (N, T), the symbols; y (N, T), those that follow."""
    symbols = fathom.randint(K, (N, 5), generator=g)
    return symbols[:, :-1], symbols[:, 1:]


def mlp():
    return nn.Sequential(
        nn.Linear(20, 33), nn.GELU(), nn.Dropout(0.3), nn.LayerNorm(33), nn.Linear(33, K)
    )


def lenet():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2),   # (N, 6, 4, 4)
        nn.Conv2d(6, 9, 3), nn.Tanh(), nn.MaxPool2d(2),                 # (N, 9, 1, 1)
        nn.Flatten(), nn.Linear(9, K),
    )  # fmt: skip


class Residual(nn.Module):
    """y = relu(x' + norm(conv(relu(norm(conv(x)))))), with x' = norm(conv(x)) of half the size."""

    def __init__(self, C, D):
        super().__init__()
        self.conv1 = nn.Conv2d(C, D, 3, stride=2, padding=1, bias=False)
        self.conv2 = nn.Conv2d(D, D, 3, padding=1, bias=False)
        self.conv3 = nn.Conv2d(C, D, 1, stride=2, bias=False)
        self.norm1, self.norm2, self.norm3 = [nn.BatchNorm2d(D) for _ in range(3)]

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm3(self.conv3(x)) + self.norm2(self.conv2(y)))


def resnet():
    return nn.Sequential(Residual(3, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, K))


class Dense(nn.Module):
    """Each layer sees the channels of all layers before it."""

    def __init__(self, C, growth, layers):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(C + k * growth),
                nn.ReLU(),
                nn.Conv2d(C + k * growth, growth, 3, padding=1, bias=False),
            )
            for k in range(layers)
        )

    def forward(self, x):
        for layer in self.layers:
            x = fathom.cat([x, layer(x)], dim=1)  # (N, C + growth, H, W)
        return x


def densenet():
    return nn.Sequential(
        Dense(3, 5, 2), nn.Conv2d(13, 6, 1), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(96, K)
    )


class Chain(nn.Module):
    """A cell that reads symbols one after the other, with scores of the next one at each step."""

    def __init__(self, kind):
        super().__init__()
        self.read, self.cell, self.score = nn.Embedding(K, 5), kind(5, 9), nn.Linear(9, K)

    def forward(self, symbols):
        state, scores = None, []
        for x in self.read(symbols).unbind(1):  # (N, 5)
            state = self.cell(x, state)
            scores.append(self.score(state[0] if isinstance(state, tuple) else state))
        return fathom.stack(scores, dim=1)  # (N, T, K)


class Layers(nn.Module):
    """Two recurrent layers with dropout between them."""

    def __init__(self, kind):
        super().__init__()
        self.read, self.score = nn.Embedding(K, 5), nn.Linear(6, K)
        self.layers = kind(5, 6, 2, batch_first=True, dropout=0.2)

    def forward(self, symbols):
        return self.score(self.layers(self.read(symbols))[0])  # (N, T, K)


class Encoder(nn.Module):
    """PyTorch's encoder layer between an embedding and scores."""

    def __init__(self):
        super().__init__()
        self.read, self.score = nn.Embedding(K, 12), nn.Linear(12, K)
        self.layer = nn.TransformerEncoderLayer(
            12, 3, dim_feedforward=20, dropout=0.1, batch_first=True
        )

    def forward(self, symbols):
        return self.score(self.layer(self.read(symbols)))


class GPT(nn.Module):
    """One block of causal attention and a GELU network, layer norms before each."""

    def __init__(self, D=12, heads=3):
        super().__init__()
        self.heads = heads
        self.read, self.places = nn.Embedding(K, D), nn.Parameter(0.1 * fathom.randn(4, D))
        self.norm1, self.norm2, self.norm3 = [nn.LayerNorm(D) for _ in range(3)]
        self.qkv, self.mix = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.up, self.down, self.score = nn.Linear(D, 4 * D), nn.Linear(4 * D, D), nn.Linear(D, K)

    def forward(self, symbols):
        x = self.read(symbols) + self.places
        N, T, D = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(N, T, 3, self.heads, D // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (N, heads, T, D / heads)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).reshape(N, T, D))
        return self.score(self.norm3(x + self.down(F.gelu(self.up(self.norm2(x))))))


class SkipGram(nn.Module):
    """How well words go together: the products of two embeddings."""

    def __init__(self, words=50, D=8):
        super().__init__()
        self.centre, self.context = nn.Embedding(words, D), nn.Embedding(words, D)

    def forward(self, words, others):
        return (self.context(others) @ self.centre(words).unsqueeze(2)).squeeze(2)  # (N, others)


def pairs(N, g):
    """A word (N), other words (N, 6), and whether each of them is a neighbour (N, 6)."""
    neighbours = fathom.rand(N, 6, generator=g) < 0.3
    words = fathom.randint(50, (N,), generator=g)
    return words, fathom.randint(50, (N, 6), generator=g), neighbours.float()


def logistic(model, words, others, neighbours):
    return F.binary_cross_entropy_with_logits(model(words, others), neighbours)


def bag():
    return nn.Sequential(nn.EmbeddingBag(50, 8, mode="mean"), nn.Linear(8, K))


def bags(N, g):
    """Words of a text (N, 6) and its class (N)."""
    return fathom.randint(50, (N, 6), generator=g), fathom.randint(K, (N,), generator=g)


class Factors(nn.Module):
    """A rating, p_u . q_i + b_u + b_i."""

    def __init__(self, users=20, items=30, D=5):
        super().__init__()
        self.P, self.Q = nn.Embedding(users, D), nn.Embedding(items, D)
        self.user_bias, self.item_bias = nn.Embedding(users, 1), nn.Embedding(items, 1)

    def forward(self, user, item):
        product = (self.P(user) * self.Q(item)).sum(dim=1, keepdim=True)
        return (product + self.user_bias(user) + self.item_bias(item)).squeeze(1)  # (N)


def ratings(N, g):
    user, item = fathom.randint(20, (N,), generator=g), fathom.randint(30, (N,), generator=g)
    return user, item, 5 * fathom.rand(N, generator=g)


def squared(model, user, item, rating):
    return F.mse_loss(model(user, item), rating)


def generator():
    """Noise (N, 4) to images (N, 1, 4, 4)."""
    return nn.Sequential(
        nn.Linear(4, 24), nn.ReLU(), nn.Unflatten(1, (6, 2, 2)),
        nn.ConvTranspose2d(6, 1, 4, stride=2, padding=1), nn.Tanh(),
    )  # fmt: skip


def discriminator():
    """Images (N, 1, 4, 4) to how real they seem (N, 1)."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(24, 1)
    )


TASKS = {
    "mlp": Task(mlp, rows, classify),
    "lenet": Task(lenet, images, classify),
    "resnet block": Task(resnet, images, classify),
    "densenet block": Task(densenet, images, classify),
    "rnn cells": Task(lambda: Chain(nn.RNNCell), sequences, classify),
    "gru cells": Task(lambda: Chain(nn.GRUCell), sequences, classify),
    "lstm cells": Task(lambda: Chain(nn.LSTMCell), sequences, classify),
    "lstm layers": Task(lambda: Layers(nn.LSTM), sequences, classify),
    "transformer encoder layer": Task(Encoder, sequences, classify),
    "gpt block": Task(GPT, sequences, classify),
    "word2vec": Task(SkipGram, pairs, logistic),
    "embedding bag": Task(bag, bags, classify),
    "matrix factorisation": Task(Factors, ratings, squared),
}
