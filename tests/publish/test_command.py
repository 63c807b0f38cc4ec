"""`fathom book`, as it is typed."""

from fathom.cli import main
from fathom.publish import build as building
from tests.publish.a_book import write_page


def test_a_book_is_built_where_it_is_asked_for(tmp_path, capsys):
    folder = write_page(tmp_path / "book", "1 + 1")
    arguments = ["--book", str(folder), "--out", str(tmp_path / "out"), "--limit", "60"]
    assert main(["book", "build", *arguments]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["ran  index", str(tmp_path / "out" / "html" / "index.html")]
    assert main(["book", "build", *arguments]) == 0
    assert capsys.readouterr().out.startswith("as before  index\n")


def test_a_mistake_is_told_in_a_line(tmp_path, capsys):
    assert main(["book", "build", "--book", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"fathom: {tmp_path.resolve()} is no book: it has no index.md; name its folder\n"
    )


def test_what_is_missing_is_named_with_the_way_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(building.__globals__, "NEEDED", ("sphinx", "no_such_library"))
    assert main(["book", "build", "--book", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "the book needs no_such_library" in said and "pip install 'fathom-dl[book]'" in said
