"""Tools for tests: `assert_close`, and (in `fathom.testing.cases`) one table of cases for all operations."""

from fathom.testing.closeness import assert_close

__all__ = ["assert_close"]
