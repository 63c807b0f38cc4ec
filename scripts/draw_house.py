"""Draw docs/design/house.svg from the code: python3 scripts/draw_house.py

The floors stand as FLOORS in scripts/house.py has them, the ground below. Each part tells its files
and lines (to the hundred, so that the drawing ages slowly); an arrow leads from a floor to one that
it imports. tests/test_project.py fails when parts or imports are no longer those drawn.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import house

DRAWING = house.ROOT / "docs" / "design" / "house.svg"

WIDTH = 960
LEFT, RIGHT = 40, 660  # the walls; the arrows run to the right of them
TITLE = 56  # the height of what is above the roof
ROOF = 76
STOREY = 62
GAP = 6  # between two rooms, and two floors
FOOT = 58  # the height of what is below the ground
LETTER = 6.3  # about the width of a letter of a note

STYLE = """
  text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  .title { font-size: 20px; font-weight: 600; fill: #14303f; }
  .name { font-size: 16px; font-weight: 600; fill: #14303f; }
  .note { font-size: 12px; fill: #3d5a69; }
  .room { fill: #2f7ea3; stroke: #2f7ea3; stroke-opacity: .5; }
  .lines, .head { fill: #2f7ea3; }
  .arrow { fill: none; stroke: #2f7ea3; stroke-opacity: .6; stroke-width: 1.2; }
  .roof { fill: #c8643c; fill-opacity: .15; stroke: #c8643c; stroke-opacity: .7; }
  .ground { stroke: #7a8d7c; stroke-width: 3; stroke-linecap: round; }
  @media (prefers-color-scheme: dark) {
    .title, .name { fill: #e6f1f6; }
    .note { fill: #a9c3d0; }
    .room { fill: #6db8da; stroke: #6db8da; }
    .lines, .head { fill: #6db8da; }
    .arrow { stroke: #6db8da; }
    .roof { fill: #e58a62; stroke: #e58a62; }
    .ground { stroke: #8fa391; }
  }
"""


@dataclass(frozen=True)
class Room:
    """A part of the house as it is drawn: its place, and its size in files and lines."""

    part: str
    about: str
    floor: int  # counted from the ground, over the floors that have a part
    x: float
    width: float
    files: int
    lines: int


@dataclass(frozen=True)
class Arrow:
    """The imports from one floor to another; a start and an end from 0, the wall's top, to 1."""

    upper: int
    lower: int
    start: float
    end: float
    imports: tuple[tuple[str, str], ...]


def main() -> None:
    """Write the drawing."""
    DRAWING.parent.mkdir(parents=True, exist_ok=True)
    DRAWING.write_text(drawing(), encoding="utf-8")
    print(f"drew {DRAWING.relative_to(house.ROOT)}")


def drawing() -> str:
    """The whole drawing, as SVG."""
    drawn = rooms()
    storeys = drawn[-1].floor + 1
    eaves = TITLE + ROOF
    ground = eaves + storeys * STOREY
    height = ground + FOOT
    picture = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        width=f"{WIDTH}",
        height=f"{height}",
    )
    add(picture, "title", "", "The parts of fathom, floor by floor, and what imports what")
    add(picture, "style", "", STYLE)
    write(picture, "title", "The house of fathom", LEFT, 34)
    write(picture, "note", "an arrow leads to what is imported; none leads up", RIGHT, 34, "end")
    draw_roof(picture, eaves)
    longest = max(room.lines for room in drawn)
    for room in drawn:
        draw_room(picture, room, ground, room.lines / longest)
    reach = (WIDTH - 16 - RIGHT) / (0.75 * storeys)  # a curve goes three quarters to its handles
    for arrow in arrows(drawn):
        draw_arrow(picture, arrow, ground, reach)
    ends = {"x1": LEFT - 24, "y1": ground + 2, "x2": RIGHT + 24, "y2": ground + 2}
    add(picture, "line", "ground", **ends)
    files = counted(sum(room.files for room in drawn), "file")
    lines = rounded(sum(room.lines for room in drawn))
    write(picture, "note", f"in all {files}, {lines} lines", LEFT, ground + 30)
    write(picture, "note", "the bars: lines, to one scale", RIGHT, ground + 30, "end")
    ElementTree.indent(picture)
    return ElementTree.tostring(picture, encoding="unicode") + "\n"


def rooms() -> list[Room]:
    """The parts that exist, from the ground up; those of one floor side by side."""
    existing = set(house.parts())
    floors = [{p: about for p, about in floor.items() if p in existing} for floor in house.FLOORS]
    drawn = []
    for number, parts in enumerate(floor for floor in floors if floor):
        width = (RIGHT - LEFT - GAP * (len(parts) - 1)) / len(parts)
        for place, (part, about) in enumerate(parts.items()):
            files = house.files_of(part)
            lines = sum(house.lines_of(file) for file in files)
            x = LEFT + place * (width + GAP)
            drawn.append(Room(part, about, number, x, width, len(files), lines))
    return drawn


def imports() -> set[tuple[str, str]]:
    """Which part imports which other one, of the parts that exist."""
    existing = house.parts()
    files = [file for part in existing for file in house.files_of(part)]
    found = [found for file in files for found in house.imports(file)]
    return {(i.part, i.target) for i in found if i.part != i.target and i.target in existing}


def arrows(drawn: list[Room]) -> list[Arrow]:
    """The arrows from floor to floor.

    They leave a floor in the lower half of its wall and reach one in the upper half. Far ones leave
    above near ones and arrive below them, so that one runs around the other and none cross there.
    """
    floor_of = {room.part: room.floor for room in drawn}
    between: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for part, target in sorted(imports()):
        between.setdefault((floor_of[part], floor_of[target]), []).append((part, target))
    found = []
    for (upper, lower), pairs in sorted(between.items()):
        leaving = sorted(low for high, low in between if high == upper)
        arriving = sorted(high for high, low in between if low == lower)
        start = 0.5 + 0.5 * (leaving.index(lower) + 1) / (len(leaving) + 1)
        end = 0.5 * (arriving.index(upper) + 1) / (len(arriving) + 1)
        found.append(Arrow(upper, lower, start, end, tuple(pairs)))
    return found


def draw_roof(picture: Element, eaves: float) -> None:
    """The gable, with the name through which everything is reached."""
    middle = (LEFT + RIGHT) / 2
    points = f"{LEFT - 16},{eaves - GAP} {middle},{eaves - ROOF} {RIGHT + 16},{eaves - GAP}"
    add(picture, "polygon", "roof", points=points)
    write(picture, "name", "fathom", middle, eaves - 33, "middle")
    write(picture, "note", "the public names", middle, eaves - 15, "middle")


def draw_room(picture: Element, room: Room, ground: float, share: float) -> None:
    """One room: its name, what it is for where there is space, and its size in words and as a bar.

    The lower the floor, the deeper its colour.
    """
    group = add(picture, "g", **{"data-part": room.part})
    top = ground - (room.floor + 1) * STOREY
    height = STOREY - GAP
    place = {"x": room.x, "y": top, "width": room.width, "height": height, "rx": 5}
    add(group, "rect", "room", **place, **{"fill-opacity": max(0.06, 0.32 - 0.02 * room.floor)})
    margin = 14 if room.width > 120 else 7
    x, inside = room.x + margin, room.width - 2 * margin
    write(group, "name", room.part, x, top + 23)
    size = f"{counted(room.files, 'file')}, {rounded(room.lines)} lines"
    if inside >= 300:
        about = textwrap.shorten(room.about, int(inside / LETTER), placeholder=" ...")
        write(group, "note", about, x, top + 41)
        write(group, "note", size, x + inside, top + 23, "end")
    else:
        short = f"{rounded(room.lines)} lines"
        write(group, "note", size if len(size) * LETTER < inside else short, x, top + 41)
    length = min(inside, max(3.0, (RIGHT - LEFT - 28) * share))
    add(group, "rect", "lines", x=x, y=top + height - 8, width=length, height=3, rx=1.5)


def draw_arrow(picture: Element, arrow: Arrow, ground: float, reach: float) -> None:
    """One arrow at the right wall, out and back in, by `reach` for each floor it goes down."""
    said = "; ".join(f"{part} imports {target}" for part, target in arrow.imports)
    pairs = ", ".join(f"{part} {target}" for part, target in arrow.imports)
    group = add(picture, "g", **{"data-imports": pairs})
    add(group, "title", "", said)
    height = STOREY - GAP
    y = ground - (arrow.upper + 1) * STOREY + height * arrow.start
    z = ground - (arrow.lower + 1) * STOREY + height * arrow.end
    wall = RIGHT + 3
    out = wall + 14 + min(reach, 27) * (arrow.upper - arrow.lower)
    bend = f"M{wall} {y:.1f} C{out} {y:.1f} {out} {z:.1f} {wall + 6} {z:.1f}"
    add(group, "path", "arrow", d=bend)
    add(group, "path", "head", d=f"M{wall} {z:.1f} l8 -3 v6 z")


def write(parent: Element, kind: str, text: str, x: float, y: float, anchor: str = "start") -> None:
    """A line of text that starts, ends or has its middle at a point."""
    add(parent, "text", kind, text, x=x, y=y, **{"text-anchor": anchor})


def add(
    parent: Element, tag: str, kind: str = "", text: str = "", /, **attributes: str | float
) -> Element:
    """A new element of a class of STYLE; numbers are written with one digit, opacities with two."""
    written = {
        name: value if isinstance(value, str) else f"{value:.{2 if 'opacity' in name else 1}f}"
        for name, value in attributes.items()
    }
    element = ElementTree.SubElement(parent, tag, {"class": kind} if kind else {}, **written)
    element.text = text or None
    return element


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def rounded(number: int) -> str:
    """A number to the hundred, and at least one hundred."""
    return f"{max(100, round(number, -2)):,}"


if __name__ == "__main__":
    main()
