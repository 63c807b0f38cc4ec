"""Pages are run in kernels of their own, and what goes wrong names its place."""

import pytest

from fathom.publish.errors import BookError
from fathom.publish.execute import execute
from fathom.publish.pages import read
from tests.publish.a_book import HEAD, write_page


def page_of(tmp_path, *cells):
    return read(write_page(tmp_path, *cells) / "index.md", "index")


def test_a_page_is_run_from_top_to_bottom(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(
        HEAD
        + "# T\n\n```{code-cell}\nimport os\nx = 2\nx\n```\n\n{value}`x * 1.5:.1f`, {value}`_`\n\n"
        + "```{code-cell}\nx += 1\nprint(x, os.getcwd())\n```\n\n{value}`x`\n",
        encoding="utf-8",
    )
    run = execute(read(file, "page"))
    assert run.outputs[0][0]["data"]["text/plain"] == "2"
    assert run.outputs[0][0]["execution_count"] == 1
    assert run.outputs[1][0]["text"].startswith("3 ")
    assert str(tmp_path) not in run.outputs[1][0]["text"]  # it runs in a folder of its own
    assert run.values == [["3.0", "2"], ["3"]]
    assert run.files == []


def test_the_files_of_fathom_that_a_page_imports_are_known(tmp_path):
    run = execute(page_of(tmp_path, "import fathom"))
    names = {file.replace("\\", "/").rpartition("/fathom/")[2] for file in run.files}
    assert {"__init__.py", "core/tape.py"} <= names
    assert "publish/build.py" not in names


def test_an_error_names_the_page_the_cell_and_the_line(tmp_path):
    with pytest.raises(BookError, match=r"index.md:20: cell 2 raised ZeroDivisionError") as error:
        execute(page_of(tmp_path, "x = 0", "y = 1\ny / x"))
    assert "----> 2 y / x" in str(error.value)


def test_a_cell_that_takes_too_long_is_named(tmp_path):
    with pytest.raises(BookError, match=r"index.md:15: cell 1 took longer than 1 seconds"):
        execute(page_of(tmp_path, "import time\ntime.sleep(60)"), limit=1)


def test_what_a_kernel_said_before_it_died_is_told(tmp_path):
    dies = 'import os, sys\nprint("last words", file=sys.__stderr__, flush=True)\nos._exit(1)'
    with pytest.raises(BookError, match=r"index.md: the kernel died\n(?s:.*)last words"):
        execute(page_of(tmp_path, dies))


def test_a_value_that_cannot_be_computed_is_named(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(f"{HEAD}# T\n\n```{{code-cell}}\nx = 1\n```\n\nA {{value}}`z`.\n", "utf-8")
    with pytest.raises(BookError, match=r"page.md:18: {value}`z` raised NameError"):
        execute(read(file, "page"))


def test_plots_are_drawings_without_a_date(tmp_path):
    cell = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    one, two = (execute(page_of(tmp_path, cell)).outputs for _ in range(2))
    assert one == two
    drawing = one[0][0]["data"]["image/svg+xml"]
    assert "#2f6690" in drawing and "2020-01-01" in drawing
