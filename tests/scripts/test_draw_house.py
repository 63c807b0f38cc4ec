from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

from scripts import house


@pytest.fixture
def draw_house(monkeypatch):
    """The drawing script, which finds its neighbour `house` as it does when it is run."""
    monkeypatch.syspath_prepend(str(house.ROOT / "scripts"))
    monkeypatch.setitem(sys.modules, "house", house)
    from scripts import draw_house

    return draw_house


def small_house(root, files):
    for name, source in files.items():
        path = root / "fathom" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def test_rooms_stand_on_their_floors_and_empty_floors_are_left_out(
    draw_house, tmp_path, monkeypatch
):
    monkeypatch.setattr(house, "ROOT", tmp_path)
    monkeypatch.setattr(house, "SOURCE", tmp_path / "fathom")
    small_house(
        tmp_path,
        {
            "__init__.py": "",
            "cli.py": "import fathom.core.tape\nimport fathom.vision\n",
            "core/tape.py": "x = 1\n" * 250,
            "vision/lenet.py": "from fathom.core import tape\n",
            "text/words.py": "",
        },
    )
    rooms = draw_house.rooms()
    assert [(room.part, room.floor) for room in rooms] == [
        ("core", 0),
        ("text", 1),
        ("vision", 1),
        ("cli", 2),
    ]
    assert draw_house.imports() == {("cli", "core"), ("cli", "vision"), ("vision", "core")}
    arrows = {(arrow.upper, arrow.lower): arrow for arrow in draw_house.arrows(rooms)}
    assert set(arrows) == {(2, 1), (2, 0), (1, 0)}
    assert arrows[2, 0].start < arrows[2, 1].start  # the far one runs around the near one
    assert arrows[2, 0].end > arrows[1, 0].end


def test_the_drawing_is_of_the_house_as_it_is(draw_house):
    drawn = ElementTree.parse(draw_house.DRAWING)
    parts = {group.get("data-part") for group in drawn.iter() if group.get("data-part")}
    said = [group.get("data-imports") for group in drawn.iter() if group.get("data-imports")]
    imports = {tuple(pair.split()) for pairs in said for pair in pairs.split(", ")}
    again = "the house has changed; draw it again: python3 scripts/draw_house.py"
    assert parts == set(house.parts()), again
    assert imports == draw_house.imports(), again


def test_no_text_leaves_its_room(draw_house):
    for room in draw_house.rooms():
        assert len(room.part) * 10 < room.width


@pytest.mark.parametrize(("number", "text"), [(3, "100"), (149, "100"), (3851, "3,900")])
def test_lines_are_told_to_the_hundred(draw_house, number, text):
    assert draw_house.rounded(number) == text
