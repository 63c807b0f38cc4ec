"""`fathom explain`."""

import pytest

from fathom.cli import main


def test_an_operation_is_told_in_the_terminal(capsys):
    assert main(["explain", "sigmoid"]) == 0
    assert "y[1] = 1 / (1 + e⁻²) = 0.8808" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["html", "svg"])
def test_a_network_is_written_to_a_file(tmp_path, capsys, ending):
    path = tmp_path / f"softmax.{ending}"
    assert main(["explain", "softmax", "--out", str(path)]) == 0
    assert path.stat().st_size > 1000
    assert main(["explain", "lenet", "--data", "digits", "--out", str(path)]) == 0
    assert "net.3" in path.read_text(encoding="utf-8")
    assert str(path) in capsys.readouterr().out


def test_a_name_of_both_is_the_operation_and_with_data_the_network(capsys):
    assert main(["explain", "softmax"]) == 0
    assert capsys.readouterr().out.startswith("softmax\n")
    assert main(["explain", "softmax", "--data", "digits"]) == 0
    assert capsys.readouterr().out.startswith("SoftmaxRegression\n")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["explain", "sofmax"], 1, "no operation is called 'sofmax'"),
        (["explain", "exp", "--out", "exp.pdf"], 1, "exp.pdf should end in .html"),
        (["explain", "exp", "--data", "digits"], 2, "--data is for networks"),
    ],
)
def test_a_mistake_is_told_in_a_line(arguments, status, message, capsys):
    assert main(arguments) == status
    assert message in capsys.readouterr().err
