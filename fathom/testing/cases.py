"""The table of cases: every public operation stands here at least once (tests/test_laws.py)."""

from __future__ import annotations

from fathom.testing import elementwise, reducing, shaping

CASES = [*elementwise.CASES, *shaping.CASES, *reducing.CASES]
