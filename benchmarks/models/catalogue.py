"""All cases by name, in the order of the table."""

from __future__ import annotations

from benchmarks.models import (
    alexnet,
    dcgan,
    densenet,
    factorisation,
    gpt,
    lenet,
    mlp,
    recurrent,
    resnet,
    ssd,
    transformer,
    vgg,
    vit,
    word2vec,
)
from benchmarks.models.case import Case

FILES = (
    mlp, lenet, recurrent, gpt, transformer, vit, resnet, alexnet, vgg, densenet, dcgan, ssd, word2vec,
    factorisation,
)  # fmt: skip
CASES: dict[str, Case] = {case.name: case for file in FILES for case in file.CASES}
