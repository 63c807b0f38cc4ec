"""Pages in a real browser: what is right passes, and what is wrong is found."""

import pytest

from fathom.publish.browser import browser, program
from fathom.publish.examine import WALK, faults, read
from fathom.publish.serve import served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason="no chromium here: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def chromium():
    with browser() as chromium:
        yield chromium


def wrong_with(chromium, folder, body, width=390, dark=False):
    """What is found wrong with a page of this body."""
    page = f'<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><body style="margin:0">{body}'
    (folder / "page.html").write_text(page, encoding="utf-8")
    with (
        served(folder) as address,
        chromium.page(f"{address}page.html", width, dark=dark) as open_page,
    ):
        open_page.run(WALK)
        return list(faults(open_page, address, dark))


def test_every_page_of_the_small_book_reads_well(chromium, book):
    with served(book[1] / "html") as address:
        for name in ("index", "one", "search"):
            assert list(read(chromium, address, name, None)) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [("<script>console.error('broken')</script>", "broken"),
     ("<script>throw new Error('thrown')</script>", "thrown"),
     ("<div style='width: 500px'>wide</div>", "500 pixels wide in a window of 390"),
     ("<img src='http://127.0.0.1:9/a.png' alt=''>", "asks for http://127.0.0.1:9/a.png"),
     ("<img src='nowhere.png' alt=''>", "a picture that is not there"),
     ("<p>Some $x^2$ left.</p>", "raw notation: $x^2$"),
     (r"<p>\frac left.</p>", r"raw notation: \frac"),
     ("<p>{numref}`x` left.</p>", "raw notation: {numref}`"),
     ("<math></math>", "a formula without height"),
     ("<iframe sandbox='allow-scripts' srcdoc='<div style=\"width: 900px\">x</div>'></iframe>", "in a frame: 9")],
)  # fmt: skip
def test_what_is_wrong_is_found(chromium, tmp_path, body, message):
    assert any(message in line for line in wrong_with(chromium, tmp_path, body))


def test_the_search_finds_a_word_without_a_server_of_its_own(chromium, book):
    found = """(async () => {
      for (let k = 0; k < 100 && !document.querySelector("#search-results li a"); k++)
        await new Promise((done) => setTimeout(done, 100));
      return [...document.querySelectorAll("#search-results li a")].map((link) => link.textContent);
    })()"""
    with (
        served(book[1] / "html") as address,
        chromium.page(f"{address}search.html?q=slopes", 390) as page,
    ):
        assert page.run(found) == ["One page"]


def test_code_may_show_notation(chromium, tmp_path):
    assert wrong_with(chromium, tmp_path, r"<pre>$x$ \frac {value}`x`</pre><code>$x$</code>") == []


def test_a_frame_follows_the_light_of_its_page(chromium, tmp_path):
    body = "<style>iframe { color-scheme: dark }</style><iframe sandbox='allow-scripts' srcdoc='x'></iframe>"
    assert wrong_with(chromium, tmp_path, body, dark=True) == []
