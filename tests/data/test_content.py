import gzip

import pytest

from fathom.data import DataNotFoundError, FileFormatError
from fathom.data.content import most_it_can_hold, read_content


def test_gzip_is_told_by_its_first_bytes_not_by_its_name(tmp_path):
    packed, plain = tmp_path / "a.txt", tmp_path / "b.gz"
    packed.write_bytes(gzip.compress(b"packed"))
    plain.write_bytes(b"plain")
    assert read_content(packed) == b"packed"
    assert read_content(plain) == b"plain"


def test_a_gzip_bomb_stops_at_the_limit(tmp_path):
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(bytes(50_000_000)))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(FileFormatError, match="expected at most 1,000,000 bytes, found more"):
        read_content(bomb, limit=1_000_000)


def test_exactly_the_limit_is_not_too_much(tmp_path):
    file = tmp_path / "four"
    file.write_bytes(b"1234")
    assert read_content(file, limit=4) == b"1234"


def test_what_a_gzip_can_hold_is_never_less_than_what_it_holds(tmp_path):
    file = tmp_path / "zeros.gz"
    file.write_bytes(gzip.compress(bytes(10_000_000), 9))
    assert most_it_can_hold(file) >= 10_000_000


@pytest.mark.parametrize("cut", [3, 10, 20, 60])
def test_a_truncated_gzip_is_a_format_error(tmp_path, cut):
    file = tmp_path / "cut.gz"
    file.write_bytes(gzip.compress(bytes(range(256)) * 4)[:cut])
    with pytest.raises(FileFormatError, match="cut.gz: expected a whole gzip stream"):
        read_content(file)


def test_a_flipped_bit_in_a_gzip_is_a_format_error(tmp_path):
    content = bytearray(gzip.compress(b"sixteen letters!" * 9))
    content[-6] ^= 4  # in the checksum
    file = tmp_path / "flipped.gz"
    file.write_bytes(content)
    with pytest.raises(FileFormatError, match="CRC check failed"):
        read_content(file)


def test_no_file_and_a_folder_are_said_to_be_so(tmp_path):
    with pytest.raises(DataNotFoundError, match="absent: there is no such file"):
        read_content(tmp_path / "absent")
    with pytest.raises(FileFormatError, match="expected a file, found a folder"):
        read_content(tmp_path)
