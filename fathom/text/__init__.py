"""Words and sequences: characters, and the language models that read and write them."""

from __future__ import annotations

from fathom.text.characters import Alphabet, CharacterData
from fathom.text.gru import CharacterGRU, write_on

__all__ = ["Alphabet", "CharacterData", "CharacterGRU", "write_on"]
