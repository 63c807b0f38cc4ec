from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fathom.cli import main
from fathom.data import load
from fathom.data import store as data_store

HOUSING = Path("tabular/california-housing.csv")


def failing(capsys, *arguments: str) -> tuple[int, str]:
    """The exit status and the error of a command that fails."""
    try:
        status = main([*map(str, arguments)])
    except SystemExit as stopped:  # argparse leaves so
        status = int(stopped.code or 0)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return status, said


def trained(folder: Path, *arguments: str) -> Path:
    """A run, made without a word."""
    assert main(["train", *arguments, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on digits that the tests share, and read only."""
    return trained(
        tmp_path_factory.mktemp("runs") / "mlp", "mlp", "--data", "digits", "--epochs", "4"
    )


def digit_picture(path: Path, label: int, dark_on_light: bool, size: int) -> Path:
    """A test digit as a colour picture of another size, with a margin."""
    import PIL.Image

    images, labels = load("digits").test
    digit = images[np.flatnonzero(labels == label)[0], 0]
    pixels = np.pad(np.kron(digit, np.ones((size // 8, size // 8))).astype(np.uint8), size)
    PIL.Image.fromarray(255 - pixels if dark_on_light else pixels).convert("RGB").save(path)
    return path


# ---- train ---------------------------------------------------------------------------------------


def test_a_run_leaves_all_its_files(run):
    names = sorted(path.name for path in run.iterdir())
    assert names == [
        "checkpoints", "config.json", "curves.png", "curves.svg", "metrics.jsonl",
        "model.safetensors", "report.html",
    ]  # fmt: skip


def test_config_says_what_was_trained_and_what_came_out(run):
    config = json.loads((run / "config.json").read_text())
    assert (config["model"], config["data"], config["seed"]) == ("mlp", "digits", 0)
    assert config["settings"]["epochs"] == 4
    assert config["results"]["test_accuracy"] > 0.9
    assert config["input"]["classes"] == list("0123456789")


def test_metrics_have_a_line_for_each_epoch_and_parts_of_it(run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["kind"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2, 3, 4]
    assert {"train_loss", "train_acc", "val_loss", "val_acc", "seconds", "step"} <= set(epochs[0])
    assert len([line for line in lines if line["kind"] == "step"]) == 40


def test_the_report_holds_everything_and_asks_for_nothing(run):
    text = (run / "report.html").read_text()
    for part in ("Curves", "Layers", "Predictions", "Confusion matrix", "MLP on digits", "16,640"):
        assert part in text
    assert "<script" not in text
    assert "http" not in text
    assert text.count("data:image/png;base64,") > 18


def test_the_same_seed_makes_the_same_network_and_another_seed_another(run, tmp_path):
    same = trained(tmp_path / "same", "mlp", "--data", "digits", "--epochs", "4")
    other = trained(tmp_path / "other", "mlp", "--data", "digits", "--epochs", "4", "--seed", "1")
    weights = [(folder / "model.safetensors").read_bytes() for folder in (run, same, other)]
    assert weights[0] == weights[1] != weights[2]


def test_options_reach_the_training(tmp_path, capsys):
    trained(
        tmp_path / "run", "softmax", "--data", "digits", "--epochs", "2", "--batch-size", "10",
        "--lr", "0.5", "--limit-batches", "3",
    )  # fmt: skip
    said = capsys.readouterr().out
    assert "30 + 30 grey 8x8 images" in said
    assert "2 epochs of 3 steps of 10 images, rate up to 0.5" in said


def test_without_network_digits_are_learnt_and_it_says_why(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FATHOM_DATA", "")
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "cache"))

    def no_network(addresses, destination, *rest):
        from fathom.data import DownloadError

        raise DownloadError("there is no network")

    monkeypatch.setattr(data_store, "download", no_network)
    trained(tmp_path / "run", "softmax", "--epochs", "1", "--limit-batches", "2")
    said = capsys.readouterr().out
    assert "there is no network" in said
    assert "digits, which comes with fathom, because fashion-mnist cannot be had here" in said


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train"], 2, "say which network to train: lenet, mlp"),
        (["train", "lenett"], 2, "no network is called 'lenett'; there are lenet"),
        (["train", "lenet", "--data", "digit"], 2, "did you mean digits"),
        (
            ["train", "lenet", "--data", "titanic"],
            2,
            "lenet does not learn titanic; it learns fashion-mnist",
        ),
        (["train", "lenet", "--epochs", "0"], 2, "'0' is no whole number from 1 on"),
        (["train", "lenet", "--lr", "-1"], 2, "'-1' is no number above 0"),
        (["train", "--resume", "nowhere"], 2, "nowhere is not there"),
        (["train", "--resume", "nowhere", "--lr", "1"], 2, "leave out lr"),
        (["predict", "nowhere", "a.png"], 2, "nowhere is not there"),
        (["data", "get", "no-such"], 2, "no data set is called 'no-such'"),
        (["data"], 2, "ACTION"),
        (["fly"], 2, "invalid choice"),
        ([], 2, "COMMAND"),
    ],
)
def test_a_mistake_is_told_with_the_way_out(capsys, arguments, status, message):
    found, said = failing(capsys, *arguments)
    assert found == status
    assert message in said


def test_a_folder_that_has_something_in_it_is_not_written_to(run, capsys):
    status, said = failing(capsys, "train", "mlp", "--data", "digits", "--out", run)
    assert status == 2
    assert "is there already and not empty" in said


def test_a_loss_that_is_nan_stops_the_training_and_names_the_layer(tmp_path, capsys):
    with np.errstate(all="ignore"):
        status, said = failing(
            capsys, "train", "lenet", "--data", "digits", "--lr", "1e30", "--limit-batches", "8",
            "--out", tmp_path / "run",
        )  # fmt: skip
    assert status == 1
    assert "the loss became" in said
    assert "net.3 Conv2d: its inputs are finite" in said


def test_the_traceback_comes_when_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("FATHOM_DEBUG", "1")
    assert main(["train", "lenett"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_finishes_the_step_and_resume_goes_on_to_the_same_bits(tmp_path):
    chosen = ["softmax", "--data", "digits", "--epochs", "60"]
    command = [sys.executable, "-m", "fathom", "train"]
    stopped = tmp_path / "stopped"
    with subprocess.Popen(
        [*command, *chosen, "--out", str(stopped)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        while not (stopped / "checkpoints" / "step-00000046").exists():  # the first epoch's
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "finishing this step" in errors
    assert "Traceback" not in errors
    assert f"fathom train --resume {stopped}" in said
    assert not (stopped / "model.safetensors").exists()

    went_on = subprocess.run([*command, "--resume", str(stopped)], capture_output=True, timeout=60)
    assert went_on.returncode == 0, went_on.stderr
    straight = trained(tmp_path / "straight", *chosen)
    for name in ("model.safetensors", "config.json"):
        assert (stopped / name).read_bytes() == (straight / name).read_bytes()


def test_a_run_that_has_not_ended_cannot_predict_yet(tmp_path, run, capsys):
    (tmp_path / "config.json").write_text((run / "config.json").read_text())
    status, said = failing(capsys, "predict", tmp_path, "a.png")
    assert status == 2
    assert f"go on with: fathom train --resume {tmp_path}" in said


# ---- predict -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark_on_light", [True, False])
@pytest.mark.parametrize(("name", "size"), [("digit.png", 64), ("digit.jpg", 200)])
def test_a_digit_is_told_from_a_picture_of_any_size_and_ground(
    run, tmp_path, capsys, dark_on_light, name, size
):
    for label in (0, 4, 7):
        path = digit_picture(tmp_path / name, label, dark_on_light, size)
        assert main(["predict", str(run), str(path), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["file"] == str(path)
        assert found["predictions"][0]["class"] == str(label)
        assert len(found["predictions"]) == 3


def test_predictions_are_shown_with_their_probabilities(run, tmp_path, capsys):
    path = digit_picture(tmp_path / "a.png", 6, True, 80)
    assert main(["predict", str(run), str(path), str(path), "--top", "2"]) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert first.strip() == second.strip()
    lines = first.splitlines()
    assert lines[0] == str(path)
    assert lines[1].split()[0] == "6"
    assert lines[1].split()[1].endswith("%")
    assert len(lines) == 3


def test_a_file_that_is_no_picture_is_one_clear_error(run, tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    status, said = failing(capsys, "predict", run, tmp_path / "a.png")
    assert status == 1
    assert "a.png: expected a whole picture" in said
    status, said = failing(capsys, "predict", run, tmp_path / "b.png")
    assert status == 1
    assert "b.png" in said


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_run_is_one_clear_error_that_names_the_file(run, tmp_path, capsys, name):
    for each in ("model.safetensors", "config.json"):
        (tmp_path / each).write_bytes((run / each).read_bytes())
    content = bytearray((run / name).read_bytes())
    picture = digit_picture(tmp_path / "a.png", 1, True, 64)
    for damaged in (content[: len(content) // 2], b"", bytes([content[0] ^ 1]) + content[1:]):
        (tmp_path / name).write_bytes(damaged)
        status, said = failing(capsys, "predict", tmp_path, picture)
        assert status == 1
        assert name in said


# ---- other data ----------------------------------------------------------------------------------


def needs(name: str):
    """Skips a test whose data is not on this machine."""
    return pytest.mark.skipif(
        not data_store.available(name), reason=f"{name} is not here: set FATHOM_DATA"
    )


@needs("california-housing")
def test_a_table_is_learnt_and_set_beside_linear_regression(tmp_path, capsys):
    folder = trained(tmp_path / "run", "mlp", "--data", "california-housing", "--epochs", "2")
    results = json.loads((folder / "config.json").read_text())["results"]
    assert results["test_rmse"] < results["test_rmse_linear_regression"]
    assert "Predicted and true" in (folder / "report.html").read_text()
    status, said = failing(capsys, "predict", folder, "a.png")
    assert status == 2
    assert "predicts median_house_value from a table's rows" in said


@needs("time-machine")
def test_a_text_is_learnt_and_written_on(tmp_path, capsys):
    folder = trained(
        tmp_path / "run", "gru-chars", "--data", "time-machine", "--epochs", "1", "--limit-batches", "4"
    )  # fmt: skip
    capsys.readouterr()
    command = ["predict", str(folder), "The Time", "--length", "20"]
    texts = []
    for more in ([], [], ["--seed", "1"]):
        assert main([*command, *more]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("The Time")
    assert len(texts[0].rstrip("\n")) <= 28
    assert "What it writes" in (folder / "report.html").read_text()


# ---- data, doctor, the command itself ------------------------------------------------------------


def test_data_list_names_every_data_set_and_whether_it_is_here(capsys):
    assert main(["data", "list"]) == 0
    said = capsys.readouterr().out
    assert "digits              here" in said
    assert "fashion-mnist" in said


def test_data_get_prints_where_the_files_are(capsys):
    assert main(["data", "get", "digits"]) == 0
    paths = capsys.readouterr().out.split()
    assert all(Path(path).is_file() for path in paths)
    assert len(paths) == 2


def test_data_info_tells_licence_and_source(capsys):
    assert main(["data", "info", "digits", "titanic"]) == 0
    said = capsys.readouterr().out
    assert "CC BY 4.0" in said
    assert "cite     E. Alpaydin" in said
    assert "titanic:" in said


def test_doctor_reports(capsys):
    assert main(["doctor"]) in (0, 1)
    assert "Python" in capsys.readouterr().out


def test_version_and_help(capsys):
    for arguments, part in (
        (["--version"], "fathom "),
        (["--help"], "examples:"),
        (["train", "--help"], "fathom train lenet"),
        (["predict", "--help"], "examples:"),
        (["data", "--help"], "fathom data get fashion-mnist"),
        (["data", "get", "--help"], "NAME"),
        (["doctor", "--help"], "exit status"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 0
        assert part in capsys.readouterr().out


def test_output_into_a_closed_pipe_is_no_traceback():
    command = f"{sys.executable} -m fathom data info digits titanic mnist | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("digits:")
    assert "Traceback" not in done.stderr
