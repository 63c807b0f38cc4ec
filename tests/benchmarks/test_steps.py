"""`python -m benchmarks steps`: a contest of one small model from beginning to end."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from benchmarks import picture, table
from benchmarks.__main__ import main
from benchmarks.contest import rotated
from benchmarks.steps import larger


def test_a_contest_writes_figures_and_a_picture(tmp_path, capsys):
    out = tmp_path / "steps.json"
    asked = "steps --models mlp --peers fathom,fathom-eager --rounds 2 --seconds 0.01 --compared 3"
    assert main([*asked.split(), "--threads", "1", "--timeout", "120", "--out", str(out)]) == 0
    row = json.loads(out.read_text())["models"]["mlp"]
    for peer in ("fathom", "fathom-eager"):
        figures = row["peers"][peer]
        assert figures["status"] == "timed", figures
        assert 0 < figures["ms"]["low"] <= figures["ms"]["median"] <= figures["ms"]["high"]
        assert len(figures["ms_by_round"]) == 2
        assert figures["from_float64"]["loss"] < 1e-5
    assert row["peers"]["fathom"]["first_s"] > 0 and row["peers"]["fathom"]["cached_s"] > 0
    assert row["limit"]["ms"] > 0
    assert ET.parse(tmp_path / "steps.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "steps.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "steps.json",
        "steps.png",
        "steps.svg",
    ]
    printed = capsys.readouterr().out
    assert "fathom compiled" in printed and "no model was timed both" in printed


def figures(ms: float, against: float) -> dict:
    return {
        "status": "timed",
        "ms": {"median": ms, "low": ms, "high": ms},
        "ms_by_round": [ms] * 9,
        "speed": {"median": against / ms, "low": 1.0, "high": 1.0, "against": "torch"},
        "first_s": 1.0,
        "memory_mb": {"peak": 2.0, "training": 1.0},
        "from_float64": {"loss": 0.0, "step": 1, "gradient": 0.0, "parameter": "w"},
    }


@pytest.fixture
def result() -> dict:
    peers = {
        "fathom": figures(2.0, 8.0),
        "torch": figures(8.0, 8.0),
        "torch-compile": {"status": "disagrees", "reason": "loss 1e-02 from float64 at step 4"},
        "jax": {"status": "absent", "reason": "jax is not installed"},
    }
    model = {
        "about": "small",
        "parameters": 10,
        "flops": 2.5e9,
        "limit": {"ms": 1.0, "bound": "memory"},
    }
    machine = {"processor": "a processor", "cores": 2, "load": 3.0, "numpy": "2.4"}
    rules = {"rounds": 9, "seconds": 0.5, "threads": 2, "clock": "wall"}
    broken = {"about": "large", "failed": "no memory", "peers": {}}
    return {
        "machine": machine,
        "rules": rules,
        "models": {"small": {**model, "peers": peers}, "broken": broken},
    }


def test_the_table_tells_who_is_missing_and_who_disagrees(result):
    lines = table.of_model("small", result["models"]["small"]).splitlines()
    assert "2.5 GFLOP a step, at best 1.00 ms (memory)" in lines[1]
    assert "4.00 x       50%" in next(line for line in lines if "fathom compiled" in line)
    assert any(line.endswith("disagrees: loss 1e-02 from float64 at step 4") for line in lines)
    assert any(line.endswith("absent: jax is not installed") for line in lines)
    assert table.of_model("broken", result["models"]["broken"]).endswith("no contest: no memory")
    assert "other work is going on (load 3.0)" in table.title(result)
    assert table.summary(result) == (
        "\nfathom compiled beside the better of PyTorch's columns: 4.00 x as fast (geometric mean of 1),"
        " slower in none; not compared: broken"
    )


def test_a_picture_shows_what_was_timed(result, tmp_path):
    assert [file.suffix for file in picture.draw(result, tmp_path / "a.json")] == [".svg", ".png"]
    assert "medians of 9 rounds by turns" in (tmp_path / "a.svg").read_text()
    result["models"]["small"]["peers"]["torch"]["ms_by_round"] = [8.0] * 3  # in another run
    picture.draw(result, tmp_path / "c.json")
    assert "medians of 3 to 9 rounds by turns" in (tmp_path / "c.svg").read_text()
    del result["models"]["small"]
    assert picture.draw(result, tmp_path / "b.json") == []


def test_everybody_is_first_once():
    assert [rotated(["a", "b", "c"], k) for k in range(3)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
    ]
    assert rotated([], 4) == []


def test_a_busy_moment_does_not_lower_the_peak():
    assert larger({"gflops": 5.0}, {"gflops": 3.0, "gbytes": 2.0}) == {"gflops": 5.0, "gbytes": 2.0}


def test_an_unknown_model_is_refused_with_the_names(capsys):
    with pytest.raises(SystemExit):
        main(["steps", "--models", "mlp,lennet"])
    assert "'lennet' is none of mlp, lenet" in capsys.readouterr().err
