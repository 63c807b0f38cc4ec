"""The real files, where they are at hand, and no data of the person who runs the tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_folder():
    """The folder of real data named by FATHOM_DATA; without one, the tests that need it skip."""
    for folder in os.environ.get("FATHOM_DATA", "").split(os.pathsep):
        if folder and Path(folder, "fashion-mnist").is_dir():
            return Path(folder)
    pytest.skip("FATHOM_DATA names no folder with the data sets")


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    """Neither FATHOM_DATA nor a cache with anything in it; returns the empty cache folder."""
    monkeypatch.delenv("FATHOM_DATA", raising=False)
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
