"""Who is compared: a library, and the way it runs a training step."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """name: in commands and JSON; title: in tables and pictures; package: what must be installed."""

    name: str
    title: str
    package: str
    compiled: bool

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None


PEERS = {
    peer.name: peer
    for peer in (
        Peer("fathom", "fathom compiled", "fathom", True),
        Peer("fathom-eager", "fathom eager", "fathom", False),
        Peer("torch", "PyTorch eager", "torch", False),
        Peer("torch-compile", "torch.compile", "torch", True),
        Peer("jax", "jax.jit", "jax", True),
    )
}
PYTORCH = ("torch", "torch-compile")  # the best of them is what a ratio is to
