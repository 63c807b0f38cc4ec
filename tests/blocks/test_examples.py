"""The examples run, at settings reduced to seconds, and what they claim holds."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from examples import blocks_clothes, blocks_houses, blocks_plays, three_times
from fathom.data import available, load


def needs(name: str) -> pytest.MarkDecorator:
    """Skips a test where its data set is not on this computer."""
    return pytest.mark.skipif(not available(name), reason=f"{name} is not at hand: set FATHOM_DATA")


def test_the_same_network_three_times_has_equal_losses(capsys):
    losses = three_times.main()
    assert ("torch" in losses) == (importlib.util.find_spec("torch") is not None)
    assert {len(loss) for loss in losses.values()} == {three_times.STEPS}
    assert losses["by hand"][-1] < 0.5 * losses["by hand"][0]
    assert "the losses differ by" in capsys.readouterr().out


def test_the_example_of_three_times_runs_without_torch(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert list(three_times.main()) == ["by hand", "fathom"]
    assert "torch is not installed here" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_a_network_for_clothes_turns_an_image_into_ten_scores(kind):
    network = getattr(blocks_clothes, kind)(np.random.default_rng(0))
    assert network.forward(np.zeros((2, 1, 28, 28))).shape == (2, 10)


def test_sequences_are_followed_by_themselves_one_character_on():
    x, y = blocks_plays.sequences(np.arange(100))
    assert x.shape == y.shape == (2, blocks_plays.STEPS)
    np.testing.assert_array_equal(y, x + 1)


def test_words_are_counted_by_whether_the_plays_have_them():
    known = {"the", "king", "comes"}
    assert blocks_plays.share_of_words("The king, he comzz:\nThe", known) == 0.75
    assert blocks_plays.share_of_words("", known) == 0


@needs("california-housing")
def test_a_line_by_steps_downhill_nears_the_best_line_there_is():
    of_line, of_network = blocks_houses.main(epochs=8)
    assert of_network < of_line
    housing = load("california-housing")
    x, X = (
        np.column_stack([housing.encoder.transform(part).astype(float), np.ones(rows)])
        for part, rows in (
            (part, len(part[housing.target])) for part in (housing.train, housing.test)
        )
    )
    weights, *_ = np.linalg.lstsq(x, housing.train[housing.target], rcond=None)
    best = np.sqrt(np.mean((X @ weights - housing.test[housing.target]) ** 2))
    assert of_line == pytest.approx(best, rel=0.03)


@pytest.mark.slow
@needs("california-housing")
def test_a_network_tells_house_values_a_tenth_better_than_a_line():
    of_line, of_network = blocks_houses.main(epochs=20)
    assert of_network < 0.9 * of_line


@pytest.mark.slow
@needs("fashion-mnist")
@pytest.mark.parametrize("kind", list(blocks_clothes.SETTINGS))
def test_a_network_tells_three_of_four_after_a_sixth_of_an_epoch(kind):
    assert blocks_clothes.train(kind, examples=10_000, epochs=1) > 0.75


@pytest.mark.slow
@needs("tiny-shakespeare")
@pytest.mark.parametrize("kind", list(blocks_plays.LAYERS))
def test_a_recurrent_network_begins_to_write_words(kind):
    settings = replace(blocks_plays.SETTINGS[kind], characters=200_000, epochs=2)
    assert blocks_plays.train(kind, settings, sample=300) > 0.3


@needs("tiny-shakespeare")
@pytest.mark.parametrize("kind", list(blocks_plays.LAYERS))
def test_the_example_of_plays_runs(kind, capsys):
    settings = replace(blocks_plays.SETTINGS[kind], characters=4_000, epochs=1, hidden=8)
    assert 0 <= blocks_plays.train(kind, settings, sample=20) <= 1
    assert "KING RICHARD:" in capsys.readouterr().out


@needs("fashion-mnist")
@pytest.mark.parametrize("kind", list(blocks_clothes.SETTINGS))
def test_the_example_of_clothes_runs(kind, capsys):
    assert blocks_clothes.train(kind, examples=256, epochs=1) > 0.1
    assert "epoch 1: loss" in capsys.readouterr().out


@pytest.mark.parametrize("example", [blocks_clothes, blocks_plays])
def test_an_example_says_what_may_be_chosen(example, capsys):
    with pytest.raises(SystemExit, match="0"):
        example.main(["--help"])
    assert "python examples/" not in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        example.main(["transformer"])
    assert "invalid choice: 'transformer'" in capsys.readouterr().err
