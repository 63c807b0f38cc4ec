"""The page in a real browser, without a network: no error, no request, no overflow; slider, keys and folding work.

A script in the page plays the reader and returns what it sees.
"""

import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn
from fathom.explain import explain
from fathom.publish.browser import browser, program

pytestmark = pytest.mark.skipif(
    program() is None, reason="no chromium here: apt-get install chromium"
)

READER = """(() => {
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
  const inner = window, page = document, $ = (id) => page.getElementById(id), seen = { wide: [] };
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
  return seen;
})()"""


@pytest.fixture(scope="module")
def chromium():
    with browser() as chromium:
        yield chromium


@pytest.fixture
def read(chromium, tmp_path):
    """A function: what a reader sees of an explanation's page at a width, by day or in the dark."""

    def read(explanation, width, script=READER, dark=False):
        file = tmp_path / "page.html"
        explanation.save(file)
        with chromium.page(file.as_uri(), width, height=800, dark=dark) as page:
            seen = page.run(script)
            asked = [name for name in page.seen.requests if not name.startswith("data:")]
            assert page.seen.errors == page.seen.failed == []
            assert set(asked) <= {file.as_uri()}
        return seen

    return read


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
def test_a_network_can_be_read(network, read, width):
    seen = read(network, width)
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


def test_a_small_computation_in_the_dark(read):
    e = explain(lambda x: (x * x).exp().sin(), 0.5)
    seen = read(e, 390, dark=True)
    assert max(seen["wide"]) <= 390
    assert seen["end"] == "backward 3 of 3 · mul"


def test_the_boxes_of_a_small_computation_appear_and_collect_their_gradients_step_by_step(read):
    e = explain(lambda x, w: (x * w).exp().sin(), 0.5, 2.0)
    seen = read(e, 1280)
    assert max(seen["wide"]) <= 1280
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


def test_on_a_phone_the_list_comes_first_and_the_boxes_fit(read):
    seen = read(explain("conv2d"), 390)
    assert max(seen["wide"]) <= 390
    assert not seen["boxes"]["atFirst"] and seen["boxes"]["count"] == 7


@pytest.mark.parametrize("name", ["zeros", "manual_seed"])
def test_a_page_without_steps_can_be_read(name, read):
    e = explain(name)
    kind = read(e, 390, "document.body.className")
    assert ("one-value" if e.values else "words") in kind


def test_a_large_computation_opens_folded_and_its_details_are_made_when_they_are_looked_at(
    read,
):
    fathom.manual_seed(0)
    e = explain(nn.TransformerEncoderLayer(8, 2, 16, 0.0), fathom.randn(3, 1, 8))
    seen = read(e, 1280)
    assert seen["rows"] < 40 < len(e.operations) < seen["unfolded"]
    assert seen["elements"] < 700


def test_attention_can_be_read_on_a_phone(read):
    fathom.manual_seed(0)
    e = explain(F.scaled_dot_product_attention, *(fathom.randn(4, 3) for _ in range(3)))
    seen = read(e, 390)
    assert max(seen["wide"]) <= 390
