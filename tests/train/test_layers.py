from __future__ import annotations

import fathom
from fathom import nn
from fathom.train import layer_table, parameter_count, summary
from fathom.train.page import sizes


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
        self.again = nn.Linear(3, 3, bias=False)
        self.tied = nn.Linear(3, 3, bias=False)
        self.tied.weight = self.again.weight

    def forward(self, x):
        x = self.body(x)
        return self.tied(self.again(x)), x


def test_layers_come_in_order_of_use_with_shapes_and_shared_parameters_once():
    table = layer_table(TwoHeads(), (5, 4))
    assert [(layer.path, layer.kind, layer.shape, layer.parameters) for layer in table] == [
        ("body.0", "Linear", (5, 3), 15),
        ("body.1", "Dropout", (5, 3), 0),
        ("again", "Linear", (5, 3), 9),
        ("tied", "Linear", (5, 3), 0),
    ]
    assert sum(layer.parameters for layer in table) == parameter_count(TwoHeads())


def test_looking_leaves_no_trace():
    model = TwoHeads()
    before = fathom.default_generator.get_state().tolist()
    layer_table(model, fathom.zeros(1, 4))
    assert model.training
    assert fathom.default_generator.get_state().tolist() == before
    assert all(parameter.grad is None for parameter in model.parameters())
    assert "body.0" in summary(layer_table(model, (fathom.zeros(1, 4),)))


def test_a_shape_is_shown_without_the_batch():
    assert sizes((5, 6, 14, 14)) == "6 × 14 × 14"
    assert sizes((5,)) == "1"
    assert sizes(None) == ""
