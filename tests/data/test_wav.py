import struct
import wave

import numpy as np
import pytest

from fathom.data import FileFormatError, read_wav
from fathom.data.wav import parse_wav


def written(path, width, channels, frames, rate=8000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return path


def wav_bytes(kind=1, channels=1, rate=8000, align=None, bits=16, samples=b"\0\0", tail=b""):
    align = channels * bits // 8 if align is None else align
    layout = struct.pack("<HHIIHH", kind, channels, rate, rate * align, align, bits) + tail
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(layout)) + layout
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("width", "frames", "values"),
    [
        (1, bytes([0, 128, 192]), [-1, 0, 0.5]),
        (2, struct.pack("<3h", -(2**15), 0, 2**14), [-1, 0, 0.5]),
        (3, b"\0\0\x80" + b"\0\0\0" + b"\0\0\x40", [-1, 0, 0.5]),
        (4, struct.pack("<3i", -(2**31), 0, 2**30), [-1, 0, 0.5]),
    ],
)
def test_integers_of_every_width_become_floats_in_minus_one_to_one(tmp_path, width, frames, values):
    sound, rate = read_wav(written(tmp_path / "a.wav", width, 1, frames, rate=44_100))
    assert sound.dtype == np.float32
    assert sound.tolist() == [values]
    assert rate == 44_100


def test_channels_come_apart(tmp_path):
    frames = struct.pack("<4h", 2**14, -(2**14), 2**13, -(2**13))
    sound, _ = read_wav(written(tmp_path / "stereo.wav", 2, 2, frames))
    assert sound.tolist() == [[0.5, 0.25], [-0.5, -0.25]]


def test_floats_are_taken_as_they_are():
    samples = struct.pack("<2f", 0.25, -1.0)
    sound, _ = parse_wav(wav_bytes(kind=3, bits=32, samples=samples), "memory")
    assert sound.tolist() == [[0.25, -1.0]]


def test_the_extensible_layout_tells_its_kind_in_its_tail():
    tail = struct.pack("<HHIH", 22, 16, 0, 1) + bytes(14)
    content = wav_bytes(kind=0xFFFE, samples=struct.pack("<h", 2**14), tail=tail)
    assert parse_wav(content, "memory")[0].tolist() == [[0.5]]


def test_unknown_chunks_are_passed_over_also_those_of_odd_size():
    content = wav_bytes(samples=struct.pack("<h", 2**14))
    content = content[:12] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + content[12:]
    assert parse_wav(content, "memory")[0].tolist() == [[0.5]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a WAV file, which begins with RIFF....WAVE"),
        (b"RIFX" + wav_bytes()[4:], "a WAV file"),
        (wav_bytes()[:-1], "2 bytes in the chunk b'data', found 1 left"),
        (wav_bytes()[:20], "in the chunk b'fmt '"),
        (wav_bytes()[:12], "a 'fmt ' chunk, found only none"),
        (wav_bytes()[:36], r"a 'data' chunk, found only \['fmt '\]"),
        (wav_bytes(samples=b"\0\0\0"), "whole frames of 2 bytes, found 3"),
        (wav_bytes(bits=12, align=2), "kind 1 of 12 bits"),
        (wav_bytes(kind=7, bits=8), "kind 7 of 8 bits"),
        (wav_bytes(channels=0), "1 to 256 channels"),
        (wav_bytes(rate=0), "at 1 to 1,000,000 samples a second, found 1 at 0"),
        (wav_bytes(align=7), "frames of 2 bytes .* found frames of 7"),
        (wav_bytes(kind=3, bits=32, samples=struct.pack("<f", np.nan)), r"samples in \[-1, 1\]"),
        (wav_bytes(kind=3, bits=32, samples=struct.pack("<f", 1e9)), r"samples in \[-1, 1\]"),
    ],
)
def test_a_damaged_file_is_a_format_error(content, message):
    with pytest.raises(FileFormatError, match=message):
        parse_wav(content, "memory")


def test_a_chunk_that_claims_four_gigabytes_takes_no_memory():
    content = wav_bytes()
    content = content[:40] + struct.pack("<I", 0xFFFFFFFF) + content[44:]
    with pytest.raises(FileFormatError, match="4,294,967,295 bytes in the chunk"):
        parse_wav(content, "memory")
