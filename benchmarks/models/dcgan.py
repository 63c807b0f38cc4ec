"""DCGAN on images of 64x64, batch 32: a step of the discriminator, then one of the generator, both with Adam.

A. Radford, L. Metz, S. Chintala: Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks, 2015.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.models.case import Batch, Case

NOISE, WIDTH, BATCH = 100, 32, 32


def build(torch: Any) -> Any:
    nn = torch.nn

    def larger(before: int, after: int, stride: int, padding: int) -> list[Any]:
        convolution = nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False)
        return [convolution, nn.BatchNorm2d(after), nn.ReLU()]

    def smaller(before: int, after: int) -> list[Any]:
        convolution = nn.Conv2d(before, after, 4, 2, 1, bias=False)
        return [convolution, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]

    class Both(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.generator = nn.Sequential(
                *larger(NOISE, 8 * WIDTH, 1, 0),                                # (N, 256, 4, 4)
                *larger(8 * WIDTH, 4 * WIDTH, 2, 1),                            # (N, 128, 8, 8)
                *larger(4 * WIDTH, 2 * WIDTH, 2, 1),                            # (N, 64, 16, 16)
                *larger(2 * WIDTH, WIDTH, 2, 1),                                # (N, 32, 32, 32)
                nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False), nn.Tanh(),   # (N, 3, 64, 64)
            )  # fmt: skip
            self.discriminator = nn.Sequential(
                nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),    # (N, 32, 32, 32)
                *smaller(WIDTH, 2 * WIDTH),                                     # (N, 64, 16, 16)
                *smaller(2 * WIDTH, 4 * WIDTH),                                 # (N, 128, 8, 8)
                *smaller(4 * WIDTH, 8 * WIDTH),                                 # (N, 256, 4, 4)
                nn.Conv2d(8 * WIDTH, 1, 4, bias=False), nn.Flatten(0),          # (N,)
            )  # fmt: skip

    return Both()


def batch(rng: np.random.Generator) -> Batch:
    """Images between -1 and 1 (N, 3, 64, 64), and noise (N, 100, 1, 1)."""
    images = rng.uniform(-1, 1, (BATCH, 3, 64, 64)).astype(np.float32)
    return images, rng.standard_normal((BATCH, NOISE, 1, 1)).astype(np.float32)


def step(torch: Any, model: Any) -> Any:
    softplus = torch.nn.functional.softplus
    generator, discriminator = model.generator, model.discriminator
    adam = {"lr": 0.0002, "betas": (0.5, 0.999)}
    optimizer_g = torch.optim.Adam(generator.parameters(), **adam)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), **adam)

    def both_steps(images: Any, noise: Any) -> Any:
        made = generator(noise)
        optimizer_d.zero_grad()
        # binary cross-entropy of scores s: softplus(-s) where the image is real, softplus(s) where it is made
        loss_d = (
            softplus(-discriminator(images)).mean() + softplus(discriminator(made.detach())).mean()
        )
        loss_d.backward()
        optimizer_d.step()
        optimizer_g.zero_grad()
        loss_g = softplus(-discriminator(made)).mean()
        loss_g.backward()
        optimizer_g.step()
        return (loss_d + loss_g).detach()

    return both_steps


CASES = (
    Case("dcgan", "64x64 images, Adam, batch 32", build, batch, step=step),
)  # fmt: skip
