"""Thousands of damaged files: each gives the clear error or a result of the promised form."""

import gzip
import io
import random
import struct
import wave

import numpy as np
import PIL.Image
import pytest

from fathom.data import (
    FileFormatError,
    read_cifar,
    read_csv,
    read_idx,
    read_image,
    read_rows,
    read_text,
    read_wav,
)

ROUNDS = 400
LIMIT = 1_000_000  # bytes that any of the small files may unpack to


def idx_file():
    return bytes([0, 0, 8, 3]) + struct.pack(">III", 4, 5, 6) + bytes(range(120))


def cifar_file():
    return b"".join(bytes([label]) + bytes(3072) for label in range(3))


def wav_file():
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(range(200)))
    return out.getvalue()


def csv_file():
    return b'size,name\n1.5,"a, b"\n-2,caf\xc3\xa9\n,NA\n' * 1


def rows_file():
    return "good film\t1\nbad film\t0\nça va\t1\n".encode()


def png_file():
    out = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), np.uint8)
    PIL.Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def jpeg_file():
    out = io.BytesIO()
    PIL.Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def damaged(content, chance):
    """One to four wounds: a bit flipped, a byte changed, a piece cut out, doubled, or cut off."""
    content = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(content)) if content else 0
        size = chance.randint(1, 20)
        wound = chance.randrange(5)
        if wound == 0 and content:
            content[place] ^= 1 << chance.randrange(8)
        elif wound == 1 and content:
            content[place] = chance.choice([0, 1, 127, 128, 255])
        elif wound == 2:
            del content[place : place + size]
        elif wound == 3:
            content[place:place] = content[place : place + size]
        elif wound == 4:
            del content[place:]
    return bytes(content)


def is_uint8(array):
    return array.dtype == np.uint8 and array.nbytes <= LIMIT


def is_numbers(array):
    return array.nbytes <= LIMIT


def is_labelled(result):
    images, labels = result
    return images.shape == (len(labels), 3, 32, 32) and ((labels >= 0) & (labels < 10)).all()


def is_sound(result):
    sound, rate = result
    return sound.dtype == np.float32 and sound.ndim == 2 and rate > 0 and (abs(sound) <= 1).all()


def is_columns(columns):
    return len({len(column) for column in columns.values()}) == 1


def is_rows(rows):
    return all(len(row) == 2 for row in rows)


def is_text(text):
    return isinstance(text, str)


CASES = {
    "idx": (idx_file, read_idx, {}, is_numbers),
    "cifar": (cifar_file, read_cifar, {}, is_labelled),
    "wav": (wav_file, read_wav, {}, is_sound),
    "csv": (csv_file, read_csv, {}, is_columns),
    "rows": (rows_file, read_rows, {"fields": 2}, is_rows),
    "text": (rows_file, read_text, {}, is_text),
    "png": (png_file, read_image, {"most_pixels": 10_000}, is_uint8),
    "jpeg": (jpeg_file, read_image, {"most_pixels": 10_000}, is_uint8),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("case", CASES)
def test_a_damaged_file_is_the_clear_error_or_a_result(tmp_path, case, packed):
    make, read, options, is_right = CASES[case]
    chance = random.Random(f"{case} {packed}")
    file = tmp_path / f"damaged.{case}"
    refused = 0
    for round_number in range(ROUNDS):
        content = gzip.compress(make(), mtime=0) if packed else make()
        file.write_bytes(damaged(content, chance))
        try:
            result = read(file, limit=LIMIT, **options)
        except FileFormatError as error:
            refused += 1
            assert str(file) in str(error)
            assert "expected" in str(error) and "found" in str(error)
        else:
            assert is_right(result), f"round {round_number}"
    assert refused > 0


@pytest.mark.parametrize("case", CASES)
def test_the_undamaged_file_is_read(tmp_path, case):
    make, read, options, is_right = CASES[case]
    file = tmp_path / f"whole.{case}"
    file.write_bytes(make())
    assert is_right(read(file, limit=LIMIT, **options))
