import csv

import numpy as np
import pytest

from fathom.data import FileFormatError, read_csv, read_rows, read_text
from fathom.data.text import parse_csv, parse_rows


def test_text_loses_its_byte_order_mark_and_nothing_else(tmp_path):
    file = tmp_path / "mark.txt"
    file.write_bytes(b"\xef\xbb\xbfone\r\ntwo \n")
    assert read_text(file) == "one\r\ntwo \n"


def test_text_that_is_not_utf8_names_the_byte_and_the_line(tmp_path):
    file = tmp_path / "latin.txt"
    file.write_bytes(b"one\ntwo \xe9t\xe9\n")
    with pytest.raises(FileFormatError, match=r"the byte 0xe9 at 8 \(line 2\)"):
        read_text(file)


def test_columns_of_numbers_and_of_text_are_told_apart(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('size,name,note\n1.5,"a, b",x\n-2e3,"say ""hi""",\n')
    columns = read_csv(file)
    assert columns["size"].tolist() == [1.5, -2000.0]
    assert columns["name"].tolist() == ["a, b", 'say "hi"']
    assert columns["note"].tolist() == ["x", None]


@pytest.mark.parametrize("missing", ["", "NA", "NaN", "?", " "])
def test_a_missing_number_is_nan(missing):
    column = parse_csv(f"a,b\n1,0\n{missing},0\n".encode(), "memory")["a"]
    np.testing.assert_array_equal(column, [1, np.nan])


def test_agrees_with_pandas_on_the_titanic(data_folder):
    import pandas

    path = data_folder / "tabular" / "titanic.csv"
    ours, theirs = read_csv(path), pandas.read_csv(path)
    assert list(ours) == list(theirs)
    for name in ours:
        if ours[name].dtype == np.float64:
            np.testing.assert_array_equal(ours[name], theirs[name].to_numpy(float))
        else:
            expected = [None if pandas.isna(value) else value for value in theirs[name]]
            assert ours[name].tolist() == [
                value.strip() if value is not None else None for value in expected
            ]


def test_a_quoted_field_may_hold_a_line_break():
    columns = parse_csv(b'a,b\n"one\ntwo",3\n', "memory")
    assert columns["a"].tolist() == ["one\ntwo"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a first row of names, found an empty file"),
        (b"a,b\n1,2\n1\n", "2 fields in row 3, found 1"),
        (b"a,b\n1,2,3\n", "2 fields in row 2, found 3"),
        (b"a,a\n1,2\n", r"each once, found \['a'\] in row 1"),
        (b"a,\n1,2\n", "an empty one in row 1"),
        (b'a,b\n1,"2\n', "unexpected end of data"),
        (b'a,b\n1,"2"x\n', r"expected after '\"'"),
        (b"a,b\n1,\xff\n", "UTF-8 text, found the byte 0xff"),
    ],
)
def test_a_damaged_table_is_a_format_error(content, message):
    with pytest.raises(FileFormatError, match=message):
        parse_csv(content, "memory")


def test_a_word_in_a_column_of_numbers_names_the_column_and_the_row():
    with pytest.raises(FileFormatError, match="numbers in column 'a', found '1o' in row 3"):
        parse_csv(b"a\n1\n1o\n", "memory", numbers=["a"])


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(FileFormatError, match=r"the columns \['b'\], found only \['a'\]"):
        parse_csv(b"a\n1\n", "memory", numbers=["b"])


def test_a_field_of_two_megabytes_is_refused_and_the_csv_module_left_as_it_was():
    before = csv.field_size_limit()
    with pytest.raises(FileFormatError, match="field larger than field limit"):
        parse_csv(b"a\n" + b"x" * (2 << 20) + b"\n", "memory")
    assert csv.field_size_limit() == before


def test_rows_without_quotes_keep_their_quotes(tmp_path):
    file = tmp_path / "rows.tsv"
    file.write_text('he said "no\t0\nyes\t1\r\n', newline="")
    assert read_rows(file, fields=2) == [['he said "no', "0"], ["yes", "1"]]


def test_a_row_of_too_many_fields_names_its_line():
    with pytest.raises(FileFormatError, match="2 fields in line 2, found 3"):
        parse_rows(b"a\tb\na\tb\tc\n", "memory", fields=2)
