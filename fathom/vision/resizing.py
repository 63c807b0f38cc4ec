"""Images of another size, by linear interpolation that averages where they become smaller."""

from __future__ import annotations

import numpy as np


def resized(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Images (..., H, W) -> (..., height, width) float32.

    >>> resized(np.array([[0.0, 4.0]]), 1, 4).tolist()
    [[0.0, 1.0, 3.0, 4.0]]
    """
    rows = weights(images.shape[-2], height)  # (height, H)
    columns = weights(images.shape[-1], width)  # (width, W)
    return rows @ images.astype(np.float32) @ columns.T


def weights(old: int, new: int) -> np.ndarray:
    """How much of each old pixel goes into each new one -> (new, old) float32; rows sum to 1.

    A tent around the new pixel's centre, one old pixel wide on each side, or one new pixel where
    that is more.
    """
    reach = max(old / new, 1.0)
    centres = (np.arange(new) + 0.5) * old / new - 0.5  # in old pixels
    distance = np.abs(np.arange(old)[None, :] - centres[:, None])
    tent = np.maximum(0, 1 - distance / reach)
    return (tent / tent.sum(axis=1, keepdims=True)).astype(np.float32)
