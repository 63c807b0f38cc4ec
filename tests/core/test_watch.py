"""Watching the door: what is reported, and that the door is its own again afterwards."""

import pytest

import fathom
from fathom.core.primitive import Primitive
from fathom.core.watch import watching

DOOR = Primitive.__call__


def test_each_operation_is_reported_with_what_it_read_and_made():
    seen = []
    x = fathom.tensor([1.0, 2.0])
    with watching(lambda primitive, inputs, y: seen.append((primitive, inputs, y))):
        y = x.exp()
    x.sin()
    ((primitive, inputs, made),) = seen
    assert type(primitive).__name__ == "Exp"
    assert inputs[0] is x and made is y


def test_the_backward_pass_is_seen_too():
    names = []
    x = fathom.tensor(2.0, requires_grad=True)
    y = x.exp()
    with watching(lambda primitive, inputs, y: names.append(type(primitive).__name__)):
        y.backward()
    assert "Mul" in names


def test_blocks_may_be_nested_and_each_sees_what_happens_inside_it():
    outer, inner = [], []
    with watching(lambda *seen: outer.append(seen)):
        with watching(lambda *seen: inner.append(seen)):
            fathom.ones(2).exp()
        fathom.ones(2).sin()
    assert (len(outer), len(inner)) == (2, 1)
    assert Primitive.__call__ is DOOR


def test_an_error_closes_the_block():
    with pytest.raises(ZeroDivisionError), watching(lambda *seen: divmod(1, 0)):
        fathom.ones(1).exp()
    assert Primitive.__call__ is DOOR
