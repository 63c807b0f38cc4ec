"""WAV, sound as numbers: a RIFF file of chunks, `fmt ` with the layout and `data` with samples.

    "RIFF" size "WAVE"                            then chunks: name (4 bytes) size (4) body
    "fmt " kind channels rate bytes/s align bits  kind 1: integers, 3: floats, 0xfffe: see its tail
    "data" samples                                the channels of one instant side by side

All numbers are little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from fathom.data.content import FETCH_AGAIN, LARGEST, read_content
from fathom.data.errors import FileFormatError

INTEGERS, FLOATS, EXTENSIBLE = 1, 3, 0xFFFE
BITS = {INTEGERS: (8, 16, 24, 32), FLOATS: (32, 64)}
MOST_CHANNELS = 256
FASTEST_RATE = 1_000_000  # samples a second


def read_wav(path: str | Path, limit: int = LARGEST) -> tuple[np.ndarray, int]:
    """The sound in a WAV file -> (channels, time) float32 in [-1, 1], and samples a second.

    Integers of 8, 16, 24 or 32 bits are divided by 2^(bits-1), so the most negative becomes -1;
    floats are taken as they are and must be finite. Anything else is a FileFormatError.

    >>> import tempfile, pathlib, wave
    >>> file = pathlib.Path(tempfile.mkdtemp(), "tick.wav")
    >>> with wave.open(str(file), "wb") as out:
    ...     out.setnchannels(1), out.setsampwidth(2), out.setframerate(8000)
    ...     out.writeframes(bytes([0x00, 0x40, 0x00, 0x80]))
    (None, None, None)
    >>> read_wav(file)
    (array([[ 0.5, -1. ]], dtype=float32), 8000)
    """
    return parse_wav(read_content(path, limit), path)


def parse_wav(content: bytes, source: str | Path) -> tuple[np.ndarray, int]:
    """The same from bytes; `source` is what errors call them."""
    chunks = riff_chunks(content, source)
    for name in ("fmt ", "data"):
        if name not in chunks:
            raise FileFormatError(
                source, f"a {name!r} chunk", f"only {sorted(chunks) or 'none'}", FETCH_AGAIN
            )
    kind, channels, rate, bits = sound_layout(chunks["fmt "], source)
    samples, frame = chunks["data"], channels * bits // 8
    if len(samples) % frame:
        raise FileFormatError(
            source, f"whole frames of {frame} bytes", f"{len(samples):,} bytes", FETCH_AGAIN
        )
    sound = decode_floats(samples, bits) if kind == FLOATS else decode_integers(samples, bits)
    if not np.isfinite(sound).all() or np.abs(sound).max(initial=0) > 1:
        raise FileFormatError(
            source, "samples in [-1, 1]", f"{np.abs(sound).max()} among them", FETCH_AGAIN
        )
    return np.ascontiguousarray(sound.reshape(-1, channels).T), rate


def riff_chunks(content: bytes, source: str | Path) -> dict[str, bytes]:
    """Name -> body of each chunk, the first of a name counting."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise FileFormatError(
            source,
            "a WAV file, which begins with RIFF....WAVE",
            f"{content[:12]!r}",
            "convert it to WAV first, or fetch it again",
        )
    chunks: dict[str, bytes] = {}
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        at += 8
        if size > len(content) - at:
            raise FileFormatError(
                source,
                f"{size:,} bytes in the chunk {name!r}",
                f"{len(content) - at:,} left in the file",
                FETCH_AGAIN,
            )
        chunks.setdefault(name.decode("latin-1"), content[at : at + size])
        at += size + size % 2  # chunks begin at even places
    return chunks


def sound_layout(body: bytes, source: str | Path) -> tuple[int, int, int, int]:
    """kind (INTEGERS or FLOATS), channels, samples a second, bits a sample."""
    if len(body) < 16:
        raise FileFormatError(source, "16 bytes of 'fmt '", f"{len(body)}", FETCH_AGAIN)
    kind, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", body)
    if kind == EXTENSIBLE and len(body) >= 26:
        kind = struct.unpack_from("<H", body, 24)[0]
    if bits not in BITS.get(kind, ()):
        raise FileFormatError(
            source,
            "integers of 8, 16, 24 or 32 bits or floats of 32 or 64",
            f"kind {kind} of {bits} bits",
            "convert it to plain PCM",
        )
    if not 1 <= channels <= MOST_CHANNELS or not 1 <= rate <= FASTEST_RATE:
        raise FileFormatError(
            source,
            f"1 to {MOST_CHANNELS} channels at 1 to {FASTEST_RATE:,} samples a second",
            f"{channels} at {rate:,}",
            FETCH_AGAIN,
        )
    if align != channels * bits // 8:
        raise FileFormatError(
            source,
            f"frames of {channels * bits // 8} bytes ({channels} x {bits} bits)",
            f"frames of {align} in the header",
            FETCH_AGAIN,
        )
    return kind, channels, rate, bits


def decode_floats(samples: bytes, bits: int) -> np.ndarray:
    return np.frombuffer(samples, f"<f{bits // 8}").astype(np.float32)


def decode_integers(samples: bytes, bits: int) -> np.ndarray:
    if bits == 8:  # the only width that is stored without a sign: silence is 128
        return (np.frombuffer(samples, np.uint8).astype(np.float32) - 128) / 128
    if bits == 24:  # three bytes to the top of four: the sign falls into place
        wide = np.zeros((len(samples) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(samples, np.uint8).reshape(-1, 3)
        return (wide.view("<i4")[:, 0] / 2.0**31).astype(np.float32)
    return (np.frombuffer(samples, f"<i{bits // 8}") / 2.0 ** (bits - 1)).astype(np.float32)
