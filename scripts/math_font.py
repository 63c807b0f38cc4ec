"""Make the book's font for formulas: python scripts/math_font.py texgyrepagella-math.otf

TeX Gyre Pagella Math, by GUST, cut down to the letters and signs that fathom/explain/symbols.py can
write, with the tables that say how formulas are set. It needs fonttools and brotli. The font stands in
book/_static under another name, as its licence asks of a changed one.
"""

from __future__ import annotations

import argparse
import os
import string
from pathlib import Path

from fathom.explain import symbols

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "book" / "_static" / "math.woff2"
NAME = "Fathom Math"
MORE = "−′″‴∗·…⋯¯^~˙¨ˇ→⏟⏞_‖|⟨⟩⌊⌋⌈⌉√∑∏∫ıȷ\u00a0\u2061\u2062\u2063"


def letters() -> str:
    """Every letter and sign that a formula may contain, italic ones too."""
    tables = (symbols.GREEK, symbols.SIGNS, symbols.BIG, symbols.MARKS, symbols.BRACES)
    found = set(string.printable) | set(MORE)
    found |= {letter for table in tables for text in table.values() for letter in text}
    found |= {letter for style in symbols.LETTERS.values() for letter in style.values()}
    italic = symbols.alphabet(0x1D434, 0x1D44E, None, h="ℎ") | symbols.greek(0x1D6E2, 0x1D6FC)
    found |= set(italic.values()) | {chr(0x1D6FC + k) for k in range(32)}
    return "".join(sorted(found))


def main() -> None:
    """Reads the font, writes the small one."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("font", type=Path)
    font = TTFont(parser.parse_args().font, recalcTimestamp=False)
    options = subset.Options(layout_features=["*"], notdef_outline=True, name_IDs=[0, 13, 14])
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters())
    cutter.subset(font)
    for number, text in ((1, NAME), (2, "Regular"), (4, NAME), (6, NAME.replace(" ", ""))):
        font["name"].setName(text, number, 3, 1, 0x409)
    font["CFF "].cff.fontNames = [NAME.replace(" ", "")]
    font.flavor = "woff2"
    unfinished = TARGET.with_suffix(".part")
    font.save(unfinished)
    os.replace(unfinished, TARGET)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
