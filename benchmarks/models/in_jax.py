"""The layers of the benchmark's models in JAX, as functions of parameters with PyTorch's names and shapes.

p: parameters by name; name: the layer's path, as in a state_dict. Without JAX nothing here is called.
"""

from __future__ import annotations

from typing import Any


def linear(p: dict[str, Any], name: str, x: Any) -> Any:
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def conv(p: dict[str, Any], name: str, x: Any, stride: int = 1, padding: int = 0) -> Any:
    """x (N, C, H, W), weight (O, C, P, Q) -> (N, O, I, J)."""
    from jax import lax

    sides = [(padding, padding), (padding, padding)]
    y = lax.conv_general_dilated(x, p[f"{name}.weight"], (stride, stride), sides)
    return y + p[f"{name}.bias"][:, None, None] if f"{name}.bias" in p else y


def average_pool(x: Any, size: int) -> Any:
    from jax import lax

    window = (1, 1, size, size)
    return lax.reduce_window(x, 0.0, lax.add, window, window, "VALID") / size**2


def max_pool(x: Any, size: int, stride: int, padding: int) -> Any:
    import jax.numpy as jnp
    from jax import lax

    sides = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    return lax.reduce_window(
        x, -jnp.inf, lax.max, (1, 1, size, size), (1, 1, stride, stride), sides
    )


def batch_norm(p: dict[str, Any], name: str, x: Any) -> Any:
    """With the batch's own mean and variance; JAX's version keeps no running ones."""
    from jax import lax

    mean = x.mean((0, 2, 3), keepdims=True)
    variance = x.var((0, 2, 3), keepdims=True)
    y = (x - mean) * lax.rsqrt(variance + 1e-5)
    return y * p[f"{name}.weight"][:, None, None] + p[f"{name}.bias"][:, None, None]


def layer_norm(p: dict[str, Any], name: str, x: Any) -> Any:
    from jax import lax

    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    y = (x - mean) * lax.rsqrt(variance + 1e-5)
    return y * p[f"{name}.weight"] + p[f"{name}.bias"]


def relu(x: Any) -> Any:
    import jax

    return jax.nn.relu(x)


def sigmoid(x: Any) -> Any:
    import jax

    return jax.nn.sigmoid(x)


def gelu(x: Any) -> Any:
    import jax

    return jax.nn.gelu(x, approximate=False)


def causal_attention(q: Any, k: Any, v: Any) -> Any:
    """q, k, v (N, H, T, D) -> (N, H, T, D); each position looks at itself and at those before it."""
    import jax
    import jax.numpy as jnp

    length, size = q.shape[-2:]
    scores = jnp.einsum("nhid,nhjd->nhij", q, k) / size**0.5
    seen = jnp.tril(jnp.ones((length, length), bool))
    weights = jax.nn.softmax(jnp.where(seen, scores, -jnp.inf), axis=-1)
    return jnp.einsum("nhij,nhjd->nhid", weights, v)


def cross_entropy(scores: Any, classes: Any) -> Any:
    """scores (..., K), classes (...) -> the mean of -log softmax at the classes."""
    import jax
    import jax.numpy as jnp

    chances = jax.nn.log_softmax(scores, axis=-1)
    return -jnp.take_along_axis(chances, classes[..., None], axis=-1).mean()
