from __future__ import annotations

from fathom.train import HyperParameters, add_to_class


class Base(HyperParameters):
    def __init__(self, depth=2):
        self.save_hyperparameters()


class Model(Base):
    def __init__(self, width, *sizes, lr=0.1, _hidden=None, extra=None, **options):
        super().__init__(depth=3)
        self.save_hyperparameters(ignore=["extra"])


def test_arguments_become_attributes_but_for_those_ignored_or_private():
    model = Model(8, 1, 2, lr=0.5, extra="big", mode="fast")
    assert (model.width, model.sizes, model.lr, model.mode) == (8, (1, 2), 0.5, "fast")
    assert not hasattr(model, "extra")
    assert not hasattr(model, "_hidden")


def test_hparams_holds_those_of_the_base_class_too():
    assert Model(8).hparams == {"depth": 3, "width": 8, "sizes": (), "lr": 0.1}


def test_a_function_becomes_a_method_of_objects_that_exist_already():
    model = Model(8)

    @add_to_class(Model)
    def area(self):
        return self.width * self.depth

    assert model.area() == 24
    assert area(model) == 24
