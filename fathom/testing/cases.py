"""The table of cases: every public operation stands here at least once (tests/test_laws.py)."""

from __future__ import annotations

from fathom.testing import (
    elementwise,
    linear,
    matrices,
    reducing,
    shaping,
    special,
    statistics,
    writing,
)  # fmt: skip

CASES = [
    *elementwise.CASES, *special.CASES, *shaping.CASES, *writing.CASES, *reducing.CASES,
    *statistics.CASES, *matrices.CASES, *linear.CASES,
]  # fmt: skip
