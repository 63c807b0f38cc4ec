"""DataModule: the data that a trainer asks for, as loaders for training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fathom.data.dataset import TensorDataset
from fathom.data.loader import DataLoader
from fathom.tensors import Tensor
from fathom.train.hyperparameters import HyperParameters


class DataModule(HyperParameters):
    """Data in two parts, to learn from and to validate with. Define `get_dataloader(train)`.

    root         a folder, for data modules that keep files of their own
    num_workers  how many workers make batches ahead of time; 0 makes them in the loop
    """

    batch_size: int
    num_workers: int = 0

    def __init__(self, root: str = "../data", num_workers: int = 0):
        self.save_hyperparameters()

    @staticmethod
    def of_tensors(
        *tensors: Tensor, validation: Sequence[Tensor] | None = None, batch_size: int = 32
    ) -> TensorData:
        """Data that lies in tensors of one length, without validation unless it is given."""
        return TensorData(tensors, validation, batch_size)

    def get_dataloader(self, train: bool) -> Any:
        """The batches of the training part (shuffled anew in each epoch), or of validation."""
        raise NotImplementedError(f"{type(self).__name__} must define get_dataloader(train)")

    def train_dataloader(self) -> Any:
        """The batches to learn from."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> Any:
        """The batches to validate with, or None."""
        return self.get_dataloader(train=False)

    def get_tensorloader(
        self, tensors: Sequence[Tensor], train: bool, indices: slice = slice(0, None)
    ) -> DataLoader:
        """A loader over rows of tensors of one length, in batches of `self.batch_size`."""
        rows = TensorDataset(*(tensor[indices] for tensor in tensors))
        return self.get_loader(rows, train)

    def get_loader(self, dataset: Any, train: bool) -> DataLoader:
        """A loader over a dataset, in batches of `self.batch_size`, shuffled for training."""
        threads = "thread"  # arrays are shared with them, not copied to processes
        return DataLoader(
            dataset,
            self.batch_size,
            shuffle=train,
            num_workers=self.num_workers,
            worker_kind=threads,
        )


class TensorData(DataModule):
    """Data that lies in tensors; see `DataModule.of_tensors`."""

    def __init__(
        self, tensors: Sequence[Tensor], validation: Sequence[Tensor] | None, batch_size: int
    ):
        super().__init__()
        self.save_hyperparameters()

    def get_dataloader(self, train: bool) -> DataLoader | None:
        tensors = self.tensors if train else self.validation
        return None if tensors is None else self.get_tensorloader(tensors, train)
