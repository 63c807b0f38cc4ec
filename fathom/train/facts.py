"""What a run was made of, in facts that can be held against another run's: seed, data, settings, versions, ...

Each section is a flat dict of plain values, so two runs differ in a fact or they do not.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import platform
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.compiler.threads import get_num_threads
from fathom.core.base import TensorBase
from fathom.core.random import default_generator
from fathom.data.dataset import TensorDataset
from fathom.train.weights import plain_array

if TYPE_CHECKING:
    from fathom.train.trainer import Trainer

Facts = dict[str, dict[str, Any]]  # section -> name -> plain value

PACKAGES = ("fathom-dl", "numpy", "scipy", "llvmlite")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LARGEST = 1 << 30  # bytes of data that are looked at in full: about a second
SAMPLED = 64  # examples that are looked at of a larger data set, or of one that is not in memory
ABOUT_OUTPUT = (
    "out",
    "progress",
    "record",
    "max_epochs",
)  # settings that change no number of a step
SOURCE = Path(__file__).resolve().parent.parent


def facts_of(trainer: Trainer) -> Facts:
    """All that is known of a run before its first step."""
    return {
        "seed": {
            "seed": default_generator.initial_seed() if trainer.seed is None else trainer.seed
        },
        "data": data_facts(trainer.train_dataloader),
        "settings": settings(trainer),
        "versions": versions(),
        "code": code(trainer),
        "threads": {
            "fathom": get_num_threads(),
            **{name: os.environ.get(name, "") for name in THREADS},
        },
        "machine": machine(),
    }


def digest(value: Any) -> str:
    """16 letters for a tensor, or for a nest of tensors, numbers and text: equal if they are, to the last bit.

    >>> digest(fathom.tensor([1.0, 2.0])) == digest(fathom.tensor([1.0, 2.0]))
    True
    >>> digest(fathom.tensor([1.0, 2.0])) == digest(fathom.tensor([2.0, 1.0]))
    False
    """
    hashed = hashlib.blake2b(digest_size=8)
    add_to(hashed, value)
    return hashed.hexdigest()


def add_to(hashed: Any, value: Any) -> None:
    if isinstance(value, TensorBase):
        value = plain_array(value)
    if isinstance(value, np.ndarray):
        hashed.update(f"{value.dtype}{value.shape}".encode())
        hashed.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8))
    elif isinstance(value, Mapping):
        for key, below in value.items():
            hashed.update(f"{key}:".encode())
            add_to(hashed, below)
    elif isinstance(value, list | tuple):
        hashed.update(f"{len(value)}[".encode())
        for below in value:
            add_to(hashed, below)
    else:
        hashed.update(f"{plain(value)!r},".encode())


def data_facts(loader: Any) -> dict[str, Any]:
    """How many examples there are, and a digest of them: of all, or of some where they are many."""
    dataset = getattr(loader, "dataset", None)
    if dataset is None or not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        return {"batches": len(loader)}
    count = len(dataset)
    if isinstance(dataset, TensorDataset) and sum(map(bytes_of, dataset.tensors)) <= LARGEST:
        return {"examples": count, "all of them": digest(dataset.tensors)}
    chosen = np.unique(np.linspace(0, count - 1, min(count, SAMPLED)).astype(int)).tolist()
    with random_numbers_untouched():
        seen = digest([dataset[k] for k in chosen])
    return {"examples": count, f"{len(chosen)} of them": seen}


def bytes_of(tensor: Any) -> int:
    return tensor.numel() * tensor.element_size()


@contextmanager
def random_numbers_untouched() -> Iterator[None]:
    """A look at examples that are changed at random must not change what comes next."""
    ours, pythons, numpys = default_generator.get_state(), random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        default_generator.set_state(ours)
        random.setstate(pythons)
        np.random.set_state(numpys)


def settings(trainer: Trainer) -> dict[str, Any]:
    """Hyper-parameters of trainer, model, data and optimizer, the layers, the callbacks."""
    found: dict[str, Any] = {
        f"trainer.{k}": v for k, v in trainer.hparams.items() if k not in (*ABOUT_OUTPUT, "seed")
    }
    for owner, thing in (("model", trainer.model), ("data", trainer.data)):
        found |= {f"{owner}.{k}": v for k, v in getattr(thing, "hparams", {}).items()}
    found |= {
        f"layer {path}": repr(m)
        for path, m in trainer.model.named_modules()
        if not list(m.children())
    }
    optimizer = trainer.optimizer
    found["optimizer"] = type(optimizer).__name__
    groups = getattr(optimizer, "param_groups", [])
    for k, group in enumerate(groups):
        name = "optimizer" if len(groups) == 1 else f"optimizer.group {k}"
        found |= {f"{name}.{key}": v for key, v in group.items() if key != "params"}
    found["callbacks"] = ", ".join(type(c).__name__ for c in trainer.callbacks)
    return {name: plain(value) for name, value in found.items()}


def plain(value: Any) -> Any:
    """A value as JSON can hold it; of what JSON has no word for, the kind: its repr may name a place in memory."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [plain(below) for below in value]
    if isinstance(value, Mapping):
        return {str(key): plain(below) for key, below in value.items()}
    return getattr(value, "__name__", None) or type(value).__name__


def versions() -> dict[str, Any]:
    """Python, fathom and what the numbers are computed with."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # run from its sources
            found[name] = "not installed"
    return found


def code(trainer: Trainer) -> dict[str, Any]:
    """Digests of the sources of fathom, and of the user's own classes of model, layers, data and callbacks."""
    own = [*trainer.model.modules(), trainer.data, *trainer.callbacks]
    kinds = dict.fromkeys(kind for thing in own for kind in type(thing).__mro__)
    found = {"fathom": sources_digest()}
    for kind in kinds:
        if kind.__module__.split(".")[0] not in ("fathom", "builtins", "typing"):
            try:
                found[kind.__qualname__] = digest(inspect.getsource(kind))
            except (OSError, TypeError):  # typed at a prompt: there is no source to read
                continue
    return found


@functools.cache
def sources_digest() -> str:
    """A digest of all of fathom's own files: two versions of one number can differ."""
    hashed = hashlib.blake2b(digest_size=8)
    for path in sorted(SOURCE.rglob("*.py")):
        hashed.update(path.relative_to(SOURCE).as_posix().encode() + path.read_bytes())
    return hashed.hexdigest()


def machine() -> dict[str, Any]:
    """The processor as LLVM names it, the system, and the library of NumPy's matrix products."""
    from llvmlite import binding

    blas = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return {
        "processor": binding.get_host_cpu_name(),
        "system": f"{platform.system()} {platform.machine()}",
        "BLAS": f"{blas.get('name')} {blas.get('version')}",
    }
