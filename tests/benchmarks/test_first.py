"""The first epoch: its reader, and what it says without its data."""

from __future__ import annotations

import gzip

import pytest

from benchmarks.__main__ import main
from benchmarks.epoch import read


def test_a_reader_skips_the_header_of_a_file_packed_or_not(tmp_path):
    content = bytes(8) + bytes([3, 1, 2])
    (tmp_path / "plain").write_bytes(content)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(content))
    for name in ("plain", "packed.gz"):
        assert read(str(tmp_path / name), 8).tolist() == [3, 1, 2]


def test_without_its_data_it_says_where_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path))
    monkeypatch.delenv("FATHOM_DATA", raising=False)
    with pytest.raises(SystemExit, match="fashion-mnist is not here; FATHOM_DATA names the folder"):
        main(["first", "--rounds", "1", "--out", str(tmp_path / "first.json")])
