"""Module: attributes, walks, state, modes, hooks, copies; with PyTorch beside it where it has an answer."""

from __future__ import annotations

import copy
from collections import OrderedDict

import numpy as np
import pytest
import torch

import fathom
from fathom import nn


class Block(nn.Module):
    """Two layers, a buffer of each kind, and a plain attribute."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.second = nn.Linear(3, 2, bias=False)
        self.scale = nn.Parameter(fathom.tensor(2.0))
        self.register_buffer("steps", fathom.tensor(0))
        self.register_buffer("cache", fathom.zeros(2), persistent=False)
        self.words = "plain"

    def forward(self, x):
        return self.second(self.first(x).relu()) * self.scale


class TorchBlock(torch.nn.Module):
    """The same in PyTorch."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 3)
        self.second = torch.nn.Linear(3, 2, bias=False)
        self.scale = torch.nn.Parameter(torch.tensor(2.0))
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("cache", torch.zeros(2), persistent=False)
        self.words = "plain"

    def forward(self, x):
        return self.second(self.first(x).relu()) * self.scale


@pytest.fixture
def block():
    fathom.manual_seed(0)
    return Block()


# ---- what is registered ----------------------------------------------------------------------------


def test_walks_give_pytorchs_paths_in_its_order(block):
    theirs = TorchBlock()
    for walk in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [path for path, _ in getattr(block, walk)()] == [
            path for path, _ in getattr(theirs, walk)()
        ], walk
    assert [path for path, _ in block.named_parameters("net")] == [
        path for path, _ in theirs.named_parameters("net")
    ]
    assert len(list(block.parameters(recurse=False))) == 1
    assert repr(block) == repr(theirs).replace("TorchBlock", "Block")


def test_parameters_buffers_and_modules_are_attributes(block):
    assert block.scale is block._parameters["scale"]
    assert block.steps is block._buffers["steps"]
    assert block.first is block._modules["first"]
    assert block.words == "plain" and "words" in block.__dict__
    assert {"scale", "steps", "first", "words"} <= set(dir(block))


def test_a_tied_parameter_comes_once_unless_asked():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert [path for path, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    net(fathom.ones(1, 2)).sum().backward()
    assert net[0].weight.grad is net[1].weight.grad


def test_a_name_moves_from_one_kind_to_another():
    module = nn.Module()
    module.x = 3
    module.x = nn.Parameter(fathom.ones(1))
    assert "x" in module._parameters and "x" not in module.__dict__
    module.x = nn.Linear(1, 1)
    assert "x" in module._modules and "x" not in module._parameters
    module.x = nn.Buffer(fathom.ones(1))
    assert "x" in module._buffers and "x" not in module._modules
    module.x = nn.Parameter(fathom.ones(1))
    assert "x" in module._parameters and "x" not in module._buffers


def test_none_may_be_registered_and_set(block):
    block.first.bias = None
    assert block.first.bias is None and "bias" in block.first._parameters
    assert "first.bias" not in block.state_dict()
    block.first = None
    assert block.first is None
    assert [path for path, _ in block.named_children()] == ["second"]


def test_a_deleted_attribute_is_gone(block):
    del block.scale, block.steps, block.second, block.words
    assert list(block.state_dict()) == ["first.weight", "first.bias"]
    with pytest.raises(AttributeError, match="'Block' object has no attribute 'scale'"):
        _ = block.scale


def test_things_are_found_by_path(block):
    net = nn.Sequential(block)
    assert net.get_submodule("0.first") is block.first
    assert net.get_submodule("") is net
    assert net.get_parameter("0.first.weight") is block.first.weight
    assert net.get_buffer("0.steps") is block.steps
    net.set_submodule("0.first", nn.Identity())
    assert isinstance(block.first, nn.Identity)
    with pytest.raises(AttributeError, match="has no attribute `third`"):
        net.get_submodule("0.third")
    with pytest.raises(AttributeError, match="`steps` is not an nn.Parameter"):
        net.get_parameter("0.steps")
    with pytest.raises(AttributeError, match="`scale` is not an nn.Module"):
        net.get_submodule("0.scale")


# ---- wrong assignments -----------------------------------------------------------------------------


def test_registering_before_init_says_so():
    class Early(nn.Module):
        def __init__(self, value):
            self.thing = value

    with pytest.raises(
        AttributeError, match=r"cannot assign module before Module.__init__\(\) call"
    ):
        Early(nn.ReLU())
    with pytest.raises(
        AttributeError, match=r"cannot assign parameters before Module.__init__\(\) call"
    ):
        Early(nn.Parameter(fathom.ones(1)))
    with pytest.raises(
        AttributeError, match=r"no attribute '_forward_hooks'; call super\(\).__init__\(\) first"
    ):
        Early(3)(1)


def test_wrong_kinds_are_refused(block):
    with pytest.raises(
        TypeError,
        match=r"cannot assign 'Tensor' as parameter 'scale' \(fathom.nn.Parameter or None",
    ):
        block.scale = fathom.ones(1)
    with pytest.raises(TypeError, match="cannot assign 'int' as child module 'first'"):
        block.first = 3
    with pytest.raises(TypeError, match="cannot assign 'int' as buffer 'steps'"):
        block.steps = 3
    with pytest.raises(TypeError, match="cannot assign 'Tensor' object to parameter 'p'"):
        block.register_parameter("p", fathom.ones(1))
    with pytest.raises(TypeError, match="int is not a Module subclass"):
        block.add_module("m", 3)
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'p'"):
        computed = nn.Parameter(fathom.ones(1))
        computed.node = (block.scale * 1).node
        block.register_parameter("p", computed)


def test_wrong_names_are_refused(block):
    with pytest.raises(KeyError, match="name can.+t contain"):
        block.add_module("a.b", nn.ReLU())
    with pytest.raises(KeyError, match="name can.+t be empty"):
        block.register_buffer("", fathom.ones(1))
    with pytest.raises(KeyError, match="attribute 'words' already exists"):
        block.register_parameter("words", None)
    with pytest.raises(TypeError, match="name should be a string"):
        block.register_buffer(3, fathom.ones(1))


def test_a_module_without_forward_says_so():
    with pytest.raises(
        NotImplementedError, match=r'Module \[Module\] is missing the required "forward" function'
    ):
        nn.Module()(1)


# ---- state -----------------------------------------------------------------------------------------


def test_the_state_has_pytorchs_keys_shapes_and_order(block):
    ours, theirs = block.state_dict(), TorchBlock().state_dict()
    assert list(ours) == list(theirs)
    assert [tuple(v.shape) for v in ours.values()] == [tuple(v.shape) for v in theirs.values()]
    assert dict(ours._metadata) == dict(theirs._metadata)


def test_the_state_shares_memory_and_has_no_history(block):
    state = block.state_dict()
    assert not state["scale"].requires_grad
    assert block.state_dict(keep_vars=True)["scale"] is block.scale
    with fathom.no_grad():
        block.scale.fill_(7)
    assert state["scale"].item() == 7


def test_a_state_of_pytorch_gives_its_outputs(block):
    theirs = TorchBlock()
    result = block.load_state_dict(
        {k: fathom.tensor(v.numpy()) for k, v in theirs.state_dict().items()}
    )
    assert repr(result) == "<All keys matched successfully>"
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(
        block(fathom.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6
    )


def test_a_state_that_does_not_fit_names_everything(block):
    state = dict(block.state_dict())
    state["extra.weight"] = fathom.ones(1)
    state["second.weight"] = fathom.ones(5, 5)
    del state["scale"]
    with pytest.raises(RuntimeError) as caught:
        block.load_state_dict(state)
    message = str(caught.value)
    assert (
        'Error(s) in loading state_dict for Block:\n\tMissing key(s) in state_dict: "scale". '
        in message
    )
    assert 'Unexpected key(s) in state_dict: "extra.weight". ' in message
    assert (
        "size mismatch for second.weight: copying a param with shape (5, 5) from checkpoint"
        in message
    )


def test_strict_false_returns_what_was_missing_and_unexpected(block):
    state = {
        "first.weight": fathom.ones(3, 2),
        "other": fathom.ones(1),
        "first.other": fathom.ones(1),
    }
    result = block.load_state_dict(state, strict=False)
    assert result.missing_keys == ["scale", "steps", "first.bias", "second.weight"]
    assert sorted(result.unexpected_keys) == ["first.other", "other"]
    assert block.first.weight.sum().item() == 6
    with pytest.raises(RuntimeError, match="size mismatch"):
        block.load_state_dict({"scale": fathom.ones(3)}, strict=False)


def test_assign_puts_the_given_tensors_in_place(block):
    scale = fathom.tensor(5.0, dtype=fathom.float64)
    block.load_state_dict({"scale": scale}, strict=False, assign=True)
    assert block.scale.dtype is fathom.float64 and isinstance(block.scale, nn.Parameter)
    assert block.scale.requires_grad


def test_what_is_no_tensor_is_refused(block):
    with pytest.raises(
        RuntimeError, match='parameter named "scale", expected a fathom tensor but got float'
    ):
        block.load_state_dict({"scale": 3.0}, strict=False)
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like"):
        block.load_state_dict([1])


def test_extra_state_is_saved_and_loaded():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    net, other = nn.Sequential(Counter()), nn.Sequential(Counter())
    net[0].count = 3
    state = net.state_dict()
    assert list(state) == ["0._extra_state"]
    other.load_state_dict(state)
    assert other[0].count == 3
    with pytest.raises(RuntimeError, match="Missing key.*0._extra_state"):
        other.load_state_dict({})


def test_state_hooks_see_and_change_the_state(block):
    seen = []
    block.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append("before"))

    def without_steps(module, state, prefix, metadata):
        del state["steps"]

    block.register_state_dict_post_hook(without_steps)
    state = block.state_dict()
    assert seen == ["before"] and "steps" not in state

    def rename(module, state, prefix, *rest):
        state[prefix + "scale"] = state.pop(prefix + "old_scale")

    block.register_load_state_dict_pre_hook(rename)
    block.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    state["old_scale"] = state.pop("scale") * 0
    block.load_state_dict(state)
    assert block.scale.item() == 0


# ---- modes, dtypes, copies -------------------------------------------------------------------------


def test_train_eval_and_freezing_reach_all(block):
    net = nn.Sequential(block, nn.Dropout())
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert all(module.training for module in net.train().modules())
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train(1)


def test_zero_grad_forgets_or_fills(block):
    block(fathom.ones(1, 2)).sum().backward()
    block.zero_grad(set_to_none=False)
    assert block.scale.grad.item() == 0
    block.zero_grad()
    assert all(p.grad is None for p in block.parameters())


def test_converting_keeps_the_parameters_and_leaves_integers(block):
    before = block.first.weight
    block(fathom.ones(1, 2)).sum().backward()
    block.double()
    assert (
        block.first.weight is before
        and before.dtype is fathom.float64
        and before.grad.dtype is fathom.float64
    )
    assert block.steps.dtype is fathom.int64 and block.cache.dtype is fathom.float64
    assert block.to(fathom.tensor(1.0)).scale.dtype is fathom.float32
    assert (
        block.half().scale.dtype is fathom.float16
        and block.bfloat16().scale.dtype is fathom.bfloat16
    )
    assert block.to("cpu", fathom.float64).scale.dtype is fathom.float64
    assert block.float().cpu().scale.dtype is fathom.float32
    assert block.type(fathom.float64).steps.dtype is fathom.float64
    with pytest.raises(TypeError, match="only accepts floating point or complex dtypes"):
        block.to(fathom.int64)


def test_a_conversion_trains_on(block):
    block.double()
    x = fathom.ones(1, 2, dtype=fathom.float64)
    block(x).sum().backward()
    with fathom.no_grad():
        for p in block.parameters():
            p -= 0.1 * p.grad
    assert block(x).dtype is fathom.float64


def test_a_deep_copy_is_independent_and_keeps_ties():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    other = copy.deepcopy(net)
    assert other[0].weight is other[1].weight and other[0].weight is not net[0].weight
    with fathom.no_grad():
        other[0].weight.zero_()
    assert net[0].weight.abs().sum().item() > 0
    assert isinstance(other[0].weight, nn.Parameter) and other[0].weight.requires_grad


def test_apply_goes_children_first(block):
    seen = []
    block.apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Linear", "Linear", "Block"]


# ---- hooks -----------------------------------------------------------------------------------------


class TestForwardHooks:
    def test_they_see_and_replace_arguments_and_outputs(self):
        layer = nn.Identity()
        layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
        layer.register_forward_hook(lambda module, args, y: y * 10 + args[0])
        assert layer(fathom.tensor(1.0)).item() == 22

    def test_a_pre_hook_may_return_a_bare_value(self):
        layer = nn.Identity()
        layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
        assert layer(fathom.tensor(1.0)).item() == 2

    def test_with_kwargs_they_see_the_keywords(self):
        class Scaled(nn.Module):
            def forward(self, x, by=1):
                return x * by

        layer, seen = Scaled(), []
        layer.register_forward_pre_hook(
            lambda m, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True
        )
        layer.register_forward_hook(
            lambda m, args, kwargs, y: seen.append(kwargs), with_kwargs=True
        )
        assert layer(fathom.tensor(2.0), by=2).item() == 6
        assert seen == [{"by": 3}]
        layer.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
        with pytest.raises(RuntimeError, match=r"must return None or a tuple \(args, kwargs\)"):
            layer(fathom.tensor(2.0), by=2)

    def test_prepend_and_remove(self):
        layer, order = nn.Identity(), []
        layer.register_forward_hook(lambda *_: order.append("first"))
        handle = layer.register_forward_hook(lambda *_: order.append("zeroth"), prepend=True)
        layer(1)
        handle.remove()
        layer(1)
        assert order == ["zeroth", "first", "first"]

    def test_always_call_is_called_after_an_error(self):
        class Broken(nn.Module):
            def forward(self, x):
                raise KeyError("no")

        layer, seen = Broken(), []
        layer.register_forward_hook(lambda module, args, y: seen.append(y), always_call=True)
        layer.register_forward_hook(lambda module, args, y: seen.append("never"))
        with pytest.raises(KeyError):
            layer(1)
        assert seen == [None]


class TestBackwardHooks:
    def test_they_see_pytorchs_gradients(self):
        ours, theirs = nn.Linear(3, 2), torch.nn.Linear(3, 2)
        ours.load_state_dict({k: fathom.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
        seen = {"ours": [], "theirs": []}

        def note(key):
            def hook(module, grad_input, grad_output):
                seen[key].append([g.numpy() for g in (*grad_input, *grad_output)])

            return hook

        ours.register_full_backward_hook(note("ours"))
        theirs.register_full_backward_hook(note("theirs"))
        x = np.arange(12, dtype=np.float32).reshape(4, 3)
        ours(fathom.tensor(x, requires_grad=True)).pow(2).sum().backward()
        theirs(torch.tensor(x, requires_grad=True)).pow(2).sum().backward()
        assert len(seen["ours"]) == len(seen["theirs"]) == 1
        for g, h in zip(seen["ours"][0], seen["theirs"][0], strict=True):
            np.testing.assert_allclose(g, h, rtol=1e-4, atol=1e-4)

    def test_they_replace_gradients(self):
        layer = nn.Identity()
        layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 2,))
        layer.register_full_backward_hook(
            lambda module, grad_input, grad_output: (grad_input[0] + 1,)
        )
        x = fathom.tensor([1.0, 2.0], requires_grad=True)
        layer(x * 1).sum().backward()
        assert x.grad.tolist() == [3.0, 3.0]

    def test_they_run_where_no_input_is_tracked(self):
        layer, seen = nn.Linear(2, 1), []
        layer.register_full_backward_hook(
            lambda m, grad_input, grad_output: seen.append((grad_input, grad_output[0].item()))
        )
        layer(fathom.ones(1, 2)).sum().backward()
        assert seen == [((None,), 1.0)]
        assert layer.weight.grad is not None


# ---- errors that say where -------------------------------------------------------------------------


def test_a_wrong_shape_names_the_path_of_the_layer():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(
                nn.Flatten(1, -1), nn.ReLU(), nn.Sequential(nn.Linear(400, 120))
            )

        def forward(self, x):
            return self.net[2](x)

    with pytest.raises(ValueError) as caught:
        Net()(fathom.zeros(256, 16, 5, 5))
    assert str(caught.value) == (
        "net.2.0 Linear(in_features=400, out_features=120, bias=True):"
        " got x (256, 16, 5, 5); flatten it to (256, 400) first"
    )


def test_the_path_is_that_of_a_layer_called_from_far_above():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleDict({"head": nn.ModuleList([nn.Embedding(3, 2)])})

        def forward(self, x):
            return self.parts["head"][0](x)

    with pytest.raises(
        IndexError,
        match=r"^parts.head.0 Embedding\(3, 2\): index 7 is out of range: the table has 3 rows",
    ):
        Net()(fathom.tensor([7]))


def test_errors_of_other_kinds_pass_as_they_are():
    class Net(nn.Module):
        def forward(self, x):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="^'mine'$"):
        nn.Sequential(Net())(1)


def test_a_sequential_of_pytorchs_first_program_trains():
    fathom.manual_seed(0)
    net = nn.Sequential(OrderedDict(hidden=nn.Linear(2, 16), bend=nn.Tanh(), out=nn.Linear(16, 1)))
    x = fathom.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = fathom.tensor([[0.0], [1], [1], [0]])
    for _ in range(500):
        loss = nn.MSELoss()(net(x), y)
        net.zero_grad()
        loss.backward()
        with fathom.no_grad():
            for p in net.parameters():
                p -= 0.2 * p.grad
    assert loss.item() < 0.05
