"""How elements lie in memory, by PyTorch's names. NumPy arrays know their strides: these are only words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class memory_format:
    """An order of dims in memory, such as `fathom.channels_last`; asking for one changes no value."""

    name: str

    def __repr__(self) -> str:
        return f"fathom.{self.name}"


@dataclass(frozen=True)
class layout:
    """A kind of storage; there is one, `fathom.strided`."""

    name: str

    def __repr__(self) -> str:
        return f"fathom.{self.name}"


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
strided = layout("strided")
