"""The transformer (Vaswani et al. 2017): attention and a small network in turn, each around a shortcut.

Letters: N batch, S source, T target length, E d_model. Sequences are (S, N, E), or (N, S, E) with batch_first.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from fathom.core import dtypes
from fathom.core.errors import ShapeError
from fathom.nn import init
from fathom.nn.attention import MultiheadAttention
from fathom.nn.containers import ModuleList
from fathom.nn.dropout import Dropout
from fathom.nn.functional.activations import gelu, relu
from fathom.nn.linear import Linear
from fathom.nn.module import Module
from fathom.nn.norm import LayerNorm
from fathom.ops import creation
from fathom.tensors import Tensor

Activation = str | Callable[[Tensor], Tensor]


def activation_named(activation: Activation) -> Callable[[Tensor], Tensor]:
    """The function for "relu" or "gelu"; a function as it is."""
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return relu if activation == "relu" else gelu


class TransformerEncoderLayer(Module):
    """Self-attention, then a network of two linear layers; around each a shortcut and a LayerNorm.

    x (S, N, E) -> the same shape. norm_first normalises what goes into each part, not what comes out.
    Masks as in MultiheadAttention: True where nothing may be read.

    >>> layer = fathom.nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(fathom.ones(3, 5, 8)).shape
    fathom.Size([3, 5, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        place = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **place
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = activation_named(activation)

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """x (S, N, E) -> (S, N, E); src_mask (S, S), src_key_padding_mask (N, S)."""
        x = src
        if self.norm_first:
            x = x + self.attended(self.norm1(x), src_mask, src_key_padding_mask, is_causal)
            return x + self.fed_forward(self.norm2(x))
        x = self.norm1(x + self.attended(x, src_mask, src_key_padding_mask, is_causal))
        return self.norm2(x + self.fed_forward(x))

    def attended(
        self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool
    ) -> Tensor:
        """What each position reads from the others."""
        y, _ = self.self_attn(
            x, x, x, padding, need_weights=False, attn_mask=mask, is_causal=is_causal
        )
        return self.dropout1(y)

    def fed_forward(self, x: Tensor) -> Tensor:
        """What each position makes of itself."""
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the encoder's output (memory), then a network of two linear layers.

    tgt (T, N, E), memory (S, N, E) -> (T, N, E).

    >>> layer = fathom.nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(fathom.ones(3, 4, 8), fathom.ones(3, 5, 8)).shape
    fathom.Size([3, 4, 8])
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        place = {"device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **place
        )
        self.multihead_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, **place
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **place)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **place)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.norm3 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **place)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = activation_named(activation)

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """tgt (T, N, E), memory (S, N, E) -> (T, N, E).

        tgt_mask (T, T), memory_mask (T, S), the paddings (N, T) and (N, S).
        """
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = (memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self.attended(self.norm1(x), *own)
            x = x + self.informed(self.norm2(x), memory, *other)
            return x + self.fed_forward(self.norm3(x))
        x = self.norm1(x + self.attended(x, *own))
        x = self.norm2(x + self.informed(x, memory, *other))
        return self.norm3(x + self.fed_forward(x))

    def attended(
        self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool
    ) -> Tensor:
        """What each position reads from the others."""
        y, _ = self.self_attn(
            x, x, x, padding, need_weights=False, attn_mask=mask, is_causal=is_causal
        )
        return self.dropout1(y)

    def informed(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None,
        padding: Tensor | None,
        is_causal: bool,
    ) -> Tensor:
        """What each position reads from the memory."""
        y, _ = self.multihead_attn(
            x, memory, memory, padding, need_weights=False, attn_mask=mask, is_causal=is_causal
        )
        return self.dropout2(y)

    def fed_forward(self, x: Tensor) -> Tensor:
        """What each position makes of itself."""
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


def copies(layer: Module, n: int) -> ModuleList:
    """n layers that begin with the same parameters."""
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])


class TransformerEncoder(Module):
    """`num_layers` copies of an encoder layer, one after the other, and a last normalisation if given.

    >>> layer = fathom.nn.TransformerEncoderLayer(8, 2, 16)
    >>> fathom.nn.TransformerEncoder(layer, num_layers=2)(fathom.ones(5, 3, 8)).shape
    fathom.Size([5, 3, 8])
    """

    def __init__(
        self, encoder_layer: Module, num_layers: int, norm: Module | None = None, enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.layers = copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = (
            enable_nested_tensor  # accepted as in PyTorch; nothing depends on it here
        )
        self.mask_check = mask_check

    def forward(
        self, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:  # fmt: skip
        """x (S, N, E) -> (S, N, E); mask (S, S), src_key_padding_mask (N, S)."""
        x = src
        for layer in self.layers:
            x = layer(
                x,
                src_mask=mask,
                src_key_padding_mask=src_key_padding_mask,
                is_causal=bool(is_causal),
            )
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """`num_layers` copies of a decoder layer, one after the other, and a last normalisation if given.

    >>> layer = fathom.nn.TransformerDecoderLayer(8, 2, 16)
    >>> fathom.nn.TransformerDecoder(layer, num_layers=2)(fathom.ones(4, 3, 8), fathom.ones(5, 3, 8)).shape
    fathom.Size([4, 3, 8])
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None):
        super().__init__()
        self.layers = copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """tgt (T, N, E), memory (S, N, E) -> (T, N, E)."""
        x = tgt
        for layer in self.layers:
            x = layer(
                x, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder that reads the source, and a decoder that writes the target while it looks at what was read.

    src (S, N, E), tgt (T, N, E) -> (T, N, E).

    >>> model = fathom.nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> model(fathom.ones(5, 3, 8), fathom.ones(4, 3, 8)).shape
    fathom.Size([4, 3, 8])
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: Activation = relu,
        custom_encoder: Module | None = None, custom_decoder: Module | None = None, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        sizes = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        flags = (batch_first, norm_first, bias, device, dtype)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        if custom_encoder is None:
            layer = TransformerEncoderLayer(*sizes, *flags)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm())
        if custom_decoder is None:
            custom_decoder = TransformerDecoder(
                TransformerDecoderLayer(*sizes, *flags), num_decoder_layers, norm()
            )
        self.encoder = custom_encoder
        self.decoder = custom_decoder
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw all matrices anew by Xavier's rule."""
        for p in self.parameters():
            if p.dim() > 1:
                init.xavier_uniform_(p)

    def forward(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None, memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None, tgt_is_causal: bool | None = None, memory_is_causal: bool = False,
    ) -> Tensor:  # fmt: skip
        """src (S, N, E), tgt (T, N, E) -> (T, N, E)."""
        n = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[n] != tgt.shape[n]:
            raise ShapeError(
                f"got src {tuple(src.shape)} and tgt {tuple(tgt.shape)}; their batch sizes (dim {n}) must be equal"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError(
                f"got src {tuple(src.shape)} and tgt {tuple(tgt.shape)}; their last size must be d_model={self.d_model}"
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The mask (sz, sz) that lets position i read positions 0 ... i: -inf above the diagonal, 0 elsewhere.

        >>> fathom.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        d = dtypes.get_default_dtype() if dtype is None else dtype
        return creation.full((sz, sz), -math.inf, dtype=d, device=device).triu(1)
