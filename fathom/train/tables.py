"""Tables as data modules: features standardised as the training part says, targets scaled."""

from __future__ import annotations

from fathom.data.dataset import Subset, TensorDataset
from fathom.data.datasets import TableData, load
from fathom.data.loader import DataLoader
from fathom.train.datamodule import DataModule


class TableDataModule(DataModule):
    """A table of the catalogue: its "train" part to learn from, its "test" part to validate with.

    Batches are (features (N, F) float32, targets (N, 1) float32 with mean 0 and deviation 1 over
    the training part). `source.target_mean` and `source.target_std` lead back to the table's unit.
    """

    def __init__(
        self,
        name: str,
        batch_size: int = 64,
        limit_batches: int | None = None,
        num_workers: int = 0,
    ):
        super().__init__(num_workers=num_workers)
        self.save_hyperparameters()
        source = load(name)
        if not isinstance(source, TableData) or source.classes:
            raise ValueError(f"{name} is no table whose target is a quantity")
        self.source = source
        self.parts = {
            part: self.source.dataset(part, scale_target=True) for part in ("train", "test")
        }

    def get_dataloader(self, train: bool) -> DataLoader:
        rows: TensorDataset | Subset = self.parts["train" if train else "test"]
        if self.limit_batches is not None:
            rows = Subset(rows, range(min(len(rows), self.limit_batches * self.batch_size)))
        return self.get_loader(rows, train)
