"""What compiled functions are compared with runs operation by operation."""

import pytest

import fathom


@pytest.fixture(autouse=True)
def as_written(monkeypatch):
    """No composite of eager mode is fused: a large one would be a compiled function itself."""
    monkeypatch.setattr(fathom.backends.fusion, "enabled", False)
