"""Containers: order, names, slices, and what they print."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch

import fathom
from fathom import nn


def small(library):
    """Three modules of a library."""
    return [library.Linear(2, 3), library.ReLU(), library.Linear(3, 1)]


class TestSequential:
    def test_prints_and_names_as_pytorch_does(self):
        assert repr(nn.Sequential(*small(nn))) == repr(torch.nn.Sequential(*small(torch.nn)))
        assert repr(nn.Sequential()) == repr(torch.nn.Sequential())
        ours = nn.Sequential(OrderedDict(zip("abc", small(nn), strict=True)))
        theirs = torch.nn.Sequential(OrderedDict(zip("abc", small(torch.nn), strict=True)))
        assert repr(ours) == repr(theirs)
        assert ours.b is ours[1]

    def test_applies_one_after_the_other(self):
        net = nn.Sequential(nn.Flatten(), nn.Identity(), nn.Softmax(dim=1))
        assert net(fathom.zeros(2, 2, 2)).tolist() == [[0.25] * 4] * 2

    def test_slices_and_indices(self):
        net = nn.Sequential(OrderedDict(zip("abc", small(nn), strict=True)))
        assert isinstance(net[:2], nn.Sequential) and list(net[:2]._modules) == ["a", "b"]
        assert net[-1] is net.c and len(net) == 3
        with pytest.raises(IndexError, match="index 3 is out of range for 3 modules"):
            net[3]

    def test_grows_and_shrinks(self):
        a, b, c = small(nn)
        net = nn.Sequential(a)
        assert net.append(c) is net
        net.insert(1, b)
        assert list(net) == [a, b, c]
        net.extend([nn.ReLU(), nn.ReLU()])
        del net[1]
        assert list(net._modules) == ["0", "1", "2", "3"] and net[1] is c
        net[1] = b
        assert net[1] is b
        assert net.pop(0) is a and len(net) == 3
        assert len(net + nn.Sequential(a)) == 4 and len(net * 2) == 6
        net += nn.Sequential(a)
        assert net[-1] is a
        del net[1:]
        assert list(net) == [b]

    def test_add_module_names_a_layer(self):
        net = nn.Sequential(nn.ReLU())
        net.add_module("last", nn.Linear(1, 1))
        assert net.last is net[1]

    def test_what_does_not_belong_is_refused(self):
        net = nn.Sequential()
        with pytest.raises(ValueError, match="supports only objects of Sequential"):
            net + [nn.ReLU()]
        with pytest.raises(IndexError, match="Index out of range: 2 for 0 modules"):
            net.insert(2, nn.ReLU())
        with pytest.raises(ValueError, match="Non-positive multiplication factor 0"):
            net * 0
        with pytest.raises(TypeError, match="int is not a Module subclass"):
            nn.Sequential(3)


class TestModuleList:
    def test_prints_runs_of_equal_modules_as_pytorch_does(self):
        def made(library):
            return library.ModuleList(
                [library.Linear(1, 1) for _ in range(3)]
                + [library.ReLU(), library.Sequential(library.ReLU())]
            )

        assert repr(made(nn)) == repr(made(torch.nn))
        assert repr(nn.ModuleList()) == repr(torch.nn.ModuleList())

    def test_is_a_list(self):
        a, b, c = small(nn)
        layers = nn.ModuleList([a])
        layers.append(c).insert(1, b)
        assert list(layers) == [a, b, c] and layers[-1] is c and list(layers[1:]) == [b, c]
        layers += [nn.ReLU()]
        assert len(layers) == 4 and layers.pop(-1) is not c
        del layers[0]
        assert layers[0] is b and list(layers._modules) == ["0", "1"]
        layers[0] = a
        assert layers[0] is a and len(layers + [b]) == 3
        assert list(layers.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]

    def test_wrong_indices_and_values_are_refused(self):
        with pytest.raises(IndexError, match="index -2 is out of range for 1 modules"):
            nn.ModuleList([nn.ReLU()])[-2]
        with pytest.raises(TypeError, match="should be called with an iterable, but got int"):
            nn.ModuleList().extend(3)
        with pytest.raises(NotImplementedError, match="missing the required"):
            nn.ModuleList()(1)


class TestModuleDict:
    def test_is_a_dict(self):
        a, b, _ = small(nn)
        layers = nn.ModuleDict({"a": a})
        layers["b"] = b
        layers.update([("c", nn.Tanh())])
        assert list(layers) == ["a", "b", "c"] and "b" in layers and len(layers) == 3
        assert (
            list(layers.keys()) == ["a", "b", "c"]
            and dict(layers.items())["a"] is a
            and b in list(layers.values())
        )
        assert layers.pop("c") is not None
        del layers["b"]
        assert list(layers) == ["a"]
        layers.clear()
        assert len(layers) == 0

    def test_prints_as_pytorch_does(self):
        def made(library):
            return library.ModuleDict({"x": library.Linear(2, 2), "y": library.Tanh()})

        assert repr(made(nn)) == repr(made(torch.nn))

    def test_wrong_pairs_are_refused(self):
        with pytest.raises(ValueError, match="element #0 must be a pair"):
            nn.ModuleDict([("a", nn.ReLU(), 3)])
        with pytest.raises(TypeError, match="iterable of key/value pairs"):
            nn.ModuleDict(3)


class TestParameterList:
    def test_registers_and_prints(self):
        ours = nn.ParameterList([nn.Parameter(fathom.ones(2, 3)), fathom.ones(1), "text"])
        assert list(ours.state_dict()) == ["0", "1"] and isinstance(ours[1], nn.Parameter)
        theirs = torch.nn.ParameterList(
            [torch.nn.Parameter(torch.ones(2, 3)), torch.ones(1), "text"]
        )
        assert repr(ours) == repr(theirs).replace("torch", "fathom").replace("builtins.", "")

    def test_is_a_list(self):
        values = nn.ParameterList()
        values.append(fathom.ones(1)).extend([fathom.ones(2)])
        values += [fathom.ones(3)]
        assert len(values) == 3 and [len(p) for p in values] == [1, 2, 3] and len(values[-1]) == 3
        assert [len(p) for p in values[1:]] == [2, 3]
        values[0] = fathom.ones(9)
        assert len(values[0]) == 9
        with pytest.raises(IndexError, match="index 3 is out of range"):
            values[3]
        with pytest.raises(TypeError, match="should be called with an iterable, but got Tensor"):
            values.extend(fathom.ones(2))
        with pytest.raises(RuntimeError, match="should not be called"):
            values(1)


class TestParameterDict:
    def test_registers_and_prints(self):
        ours = nn.ParameterDict({"a": fathom.ones(2, 3), "b": nn.Parameter(fathom.ones(1))})
        theirs = torch.nn.ParameterDict(
            {"a": torch.ones(2, 3), "b": torch.nn.Parameter(torch.ones(1))}
        )
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert repr(ours) == repr(theirs).replace("torch", "fathom")

    def test_is_a_dict(self):
        values = nn.ParameterDict({"a": fathom.ones(1)})
        values["b"] = fathom.ones(2)
        assert (
            "b" in values
            and len(values) == 2
            and list(values) == ["a", "b"]
            and list(reversed(values)) == ["b", "a"]
        )
        assert values.get("c") is None and values.setdefault("c", fathom.ones(3)) is values["c"]
        assert len(values.pop("c")) == 3
        both = values | nn.ParameterDict({"d": fathom.ones(1)})
        assert list(both) == ["a", "b", "d"] and list(values.copy()) == ["a", "b"]
        both |= nn.ParameterDict({"e": fathom.ones(1)})
        assert both.popitem()[0] == "e"
        both.clear()
        assert len(both) == 0
        assert list(nn.ParameterDict.fromkeys("xy", 1.0).keys()) == ["x", "y"]
        with pytest.raises(KeyError, match="z"):
            values["z"]
        with pytest.raises(TypeError, match="cannot be used as a key"):
            values[3] = fathom.ones(1)
        with pytest.raises(RuntimeError, match="should not be called"):
            values(1)
