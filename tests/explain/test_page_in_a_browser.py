"""The page in a real browser, without a network: no error, no request, no overflow; slider, keys and folding work.

The page runs in a frame of the width under test (a browser's own window does not get as narrow as a
phone); a script around it plays the reader and writes down what it sees.
"""

import json
import re
import shutil
import subprocess
from html import escape, unescape

import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn
from fathom.explain import explain

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium here: apt-get install chromium"
)

READER = """
function readBoxes(page, $, slide, press, look) {
  const boxes = (kind = "") => page.querySelectorAll("#graph .box" + kind).length;
  if (!boxes()) return null;
  const seen = { atFirst: page.body.classList.contains("as-graph"), count: boxes(), future: [], pulled: [], now: [] };
  $("as-graph").click();
  for (let k = 0; k <= +$("slider").max; k++) {
    slide(k);
    look();
    seen.future.push(boxes(".future"));
    seen.pulled.push(boxes(".pulled"));
    seen.now.push(boxes(".now"));
  }
  seen.arrows = [page.querySelectorAll("#graph .arrow").length, page.querySelectorAll("#graph .arrow.pulled").length];
  const titles = [...page.querySelectorAll("#graph .box")].map((box) => {
    box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return [box.querySelector(".title").textContent, page.querySelector("#detail .what").textContent];
  });
  seen.titles = titles;
  $("as-list").click();
  look();
  slide(0);
  return seen;
}
const frame = document.querySelector("iframe"), seen = { errors: [], wide: [] };
frame.addEventListener("load", () => {
  const inner = frame.contentWindow, page = frame.contentDocument, $ = (id) => page.getElementById(id);
  inner.addEventListener("error", (event) => seen.errors.push(event.message));
  const rows = (kind = "") => page.querySelectorAll(".row" + kind).length;
  const look = () => seen.wide.push(page.documentElement.scrollWidth);
  const press = (key) => page.dispatchEvent(new inner.KeyboardEvent("keydown", { key, bubbles: true }));
  const slide = (to) => { $("slider").value = to; $("slider").dispatchEvent(new inner.Event("input")); };
  const moment = () => $("moment").textContent;
  seen.elements = page.querySelectorAll("*").length;
  seen.boxes = readBoxes(page, $, slide, press, look);
  seen.rows = rows();
  $("fold").click(); seen.folded = rows();
  $("unfold").click(); seen.unfolded = rows();
  const last = +$("slider").max;
  seen.last = last;
  seen.future = []; seen.math = 0;
  for (let k = 0; k <= last; k++) {
    slide(k);
    look();
    seen.future.push(rows(".future"));
    seen.math += page.querySelectorAll("math").length;
  }
  seen.end = moment();
  seen.grey = page.querySelectorAll(".not-yet").length;
  slide(0); press("ArrowRight"); seen.first = moment();
  press("ArrowRight"); press("ArrowLeft"); seen.again = moment();
  seen.notYet = page.querySelectorAll(".not-yet").length;
  press("End"); seen.byKey = moment();
  press("Home"); seen.atHome = +$("slider").value;
  for (const row of page.querySelectorAll(".row")) { row.click(); look(); }
  const fold = page.querySelector(".row.open .fold");
  if (fold) { const before = rows(); fold.click(); seen.oneFolded = before - rows(); }
  seen.canvases = page.querySelectorAll("canvas").length;
  seen.requests = inner.performance.getEntriesByType("resource").map((entry) => entry.name);
  document.getElementById("seen").textContent = JSON.stringify(seen);
});
frame.srcdoc = document.getElementById("page").textContent;
"""


def read(explanation, tmp_path, width, *options):
    """What a reader sees of the page in a frame of this width."""
    outside = tmp_path / "reader.html"
    outside.write_text(
        '<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><body style="margin:0">'
        f'<iframe style="width:{width}px;height:800px;border:0"></iframe><pre id="seen"></pre>'
        f'<textarea id="page" hidden>{escape(explanation.html())}</textarea><script>{READER}</script>',
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1400,900", "--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom",
            *options, outside.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found and found[1], done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(unescape(found[1])), console


@pytest.fixture(scope="module")
def network():
    fathom.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(27, 12),
        nn.Tanh(),
        nn.Linear(12, 4),
    )
    return explain(net, fathom.randn(1, 1, 8, 8), fathom.tensor([2]))


@pytest.mark.parametrize("width", [390, 1280])
def test_a_network_can_be_read(network, tmp_path, width):
    seen, console = read(network, tmp_path, width)
    assert console == [] and seen["errors"] == [] and seen["requests"] == []
    assert max(seen["wide"]) <= width
    assert seen["folded"] < seen["rows"] < seen["unfolded"]
    assert seen["oneFolded"] > 0
    assert seen["future"] == sorted(seen["future"], reverse=True) and seen["future"][-1] == 0
    count = len(network.operations)
    assert seen["last"] == count + len(network.backward())
    assert seen["end"].startswith(f"backward {len(network.backward())} of")
    assert seen["first"] == seen["again"] == f"forward 1 of {count} · {network.operations[0].name}"
    assert seen["byKey"] == seen["end"] and seen["atHome"] == 0
    assert seen["notYet"] > 0 and seen["grey"] == 0
    assert seen["math"] > 0 and seen["canvases"] > 0


def test_a_small_computation_in_the_dark(tmp_path):
    e = explain(lambda x: (x * x).exp().sin(), 0.5)
    seen, console = read(e, tmp_path, 390, "--force-dark-mode")
    assert console == [] and seen["errors"] == [] and seen["requests"] == []
    assert max(seen["wide"]) <= 390
    assert seen["end"] == "backward 3 of 3 · mul"


def test_the_boxes_of_a_small_computation_appear_and_collect_their_gradients_step_by_step(tmp_path):
    e = explain(lambda x, w: (x * w).exp().sin(), 0.5, 2.0)
    seen, console = read(e, tmp_path, 1280)
    assert console == [] and seen["errors"] == [] and max(seen["wide"]) <= 1280
    boxes = seen["boxes"]
    assert boxes["atFirst"] and boxes["count"] == 5
    assert boxes["future"] == [3, 2, 1, 0, 0, 0, 0]
    assert boxes["pulled"] == [
        0,
        0,
        0,
        0,
        2,
        3,
        5,
    ]  # the result with its 1, then what each step reaches
    assert boxes["now"] == [0, 1, 1, 1, 1, 1, 1]
    assert boxes["arrows"] == [4, 4]
    assert all(box == detail.lower() for box, detail in boxes["titles"])


def test_on_a_phone_the_list_comes_first_and_the_boxes_fit(tmp_path):
    seen, console = read(explain("conv2d"), tmp_path, 390)
    assert console == [] and seen["errors"] == [] and max(seen["wide"]) <= 390
    assert not seen["boxes"]["atFirst"] and seen["boxes"]["count"] == 7


@pytest.mark.parametrize("name", ["zeros", "manual_seed"])
def test_a_page_without_steps_can_be_read(name, tmp_path):
    e = explain(name)
    page = tmp_path / "page.html"
    e.save(page)
    done = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert ("one-value" if e.values else "words") in re.search("<body class=.*?>", done.stdout)[0]


def test_a_large_computation_opens_folded_and_its_details_are_made_when_they_are_looked_at(
    tmp_path,
):
    fathom.manual_seed(0)
    e = explain(nn.TransformerEncoderLayer(8, 2, 16, 0.0), fathom.randn(3, 1, 8))
    seen, console = read(e, tmp_path, 1280)
    assert console == [] and seen["errors"] == []
    assert seen["rows"] < 40 < len(e.operations) < seen["unfolded"]
    assert seen["elements"] < 700


def test_attention_can_be_read_on_a_phone(tmp_path):
    fathom.manual_seed(0)
    e = explain(F.scaled_dot_product_attention, *(fathom.randn(4, 3) for _ in range(3)))
    seen, console = read(e, tmp_path, 390)
    assert console == [] and seen["errors"] == [] and max(seen["wide"]) <= 390
