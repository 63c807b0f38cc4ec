"""The table of cases: every public operation stands here at least once (tests/test_laws.py)."""

from __future__ import annotations

from fathom.testing import (
    elementwise,
    linear,
    loops,
    matrices,
    networks,
    reducing,
    shaping,
    special,
    statistics,
    writing,
)

CASES = [
    *elementwise.CASES, *special.CASES, *shaping.CASES, *writing.CASES, *reducing.CASES,
    *statistics.CASES, *matrices.CASES, *linear.CASES, *networks.CASES, *loops.CASES,
]  # fmt: skip
