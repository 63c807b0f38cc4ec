import gzip

import numpy as np
import pytest

from fathom.data import FileFormatError, read_cifar


def record(label, value):
    return bytes([label]) + bytes([value]) * 3072


def test_labels_and_channels_are_where_the_layout_says(tmp_path):
    colour = np.arange(3072, dtype=np.uint8).tobytes()
    file = tmp_path / "batch.bin.gz"
    file.write_bytes(gzip.compress(record(3, 7) + bytes([9]) + colour))
    images, labels = read_cifar(file)
    assert images.shape == (2, 3, 32, 32)
    assert images.dtype == np.uint8
    assert labels.tolist() == [3, 9]
    assert labels.dtype == np.int64
    assert (images[0] == 7).all()
    assert images[1, 2, 31, 31] == 3071 % 256
    assert images[1, 0, 1, 0] == 32


@pytest.mark.parametrize("size", [0, 1, 3072, 3074])
def test_anything_but_whole_records_is_refused(tmp_path, size):
    file = tmp_path / "part.bin"
    file.write_bytes(bytes(size))
    with pytest.raises(FileFormatError, match="whole records of 3,073 bytes"):
        read_cifar(file)


def test_a_label_beyond_the_classes_is_refused_with_its_record(tmp_path):
    file = tmp_path / "label.bin"
    file.write_bytes(record(0, 0) + record(10, 0))
    with pytest.raises(FileFormatError, match="labels 0 to 9, found the label 10 in record 1"):
        read_cifar(file)
