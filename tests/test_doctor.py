from __future__ import annotations

import io
import types

import pytest
from rich.console import Console

from fathom import doctor
from fathom.doctor import ABSENT, GOOD, WRONG, Finding, Requirement


def printed(findings) -> str:
    stream = io.StringIO()
    doctor.show(findings, Console(file=stream, width=40))
    return stream.getvalue()


def test_the_report_of_this_computer_is_healthy():
    findings = doctor.report()
    assert doctor.healthy(findings)
    sections = list(dict.fromkeys(finding.section for finding in findings))
    assert sections == ["fathom", "packages", "extras", "processor", "graphics", "data"]


def test_whatever_is_wrong_comes_with_a_way_out(monkeypatch, tmp_path):
    monkeypatch.setenv("FATHOM_DATA", str(tmp_path / "moved"))
    monkeypatch.setattr(doctor, "declared", lambda: ["numpy>=99", "no-such-package>=1.0"])
    findings = doctor.report()
    assert not doctor.healthy(findings)
    wrong = [finding for finding in findings if finding.state == WRONG]
    assert [finding.name for finding in wrong] == ["numpy", "no-such-package", "FATHOM_DATA"]
    assert all(finding.remedy for finding in wrong)


def test_a_package_too_old_is_told_from_one_that_is_missing():
    assert "older than 99" in doctor.package(Requirement("numpy", "99", "")).value
    missing = doctor.package(Requirement("no-such-package", "1.0", ""))
    assert missing.value == "not installed"
    assert missing.remedy == 'python -m pip install "no-such-package>=1.0"'


def test_a_package_that_does_not_import_is_wrong(monkeypatch):
    def broken(name):
        raise OSError("libopenblas.so.0: cannot open shared object file")

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    found = doctor.package(Requirement("numpy", "2.0", ""))
    assert found.state == WRONG
    assert found.value.startswith("does not import: OSError: libopenblas.so.0")
    assert found.remedy.endswith("--force-reinstall")


def test_an_extra_names_only_what_is_missing_of_it():
    needed = [Requirement("numpy", "2.0", "book"), Requirement("no-such-package", "", "book")]
    (found,) = doctor.extras(needed)
    assert found.state == ABSENT
    assert found.value == "without no-such-package"
    assert found.remedy == 'python -m pip install "no-such-package"'


@pytest.mark.parametrize(
    ("line", "requirement"),
    [
        ("numpy>=2.0", Requirement("numpy", "2.0", "")),
        ("torch==2.13.0; extra == 'test'", Requirement("torch", "2.13.0", "test")),
        ('mypy<2.5,>=2.4; extra == "dev"', Requirement("mypy", "2.4", "dev")),
        ("fathom-dl[test]; extra == 'dev'", Requirement("fathom-dl", "", "dev")),
    ],
)
def test_a_requirement_is_read(line, requirement):
    assert doctor.requirements([line]) == [requirement]


def test_what_runs_uninstalled_says_so(monkeypatch):
    def unknown(name):
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", unknown)
    monkeypatch.setattr(doctor.metadata, "requires", unknown)
    first = next(doctor.itself())
    assert first.state == ABSENT
    assert "not installed" in first.value
    assert doctor.declared() == []


def test_vector_units_are_called_by_their_names():
    units = doctor.vector_units({"avx2": True, "amx-tile": True, "neon": False})
    assert units == Finding("processor", "vectors", "AVX2, AMX")
    assert doctor.vector_units({}).state == ABSENT


def test_the_blas_of_numpy_is_named_or_missed():
    built = {"Build Dependencies": {"blas": {"found": True, "name": "mkl", "version": "2025.1"}}}
    assert doctor.blas(built).value == "mkl 2025.1"
    assert doctor.blas({}).state == ABSENT


def test_cuda_devices_are_listed_with_their_memory(monkeypatch):
    properties = {"name": b"NVIDIA H100", "totalGlobalMem": 80 * 2**30}
    runtime = types.SimpleNamespace(
        getDeviceCount=lambda: 1, getDeviceProperties=lambda index: properties
    )
    cupy = types.SimpleNamespace(cuda=types.SimpleNamespace(runtime=runtime))
    monkeypatch.setitem(doctor.sys.modules, "cupy", cupy)
    assert list(doctor.graphics()) == [Finding("graphics", "cuda:0", "NVIDIA H100, 80 GiB")]


@pytest.mark.parametrize(
    ("driver", "value"),
    [(None, "no NVIDIA driver; fathom runs on the CPU"), ("nvidia-smi", "a driver, but no CuPy")],
)
def test_without_cupy_the_driver_decides_what_is_said(monkeypatch, driver, value):
    monkeypatch.setitem(doctor.sys.modules, "cupy", None)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: driver)
    (found,) = doctor.graphics()
    assert found.value == value
    assert bool(found.remedy) == bool(driver)


def test_data_folders_are_told_with_their_sizes(monkeypatch, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_bytes(bytes(2048))
    monkeypatch.setenv("FATHOM_DATA", str(tmp_path / "mine"))
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path / "cache"))
    found = {finding.name: finding for finding in doctor.data_folders()}
    assert found["FATHOM_DATA"].value == f"{tmp_path / 'mine'} (1 file, 2.0 KiB)"
    assert found["cache"].value == f"{tmp_path / 'cache'} (nothing yet)"
    assert "digits" in found["data sets"].value
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("size", "text"),
    [(1023, "1023 B"), (1024, "1.0 KiB"), (3 * 2**30, "3.0 GiB"), (2**41, "2.0 TiB")],
)
def test_a_size_is_readable(size, text):
    assert doctor.readable(size) == text


def test_findings_are_shown_by_section_and_no_line_is_broken():
    text = printed(
        [
            Finding("packages", "numpy", "2.4.6"),
            Finding("packages", "pillow", "not installed", WRONG, "pip install a-long-name-for-it"),
            Finding("data", "cache", "[not markup]", GOOD),
        ]
    )
    assert text.splitlines() == [
        "packages",
        "  + numpy   2.4.6",
        "  ! pillow  not installed",
        "            pip install a-long-name-for-it",
        "data",
        "  + cache   [not markup]",
    ]
