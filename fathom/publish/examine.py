"""`fathom book test`: every page in a real browser, wide and narrow, by day and by night.

A page is right when its console is silent, it asks for nothing from elsewhere, nothing is wider than the
window, every formula has a height, and no raw LaTeX or Markdown is left in its text. The frames of
explanations are held to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from fathom.publish.browser import Browser, Page, browser
from fathom.publish.build import build
from fathom.publish.errors import BookError
from fathom.publish.execute import LIMIT
from fathom.publish.pages import pages
from fathom.publish.serve import served
from fathom.train.files import write_whole

WIDTHS = (1280, 390)
LOCAL = ("data:", "blob:", "about:")

# Come near every frame and picture, so that what is loaded late is loaded; then wait until all is there.
WALK = """(async () => {
  const frames = [...document.querySelectorAll("iframe")];
  const loaded = frames.map((frame) => new Promise((done) => frame.addEventListener("load", done)));
  for (const details of document.querySelectorAll("details")) details.open = true;
  for (const frame of frames) { frame.loading = "eager"; frame.src = frame.src; }
  await Promise.race([Promise.all(loaded), new Promise((done) => setTimeout(done, 20000))]);
  for (let y = 0; y < document.documentElement.scrollHeight; y += 800) scrollTo(0, y);
  scrollTo(0, 0);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
})()"""

# What is wrong with a page as it stands. What scrolls inside its own box may be wider than the window.
LOOK = r"""(() => {
  const wrong = [], wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
  if (wide > room) wrong.push(`${wide} pixels wide in a window of ${room}`);
  const shown = (element) => element.checkVisibility();
  for (const math of document.querySelectorAll("math"))
    if (shown(math) && !(math.getBoundingClientRect().height > 0))
      wrong.push(`a formula without height: ${math.textContent}`);
  for (const image of document.images)
    if (shown(image) && !image.naturalWidth) wrong.push(`a picture that is not there: ${image.src}`);
  for (const drawing of document.querySelectorAll("article svg[role=img]"))
    if (shown(drawing) && !(drawing.getBoundingClientRect().height > 0)) wrong.push("a drawing without height");
  for (const number of document.querySelectorAll(".equation .eqno")) {
    const end = number.parentElement.querySelector(".formula").getBoundingClientRect().right;
    if (shown(number) && end > number.getBoundingClientRect().left + 1)
      wrong.push(`a formula under its number: ${number.textContent}`);
  }
  const text = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = /\$[^$\s][^$\n]*\$|\\(?:frac|sum|begin|left|text|math|partial|cdot|times|operatorname)|\{[a-z:]+\}`/;
  while (text.nextNode()) {
    const place = text.currentNode.parentElement;
    if (place.closest("pre, code, script, style, textarea, .literal")) continue;
    const found = raw.exec(text.currentNode.data);
    if (found) wrong.push(`raw notation: ${found[0]}`);
  }
  return wrong;
})()"""


def examine(
    book: Path,
    out: Path,
    limit: int = LIMIT,
    pictures: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Build the book and read it. Raises BookError with all that is wrong.

    pictures  a folder for a PNG of each page as it was seen
    """
    site = build(book, out, limit, say)
    names = [page.name for page in pages(book)] + ["search"]
    wrong: list[str] = []
    with served(site) as address, browser() as chromium:
        for name in names:
            found = [f"{name}: {line}" for line in read(chromium, address, name, pictures)]
            say(f"{'wrong' if found else 'read'}  {name}")
            wrong += found
    if wrong:
        raise BookError("the book does not read well:\n" + "\n".join(dict.fromkeys(wrong)))


def read(chromium: Browser, address: str, name: str, pictures: Path | None) -> Iterator[str]:
    """What is wrong with a page, at each width and in each light."""
    for width in WIDTHS:
        for dark in (False, True):
            seen_as = f"{width} px, {'dark' if dark else 'light'}"
            with chromium.page(f"{address}{name}.html", width, dark=dark) as page:
                page.run(WALK)
                yield from (f"{line} ({seen_as})" for line in faults(page, address, dark))
                if pictures is not None:
                    file = (
                        pictures
                        / f"{name.replace('/', '-')}-{width}-{'dark' if dark else 'light'}.png"
                    )
                    write_whole(file, page.picture())


def faults(page: Page, address: str, dark: bool) -> Iterator[str]:
    """What is wrong with an open page and with the frames in it."""
    yield from page.run(LOOK)
    for frame in page.frames():
        yield from (f"in a frame: {line}" for line in frame.run(LOOK))
        if frame.run("matchMedia('(prefers-color-scheme: dark)').matches") is not dark:
            yield "a frame is light in the dark, or dark in the light"
    yield from page.seen.errors
    yield from page.seen.failed
    for request in page.seen.requests:
        if not request.startswith((address, *LOCAL)):
            yield f"asks for {request}"
