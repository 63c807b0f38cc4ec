"""One epoch of LeNet on Fashion-MNIST, from nothing: `python -m benchmarks.epoch LIBRARY HOW THREADS IMAGES LABELS`.

Run by benchmarks/first.py in a fresh process. It imports nothing but the library (fathom or torch) and what that
needs, so that the time from the process's start is the library's own. HOW is "eager" or "compiled".
"""

from __future__ import annotations

import gzip
import importlib
import json
import sys

import numpy as np

from benchmarks.models import lenet


def read(path: str, header: int) -> np.ndarray:
    """The bytes of an IDX file after its header."""
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def main() -> None:
    library, how, threads, images, labels = sys.argv[1:]
    torch = importlib.import_module(library)
    data = importlib.import_module(f"{library}.utils.data")
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    x = torch.from_numpy(read(images, 16).reshape(-1, 1, 28, 28).astype(np.float32) / 255)
    y = torch.from_numpy(read(labels, 8).astype(np.int64))
    loader = data.DataLoader(data.TensorDataset(x, y), batch_size=256, shuffle=True)
    model = lenet.build(torch)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step(x, y):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    if how == "compiled":
        step = torch.compile(step)
    losses = [step(*batch).detach() for batch in loader]
    loss = float(torch.stack(losses[-50:]).mean())
    print(json.dumps({"steps": len(losses), "loss": loss}), flush=True)


if __name__ == "__main__":
    main()
