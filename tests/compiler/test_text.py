"""The text of a function: each value once, loops only where something repeats."""

from fathom.compiler.text import FLOAT32, INT64, Text, Value, number

X = Value("%x", INT64)


def instructions(t: Text, kind: str) -> int:
    return sum(f" {kind} " in line for line in t.lines)


def test_a_value_is_written_once():
    t = Text()
    assert t.binary("add", X, number(1)) == t.binary("add", X, number(1))
    assert t.binary("add", X, number(2)) != t.binary("add", X, number(1))
    assert instructions(t, "add") == 2


def test_what_was_computed_before_a_loop_is_known_in_it_and_what_is_computed_in_it_not_after_it():
    t = Text()
    before = t.binary("add", X, number(1))
    inside = []

    def body(i: Value) -> None:
        assert t.binary("add", X, number(1)) == before
        inside.append(t.binary("mul", X, number(3)))

    t.loop(number(0), X, 1, body)  # perhaps it never runs
    assert t.binary("mul", X, number(3)) != inside[0]


def test_memory_is_read_again_where_it_may_have_changed():
    t = Text()
    read = "load float, ptr %p"
    first = t.load(read, FLOAT32)
    assert t.load(read, FLOAT32) == first
    t.store("store float 0.0, ptr %q")
    second = t.load(read, FLOAT32)
    assert second != first
    t.loop(number(0), X, 1, lambda i: t.store("store float 0.0, ptr %q"))
    assert t.load(read, FLOAT32) not in (first, second)


def test_one_round_is_no_loop_and_none_is_nothing():
    t = Text()
    rounds: list[Value] = []
    t.loop(number(0), number(1), 1, rounds.append)
    t.loop(number(16), number(24), 16, rounds.append)
    t.loop(number(24), number(24), 1, rounds.append)
    assert rounds == [number(0), number(16)] and not t.lines
    t.loop(number(0), number(2), 1, rounds.append)
    assert len(rounds) == 3 and t.lines
