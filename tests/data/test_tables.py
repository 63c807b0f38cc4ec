import numpy as np
import pandas
import pytest

from fathom.data import TableEncoder, split_table


def table():
    return {
        "size": np.array([1.0, np.nan, 3.0, 8.0]),
        "flat": np.array([5.0, 5.0, 5.0, 5.0]),
        "colour": np.array(["red", None, "blue", "red"], dtype=object),
    }


def test_features_are_named_in_order():
    encoder = TableEncoder().fit(table())
    assert encoder.names == ["size", "flat", "colour=(missing)", "colour=blue", "colour=red"]


def test_numbers_are_filled_then_standardised():
    features = TableEncoder(numbers=["size"]).fit_transform(table())
    filled = np.array([1, 3, 3, 8])  # the median of 1, 3 and 8 is 3
    np.testing.assert_allclose(features[:, 0], (filled - filled.mean()) / filled.std(), rtol=1e-6)
    assert features.dtype == np.float32


def test_the_mean_fills_when_asked_to():
    features = TableEncoder(numbers=["size"], fill="mean", standardise=False).fit_transform(table())
    assert features[:, 0].tolist() == [1, 4, 3, 8]


def test_a_column_that_never_varies_becomes_zeros():
    assert TableEncoder(numbers=["flat"]).fit_transform(table()).tolist() == [[0]] * 4


def test_a_missing_category_is_one_of_its_own():
    features = TableEncoder(categories=["colour"]).fit_transform(table())
    assert features.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_only_the_training_part_is_learnt_from():
    encoder = TableEncoder(numbers=["x"]).fit({"x": np.array([0.0, 2.0])})
    assert encoder.transform({"x": np.array([1.0, np.nan, 1000.0])}).tolist() == [[0], [0], [999]]


def test_an_unknown_category_is_zeros_or_an_error_that_names_the_row():
    train, test = {"c": np.array(["a", "b"])}, {"c": np.array(["a", "z"])}
    assert TableEncoder().fit(train).transform(test).tolist() == [[1, 0], [0, 0]]
    with pytest.raises(ValueError, match=r"column 'c', row 1: 'z' is not among .*\['a', 'b'\]"):
        TableEncoder(unknown="error").fit(train).transform(test)


def test_whole_numbers_as_categories_are_the_same_stored_as_int_or_float():
    encoder = TableEncoder(categories=["class"]).fit({"class": np.array([1.0, 2.0, 3.0])})
    assert encoder.names == ["class=1", "class=2", "class=3"]
    assert encoder.transform({"class": np.array([3])}).tolist() == [[0, 0, 1]]


def test_a_pandas_table_gives_what_our_columns_give():
    frame = pandas.DataFrame({name: column.tolist() for name, column in table().items()})
    ours, theirs = TableEncoder(), TableEncoder()
    np.testing.assert_array_equal(ours.fit_transform(table()), theirs.fit_transform(frame))
    assert ours.names == theirs.names


def test_nullable_pandas_numbers_are_numbers():
    frame = pandas.DataFrame({"n": pandas.array([1, None, 3], dtype="Int64")})
    features = TableEncoder(numbers=["n"], standardise=False).fit_transform(frame)
    assert features[:, 0].tolist() == [1, 2, 3]


def test_agrees_with_pandas_get_dummies(data_folder):
    frame = pandas.read_csv(data_folder / "tabular" / "titanic.csv")
    chosen = frame[["Age", "Fare", "Sex", "Embarked"]]
    encoder = TableEncoder(fill="mean").fit(chosen)
    numeric = chosen[["Age", "Fare"]].fillna(chosen[["Age", "Fare"]].mean())
    numeric = (numeric - numeric.mean()) / numeric.std(ddof=0)
    dummies = pandas.get_dummies(chosen[["Sex", "Embarked"]].fillna("(missing)"), prefix_sep="=")
    expected = pandas.concat([numeric, dummies], axis=1)
    assert encoder.names == list(expected.columns)
    np.testing.assert_allclose(
        encoder.transform(chosen), expected.to_numpy(float), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"x": [np.nan, np.nan]}, {}, "column 'x': all 2 values are missing"),
        ({"x": [1.0, np.inf]}, {}, "column 'x', row 1: the value is infinite"),
        ({"x": ["1", "one"]}, {"numbers": ["x"]}, "column 'x', row 1: 'one' is no number"),
        ({"x": list(map(str, range(101)))}, {}, "column 'x' has 101 categories, more than 100"),
        ({"x": [[1.0], [2.0]]}, {}, r"column 'x' must be \(N\), got \(2, 1\)"),
        ({}, {}, "no column to use"),
        ({"x": [1.0]}, {"fill": "zero"}, "fill must be one of"),
        ({"x": [1.0]}, {"unknown": "skip"}, "unknown must be one of"),
    ],
)
def test_a_table_that_does_not_fit_is_an_error_that_says_where(columns, options, message):
    table = {name: np.array(column) for name, column in columns.items()}
    with pytest.raises(ValueError, match=message):
        TableEncoder(**options).fit(table)


def test_a_column_that_is_gone_is_named():
    encoder = TableEncoder().fit(table())
    with pytest.raises(KeyError, match="no column 'flat'"):
        encoder.transform({"size": np.array([1.0]), "colour": np.array(["red"])})


def test_columns_of_different_lengths_are_refused():
    encoder = TableEncoder().fit({"a": np.array([1.0, 2.0]), "b": np.array([1.0, 2.0])})
    with pytest.raises(ValueError, match="different lengths: {'a': 1, 'b': 2}"):
        encoder.transform({"a": np.array([1.0]), "b": np.array([1.0, 2.0])})


def test_transform_before_fit_says_so():
    with pytest.raises(RuntimeError, match="call fit with the training part first"):
        TableEncoder().transform(table())


def test_split_parts_every_row_once_and_keeps_rows_together():
    rows = {"x": np.arange(100), "y": np.arange(100) * 2}
    train, test = split_table(rows, test=0.25, seed=3)
    assert (len(train["x"]), len(test["x"])) == (75, 25)
    assert sorted([*train["x"], *test["x"]]) == list(range(100))
    np.testing.assert_array_equal(test["y"], test["x"] * 2)


def test_split_depends_on_the_seed_alone():
    rows = {"x": np.arange(10)}
    assert split_table(rows, 0.3, seed=0)[1]["x"].tolist() == [2, 4, 8]  # for ever
    assert split_table(rows, 0.3, seed=1)[1]["x"].tolist() != [2, 4, 8]


def test_split_refuses_what_is_no_fraction():
    with pytest.raises(ValueError, match="a fraction between 0 and 1, got 5"):
        split_table({"x": np.arange(10)}, test=5)
