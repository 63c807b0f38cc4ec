import gzip
import struct

import numpy as np
import pytest

from fathom.data import FileFormatError, read_idx
from fathom.data.idx import images_with_labels, parse_idx

KINDS = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def idx_bytes(array, kind):
    header = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(KINDS[kind]).tobytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_of_number_comes_back(tmp_path, kind, packed):
    array = np.arange(24).reshape(2, 3, 4)
    content = idx_bytes(array, kind)
    file = tmp_path / "array"
    file.write_bytes(gzip.compress(content) if packed else content)
    read = read_idx(file)
    np.testing.assert_array_equal(read, array)
    assert read.dtype == np.dtype(KINDS[kind]).newbyteorder("=")
    assert parse_idx(content, "memory").tolist() == array.tolist()


def test_an_array_of_no_rows_is_read(tmp_path):
    file = tmp_path / "none"
    file.write_bytes(bytes([0, 0, 8, 2]) + struct.pack(">II", 0, 5))
    assert read_idx(file).shape == (0, 5)


@pytest.mark.parametrize("content", [b"", b"\0", b"\x01\0\x08\x01", b"\0\0\x0a\x01", b"PNG...."])
def test_another_magic_number_is_refused(tmp_path, content):
    file = tmp_path / "magic"
    file.write_bytes(content)
    with pytest.raises(FileFormatError, match="magic: expected an IDX file, which begins with"):
        read_idx(file)


@pytest.mark.parametrize("dimensions", [0, 9, 255])
def test_absurd_numbers_of_dimensions_are_refused(tmp_path, dimensions):
    file = tmp_path / "dimensions"
    file.write_bytes(bytes([0, 0, 8, dimensions]) + bytes(64))
    with pytest.raises(FileFormatError, match=f"expected 1 to 8 dimensions, found {dimensions}"):
        read_idx(file)


def test_a_cut_header_is_refused(tmp_path):
    file = tmp_path / "header"
    file.write_bytes(bytes([0, 0, 8, 3]) + bytes(7))
    with pytest.raises(FileFormatError, match="a header of 16 bytes, found 11"):
        read_idx(file)


@pytest.mark.parametrize("packed", [False, True])
def test_sizes_beyond_the_file_are_refused_before_memory_is_taken(tmp_path, packed):
    content = bytes([0, 0, 8, 3]) + struct.pack(">III", *[0xFFFFFFFF] * 3) + bytes(100)
    file = tmp_path / "huge"
    file.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(FileFormatError, match="found a header that promises 79,228,162,458,924,"):
        read_idx(file)


def test_a_bomb_whose_header_is_honest_stops_at_the_limit(tmp_path):
    content = bytes([0, 0, 8, 1]) + struct.pack(">I", 20_000_000) + bytes(20_000_000)
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(content))
    with pytest.raises(FileFormatError, match="at most 1,000,000 bytes.*larger limit"):
        read_idx(file, limit=1_000_000)


def test_a_truncated_file_says_how_many_bytes_there_are(tmp_path):
    file = tmp_path / "cut.gz"
    file.write_bytes(gzip.compress(idx_bytes(np.zeros((10, 10)), 8)[:-1]))
    with pytest.raises(FileFormatError, match=r"100 bytes of numbers .*\(10, 10\), found 99"):
        read_idx(file)


def test_bytes_after_the_last_number_are_refused(tmp_path):
    file = tmp_path / "long"
    file.write_bytes(idx_bytes(np.zeros(4), 8) + b"more")
    with pytest.raises(FileFormatError, match="4 bytes of numbers .* found more"):
        read_idx(file)


def test_images_and_labels_of_different_counts_are_refused():
    images, labels = np.zeros((3, 2, 2), np.uint8), np.zeros(2, np.uint8)
    with pytest.raises(FileFormatError, match=r"expected 3 labels .*, found \(2,\)"):
        images_with_labels(images, labels, 10, "pair")


def test_swapped_images_and_labels_are_refused():
    images, labels = np.zeros((3, 2, 2), np.uint8), np.zeros(3, np.uint8)
    with pytest.raises(FileFormatError, match="images and labels are not swapped"):
        images_with_labels(labels, images, 10, "pair")


def test_a_label_beyond_the_classes_is_refused():
    images, labels = np.zeros((2, 2, 2), np.uint8), np.array([9, 10], np.uint8)
    with pytest.raises(FileFormatError, match="labels 0 to 9, found the label 10"):
        images_with_labels(images, labels, 10, "pair")
