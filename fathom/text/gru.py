"""A character language model: a gated recurrent unit tells which character comes next.

K. Cho et al.: Learning Phrase Representations using RNN Encoder-Decoder, 2014.

N sequences, T characters, K characters in the alphabet, H hidden units.
"""

from __future__ import annotations

from typing import Any

from fathom import nn, optim
from fathom.autograd import no_grad
from fathom.core.random import Generator
from fathom.ops.creation import tensor
from fathom.ops.randomness import multinomial
from fathom.tensors import Tensor
from fathom.text.characters import Alphabet
from fathom.train.classifier import Classifier


class CharacterGRU(Classifier):
    """Characters X (N, T) int64 -> scores (N, T, K) of the character that follows each.

    >>> CharacterGRU(num_characters=5, num_hiddens=8)(fathom.zeros(2, 3, dtype=fathom.int64)).shape
    fathom.Size([2, 3, 5])
    """

    def __init__(
        self,
        num_characters: int,
        num_hiddens: int = 192,
        num_embedded: int = 32,
        lr: float = 0.01,
    ):
        super().__init__(plot_train_per_epoch=10)
        self.save_hyperparameters()
        self.embedding = nn.Embedding(num_characters, num_embedded)
        self.rnn = nn.GRU(num_embedded, num_hiddens, batch_first=True)
        self.head = nn.Linear(num_hiddens, num_characters)

    def forward(self, X: Tensor) -> Tensor:
        return self.step(X)[0]

    def step(self, X: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Scores (N, T, K), and the state after the last character, to go on from."""
        outputs, state = self.rnn(self.embedding(X), state)  # (N, T, H)
        return self.head(outputs), state

    def configure_optimizers(self) -> optim.Optimizer:
        return optim.Adam(self.parameters(), lr=self.lr)


def write_on(
    model: Any,
    alphabet: Alphabet,
    prefix: str,
    count: int,
    temperature: float = 0.8,
    generator: Generator | None = None,
) -> str:
    """The prefix and `count` characters that the model writes after it.

    temperature  below 1 the likely characters come more often, above 1 less often
    """
    if temperature <= 0:
        raise ValueError(f"write_on: temperature must be above 0, got {temperature}")
    if not prefix:
        raise ValueError("write_on: the prefix needs at least one character")
    written = list(alphabet.numbers(prefix))
    training = model.training
    model.eval()
    with no_grad():
        scores, state = model.step(tensor([written]))
        for _ in range(count):
            likely = (scores[0, -1] / temperature).softmax(-1)
            written.append(int(multinomial(likely, 1, generator=generator)))
            scores, state = model.step(tensor([[written[-1]]]), state)
    model.train(training)
    return prefix + alphabet.text(written[-count:] if count else [])
