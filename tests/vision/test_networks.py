from __future__ import annotations

import numpy as np
import pytest

import fathom
from fathom.data import load
from fathom.train import Trainer, parameter_count
from fathom.vision import (
    MLP,
    FashionMNIST,
    ImageDataModule,
    LeNet,
    ResNet18,
    SoftmaxRegression,
    resnet18,
)  # fmt: skip


@pytest.mark.parametrize(
    ("make", "count"),
    [(LeNet, 61_706), (MLP, 203_530), (SoftmaxRegression, 7_850), (ResNet18, 11_175_370)],
)
def test_a_network_scores_the_classes_and_has_its_known_number_of_parameters(make, count):
    network = make()
    network.eval()
    with fathom.no_grad():
        assert network(fathom.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert parameter_count(network) == count


@pytest.mark.parametrize("size", [12, 28, 32])
def test_lenet_fits_images_of_any_size_from_12_on(size):
    assert LeNet(size=size, channels=3)(fathom.zeros(1, 3, size, size)).shape == (1, 10)


def test_lenet_refuses_images_that_are_too_small():
    with pytest.raises(ValueError, match="at least 12x12, got 8"):
        LeNet(size=8)


def test_resnet18_names_its_parameters_as_torchvision_does():
    names = list(resnet18().state_dict())
    assert names[0] == "conv1.weight"
    for name in (
        "layer1.0.conv1.weight",
        "layer2.0.downsample.0.weight",
        "layer4.1.bn2.running_var",
        "fc.bias",
    ):
        assert name in names
    assert "layer1.0.downsample.0.weight" not in names


def test_resnet18_learns_a_batch_by_heart():
    fathom.manual_seed(0)
    data = ImageDataModule("digits", batch_size=8, limit_batches=1)
    trainer = Trainer(max_epochs=6, seed=0, progress=False)
    trainer.fit(ResNet18(lr=0.001), data)
    losses = [value for _, value in trainer.history.series("train_loss", "epoch")]
    assert losses[-1] < 0.5 * losses[0]


def test_images_come_normalised_and_resized():
    data = ImageDataModule("digits", batch_size=2000, resize=(16, 12))
    images, labels = next(iter(data.train_dataloader()))
    assert images.shape == (1442, 1, 16, 12)
    assert images.dtype is fathom.float32
    assert abs(images.mean().item()) < 0.01
    assert data.text_labels(labels[:2]) == [str(int(label)) for label in labels[:2]]


def test_validation_comes_in_order_and_without_resizing_as_it_is():
    data = ImageDataModule("digits", batch_size=16)
    images, labels = next(iter(data.val_dataloader()))
    expected = load("digits").dataset("test", normalise=True).tensors
    np.testing.assert_allclose(images.numpy(), expected[0][:16].numpy(), atol=1e-6)
    assert labels.tolist() == expected[1][:16].tolist()


def test_a_data_set_of_another_kind_is_refused():
    if not fathom.data.available("titanic"):
        pytest.skip("titanic is not here: set FATHOM_DATA")
    with pytest.raises(ValueError, match="titanic is no data set of images"):
        ImageDataModule("titanic")


def test_a_batch_can_be_seen():
    data = ImageDataModule("digits", batch_size=8)
    figure = data.visualize(next(iter(data.val_dataloader())), ncols=4)
    assert len(figure.axes) == 4
    assert figure.axes[0].get_title() in "0123456789"


def test_fashion_mnist_has_its_classes():
    if not fathom.data.available("fashion-mnist"):
        pytest.skip("fashion-mnist is not here: set FATHOM_DATA")
    data = FashionMNIST(batch_size=32)
    images, labels = next(iter(data.val_dataloader()))
    assert images.shape == (32, 1, 28, 28)
    assert data.text_labels(labels[:1]) == ["ankle boot"]
