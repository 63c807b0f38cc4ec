"""Recording: what is seen, where it came from, and that it costs nothing when nobody looks."""

import fathom
import fathom.nn.functional as F
from fathom import nn
from fathom.core.primitive import Primitive
from fathom.explain import explain
from fathom.explain.record import recorded

DOOR = Primitive.__call__


def test_the_door_is_its_own_again_afterwards():
    recorded(lambda: fathom.ones(1).exp())
    assert Primitive.__call__ is DOOR
    try:
        recorded(lambda: 1 / 0)
    except ZeroDivisionError:
        assert Primitive.__call__ is DOOR


def test_an_operation_knows_the_users_line():
    def f(x):
        a = x.exp()
        return a.sin()  # this very line

    line = explain(f, 1.0).find("sin").line
    assert (line.file, line.text) == (
        "test_record.py",
        "return a.sin()  # this very line",
    )
    assert line.name == "f"


def test_operations_are_grouped_by_the_modules_and_functions_that_called_them():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            return F.softmax(self.fc(self.fc(x)), 0)

    (net,) = explain(Net(), fathom.ones(2)).root.children
    assert (net.kind, net.name, net.parameters) == ("module", "Net", 6)
    assert [(g.kind, g.path, g.name) for g in net.children] == [
        ("module", "fc", "Linear"), ("module", "fc", "Linear"), ("function", "", "softmax"),
    ]  # fmt: skip
    assert net.children[2].place.file == "fathom/ops/softmax.py"


def test_a_parameter_that_is_used_twice_adds_up_its_gradients():
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(3.0)
    e = explain(lambda x: layer(layer(x)), fathom.tensor([2.0]))
    (weight,) = [v for v in e.values if v.figures.shape == (1, 1) and len(v.arrivals) == 2]
    assert weight.gradient.values.item() == 12  # d(w w x)/dw = 2 w x
    assert weight.added == "6 + 6 = 12"


def test_a_value_is_shown_as_it_was_before_it_was_written_in_place():
    def f(x):
        y = x * 2
        z = y.exp()
        y.add_(1)
        return y.sum() + z.sum()

    e = explain(f, fathom.tensor([0.0, 1.0]))
    assert e.find("mul").output.figures.values.tolist() == [0, 2]
    assert e.value("x").gradient.values.tolist() == [
        2 + 2 * 1,
        2 + 2 * e.find("exp").output.figures.values[1],
    ]


def test_a_function_of_the_users_own_is_one_step_with_its_own_gradient():
    class Cube(fathom.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            return 3 * ctx.saved_tensors[0] ** 2 * g

    e = explain(lambda x: Cube.apply(x) * 2, 2.0)
    assert "Custom(Cube)" in [o.primitive for o in e.operations]
    assert e.value("x").gradient.values.item() == 24


def test_what_does_not_lead_to_the_result_is_left_out():
    def f(x):
        (x * 100).sum()
        return x.exp()

    assert [o.name for o in explain(f, 1.0).operations] == ["exp"]


def test_another_threads_operations_go_on_unseen():
    import threading

    def f(x):
        other = threading.Thread(target=lambda: fathom.ones(2).cos())
        other.start()
        other.join()
        return x.exp()

    _, record = recorded(f, fathom.ones(2))
    assert [type(a.primitive).__name__ for a in record.applications] == ["Exp"]


def test_a_constant_that_is_written_between_two_readings_is_two_values():
    def f(x):
        s = fathom.tensor([1.0, 2.0])
        a = x + s
        s.mul_(10)
        return (a + x + s).sum()

    e = explain(f, fathom.tensor([1.0, 1.0]))
    constants = [
        v.figures.values.tolist() for v in e.values if v.role != "input" and v.maker is None
    ]
    assert [1, 2] in constants
    assert e.outputs[0].figures.values.item() == 37
    assert e.value("x").gradient.values.tolist() == [2, 2]


def test_nothing_of_a_run_stays_alive():
    import gc
    import weakref

    class Marked:
        pass

    def f(x):
        marked = Marked()
        alive.append(weakref.ref(marked))
        return x.exp()

    alive = []
    gc.disable()
    try:
        explain(f, 1.0)
        assert alive[0]() is None
    finally:
        gc.enable()
