"""Random numbers for tests: the same for the same seed, whatever was drawn before."""

import fathom


def numbers(*shape, seed=1, dtype=fathom.float32):
    return fathom.randn(*shape, generator=fathom.Generator().manual_seed(seed)).to(dtype)
