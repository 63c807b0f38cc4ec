"""Values in the prose: which there are, what they evaluate, how they are written."""

import pytest

from fathom.publish.errors import BookError
from fathom.publish.pages import read
from fathom.publish.values import as_role, replaced, roles, split, values_of
from tests.publish.a_book import HEAD


def page_of(tmp_path, text):
    file = tmp_path / "page.md"
    file.write_text(HEAD + text, encoding="utf-8")
    return read(file, "page")


CELL = "```{code-cell}\nx = 1\n```\n"


@pytest.mark.parametrize(
    ("role", "expected"),
    [("accuracy:.1%", ("accuracy", ".1%")), ("x[1:2]", ("x[1:2]", "")), ("{'a': 1}['a']", ("{'a': 1}['a']", "")),
     ("x[1:2]:>8", ("x[1:2]", ">8")), ("f(a, b):,", ("f(a, b)", ","))],
)  # fmt: skip
def test_the_format_follows_the_last_colon_unless_the_whole_is_an_expression(role, expected):
    assert split(role) == expected


def test_what_is_no_expression_is_an_error():
    with pytest.raises(ValueError, match="is no expression of Python"):
        split("1 +")


def test_a_role_that_is_shown_as_code_is_none():
    assert list(roles("{value}`a` and ``{value}`b` `` and `c` and {value}`d`")) == ["a", "d"]


def test_values_belong_to_the_last_code_cell_above_them(tmp_path):
    found = values_of(
        page_of(tmp_path, f"# T\n\n{CELL}\nA {{value}}`x`.\n\n{CELL}\nB {{value}}`x + 1:03d`.\n")
    )
    assert [(v.expression, v.form) for k in found for v in found[k]] == [
        ("x", ""),
        ("x + 1", "03d"),
    ]
    assert [v.line for k in found for v in found[k]] == [1, 1]
    assert list(found) == [1, 3]


def test_values_stand_in_notes_tables_and_captions_but_not_in_code(tmp_path):
    caption = "```{code-cell}\n---\nmystnb:\n  figure:\n    caption: C {value}`x`\n---\n2\n```\n"
    note = "```{note}\n{value}`a`\n```\n\n|{value}`b`|\n|-|\n\n```python\n{value}`c`\n```\n"
    text = f"# T\n\n{CELL}\n{note}\n{caption}"
    found = values_of(page_of(tmp_path, text))
    assert [v.expression for values in found.values() for v in values] == ["a", "b", "x"]


def test_a_value_above_all_code_is_an_error_with_its_place(tmp_path):
    with pytest.raises(BookError, match=r"page.md:14: .* stands above the first code cell"):
        values_of(page_of(tmp_path, f"# T\n\n{{value}}`x`\n\n{CELL}"))


def test_roles_are_replaced_in_order_and_what_means_something_to_markdown_is_plain():
    texts = iter(["1", "a|b`c"])
    assert replaced("{value}`x` of {value}`y`", lambda _: as_role(next(texts))) == (
        r"{value}`1` of {value}`a\|b\`c`"
    )
