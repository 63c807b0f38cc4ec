from __future__ import annotations

import pytest

import fathom
from fathom.data import available
from fathom.text import Alphabet, CharacterData, CharacterGRU, write_on


def test_text_comes_back_from_its_numbers():
    alphabet = Alphabet.of("the time machine")
    assert alphabet.text(alphabet.numbers("mate")) == "mate"
    assert len(alphabet) == len(set("the time machine")) + 1


def test_a_character_that_is_not_in_the_alphabet_has_a_number_too():
    alphabet = Alphabet.of("ab")
    assert alphabet.numbers("a?b").tolist() == [0, 2, 1]
    assert alphabet.text([2]) == Alphabet.unknown


def test_targets_are_the_characters_that_follow():
    if not available("time-machine"):
        pytest.skip("time-machine is not here: set FATHOM_DATA")
    data = CharacterData("time-machine", batch_size=3, num_steps=10)
    X, Y = next(iter(data.val_dataloader()))
    assert X.shape == Y.shape == (3, 10)
    text = data.alphabet.text(X.flatten().tolist())
    assert data.source.test.startswith(text)
    assert data.alphabet.text(Y.flatten().tolist()) == data.source.test[1:31]


def test_a_text_without_enough_characters_makes_no_sequence():
    data = CharacterData.__new__(CharacterData)
    data.num_steps, data.limit_batches, data.alphabet = 10, None, Alphabet.of("abc")
    assert len(data.cut("abcabcabca")) == 0
    assert len(data.cut("abcabcabcab")) == 1


def test_the_network_reads_on_from_its_state_as_from_the_beginning():
    fathom.manual_seed(0)
    model = CharacterGRU(6, num_hiddens=8)
    X = fathom.tensor([[0, 3, 2, 5]])
    whole, _ = model.step(X)
    first, state = model.step(X[:, :2])
    second, _ = model.step(X[:, 2:], state)
    assert fathom.allclose(whole, fathom.cat([first, second], 1), atol=1e-6)


def test_the_same_generator_writes_the_same_text():
    fathom.manual_seed(0)
    alphabet = Alphabet.of("abcde")
    model = CharacterGRU(len(alphabet), num_hiddens=8)
    texts = [
        write_on(model, alphabet, "ab", 12, generator=fathom.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("ab")
    assert len(texts[0]) == 14
    assert model.training


def test_what_cannot_be_written_on_raises():
    alphabet = Alphabet.of("ab")
    model = CharacterGRU(3, num_hiddens=4)
    with pytest.raises(ValueError, match="at least one character"):
        write_on(model, alphabet, "", 3)
    with pytest.raises(ValueError, match="temperature must be above 0"):
        write_on(model, alphabet, "a", 3, temperature=0)
