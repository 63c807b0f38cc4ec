"""A run is remembered until the code changes, or a file of fathom that the page imported."""

import json

import pytest

from fathom.publish import cache
from fathom.publish.cache import remembered
from fathom.publish.pages import read
from tests.publish.a_book import HEAD


class Kept:
    """A page, and where its runs are kept."""

    def __init__(self, folder):
        self.file, self.folder = folder / "page.md", folder / "cache"

    def made(self, code="import fathom.core.dtypes", prose="Some words."):
        """Whether the page had to be run."""
        text = f"{HEAD}# T\n\n```{{code-cell}}\n{code}\n```\n\n{prose} {{value}}`1 + 1`\n"
        self.file.write_text(text, encoding="utf-8")
        return remembered(read(self.file, "page"), self.folder)[1]

    @property
    def entry(self):
        return self.folder / "page.json"


@pytest.fixture
def kept(tmp_path):
    kept = Kept(tmp_path)
    assert kept.made()
    return kept


def test_nothing_changed_and_prose_changed_are_remembered(kept):
    assert not kept.made()
    assert not kept.made(prose="Other words.")


def test_a_change_of_code_runs_the_page_again(kept):
    assert kept.made(code="import fathom")
    assert not kept.made(code="import fathom")


def test_a_change_in_a_module_that_the_page_imports_runs_it_again(kept):
    entry = json.loads(kept.entry.read_text(encoding="utf-8"))
    assert "core/dtypes.py" in entry["files"]
    entry["files"]["core/dtypes.py"] = "another digest"
    kept.entry.write_text(json.dumps(entry), encoding="utf-8")
    assert kept.made()


def test_a_module_that_the_page_does_not_import_is_not_looked_at(kept, monkeypatch):
    looked_at = []
    digest = cache.digest
    monkeypatch.setattr(cache, "digest", lambda path: looked_at.append(path) or digest(path))
    assert not kept.made()
    names = {path.relative_to(cache.HOUSE).as_posix() for path in looked_at}
    assert "core/dtypes.py" in names
    assert not names & {"publish/build.py", "explain/html.py", "cli/book.py"}


def test_what_packages_read_besides_python_counts_too(kept):
    found = cache.digests([str(cache.HOUSE / "explain" / "__init__.py")])
    assert {"explain/__init__.py", "explain/page/page.css", "explain/page/page.js"} <= found.keys()
    assert not any(name.startswith("data/") for name in found)


def test_a_broken_memory_is_made_again(kept):
    for broken in ("", "[]", "{}", '{"code": 1'):
        kept.entry.write_text(broken, encoding="utf-8")
        assert kept.made()


def test_other_data_run_the_page_again(kept, tmp_path, monkeypatch):
    (tmp_path / "data" / "things").mkdir(parents=True)
    (tmp_path / "data" / "things" / "file").write_bytes(b"1")
    monkeypatch.setenv("FATHOM_DATA", str(tmp_path / "data"))
    assert kept.made()
    assert not kept.made()
    (tmp_path / "data" / "things" / "file").write_bytes(b"12")
    assert kept.made()
